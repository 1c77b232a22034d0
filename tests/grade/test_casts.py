"""Exercises with several classes: the student's, and those that the exercise gives. What is given stays as given."""

import re

import pytest

from labkit import Cluster
from labkit.check import Violation
from labkit.course.exercise import Exercise, Part
from labkit.grade.grader import run
from labkit.grade.sandbox import probe
from labkit.grade.submission import Program

GIVEN = """
from labkit import Message, Node, on

class Ask(Message):
    n: int

class Answer(Message):
    n: int

class Bank(Node):
    "Doubles what it is asked."
    def start(self):
        self.answered = 0

    @on(Ask)
    def ask(self, msg, sender):
        self.answered += 1
        self.send(sender, Answer(n=2 * msg.n))
"""
RIGHT = """
class Customer(Node):
    def start(self):
        self.sum = 0
        for n in range(3):
            self.send("bank", Ask(n=n))

    @on(Answer)
    def answer(self, msg, sender):
        self.sum += msg.n
"""
BRIBE = (
    RIGHT
    + """
def generous(self, msg, sender):
    self.send(sender, Answer(n=1000))
Bank._handlers[Ask] = generous
Bank.ask = generous
class Bank(Node):
    @on(Ask)
    def ask(self, msg, sender):
        self.send(sender, Answer(n=1000))
"""
)
BLIND = RIGHT.replace("self.sum += msg.n", "pass")


def six(trace):
    sums = [event.data["sum"] for event in trace.select("state") if "sum" in event.data]
    if sums[-1] == 6:
        return None
    return Violation("six", f"the customer counts {sums[-1]}", len(trace) - 1, trace.now, ("c",))


ONE = Exercise(
    "bank",
    "A bank",
    ("Customer",),
    (Part("sum", "The sum", 2, lambda cluster: cluster.run(1.0), (six,), cast={"bank": "Bank", "c": "Customer"}),),
)


def graded(solution):
    return run(ONE, Program([("cell 1", GIVEN), ("cell 2", solution)], ["cell 1"]), probe(), 2)


def test_a_students_node_works_with_a_given_one():
    outcome = graded(RIGHT)
    assert (outcome.status, outcome.result.score) == ("ok", 2), outcome


def test_a_wrong_one_fails_and_its_run_can_be_had_again():
    outcome = graded(BLIND)
    assert outcome.result.score == 0
    text = outcome.result.parts[0].failure.test
    assert "partial(Cluster, nodes={'bank': Bank, 'c': Customer})" in text
    space = {"__name__": "__main__", "scenario": ONE.parts[0].drive}
    exec(GIVEN + BLIND, space)
    with pytest.raises(AssertionError, match=re.escape(outcome.result.parts[0].failure.message)):
        exec(text, space)


def test_a_given_node_cannot_be_bribed():
    assert graded(BRIBE).result.score == 2, "the bank of the exercise was asked, not the one that was written over it"


def test_every_class_of_the_student_must_be_there():
    two = Exercise("two", "Two", ("Customer", "Shop"), ONE.parts)
    outcome = run(two, Program([("cell 1", GIVEN), ("cell 2", RIGHT)], ["cell 1"]), probe(), 1)
    assert outcome.status == "wrong" and "no class Shop" in outcome.message


def test_in_the_notebook_it_is_the_same():
    space = {}
    exec(GIVEN + RIGHT, space)

    def build(nodes, **options):
        return Cluster(nodes={id: space[name] for id, name in nodes.items()}, **options)

    assert ONE.evaluate(build, range(2)).score == 2
