"""`labkit doctor --determinism`: says whether a program is the same every time, where it differs, and why."""

import json

import pytest
from click.testing import CliRunner

from labkit import Cluster, LabkitError, Node
from labkit.cli import main
from labkit.determinism import check_determinism, first_difference
from labkit.determinism.sets import loops_over_sets

PROGRAM = """
import datetime, os, random, time, uuid
from labkit import Cluster, Message, Node, on

class Gossip(Message):
    rumour: str

class Thing:
    pass

class Gossiper(Node):
    def start(self):
        self.known = {f"rumour-{self.id}", "apple", "pear", "plum", "fig"}
        self.every(0.1, self.tick)

    def tick(self):
        for rumour in SOURCE:
            self.send(self.peers[0], Gossip(rumour=rumour))

cluster = Cluster(Gossiper, size=3, seed=1)
cluster.run(0.5)
"""


def examine(tmp_path, text, name="program.py", options=()):
    file = tmp_path / name
    file.write_text(text)
    result = CliRunner().invoke(main, ["doctor", "--determinism", str(file), *options])
    return result.exit_code, result.output


def test_a_program_that_is_always_the_same(tmp_path):
    code, said = examine(tmp_path, PROGRAM.replace("SOURCE", "sorted(self.known)"))
    assert code == 0
    assert "the same in 3 processes (1 cluster, " in said


@pytest.mark.parametrize(
    ("source", "kind", "cause"),
    [
        ("self.known", "hash seed, so", "loops over a set: `for rumour in self.known:`; take it in order: sorted(...)"),
        ("[str(hash('x'))]", "hash seed, so", "in tick: hash(), "),
        ("[str(random.random())]", "same hash seed too", "in tick: random.random(), "),
        ("[str(time.time())]", "same hash seed too", "in tick: time.time(), "),
        ("[str(datetime.datetime.now())]", "same hash seed too", "in tick: datetime.now(), "),
        ("[str(uuid.uuid4())]", "same hash seed too", "in tick: os.urandom(), "),
        ("[repr(Thing())]", "same hash seed too", "the text of an object with its address"),
    ],
)
def test_a_program_that_differs_and_why(tmp_path, source, kind, cause):
    code, said = examine(tmp_path, PROGRAM.replace("SOURCE", source))
    assert code == 1
    assert "cluster 1 (Gossiper, seed 1) first differs at event " in said
    assert "at 0.1 s on n" in said and "sends Gossip(rumour=" in said
    assert kind in said
    assert cause in said
    if "address" not in cause:
        assert "program.py:17" in said


def test_a_notebook_names_its_cell(tmp_path):
    program = PROGRAM.replace("SOURCE", "[str(random.random())]")
    cells = [
        {"cell_type": "markdown", "source": "#"},
        {"cell_type": "code", "source": f"%matplotlib inline\n{program}"},
    ]
    code, said = examine(tmp_path, json.dumps({"cells": cells}), "book.ipynb")
    assert code == 1
    assert "book.ipynb, cell 1:18, in tick: random.random()" in said


def test_seed_and_seconds_are_those_asked_for(tmp_path):
    text = PROGRAM.replace("SOURCE", "[str(random.random())]").replace("cluster.run(0.5)", "")
    code, said = examine(tmp_path, text, options=("--seed", "7", "--seconds", "0.05"))
    assert (code, "1 cluster, 9 events" in said) == (0, True)
    code, said = examine(tmp_path, text, options=("--seed", "7", "--seconds", "1"))
    assert (code, "seed 7" in said) == (1, True)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("program.txt", "", "neither a Python file"),
        ("book.ipynb", "{}", "is not a notebook"),
        ("program.py", "print(1)", "makes no Cluster"),
        ("program.py", "1 / 0", "ZeroDivisionError"),
        ("program.py", "def", "SyntaxError"),
    ],
)
def test_what_cannot_be_examined(tmp_path, name, text, words):
    code, said = examine(tmp_path, text, name)
    assert code == 3
    assert words in said


def test_seed_without_a_file_is_refused():
    assert CliRunner().invoke(main, ["doctor", "--seed", "1"]).exit_code == 2


class Counting(Node):
    made = 0

    def start(self):
        type(self).made += 1
        self.note(f"boot {self.made}")


def test_two_runs_in_one_process():
    with pytest.raises(LabkitError, match=r"event 1, at 0 s on n1\n.*n1 notes 'boot 1'\n.*n1 notes 'boot 2'"):
        check_determinism(lambda: Cluster(Counting, size=1), 1.0)
    check_determinism(lambda: Cluster(Node, size=2), 1.0)
    one, other = Cluster(Node, size=2), Cluster(Node, size=3)
    one.run(1)
    other.run(1)
    assert str(first_difference(one.trace, other.trace)).splitlines()[1].endswith("the run is over")


def test_reading_finds_what_the_order_of_a_set_decides():
    text = """
self.known = set()
for x in self.known: pass
for x in sorted(self.known): pass
first = next(iter({1, 2} | other))
y = [x for x in names]
z = sorted(x for x in self.known)
self.known.pop()
stack.pop()
def f(seen: set[str]): return ",".join(seen)
"""
    assert [loop.line for loop in loops_over_sets(text)] == [3, 5, 8, 10]
