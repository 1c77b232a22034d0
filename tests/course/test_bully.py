"""The exercise bully: nothing is won by naming somebody, what is not assumed is not judged, and a failure keeps to the
assumptions and can be had again."""

import pytest

from labkit import Cluster, Fault
from labkit.check.succession import asks_first, falls_quiet, highest_leads, is_told
from labkit.course.result_view import result_text
from tests.course.answered import answers

BULLY = answers("bully")


@pytest.mark.parametrize(
    "body",
    ["self.take(None)", "self.take(self.id)", "self.take(max(self.id, *self.peers))", "self.take('somebody')"],
    ids=["nobody", "myself", "the highest there is", "no node"],
)
def test_nothing_is_won_by_saying_who_leads(body):
    result = BULLY.judge(f"class Bully(Elector):\n    def start(self):\n        {body}\n", range(4))
    assert result.score == 0, result_text(result)


def test_what_the_assumptions_do_not_cover_is_not_judged():
    cluster = Cluster(BULLY.program(BULLY.solution), size=5, seed=1)
    cluster.run(1.0)
    cluster.link(loss=0.5)
    cluster.crash("n5")
    cluster.run(5.0)
    assert all(rule(cluster.trace) is None for rule in (asks_first, is_told, highest_leads, falls_quiet))


def test_a_failure_keeps_to_the_assumptions_and_is_a_test_that_fails_until_the_bug_is_gone():
    wrong = BULLY.mutant("waits for ever after an answer")
    (part,) = BULLY.judge(wrong, range(10), {"during"}, shrinking=40).parts
    assert {fault.action for fault in part.failure.faults} <= {"crash", "link"}
    assert any(fault.action == "crash" for fault in part.failure.faults)
    with pytest.raises(AssertionError, match="not for ever"):
        exec(part.failure.test, BULLY.namespace(wrong))
    exec(part.failure.test, BULLY.namespace(BULLY.solution))


@pytest.mark.parametrize("count", range(1, 7))
def test_the_solution_survives_a_crash_between_any_two_of_the_heirs_messages(count):
    cluster = Cluster(BULLY.program(BULLY.solution), size=5, seed=count)
    cluster.run(1.2)
    cluster.crash("n5")
    cluster.inject([Fault(cluster.now + 0.001, "crash", "n4", when=("send", "n4", count))])
    cluster.run(1.5)
    assert {node.leader for node in cluster.nodes.values() if cluster.up(node.id)} == {"n3"}
    assert highest_leads(cluster.trace) is None
