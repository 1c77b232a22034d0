"""Parts that are scored by a figure, as a multiple of the reference solution's."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import Cluster, Node
from labkit.course.exercise import Exercise, Part
from labkit.course.measure import Measure


class Chatty(Node):
    NOTES = 4

    def start(self):
        for n in range(self.NOTES):
            self.note(f"{n}")


def notes(trace):
    return sum(1 for _ in trace.select("note"))


def result(program, **options):
    measure = Measure("remarks", "notes", notes, reference=4.0, **options)
    part = Part("few", "Few remarks", 10, lambda cluster: cluster.run(0.1), (), size=1, measure=measure)
    return Exercise("notes", "Notes", ("Chatty",), (part,)).evaluate(lambda **o: Cluster(program, **o), range(3))


def test_as_good_as_the_reference_has_all_points():
    found = result(Chatty)
    assert found.score == 10 and found.parts[0].passed
    assert "4 notes on average over 3 runs, 1.00 times the reference's 4 notes" in found.parts[0].message


def test_twice_as_much_has_a_part_of_them_and_is_told_why():
    class Twice(Chatty):
        NOTES = 8

    found = result(Twice, full=1.0, none=4.0)
    assert found.score == 5 and not found.parts[0].passed
    assert "2.00 times" in found.parts[0].message and "none from 4 times" in found.parts[0].message
    assert "◐" in found._repr_mimebundle_()["text/html"]


def test_what_was_never_reached_has_none():
    measure = Measure("time to detect", "s", lambda trace: math.inf, 1.0)
    assert measure.share([0.5, math.inf]) == 0
    assert "in 1 of 2 runs it was never reached" in measure.sentence([0.5, math.inf])


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1e3))
def test_more_is_never_worth_more(values, reference):
    measure = Measure("x", "s", notes, reference)
    share, worse = measure.share(values), measure.share([2 * value + 1 for value in values])
    assert 0 <= worse <= share <= 1


def test_the_share_falls_evenly_with_the_multiple():
    measure = Measure("x", "s", notes, 1.0, full=1.0, none=16.0)
    assert [measure.share([times]) for times in (1, 2, 4, 8, 16)] == pytest.approx([1, 0.75, 0.5, 0.25, 0])
