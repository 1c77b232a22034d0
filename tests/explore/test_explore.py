import os
import signal
import subprocess
import sys
import textwrap

import pytest

from labkit import Cluster, LabkitError
from labkit.check import Violation, linearizable
from labkit.check.election import election_safety, terms_only_grow
from labkit.explore import explore, rerun
from labkit.protocols.raft import Raft
from tests.explore.samples import Door, Forgetful, elect, nobody_passes, play

FAULTS = ["crash", "partition"]


def search(node=Forgetful, properties=(election_safety,), scenario=elect, **options):
    given = {"size": 3, "faults": FAULTS, "runs": 600, "workers": 1} | options
    return explore(node, scenario, properties, **given)


def test_a_search_finds_shrinks_and_tells():
    report = search()
    finding = report.finding
    assert report.outcome == "violated" and not report
    assert finding.violation.property == "Election Safety"
    assert finding.before > len(finding.steps) <= 14
    again = finding.replay()
    assert again.violation == finding.violation
    assert finding.trace.marks[0]["seq"] == finding.violation.seq
    text = str(report)
    for part in ("Violated: Election Safety", "two leaders in term", "Timetable([", "Fault(", "receives Vote(", "PCT"):
        assert part in text


def test_a_correct_program_holds_and_the_search_says_how_far_it_went():
    report = search(Raft, [election_safety, terms_only_grow], runs=40)
    assert report and report.runs == 40 and report.finding is None
    assert "Held in 40 runs: election_safety, terms_only_grow" in str(report)
    assert "no proof" in str(report)
    assert {what for _, what in report.coverage.edges} >= {"RequestVote", "Vote", "AppendEntries", "start_election"}
    assert len(report.coverage.states) > 10 and "crash" in report.coverage.faults


def test_the_first_finding_does_not_depend_on_the_number_of_workers():
    found = [search(workers=count).finding for count in (1, 2, 3)]
    assert len({finding.number for finding in found}) == 1
    assert len({repr(finding.shrunk.plan) for finding in found}) == 1
    assert len({finding.trace.digest() for finding in found}) == 1


def test_the_first_finding_does_not_depend_on_the_hash_seed():
    program = (
        "from tests.explore.test_explore import search; f = search(workers=2).finding; print(f.number, f.shrunk.plan)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True,
            timeout=120, check=True,
        ).stdout
        for seed in ("0", "1")
    }  # fmt: skip
    assert len(outputs) == 1 and "Timetable" in outputs.pop()


def test_a_property_may_be_about_the_history_and_an_assertion_counts():
    def linear(history):
        return linearizable(history, "register")

    def never_led(cluster):
        cluster.run(1.0)
        assert all(node.role != "leader" for node in cluster.nodes.values()), "somebody leads"

    assert search(Raft, [linear], runs=3)
    report = search(Raft, [linear], scenario=never_led, runs=3)
    assert report.finding.violation.property == "Assertion"
    assert "somebody leads" in report.finding.violation.message


def test_an_error_of_a_node_is_a_violation_always():
    class Broken(Raft):
        def count_votes(self):
            raise ValueError("no votes")

    report = search(Broken, runs=3)
    assert report.finding.violation.property == "No errors"
    assert report.finding.number == 0


def test_the_order_of_messages_alone_is_searched_by_priorities():
    report = explore(Door, play, nobody_passes, size=3, faults=False, runs=500, depth=2, workers=1)
    assert report.strategy == "pct"
    assert report.finding.violation.property == "Nobody passes"
    assert not report.finding.faults and report.finding.schedule.rest is None


def test_everything_is_searched_with_the_same_report():
    report = explore(Door, None, nobody_passes, size=3, strategy="exhaustive", depth=40, seconds=30)
    assert report.strategy == "exhaustive" and report.finding is not None, report
    assert report.finding.replay().violation == report.finding.violation
    assert "Choice(" in report.finding.as_test() and "Late" in str(report)

    def closed_at_first(moment):
        return moment.state.get("n1", {}).get("passed") in (None, False)

    held = explore(Door, size=3, strategy="exhaustive", invariants=closed_at_first, seconds=60)
    assert held.outcome == "holds" and held.unit == "states", held


def test_progress_that_fails_is_not_shrunk_by_holding_messages():
    """Without any message nobody ever leads: that would say nothing."""

    def somebody_leads(trace):
        leaders = [event for event in trace.select("state") if event.data.get("role") == "leader"]
        return None if leaders else Violation("Somebody leads", "nobody ever led", len(trace) - 1, trace.now)

    class Shy(Raft):
        def count_votes(self):
            if len(self.votes) == 3:
                super().count_votes()

    report = search(Shy, [somebody_leads], faults=["crash"], strategy="random", runs=600)
    schedule = report.finding.schedule
    assert schedule is None or schedule.rest is not None
    assert report.finding.faults or schedule.deliveries


# --- what cannot be searched


def test_code_that_is_not_deterministic_is_told_with_the_first_event_that_differs():
    import random

    class Dice(Forgetful):
        def election_timeout(self):
            return random.uniform(0.15, 0.3)

    def calm(trace):
        if len(trace) > 50:
            return Violation("Calm", "it goes on", 50, trace[50].time)
        return None

    finding = search(Dice, [calm], runs=3).finding
    assert "not deterministic" in finding.differs and "event" in finding.differs
    assert "random module" in str(finding) and "not shrunk" in str(finding)


def test_a_property_that_raises_is_named_with_its_line_and_the_seed():
    def wrong(trace):
        return {}["role"]

    with pytest.raises(LabkitError, match=r"property wrong failed \(seed 0\): KeyError: 'role' \(wrong, line \d+"):
        search(properties=[wrong])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_scenario_that_raises_late_is_named_too(workers):
    def wrong(cluster):
        cluster.run(0.2)
        if cluster.seed == 7:
            raise RuntimeError("seven")

    with pytest.raises(LabkitError, match=r"scenario wrong failed \(seed 7, at 0.2 s\): RuntimeError: seven"):
        search(scenario=wrong, workers=workers, properties=())


def test_a_scenario_may_run_into_a_timeout():
    def asks(cluster):
        cluster.run(0.1)
        raise TimeoutError("n1 did not answer")

    report = search(Raft, scenario=asks, runs=5)
    assert report and report.ended == {"TimeoutError": 5}
    assert "In 5 runs the scenario ended early" in str(report)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"node": 5}, "neither a class that derives from Node nor a function"),
        ({"node": int}, "neither a class"),
        ({"node": lambda seed, faults: 3, "size": None}, "which is no Cluster"),
        ({"node": lambda: 3, "size": None}, "no cluster came of"),
        ({"scenario": 3}, "3 is no scenario"),
        ({"properties": [3]}, "3 is no property"),
        ({"properties": [lambda trace: True]}, "returned True: a property returns None if it holds"),
        ({"runs": 0}, "runs=0"),
        ({"seconds": "x"}, "seconds='x'"),
        ({"strategy": "luck"}, "no strategy"),
        ({"size": None}, "how many nodes"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_words(arguments, message):
    with pytest.raises(LabkitError, match=message):
        search(**arguments)


# --- interrupts, notebooks


def test_an_interrupt_gives_the_report_so_far():
    def patient(cluster):
        if cluster.seed == 9:
            raise KeyboardInterrupt
        cluster.run(0.2)

    report = search(Raft, scenario=patient)
    assert report.interrupted and 0 < report.runs <= 10
    assert "interrupted" in str(report)


PROGRAM = textwrap.dedent("""
    from labkit import Message, Node, on
    from labkit.check import Violation
    from labkit.explore import explore

    class Hello(Message):
        n: int = 1

    class Greeter(Node):
        def start(self):
            self.heard = 0
            self.broadcast(Hello())

        @on(Hello)
        def hello(self, msg, sender):
            self.heard += msg.n

    def heard_once(trace):
        for event in trace.select("state"):
            if event.data.get("heard", 0) > MOST:
                return Violation("Heard once", "twice", event.seq, event.time, (event.node,))

    def drive(cluster):
        cluster.run(1.0)
""")


def test_classes_of_a_notebook_are_searched_by_other_processes():
    program = (
        PROGRAM + "MOST = 2\nr = explore(Greeter, drive, heard_once, size=3, workers=2, runs=500)\nprint(r.text())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert "Violated: Heard once" in done.stdout, done.stdout + done.stderr
    assert "\n    ('n" in done.stdout


def test_classes_of_a_notebook_can_be_sent_elsewhere():
    send = PROGRAM + textwrap.dedent("""
        import sys
        from functools import partial
        from labkit import Cluster
        from labkit.explore.running import Stage
        from labkit.explore.shipping import pack
        MOST = 5
        sys.stdout.buffer.write(pack(Stage(partial(Cluster, Greeter, 3), drive, [heard_once])))
    """)
    receive = textwrap.dedent("""
        import sys
        from labkit.engine.faults import Faults
        from labkit.explore.running import Plan
        from labkit.explore.shipping import unpack
        run = unpack(sys.stdin.buffer.read()).run(Plan(3, Faults()))
        print([event.data.get("heard") for event in run.trace.select("state", node="n1")], run.violation)
    """)
    packed = subprocess.run([sys.executable, "-c", send], capture_output=True, timeout=120, check=True).stdout
    done = subprocess.run([sys.executable, "-c", receive], input=packed, capture_output=True, timeout=120, check=False)
    assert done.stdout.decode() == "[0, 1, 2] None\n", done.stderr.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_ends_a_search_by_several_workers_with_its_report():
    program = PROGRAM + textwrap.dedent("""
        MOST = 9**9
        from labkit.explore.search import Search
        take = Search._take
        Search._take = lambda self, chunk: (take(self, chunk), print("taken", flush=True))
        r = explore(Greeter, drive, heard_once, size=3, faults=False, workers=2, seconds=60)
        print(r.interrupted, r.runs > 0, r.seconds < 50)
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "taken\n"
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert out.splitlines()[-1] == "True True True", errors


def test_the_same_search_on_a_dask_cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp://"
    ) as cluster:
        there = search(scheduler=cluster.scheduler_address)
    here = search()
    assert there.finding.number == here.finding.number
    assert repr(there.finding.shrunk.plan) == repr(here.finding.shrunk.plan)


def test_a_scheduler_that_is_not_there_is_named():
    pytest.importorskip("distributed")
    with pytest.raises(LabkitError, match="no Dask scheduler at"):
        search(scheduler="nowhere://1")


def test_rerun_makes_the_run_of_a_finding_without_a_search():
    finding = search().finding
    run = rerun(
        Forgetful, finding.recording, [election_safety], size=3, seed=finding.seed, faults=finding.faults,
        schedule=finding.schedule, scripted=True,
    )  # fmt: skip
    assert run.violation == finding.violation
    assert run.trace.digest() == finding.replay().trace.digest()
    assert isinstance(finding.stage.make(seed=0, faults=()), Cluster)
