"""What a search takes for the same state, what it cannot search, and how it says so."""

import pytest

from labkit.errors import LabkitError
from labkit.protocols.bakery import Bakery
from labkit.protocols.consensus_objects import (
    FromTestAndSet,
)
from labkit.protocols.peterson import Peterson
from labkit.shared import (
    CompareAndSwap,
    Process,
    Register,
    Safe,
    always,
    play,
    search,
)
from tests.shared.programs import Count


def test_what_a_process_holds_on_its_stack_tells_states_apart():
    class Sum(Process):
        x = CompareAndSwap(0)

        async def run(self):
            total = 0
            for step in iter([1, 2]):
                total += step + (await self.x.read()) * (await self.x.read()) + sum([await self.x.read() for _ in "ab"])
                await self.x.write(total)
            return total

    result = search(Sum, 1)
    assert result.outcomes() == [(result.schedule_to(lambda moment: moment.done).results[0],)]
    assert result.graph.table.unplain == ""
    assert search(Sum, 2).graph.table.unplain == ""


def test_two_names_for_one_list_are_not_two_lists():
    class Aliased(Process):
        x = Register(0)

        async def run(self):
            first = []
            second = first if await self.x.read() else []
            await self.x.write(1)
            second.append(1)
            await self.x.read()
            return len(first)

    assert {result for pair in search(Aliased, 2).outcomes() for result in pair} == {0, 1}


def test_one_is_not_true():
    class Typed(Process):
        x = Register(0)

        async def run(self):
            await self.x.write(True if self.me else 1)
            return type(await self.x.read()).__name__

    assert set(search(Typed, 2).outcomes()) == {("int", "int"), ("int", "bool"), ("bool", "bool")}


def test_a_variable_that_cannot_be_compared_is_told_of_and_the_search_is_right_all_the_same():
    class Odd(Count):
        async def run(self):
            self.thing = object()
            await super().run()

    result = search(Odd, 2, rounds=2)
    assert result.outcomes("x") == search(Count, 2, rounds=2).outcomes("x")
    assert "object" in result.remarks[0]


def test_a_search_that_is_too_large_says_so_and_judges_nothing():
    result = search(Bakery, 2, limit=500)
    assert not result.complete
    assert set(result.holds.values()) == {None}
    assert "it stopped at 500 states" in result.text()


def test_an_error_of_the_program_is_a_finding():
    class Faulty(Count):
        async def run(self):
            if await self.x.fetch() == 1:
                return

    assert "has read, write, and no 'fetch'" in search(Faulty, 2).finding.message


def test_awaiting_anything_else_is_refused():
    class Sleepy(Process):
        async def run(self):
            await self.sleep(1.0)

    assert "in a search there is no network, no clock" in search(Sleepy, 1).finding.message


def test_a_program_with_a_secret_of_its_own_is_found_out():
    class Sly(Count):
        times = 0

        async def run(self):
            Sly.times += 1
            if Sly.times % 2:
                await self.x.read()
            await self.x.write(1)

    with pytest.raises(LabkitError, match="not a function of what its steps returned"):
        search(Sly, 2)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Register([]), "a register holds numbers"),
        (lambda: Safe(0), "say what a read may return"),
        (lambda: search(int, 2), "is no program"),
        (lambda: search(Peterson, 0), "give a number from 1 to 10"),
        (lambda: search(Peterson, 2, rounds=0), "how often"),
        (lambda: search(Peterson, 2, properties=["mutex"]), "is no property"),
        (lambda: search(FromTestAndSet, 2, inputs=(1,)), "one for each of the 2"),
        (lambda: play(Peterson, 2, [0, 2]), "step 2 of the schedule is 2"),
        (lambda: play(Peterson, 2, [(0, True)]), "has no outcome True"),
        (lambda: play(Count, 1, [0, 0, 0], rounds=1), "p0 is done"),
        (lambda: play(Peterson, 2, [("flush", 0)]), "store buffer of p0 is empty"),
        (lambda: search(Peterson, 2).schedules, "no end of schedules"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(make, told):
    with pytest.raises(LabkitError, match=told):
        make()


def test_an_operation_that_is_not_awaited_is_told_of():
    class Hasty(Peterson):
        async def acquire(self):
            while self.flag[1 - self.me].read():
                pass

    assert "was not awaited" in search(Hasty, 2).finding.message


def test_a_property_of_ones_own():
    low = always("Never three", lambda moment: "x is 3" if moment.memory["x"] == 3 else None)
    finding = search(Count, 2, rounds=2, properties=[low]).finding
    assert finding.message == "x is 3"
    assert finding.run.memory == {"x": 3}
