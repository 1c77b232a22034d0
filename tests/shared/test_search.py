"""The search of shared-memory programs, held against a plain enumeration of schedules, and against what is known."""

import itertools
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.protocols.bakery import Bakery, SafeBakery
from labkit.protocols.consensus_objects import (
    FromCompareAndSwap,
    FromFetchAndAdd,
    FromQueue,
    FromSwap,
    FromTestAndSet,
)
from labkit.protocols.dekker import Dekker
from labkit.protocols.filter_lock import Filter
from labkit.protocols.peterson import Peterson
from labkit.protocols.register_constructions import AtomicForMany, AtomicForOne, RegularBit
from labkit.protocols.spin_locks import SpinLock, TicketLock
from labkit.shared import (
    Array,
    Consensus,
    Construction,
    FetchAndAdd,
    Lock,
    Process,
    Register,
    Regular,
    Safe,
    atomic,
    play,
    regular,
    search,
)
from tests.shared.programs import Count


class Careless(Lock):
    flag = Array(Register(False))

    async def acquire(self):
        while await self.flag[1 - self.me].read():
            pass
        await self.flag[self.me].write(True)

    async def release(self):
        await self.flag[self.me].write(False)


class Polite(Careless):
    async def acquire(self):
        await self.flag[self.me].write(True)
        while await self.flag[1 - self.me].read():
            pass


class Alternating(Lock):
    turn = Register(0)

    async def acquire(self):
        while await self.turn.read() != self.me:
            pass

    async def release(self):
        await self.turn.write(1 - self.me)


class SelfishPeterson(Peterson):
    async def acquire(self):
        await self.flag[self.me].write(True)
        await self.turn.write(self.me)
        while await self.flag[1 - self.me].read() and await self.turn.read() == 1 - self.me:
            pass


# --- against a plain enumeration


def first_violation(program, n, depth):
    """The length of the shortest schedule that breaks mutual exclusion, by trying all of them; None up to `depth`."""
    for length in range(depth + 1):
        for schedule in itertools.product(range(n), repeat=length):
            if play(program, n, schedule).violation is not None:
                return length
    return None


@pytest.mark.parametrize("program", [Careless, SelfishPeterson, Peterson, Polite])
def test_the_shortest_schedule_is_the_shortest_there_is(program):
    found = search(program, 2).findings.get("Mutual exclusion")
    length = len(found.schedule) if found else None
    assert first_violation(program, 2, length or 7) == length


OPERATIONS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["read", "write", "add", "swap"])), min_size=1, max_size=4
)


def scripted(scripts):
    """A program whose processes do what the scripts say, and return all that they were told."""

    class Scripted(Process):
        a, b = Register(0), FetchAndAdd(0)

        async def run(self):
            told = ()
            for place, op in scripts[self.me]:
                if place == "a":
                    told = (
                        (*told, await self.a.read()) if op == "read" else (*told, await self.a.write((self.me, told)))
                    )
                else:
                    told = (*told, await (self.b.read() if op == "read" else self.b.fetch_and_add(1 + self.me)))
            return told

    return Scripted


def outcomes_by_hand(scripts):
    """What the processes of `scripted` can return, without the simulator: all orders, one after the other."""
    found = set()
    turns = [me for me, script in enumerate(scripts) for _ in script]
    for order in set(itertools.permutations(turns)):
        a, b = 0, 0
        told, place = [() for _ in scripts], [0] * len(scripts)
        for me in order:
            where, op = scripts[me][place[me]]
            place[me] += 1
            if where == "a":
                result = a if op == "read" else None
                a = a if op == "read" else (me, told[me])
            else:
                result = b
                b += 0 if op == "read" else 1 + me
            told[me] = (*told[me], result)
        found.add(tuple(told))
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(OPERATIONS, min_size=2, max_size=3).filter(lambda scripts: sum(map(len, scripts)) <= 7))
def test_all_outcomes_are_found_and_no_others(scripts):
    result = search(scripted(scripts), len(scripts))
    assert set(result.outcomes()) == outcomes_by_hand(scripts)
    lengths = [len(script) for script in scripts]
    expected, done = 1, 0
    for length in lengths:
        done += length
        expected *= comb(done, length)
    assert result.schedules == expected


@pytest.mark.parametrize("n", range(1, 6))
def test_the_number_of_schedules_is_the_binomial_coefficient(n):
    result = search(Count, 2, rounds=n)
    assert result.schedules == comb(4 * n, 2 * n)
    assert result.outcomes("x") == list(range(min(n, 2), 2 * n + 1))


# --- what is known of the algorithms


class ReadOnceEach(AtomicForMany):
    reads, writes = 1, (1,)


@pytest.mark.parametrize(
    ("program", "n", "options"),
    [
        (Peterson, 2, {}), (Dekker, 2, {}), (Filter, 2, {}), (Filter, 3, {}), (TicketLock, 3, {}),
        (Bakery, 2, {"rounds": 2}), (SafeBakery, 2, {"rounds": 1}),
        (RegularBit, 2, {}), (AtomicForOne, 2, {}), (ReadOnceEach, 3, {}),
        (FromTestAndSet, 2, {}), (FromFetchAndAdd, 2, {}), (FromSwap, 2, {}), (FromQueue, 2, {}),
        (FromCompareAndSwap, 2, {}), (FromCompareAndSwap, 3, {}),
    ],
)  # fmt: skip
def test_what_is_proven_holds(program, n, options):
    result = search(program, n, **options)
    assert result.complete
    assert result, result.text()


def test_a_spinning_lock_that_may_starve_one_is_shown_with_a_fair_circle():
    result = search(SpinLock, 2)
    assert result.holds == {"Mutual exclusion": True, "Deadlock freedom": True, "Starvation freedom": False}
    run = result.finding.run
    loop = [row.process for row in run.rows[run.loop :]]
    assert set(loop) == {0, 1}
    assert "others pass" in result.finding.message
    assert run.rows[run.loop - 1].memory == run.rows[-1].memory
    assert run.rows[run.loop - 1].phases == run.rows[-1].phases


def test_two_polite_processes_wait_for_ever():
    result = search(Polite, 2)
    assert result.holds == {"Mutual exclusion": True, "Deadlock freedom": False, "Starvation freedom": False}
    assert list(result.findings) == ["Deadlock freedom"]


def test_taking_turns_fails_when_the_other_does_not_come():
    finding = search(Alternating, 2).findings["Deadlock freedom"]
    assert finding.run.phases[0] == "remainder"
    assert finding.run.phases[1] == "trying"


def test_nobody_gets_in_after_one_has_crashed_inside():
    assert search(Peterson, 2, crashes=0)
    result = search(Peterson, 2, crashes=1)
    assert result.holds["Mutual exclusion"] and not result.holds["Deadlock freedom"]
    assert any(row.kind == "crash" for row in result.findings["Deadlock freedom"].run.rows)


def test_a_store_buffer_breaks_peterson_and_fences_mend_it():
    class Fenced(Peterson):
        async def acquire(self):
            me, other = self.me, 1 - self.me
            await self.flag[me].write(True)
            await self.turn.write(other)
            await self.fence()
            while await self.flag[other].read() and await self.turn.read() == other:
                pass

    assert not search(Peterson, 2, buffered=True).holds["Mutual exclusion"]
    assert search(Fenced, 2, buffered=True).holds["Mutual exclusion"]
    assert search(SpinLock, 2, buffered=True).holds["Mutual exclusion"]


def test_petersons_turn_has_two_writers_so_a_safe_one_is_not_enough():
    class SafeFlags(Peterson):
        flag = Array(Safe(False))

    class SafeTurn(Peterson):
        turn = Safe(0, domain=(0, 1))

    assert search(SafeFlags, 2)
    assert not search(SafeTurn, 2).holds["Mutual exclusion"]


class WriteThenRead(Consensus):
    """An attempt with registers: each writes, then takes the smaller of what it sees."""

    proposed = Array(Register())

    async def propose(self, value):
        await self.proposed[self.me].write(value)
        its = await self.proposed[1 - self.me].read()
        return value if its is None else min(value, its)


class Waiting(Consensus):
    """An attempt with registers: process 0's value counts, so the other waits for it."""

    decided = Register()

    async def propose(self, value):
        if self.me == 0:
            await self.decided.write(value)
            return value
        while (decided := await self.decided.read()) is None:
            pass
        return decided


def test_consensus_from_registers_disagrees_or_waits():
    assert not search(WriteThenRead, 2).holds["Agreement"]
    result = search(Waiting, 2)
    assert result.holds == {"Agreement": True, "Validity": True, "Wait-freedom": False}
    assert {row.process for row in result.finding.run.rows} == {1}
    assert result.finding.loop == 1


def test_a_third_process_is_one_too_many_for_test_and_set():
    result = search(FromTestAndSet, 3, inputs=(0, 1, 1))
    assert not result


# --- registers


class TwoReads(Process):
    """Process 0 writes 1 where 0 was; process 1 reads twice."""

    r = Register(0)

    async def run(self):
        if self.me == 0:
            await self.r.write(1)
            return None
        return (await self.r.read(), await self.r.read())


def seen(kind):
    program = type("Reads", (TwoReads,), {"r": kind})
    return {results[1] for results in search(program, 2).outcomes()}


def test_atomic_regular_and_safe_registers_return_what_their_definitions_say():
    assert seen(Register(0)) == {(0, 0), (0, 1), (1, 1)}
    assert seen(Regular(0)) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    safe = seen(Safe(0, domain=(0, 1, 7)))
    assert safe >= {(7, 0), (0, 7), (7, 1), (1, 0)}
    assert (1, 7) in safe  # both reads within the write


@pytest.mark.parametrize(
    ("register", "property", "holds"),
    [
        (Register(0), atomic(0), True), (Regular(0), regular(0), True), (Regular(0), atomic(0), False),
        (Safe(0, domain=(0, 5)), regular(0), False),
    ],
)  # fmt: skip
def test_the_observers_tell_the_kinds_of_registers_apart(register, property, holds):
    class Plain(Construction):
        r = register
        properties = (property,)
        writes = (1,)

        async def read(self):
            return await self.r.read()

        async def write(self, value):
            await self.r.write(value)

    assert bool(search(Plain, 2)) is holds


def test_a_safe_bit_written_again_may_flicker():
    class Again(RegularBit):
        async def write(self, value):
            await self.bit.write(value)

    finding = search(Again, 2).finding
    assert finding.property == "Regular"
    assert "reads False" in finding.message


def test_without_memory_of_its_own_the_reader_goes_back_in_time():
    class Forgetful(AtomicForOne):
        async def read(self):
            return (await self.register.read())[1]

    assert "new, then old" in search(Forgetful, 2).finding.message


def test_readers_that_do_not_write_let_one_another_go_back():
    class Silent(AtomicForMany):
        async def read(self):
            self.newest = max(getattr(self, "newest", (0, 0)), await self.table[0, self.me].read())
            return self.newest[1]

    assert "new, then old" in search(Silent, 3).finding.message


# --- findings


@pytest.mark.parametrize("program", [Careless, Polite, SpinLock])
def test_a_finding_is_a_test_that_fails(program):
    finding = search(program, 2).finding
    space = {program.__name__: program}
    exec(finding.as_test(), space)
    (test,) = [value for name, value in space.items() if name.startswith("test_")]
    with pytest.raises(AssertionError):
        test()


def test_a_search_is_the_same_every_time():
    one, other = search(TicketLock, 3), search(TicketLock, 3)
    assert one.graph.states == other.graph.states
    assert one.text() == other.text()


def test_a_finding_shows_itself_as_a_table():
    finding = search(Careless, 2).finding
    assert "flag[1] → False" in repr(finding)
    html = finding._repr_mimebundle_()["text/html"]
    assert "<table>" in html and "together" in html
