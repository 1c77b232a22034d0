from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import Cluster
from labkit.check.election import election_safety
from labkit.engine.faults import Faults
from labkit.engine.timetable import Timetable
from labkit.engine.words import describe
from labkit.explore.bugs import BUGS
from labkit.explore.causes import FAULTS, loop, of_progress, past, steps
from labkit.explore.minimal import minimal
from labkit.explore.running import Plan, Stage
from labkit.explore.shrinking import shrink
from labkit.explore.strategies import Base, choose
from tests.explore.samples import Forgetful, elect

subsets = st.sets(st.integers(0, 40), max_size=6)


@given(st.integers(0, 41), subsets)
def test_of_what_is_needed_together_nothing_else_stays(size, needed):
    needed = {item for item in needed if item < size}
    assert minimal(range(size), lambda items: needed <= set(items)) == sorted(needed)


@given(st.integers(1, 25), st.lists(subsets, min_size=1, max_size=4), st.integers(0, 3))
def test_what_stays_fails_and_without_any_one_of_it_does_not(size, causes, parity):
    """Several causes, and a condition that is not monotonous: fewer items may hold again, and still fewer fail."""
    everything = list(range(size))

    def fails(items):
        return items == everything or (any(cause <= set(items) for cause in causes) and len(items) % 4 != parity)

    kept = minimal(everything, fails)
    assert fails(kept)
    assert kept == sorted(kept)
    assert not any(fails(kept[:n] + kept[n + 1 :]) for n in range(len(kept))) or kept == []


@given(st.integers(0, 200))
@settings(max_examples=20)
def test_one_needed_among_many_takes_few_tries(place):
    tries = []

    def fails(items):
        tries.append(len(items))
        return place in items

    assert minimal(range(201), fails) == [place]
    assert len(tries) < 40


def stage():
    return Stage(partial(Cluster, Forgetful, 3), elect, [election_safety])


def first_violation():
    made = stage()
    strategy = choose("random", Base.of(made.run(Plan(0, Faults()))), 0, ["crash", "partition", "delay"], 3)
    return next(run for n in range(2000) if (run := made.run(strategy.plan(n))).violation is not None)


def test_without_any_single_fault_or_delivery_of_a_small_run_the_property_holds():
    run = first_violation()
    shrunk = shrink(stage(), run, seconds=60)
    assert shrunk.complete
    plan = shrunk.plan
    assert isinstance(plan.schedule, Timetable)
    assert len(steps(shrunk.run.trace, shrunk.run.violation)) <= 14 < len(steps(run.trace, run.violation))
    until = shrunk.run.violation.time * 1.5 + 0.5

    def violated(plan):
        violation = stage().run(plan, until).violation
        return violation is not None and violation.property == run.violation.property

    assert violated(plan)
    for n in range(len(plan.faults)):
        assert not violated(plan._replace(faults=Faults([*plan.faults[:n], *plan.faults[n + 1 :]])))
    given = plan.schedule.deliveries
    for n in range(len(given)):
        fewer = Timetable([*given[:n], *given[n + 1 :]], plan.schedule.rest)
        assert not violated(plan._replace(schedule=fewer))


def test_shrinking_stops_at_its_limits_and_keeps_the_best():
    run = first_violation()
    shrunk = shrink(stage(), run, runs=10)
    assert not shrunk.complete and shrunk.runs == 10
    assert shrunk.run.violation.property == run.violation.property


def test_the_past_of_a_violation_is_closed_under_causes():
    run = first_violation()
    events = past(run.trace, run.violation)
    chosen = {event.seq for event in events}
    sent = {event.id: event for event in run.trace.select("send", "duplicate")}
    for event in events:
        if event.kind == "deliver":
            assert sent[event.id].seq in chosen
        if event.node is not None and event.kind not in FAULTS and not (event.kind == "start" and event.id > 1):
            earlier = {e.seq for e in run.trace.select(node=event.node) if e.seq < event.seq and e.kind != "link"}
            assert earlier <= chosen
    assert {event.seq for event in steps(run.trace, run.violation)} <= chosen


def run_of(name):
    bug = next(bug for bug in BUGS if bug.name == name)
    cluster, violation = bug.run(bug.seed)
    return cluster.trace, violation


def test_a_crash_is_a_step_though_it_matters_only_by_what_never_came():
    trace, violation = run_of("2pc-never-asks")
    told = [describe(event, trace) for event in steps(trace, violation)]
    assert "n1 crashes" in told and "n1 restarts" in told
    heard = [event for event in past(trace, violation) if event.node == "n1" and event.kind == "send"]
    assert any(event.kind == "crash" and event.seq > heard[-1].seq for event in steps(trace, violation))


def test_what_goes_round_and_changes_nothing_is_not_counted():
    trace, violation = run_of("causal-looked-at-once")
    assert of_progress(trace, violation)
    stem, idle = steps(trace, violation), loop(trace, violation)
    assert {event.kind for event in idle} == {"deliver", "timer"}
    assert stem[-1].seq < idle[0].seq
    nodes = {event.node for event in past(trace, violation)}
    changes = [event for event in trace.select("state", "disk") if event.node in nodes]
    assert stem[-1].seq <= changes[-1].seq < idle[0].seq


def test_a_violation_of_safety_has_no_loop():
    trace, violation = run_of("abd-reads-one-replica")
    assert not of_progress(trace, violation) and not loop(trace, violation)


def test_faults_that_a_scenario_does_by_itself_go_too():
    def stormy(cluster):
        for one, other in (("n1", "n2"), ("n2", "n3"), ("n1", "n3")):
            cluster.run(0.3)
            cluster.restart(one)
            cluster.restart(other)
        cluster.run(0.5)

    made = Stage(partial(Cluster, Forgetful, 3), stormy, [election_safety])
    run = next(run for seed in range(300) if (run := made.run(Plan(seed, Faults()))).violation is not None)
    shrunk = shrink(made, run, seconds=60)
    assert shrunk.plan.scripted
    assert len(shrunk.plan.faults) < 4
    assert made.run(shrunk.plan).violation.property == run.violation.property
