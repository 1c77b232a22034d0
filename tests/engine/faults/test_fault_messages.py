"""One message on its way is dropped, delivered at once, delayed or doubled; the others do not notice."""

import pytest

from labkit import Cluster, Fault, Faults, LabkitError
from labkit.engine.flights import under_way
from tests.engine.faults.broken_nodes import Source, came, numbers

NAMES = {"Fault": Fault, "Faults": Faults}


class Quick(Source):
    GAP = 0.01


def flying() -> Cluster:
    """At 0.135 s the numbers 0 to 2 have come to n2, and ten more are on their way."""
    cluster = Cluster(Quick, size=3, seed=1, latency=0.1)
    cluster.run(0.135)
    assert [one[:4] for one in under_way(cluster._network) if one.receiver == "n2"] == [
        ("n1", "n2", "Number", number) for number in range(1, 11)
    ]
    return cluster


def after(do) -> list[tuple[int, float]]:
    cluster = flying()
    do(cluster)
    cluster.run(0.3)
    again = Cluster(Quick, size=3, seed=1, latency=0.1, faults=eval(str(cluster.faults), NAMES))
    again.run(cluster.now)
    assert again.trace.digest() == cluster.trace.digest(), "pasted into a cell, it does the same"
    saved = Cluster(Quick, size=3, seed=1, latency=0.1, faults=Faults.from_json(cluster.faults.to_json()))
    saved.run(cluster.now)
    assert saved.trace.digest() == cluster.trace.digest()
    return came(cluster)


UNTOUCHED = after(lambda cluster: None)


def test_a_dropped_message_never_comes_and_all_others_do():
    assert after(lambda cluster: cluster.drop("n1", "n2", "Number", 2)) == [one for one in UNTOUCHED if one[0] != 4]


def test_a_delivered_message_overtakes_those_before_it():
    came_now = after(lambda cluster: cluster.deliver("n1", "n2", "Number", 3))
    assert came_now[3] == (5, 0.135) and sorted(n for n, _ in came_now) == [n for n, _ in UNTOUCHED]


def test_messages_delivered_one_after_the_other_come_in_that_order():
    def backwards(cluster):
        cluster.deliver("n1", "n2", number=4)
        cluster.deliver("n1", "n2", number=1)

    assert [n for n, _ in after(backwards)][3:5] == [6, 3]


def test_a_delayed_message_comes_so_much_later():
    late = after(lambda cluster: cluster.delay("n1", "n2", seconds=0.05))
    assert dict(late)[3] == pytest.approx(dict(UNTOUCHED)[3] + 0.05)
    assert [one for one in late if one[0] != 3] == [one for one in UNTOUCHED if one[0] != 3]


def test_a_copy_comes_with_its_message_or_so_much_later():
    assert [n for n, _ in after(lambda cluster: cluster.duplicate("n1", "n2"))][3:5] == [3, 3]
    later = after(lambda cluster: cluster.duplicate("n1", "n2", seconds=0.02))
    assert (3, 0.155) in later and len(later) == len(UNTOUCHED) + 1


def test_a_message_in_a_clogged_link_is_on_its_way_too():
    cluster = flying()
    cluster.link("n1", "n2", clog=True, one_way=True)
    cluster.run(0.05)
    before = len(came(cluster))
    cluster.deliver("n1", "n2", "Number", 2)
    cluster.drop("n1", "n2", "Number", 1)
    cluster.run(0)
    assert numbers(cluster)[before:] == [4]
    cluster.link("n1", "n2", clog=False, one_way=True)
    cluster.run(0.3)
    assert 3 not in numbers(cluster) and numbers(cluster)[before : before + 3] == [4, 5, 6]
    again = Cluster(Quick, size=3, seed=1, latency=0.1, faults=cluster.faults)
    again.run(cluster.now)
    assert again.trace.digest() == cluster.trace.digest()


def test_the_third_message_of_a_node_is_lost_at_once():
    when = Fault(0.0, "drop", "n1", "n3", "Number", 1, when=("send", "n1", 6))
    cluster = Cluster(Source, size=3, seed=1, faults=[when])
    cluster.run(1.0)
    assert numbers(cluster, "n2")[:3] == [0, 1, 2] and numbers(cluster, "n3")[:3] == [0, 1, 3]


def test_a_message_that_is_not_on_its_way_is_refused_by_code_and_passed_over_in_a_script():
    cluster = flying()
    with pytest.raises(LabkitError, match="on their way: Number 1 from n1 to n2"):
        cluster.drop("n2", "n1")
    assert not cluster.faults
    scripted = Cluster(Quick, size=3, seed=1, latency=0.1, faults=[Fault(0.135, "drop", "n2", "n1")])
    scripted.run(0.435)
    assert came(scripted) == UNTOUCHED


@pytest.mark.parametrize(
    ("args", "options", "words"),
    [
        (("n1",), {}, "takes a sender, a receiver"),
        (("n1", "n2", "Vote", 0), {}, "takes a sender, a receiver"),
        (("n1", "n2"), {}, "by how much"),
        (("n1", "n2"), {"seconds": -1}, "zero or more"),
        (("n1", "n2"), {"seconds": 1, "loss": 0.5}, "no option 'loss'"),
    ],
)
def test_what_names_no_message_is_refused(args, options, words):
    with pytest.raises(LabkitError, match=words):
        Fault(1.0, "delay", *args, **options)
