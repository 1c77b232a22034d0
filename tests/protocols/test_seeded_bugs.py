"""Every seeded bug is found by the seed that the catalogue names, and is a mistake of its own."""

import pytest

from labkit.explore.bugs import BUGS, Bug


def test_the_catalogue_is_large_and_its_names_are_unique() -> None:
    assert len(BUGS) >= 40
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    assert {bug.protocol for bug in BUGS} == {
        "abd", "causal_broadcast", "lease_lock", "paxos", "primary_backup", "raft_log", "two_phase_commit",
    }  # fmt: skip
    for bug in BUGS:
        assert issubclass(bug.broken, bug.correct) and bug.broken is not bug.correct, bug.name
        assert set(bug.violates) <= set(bug.setting.properties), bug.name
        assert bug.story.endswith("."), bug.name


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_bug_shows_with_its_seed_and_without_it_nothing_does(bug: Bug) -> None:
    assert bug.seed is not None
    cluster, violation = bug.run(bug.seed)
    assert violation is not None and violation.message
    assert not list(cluster.trace.select("error")), "it breaks a property, and does not just crash"
    assert 0 <= violation.seq < len(cluster.trace)
    assert bug.run(bug.seed, correct=True)[1] is None
