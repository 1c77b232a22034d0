"""Broadcast in one order for all, channels that keep their order, and snapshots that count all the money once."""

import pytest

from labkit import Cluster
from labkit.protocols import chandy_lamport, total_order_lamport, total_order_sequencer
from labkit.protocols.chandy_lamport import total

ORDERS = [total_order_lamport, total_order_sequencer]


def party(program, say, seed, size=4):
    """Everybody talks at once, over links on which messages overtake one another."""
    cluster = Cluster(program, size=size, seed=seed)
    cluster.link(reorder=0.4)
    for round in range(4):
        for place, id in enumerate(cluster.ids):
            cluster.client(f"c{place + 1}").invoke(id, say(text=f"{id}.{round}"))
        cluster.run(0.03)
        cluster.run(until=lambda c: all(op.outcome != "pending" for op in c.history))
    cluster.run(2.0)
    return cluster


def texts(cluster):
    return {id: [m.text if hasattr(m, "text") else m[2] for m in node.delivered] for id, node in cluster.nodes.items()}


@pytest.mark.parametrize("order", ORDERS, ids=lambda module: module.__name__.split("_")[-1])
def test_all_deliver_everything_in_the_same_order(order):
    for seed in range(10):
        cluster = party(order.Process, order.Say, seed)
        told = texts(cluster)
        assert len({tuple(each) for each in told.values()}) == 1
        assert sorted(told["n1"]) == sorted(f"n{n}.{round}" for n in range(1, 5) for round in range(4))


class NoAcknowledgements(total_order_lamport.Process):
    def is_stable(self, message):
        return True


class OvertakingChannels(total_order_lamport.Process):
    def in_order(self, msg, sender):
        return [msg]


class AsItComes(total_order_sequencer.Process):
    def take(self, msg, sender):
        self.delivered = [*self.delivered, msg]


@pytest.mark.parametrize(
    "broken", [NoAcknowledgements, OvertakingChannels, AsItComes], ids=lambda program: program.__name__
)
def test_without_one_of_its_rules_the_orders_differ(broken):
    say = total_order_lamport.Say if issubclass(broken, total_order_lamport.Process) else total_order_sequencer.Say
    orders = [len({tuple(each) for each in texts(party(broken, say, seed)).values()}) for seed in range(10)]
    assert max(orders) > 1


def test_one_silent_process_stops_lamports_order_and_not_the_sequencers():
    def delivered(order):
        cluster = Cluster(order.Process, size=3, seed=1)
        cluster.crash("n3")
        cluster.client("c1").call("n2", order.Say(text="hello"))
        cluster.run(2.0)
        return len(cluster.nodes["n2"].delivered)

    assert delivered(total_order_lamport) == 0
    assert delivered(total_order_sequencer) == 1


# --- snapshots


def audit(program, seed, size=4, names=("first", "second")):
    """A bank in which every other branch begins snapshots while all trade; then calm."""

    class Auditor(program):
        def start(self):
            super().start()
            if self.id in ("n1", "n3"):
                for number, name in enumerate(names):
                    self.after(0.3 + 0.02 * number, self.begin, name)

    cluster = Cluster(Auditor, size=size, seed=seed)
    cluster.link(reorder=0.3)
    cluster.run(1.5)
    return cluster


@pytest.mark.parametrize("seed", range(12))
def test_every_snapshot_holds_all_the_money_though_several_are_under_way(seed):
    cluster = audit(chandy_lamport.Branch, seed)
    for id in ("n1", "n3"):
        snapshots = cluster.nodes[id].snapshots
        assert sorted(snapshots) == [f"{id} first", f"{id} second"]
        assert [total(snapshot) for snapshot in snapshots.values()] == [400, 400]


def test_money_is_in_the_channels_when_a_snapshot_is_taken():
    snapshots = [s for seed in range(5) for s in audit(chandy_lamport.Branch, seed).nodes["n1"].snapshots.values()]
    assert any(any(report.channels.values()) for snapshot in snapshots for report in snapshot.values())


class Overtaking(chandy_lamport.Branch):
    """Markers may overtake money, and be overtaken."""

    def in_order(self, msg, sender):
        return [msg]


class NoChannels(chandy_lamport.Branch):
    """Only the branches are recorded."""

    def receive_transfer(self, msg, sender):
        self.money += msg.amount


class RecordsLate(chandy_lamport.Branch):
    """The state is recorded when all markers have come, not at the first."""

    def finish(self, snapshot):
        self.recorded = self.recorded | {snapshot: self.money}
        super().finish(snapshot)


class ForgetsToStop(chandy_lamport.Branch):
    """What comes after the marker is still taken for money under way."""

    def receive_transfer(self, msg, sender):
        self.money += msg.amount
        for snapshot in self._open:
            recorded = self.channels[snapshot]
            self.channels = self.channels | {snapshot: recorded | {sender: [*recorded[sender], msg.amount]}}


@pytest.mark.parametrize(
    "broken", [Overtaking, NoChannels, RecordsLate, ForgetsToStop], ids=lambda program: program.__name__
)
def test_without_one_of_its_rules_a_snapshot_loses_or_makes_money(broken):
    totals = [total(s) for seed in range(8) for s in audit(broken, seed).nodes["n1"].snapshots.values()]
    assert totals and any(money != 400 for money in totals)


def test_a_branch_that_does_not_send_markers_leaves_the_snapshot_open_for_ever():
    class Silent(chandy_lamport.Branch):
        def receive_marker(self, msg, sender):
            pass

    assert audit(Silent, 1).nodes["n1"].snapshots == {}
