"""Faults as values, and the nemesis that draws them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import Cluster, Fault, Faults, LabkitError, UnknownNode, latency, nemesis
from labkit.engine.nemesis import DAMAGING, SURVIVABLE
from labkit.protocols.raft import Raft

CRASHES = Faults([Fault(1.0, "crash", "n1"), Fault(2.0, "restart", "n1")])
SPLIT = Faults([Fault(1.5, "partition", {"n1"}, {"n2"}), Fault(3.0, "heal")])


def test_faults_merge_shift_and_filter():
    both = CRASHES + SPLIT
    assert isinstance(both, Faults)
    assert [fault.action for fault in both] == ["crash", "partition", "restart", "heal"]
    assert [fault.time for fault in both.shift(-1.25)] == [0.0, 0.25, 0.75, 1.75]
    assert both.only("crash", "restart") == CRASHES
    assert both.only(where=lambda fault: fault.time > 1.9).only("heal") == SPLIT[1:]
    assert CRASHES + Faults([Fault(0.5, "heal")]) == Faults([Fault(0.5, "heal"), *CRASHES])


def test_smaller_faults_are_simpler_and_include_every_single_drop():
    faults = (
        CRASHES + SPLIT + Faults([Fault(2.5, "link", "n1", "n2", loss=0.4), Fault(0.0, "heal", when=("send", None, 8))])
    )
    candidates = list(faults.smaller())
    assert candidates[0] == Faults()
    for place in range(len(faults)):
        assert Faults([*faults[:place], *faults[place + 1 :]]) in candidates
    kept = [other for other in candidates if len(other) == len(faults)]
    assert any(fault.options.get("loss") == 0.2 for other in kept for fault in other)
    assert any(fault.when == ("send", None, 4) for other in kept for fault in other)
    assert all(sum(fault.time for fault in other) <= sum(fault.time for fault in faults) for other in kept)


def test_shrinking_ends_with_what_matters():
    def fails(faults):
        cluster = Cluster(Raft, size=3, seed=1, faults=faults)
        cluster.run(4.0)
        return not cluster.up("n2")

    faults = nemesis(3, 3, 4.0, kinds=["loss", "delay", "partition"]) + Faults([Fault(2.0, "crash", "n2")])
    assert len(faults) > 5 and fails(faults)
    for _ in range(200):
        smaller = next((other for other in faults.smaller() if fails(other)), None)
        if smaller is None:
            break
        faults = smaller
    assert len(faults) == 1 and faults[0].action == "crash" and faults[0].time < 0.01


def test_wrong_faults_are_refused_when_they_are_made():
    for make, text in (
        (lambda: Fault(1.0, "crash"), "the id of one node"),
        (lambda: Fault(1.0, "crash", "n1", loss=1), "crash has no option 'loss'; it has none"),
        (lambda: Fault(1.0, "heal", "n1"), "takes no arguments"),
        (lambda: Fault(1.0, "clock", "n1", rate=-1), "above zero"),
        (lambda: Fault(1.0, "clock", "n1", rate=1.0, jump=1.0), "not both"),
        (lambda: Fault(1.0, "clock", "n1", drift=-2), "above -1"),
        (lambda: Fault(1.0, "slow", "n1", seconds=-1), "seconds=-1"),
        (lambda: Fault(1.0, "link", "n1", "n2", "n3"), "ids of two nodes"),
        (lambda: Fault(1.0, "partition"), "needs groups"),
        (lambda: Fault(1.0, "crash", "n1", when=("sing", "n1", 1)), "nothing of the kind 'sing' happens"),
        (lambda: Fault(1.0, "crash", "n1", when=("send", "n1")), "how many"),
        (lambda: Faults(["crash"]), "is no fault"),
        (lambda: CRASHES.only("explode"), "no fault 'explode'"),
    ):
        with pytest.raises(LabkitError, match=text):
            make()
    with pytest.raises(UnknownNode, match="no node 'n9'"):
        Cluster(Raft, size=3, faults=[Fault(9.0, "partition", ["n1"], ["n9"])])
    cluster = Cluster(Raft, size=3)
    cluster.run(2.0)
    with pytest.raises(LabkitError, match="is past, at 2 s"):
        cluster.inject(CRASHES)


# --- the nemesis


@given(
    seed=st.integers(), size=st.integers(1, 7), seconds=st.floats(0.1, 100), heal=st.none() | st.floats(0.1, 0.9),
    kinds=st.none() | st.lists(st.sampled_from([*SURVIVABLE, *DAMAGING]), min_size=1),
)  # fmt: skip
def test_a_nemesis_is_a_function_of_its_arguments_and_prints_and_keeps_a_majority(seed, size, seconds, heal, kinds):
    heal_at = heal and heal * seconds
    faults = nemesis(seed, size, seconds, kinds=kinds, heal_at=heal_at)
    assert faults == nemesis(seed, size, seconds, kinds=kinds, heal_at=heal_at)
    names = {"Fault": Fault, "Faults": Faults, "latency": latency}
    assert eval(str(faults), names) == faults == Faults.from_json(faults.to_json())
    down: set[str] = set()
    for fault in faults:
        assert 0 < fault.time <= (heal_at or seconds)
        if fault.action in ("crash", "pause"):
            assert fault.args[0] not in down
            down.add(fault.args[0])
        elif fault.action in ("restart", "resume"):
            down.discard(fault.args[0])
        assert len(down) <= (size - 1) // 2
    assert heal is None or not down


def test_each_seed_turns_on_some_kinds_and_all_kinds_come():
    def actions(seed):
        return {fault.action for fault in nemesis(seed, 5, 30.0)}

    sets = [actions(seed) for seed in range(60)]
    assert len({frozenset(found) for found in sets}) > 15
    assert set.union(*sets) == {
        "crash",
        "restart",
        "pause",
        "resume",
        "slow",
        "clock",
        "disk",
        "link",
        "partition",
        "heal",
    }
    assert any("crash" not in found for found in sets)
    shapes = [fault for seed in range(60) for fault in nemesis(seed, 5, 30.0, kinds=["partition"]).only("partition")]
    assert any("one_way" in fault.options for fault in shapes)
    assert any(len(fault.nodes) > 5 for fault in shapes)  # a bridge is in both groups


def most_down(**options):
    most = 0
    for seed in range(10):
        down = set()
        for fault in nemesis(seed, 5, 30.0, kinds=["crash"], **options):
            (down.add if fault.action == "crash" else down.discard)(fault.args[0])
            most = max(most, len(down))
    return most


def test_more_than_a_minority_goes_down_only_when_asked():
    assert most_down() == 2
    assert most_down(down=5) > 3


@pytest.mark.parametrize("seed", range(12))
def test_after_the_healing_everything_is_as_it_was(seed):
    cluster = Cluster(Raft, size=5, seed=seed, faults=nemesis(seed, 5, 6.0, heal_at=5.0))
    cluster.run(9.0)
    assert len(cluster.nodes) == 5
    late = [event for event in cluster.trace.select("send", "drop", "wait") if event.time > 6.0]
    assert {event.kind for event in late} == {"send"}
    assert all(event.due - event.time <= 0.025 for event in late)
    assert sum(node.role == "leader" for node in cluster.nodes.values()) == 1


def test_a_nemesis_refuses_what_makes_no_sense():
    for make, text in (
        (lambda: nemesis(1, 5, 10, kinds=["magic"]), "no kind of fault 'magic'"),
        (lambda: nemesis(1, 0, 10), "nodes=0"),
        (lambda: nemesis(1, "n1", 10), "nodes='n1'"),
        (lambda: nemesis(1, 3, 0), "seconds=0"),
        (lambda: nemesis("x", 3, 1), "a whole number"),
        (lambda: nemesis(1, 3, 1, heal_at=-1), "heal_at=-1"),
    ):
        with pytest.raises(LabkitError, match=text):
            make()
