"""Every fault is a value: what it did happens again, and it happens to nobody else."""

import random
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import Cluster, Fault, Faults, LabkitError, latency, nemesis
from labkit.engine.faults import MESSAGE_ACTIONS
from labkit.engine.nemesis import DAMAGING, SURVIVABLE
from labkit.protocols.raft import Raft
from tests.engine.faults.broken_nodes import Deaf, Keeper

NAMES = {"Fault": Fault, "Faults": Faults, "latency": latency}
IDS = ("n1", "n2", "n3")
ids = st.sampled_from(IDS)
chances = st.sampled_from([0.0, 0.1, 0.5, 1.0])
latencies = st.sampled_from(
    [
        0.01,
        (0.01, 0.1),
        latency.Exponential(mean=0.02),
        latency.LogNormal(median=0.02, sigma=1.0),
        latency.Pareto(shortest=0.01, alpha=1.2),
        latency.Replay(samples=(0.001, 0.1, 0.01)),
        None,
    ]
)


def options(**values):
    return st.fixed_dictionaries({}, optional=values)


LINK = options(
    latency=latencies,
    loss=chances,
    burst=st.sampled_from([None, 5]),
    duplicate=chances,
    reorder=chances,
    corrupt=chances,
    checksum=st.booleans(),
    bandwidth=st.sampled_from([None, 500, 5000]),
    queue=st.sampled_from([None, 0, 3]),
    cut=st.booleans(),
    clog=st.booleans(),
    one_way=st.booleans(),
)
DISK = options(
    latency=latencies, full=st.booleans(), survive=st.sampled_from(["prefix", "subset", "none"]), torn=chances,
    lost=chances, misdirect=chances, rot=chances, checksum=st.booleans(),
)  # fmt: skip
CLOCK = st.one_of(
    options(offset=st.floats(-1, 1), rate=st.floats(0.5, 2)), options(jump=st.floats(-1, 1), drift=st.floats(-0.5, 0.5))
)
GROUPS = st.lists(st.lists(ids, unique=True, min_size=1), min_size=2, max_size=3)
PAIRS = st.sampled_from([(), ("n1",), (None, "n2"), ("n1", "n2"), ("n3", "n2")])
MESSAGES = st.tuples(ids, ids, st.sampled_from([None, "Number", "Letter"]), st.integers(1, 3))
deeds = st.one_of(
    st.tuples(st.sampled_from(["crash", "restart", "pause", "resume"]), st.tuples(ids), st.just({})),
    st.tuples(st.just("slow"), st.tuples(ids), st.fixed_dictionaries({"seconds": latencies})),
    st.tuples(st.just("clock"), st.tuples(ids), CLOCK),
    st.tuples(st.just("disk"), st.tuples(ids), DISK),
    st.tuples(st.just("link"), PAIRS, LINK),
    st.tuples(st.just("partition"), GROUPS, options(one_way=st.booleans())),
    st.tuples(st.just("heal"), st.just(()), st.just({})),
    st.tuples(st.sampled_from(["drop", "deliver", "duplicate"]), MESSAGES, st.just({})),
    st.tuples(st.sampled_from(["delay", "duplicate"]), MESSAGES, st.fixed_dictionaries({"seconds": st.floats(0, 0.2)})),
)
whens = st.one_of(
    st.none(),
    st.integers(0, 300),
    st.tuples(
        st.sampled_from(["write", "disk", "send", "deliver", "crash", "timer", "state", "wait", "set", "start"]),
        st.none() | ids,
        st.integers(1, 6),
    ),
)
faults = st.builds(
    lambda deed, time, when: Fault(time, deed[0], *deed[1], when=when, **deed[2]), deeds, st.floats(0, 1), whens
)


def run(cluster, seconds=1.5):
    try:
        cluster.run(seconds)
    except LabkitError as error:  # a storm of messages, say: the same one in every run
        cluster.trace.mark(0, str(error))
    return cluster.trace.digest()


@settings(deadline=None, max_examples=40)
@given(script=st.lists(faults, max_size=12), seed=st.integers(0, 10**6))
def test_a_script_of_any_faults_replays_also_from_what_was_recorded_printed_and_saved(script, seed):
    def build(faults):
        return Cluster(Keeper, size=3, seed=seed, faults=faults, buggify=True)

    first = build(script)
    digest = run(first)
    for again in (first.faults, Faults.from_json(first.faults.to_json()), eval(str(first.faults), NAMES)):
        assert run(build(again)) == digest


@settings(deadline=None, max_examples=40)
@given(done=st.lists(st.tuples(deeds, st.sampled_from([0.0, 0.01, 0.13])), max_size=12), seed=st.integers(0, 10**6))
def test_what_is_done_by_code_at_odd_moments_replays(done, seed):
    first = Cluster(Keeper, size=3, seed=seed, buggify=["twice"])
    for (action, args, given_options), seconds in done:
        with suppress(*([LabkitError] if action in MESSAGE_ACTIONS else [])):
            getattr(first, action)(*args, **given_options)
        first.run(seconds)
    first.inject(
        [Fault(first.now + 0.1, "crash", "n2", when=("write", "n2", 2)), Fault(first.now + 0.2, "restart", "n2")]
    )
    first.run(0.7)
    again = Cluster(Keeper, size=3, seed=seed, faults=first.faults, buggify=["twice"])
    again.run(first.now)
    assert again.trace.digest() == first.trace.digest()


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), frames=st.lists(st.floats(0.001, 0.3), min_size=1, max_size=20))
def test_under_a_nemesis_playing_in_frames_gives_the_same_trace_as_running_at_once(seed, frames):
    live, whole = (Cluster(Raft, size=3, seed=seed, faults=nemesis(seed, 3, 2.0)) for _ in range(2))
    for frame in frames:
        live.advance(live.now + frame)
    whole.run(live.now)
    assert live.trace.digest() == whole.trace.digest()


TROUBLES = [
    {"latency": latency.LogNormal(median=0.02, sigma=1)},
    {"loss": 0.5, "burst": 4},
    {"duplicate": 0.5},
    {"reorder": 0.5},
    {"corrupt": 0.5},
    {"corrupt": 0.5, "checksum": False},
    {"bandwidth": 300, "queue": 2},
    {"clog": True},
    {"cut": True},
]


def others(*faults):
    cluster = Cluster(Deaf, size=4, seed=9, faults=list(faults))
    cluster.link("n3", "n4", loss=0.3, duplicate=0.3, reorder=0.3, latency=latency.Exponential(mean=0.05))
    cluster.run(1.0)
    sends = {event.id: event for event in cluster.trace.select("send", "duplicate")}
    seen = []
    for event in cluster.trace.select("send", "duplicate", "deliver", "drop"):
        send = sends[event.id]
        if (send.node, send.peer) != ("n1", "n2"):
            seen.append((event.kind, event.time, send.node, send.peer, send.due, send.data.n, event.node))
    return seen


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_a_fault_on_one_link_changes_nobody_elses_luck(trouble):
    assert others(Fault(0.0, "link", "n1", "n2", one_way=True, **trouble)) == others()


def test_one_trouble_of_a_link_does_not_change_the_luck_of_another():
    def lost(**more):
        cluster = Cluster(Deaf, size=2, seed=3, latency=0.01)
        cluster.link("n1", "n2", loss=0.3, one_way=True, **more)
        cluster.run(2.0)
        sends = [event.id for event in cluster.trace.select("send", node="n1")]
        gone = {event.id for event in cluster.trace.select("drop") if event.data == "loss"}
        return [id in gone for id in sends]

    for more in TROUBLES[:1] + TROUBLES[2:6]:
        assert lost(**more) == lost()


def test_a_disk_fault_at_one_node_changes_nobody_elses_luck():
    def elsewhere(**settings):
        cluster = Cluster(Deaf, size=3, seed=3)
        if settings:
            cluster.disk("n1", **settings)
            cluster.slow("n1", seconds=0.001)
            cluster.clock("n1", jump=0.5)
        cluster.run(1.0)
        return [(e.time, e.peer, e.due, e.data.n) for e in cluster.trace.select("send") if e.node != "n1"]

    assert elsewhere() == elsewhere(latency=(0.01, 0.02), torn=0.5, lost=0.5, rot=0.5)


@pytest.mark.parametrize("kind", [*SURVIVABLE, *DAMAGING])
def test_every_view_tells_every_fault_in_words(kind):
    from labkit.view.moment import moment
    from labkit.view.poster import poster

    faults = nemesis(1, 3, 2.0, kinds=[kind])
    assert faults
    cluster = Cluster(Keeper, size=3, seed=random.Random(kind).randrange(100), faults=faults, buggify=True)
    cluster.run(2.0)
    document = cluster.trace.document()
    for seq in random.Random(kind).sample(range(len(cluster.trace)), 4):
        now = moment(document, seq=seq)
        assert now.sentence()
        assert poster(document, now)
