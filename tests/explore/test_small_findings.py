"""Seeded bugs of several protocols: found, made small, and written down as tests that fail when they are run."""

import pytest

from labkit.engine.timetable import Timetable
from labkit.errors import LabkitError
from labkit.explore import Recording, Request, explore, rerun
from labkit.explore.bugs import BUGS
from labkit.explore.recording import written_down
from labkit.explore.running import Stage
from labkit.protocols.sessions import Get, Put

SMALL = 30  # steps
CHOSEN = (
    "abd-tag-without-id", "2pc-commit-presumed", "2pc-never-asks", "raft-old-term-committed-by-counting",
    "raft-fixed-timeout",
)  # fmt: skip
NAMED = {bug.name: bug for bug in BUGS}


def found(name):
    bug = NAMED[name]
    faults = bug.faults if bug.setting.kinds == () else (bug.setting.kinds or True)
    return explore(
        bug.make, bug.scenario, bug.properties, faults=faults, runs=100, workers=1, shrink_seconds=600.0, progress=False
    ).finding


@pytest.fixture(scope="module", params=CHOSEN)
def finding(request):
    return found(request.param)


def test_a_finding_is_small_and_done_again_it_is_the_same(finding):
    assert len(finding.steps) <= SMALL
    again = finding.replay()
    assert again.violation == finding.violation
    assert again.trace.digest() == finding.run.trace.digest()


def test_a_finding_needs_its_scenario_no_more(finding):
    def nothing(cluster):
        raise AssertionError("the recording drives the run")

    stage = Stage(finding.stage.make, nothing, finding.stage.properties)
    assert stage.run(finding.shrunk.plan).violation == finding.violation


def test_the_test_written_down_fails_with_the_violation_that_was_found(finding):
    # The catalogue's clusters are made by a method of the bug, which has no name to import.
    names = {"make": finding.stage.make}
    names |= {f"property_{n}": check for n, check in enumerate(finding.stage.properties, 1)}
    exec(compile(finding.as_test(), "test_found.py", "exec"), names)
    names |= {f"property_{n}": check for n, check in enumerate(finding.stage.properties, 1)}
    test = next(value for name, value in names.items() if name.startswith("test_"))
    with pytest.raises(AssertionError) as failure:
        test()
    assert finding.violation.message in str(failure.value)


def test_a_finding_tells_of_the_crash_after_which_nothing_comes():
    finding = found("2pc-never-asks")
    assert any(line.endswith("n1 crashes") for line in finding.story)
    assert [fault.action for fault in finding.faults] == ["restart"]
    assert finding.recording is not None and len(finding.recording.requests) == 1


def test_the_same_run_is_shrunk_to_the_same_plan():
    one, other = found("abd-tag-without-id"), found("abd-tag-without-id")
    assert one.shrunk.plan == other.shrunk.plan and one.shrunk.runs == other.shrunk.runs


def test_a_script_written_down_makes_the_same_run():
    bug = NAMED["abd-reads-one-replica"]
    cluster, _ = bug.run(3, correct=True)
    recording = written_down(cluster.trace, cluster.now)
    run = rerun(bug.make_correct, recording, bug.setting.properties, seed=3, faults=bug.faults(3))
    asked = [(e.time, e.node, e.peer, e.data) for e in cluster.trace.select("invoke")]
    assert [(e.time, e.node, e.peer, e.data) for e in run.trace.select("invoke")] == asked
    told = [(e.time, e.kind, e.node, e.data) for e in cluster.trace.select("ok")]
    assert [(e.time, e.kind, e.node, e.data) for e in run.trace.select("ok")] == told


def test_a_client_asks_one_thing_at_a_time_and_the_next_as_soon_as_it_can():
    bug = NAMED["abd-reads-one-replica"]
    from labkit.protocols.abd import Read

    recording = Recording([(0.1, "c1", "n1", Read(key="x"), 0.5), (0.1, "c1", "n2", Read(key="x"), 0.5)], seconds=2.0)
    run = rerun(bug.make_correct, recording, [], schedule=Timetable(rest=None))
    assert [round(event.time, 3) for event in run.trace.select("invoke")] == [0.1, 0.6]
    assert run.trace.now == 2.0


def test_a_script_is_python_and_data():
    recording = Recording([(0.5, "c1", "n2", Put(key="x", value="1", serial=1), 0.4)], seconds=1.0)
    assert eval(repr(recording), {"Recording": Recording, "Put": Put}) == recording
    assert recording.requests[0] == Request(0.5, "c1", "n2", Put(key="x", value="1", serial=1), 0.4)
    assert recording.document()["requests"][0][:3] == [0.5, "c1", "n2"]


@pytest.mark.parametrize(
    "entry", [(0.5, "c1", "n2"), (-1, "c1", "n2", Get(key="x"), 0.4), (0.5, "c1", "n2", "get", 0.4), 7]
)
def test_what_is_no_request_is_refused_in_words(entry):
    with pytest.raises(LabkitError, match="is no request: give"):
        Recording([entry])
