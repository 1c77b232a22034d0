"""Search by replay: each order of events once, and nothing of one order is left over in another."""

from functools import partial

import pytest

from labkit import Cluster, LabkitError, Message, Node, on
from labkit.check.invariants import always
from labkit.explore import lives
from labkit.explore.exhaustive import exhaustive


class Walker(Node):
    """Takes two steps, each at its own time."""

    async def start(self):
        self.step = 0
        for _ in range(2):
            await self.sleep(0.1)
            self.step += 1


def apart(trace):
    """No node is two steps ahead of another."""

    def check(event, moment):
        steps = [node.get("step", 0) for node in moment.state.values()]
        return "one is far ahead" if max(steps, default=0) - min(steps, default=0) == 2 else None

    return always(trace, check)


@pytest.mark.parametrize(("size", "orders"), [(1, 1), (2, 6), (3, 90)])
def test_every_order_of_independent_steps_is_one_schedule(size, orders):
    assert exhaustive(partial(Cluster, Walker, size), depth=2 * size, reduce=False).states == orders
    assert exhaustive(partial(Cluster, Walker, size), depth=2 * size, reduce=True).states == 1


@pytest.mark.parametrize("reduce", [None, True, False])
def test_a_property_of_traces_is_not_lost_with_the_orders_that_are_left_out(reduce):
    """The one order that sleep sets leave of these is in turns, where nobody is ahead."""
    result = exhaustive(partial(Cluster, Walker, 2), properties=[apart], depth=4, reduce=reduce)
    assert "far ahead" in result.finding.violation.message


def test_a_property_of_the_order_of_commuting_steps_is_judged_in_every_order():
    def n2_is_first(trace):
        first = [event.node for event in trace.select("state") if event.data.get("step") == 1]
        return always(trace, lambda event, moment: "n1 was first" if first[:2] == ["n1", "n2"] else None)

    def n1_is_first(trace):
        first = [event.node for event in trace.select("state") if event.data.get("step") == 1]
        return always(trace, lambda event, moment: "n2 was first" if first[:2] == ["n2", "n1"] else None)

    for wrong in (n1_is_first, n2_is_first):
        assert exhaustive(partial(Cluster, Walker, 2), properties=[wrong], depth=4).finding is not None


class Word(Message):
    text: str
    letters: list[str] = []


def test_histories_that_are_forgotten_are_found_out_again(monkeypatch):
    make = partial(Cluster, Walker, 3)
    kept = exhaustive(make, depth=6, reduce=False).progress
    monkeypatch.setattr(lives, "MOST", 2)
    forgot = exhaustive(make, depth=6, reduce=False).progress
    assert (forgot.states, forgot.steps) == (kept.states, kept.steps)


def test_a_message_that_its_receiver_changes_is_whole_in_other_schedules():
    class Greedy(Node):
        async def start(self):
            self.read = []
            if self.id == "n1":
                for peer in self.peers:
                    self.send(peer, Word(text="", letters=["a", "b"]))
            await self.sleep(0.1)

        @on(Word)
        def word(self, msg, sender):
            while msg.letters:
                self.read = [*self.read, msg.letters.pop()]

    def all_or_nothing(moment):
        return all(node["read"] in ([], ["b", "a"], ["b", "a", "b", "a"]) for node in moment.state.values())

    result = exhaustive(partial(Cluster, Greedy, 3), [all_or_nothing], depth=5, duplicates=1, reduce=False)
    assert result.finding is None and result.states > 50


def test_a_coroutine_that_ends_with_its_schedule_sends_nothing_into_the_next():
    class Polite(Node):
        async def start(self):
            self.heard = 0
            if self.id == "n1":
                try:
                    await self.sleep(0.1)
                    await self.sleep(0.1)
                finally:
                    self.send("n2", Word(text="goodbye"))

        @on(Word)
        def word(self, msg, sender):
            self.heard += 1

    def once(moment):
        return all(node["heard"] < 2 for node in moment.state.values())

    result = exhaustive(partial(Cluster, Polite, 2), [once], depth=4, crashes=1, restarts=0, reduce=False)
    assert result.finding is None


def test_a_node_that_remembers_other_schedules_is_told():
    class Sneaky(Node):
        starts = []

        async def start(self):
            self.starts.append(self.id)
            for _ in range(2):
                await self.sleep(0.1)
                self.send("n1", Word(text=str(len(self.starts))))

        @on(Word)
        def word(self, msg, sender):
            pass

    with pytest.raises(LabkitError, match="behaves differently"):
        exhaustive(partial(Cluster, Sneaky, 2), depth=6, reduce=False)
