"""Parts of an exercise that are judged by a search: of all that processes with a shared memory can do to one another.

The student's program may run elsewhere. It is asked what it does next if its steps so far returned this and that; the
memory, the schedule and the verdict are here. What it says of itself (that two of its states are one) it is held to:
runs at random are lived through again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.cluster import Cluster
from labkit.engine.faults import Faults
from labkit.shared import objects
from labkit.shared.objects import ProgramError, Step, check_plain
from labkit.shared.process import DONE, Describe, Local, Probe, Process, listed, tupled
from labkit.shared.programs import Lock
from labkit.shared.run import Run
from labkit.shared.searching import Finding, Searched, search
from labkit.shared.table import Ask

BATCH = 200  # lists of results in one question
WAIT = 1.0  # virtual seconds for an answer
CLIENT = "examiner"


class Wrong(ProgramError):
    """What a student's program did that it must not, before there was anything to search."""


@dataclass(frozen=True)
class Setting:
    """One search: of how many processes, how often each does its work (None: for ever), and how many states at most."""

    n: int
    rounds: int | None = None
    limit: int = 60_000
    roams: int = 0


@dataclass(frozen=True)
class Judged:
    """What came of a part: whether it holds, what to say, and the run that shows it does not."""

    holds: bool
    message: str
    property: str = ""
    run: Run | None = None
    test: str = ""


class Examinee:
    """A student's class of processes, wherever it runs. `base` is what it must derive from, and `kinds` names the
    objects that it may declare."""

    def __init__(self, build: Callable[..., Cluster], name: str, base: type[Process], kinds: Sequence[str]):
        self.name = name
        self._cluster = build(nodes={"n1": name}, seed=0, faults=Faults())
        self._client = self._cluster.client(CLIENT)
        answer = self._asked(Describe())
        found = [tuple(entry) for entry in tupled(answer.objects)]
        self.program = stand_in(name, base, found, kinds)

    def _asked(self, message: Any) -> Any:
        try:
            return self._client.call("n1", message, timeout=WAIT)
        except TimeoutError:
            errors = [event for event in self._cluster.trace.select("error") if event.node == "n1"]
            why = f"{errors[-1].data['error']} ({errors[-1].data['where']})" if errors else "it did not answer"
            raise Wrong(f"{self.name} cannot be asked what it does: {why}") from None

    def ask(self, setting: Setting) -> Ask:
        """What a search asks: what the program does after these results of its steps."""

        def ask(me: int, input: Any, lists: Sequence[tuple[Any, ...]]) -> list[Local]:
            found: list[Local] = []
            for start in range(0, len(lists), BATCH):
                batch = listed(lists[start : start + BATCH])
                answer = self._asked(Probe(me, setting.n, listed(input), setting.rounds, batch))
                found += [_local(entry) for entry in tupled(answer.locals)]
            if len(found) != len(lists):
                raise Wrong(f"{self.name} answered {len(found)} of {len(lists)} questions")
            return found

        return ask

    def search(self, setting: Setting) -> Searched:
        """Search one setting."""
        return search(
            self.program, setting.n, rounds=setting.rounds, limit=setting.limit, roams=setting.roams,
            ask=self.ask(setting),
        )  # fmt: skip


def _local(entry: Any) -> Local:
    step, phase, result, error, marks, key, plain, why = entry
    return Local(None if step is None else Step(*step), phase, result, error, marks, key, plain, why)


def stand_in(name: str, base: type[Process], found: Sequence[tuple[Any, ...]], kinds: Sequence[str]) -> type[Process]:
    """A program with the objects that another one declares. Raises Wrong if they are not allowed."""
    declared: dict[str, Any] = {}
    for attribute, kind, initial, domain, modulo, size in found:
        if kind not in kinds:
            allowed = " and ".join(kinds)
            raise Wrong(f"{name} declares {attribute}, a {kind}: this part is to be done with {allowed} alone")
        options = {"modulo": modulo} if modulo is not None else {"domain": domain} if domain else {}
        check_plain(initial, attribute)
        one = getattr(objects, kind)(*initial) if kind == "Queue" else getattr(objects, kind)(initial, **options)
        declared[attribute] = one if size is None else objects.Array(one, size or None)
    return type(name, (base,), declared)


def by_search(
    name: str, base: type[Process], kinds: Sequence[str], settings: Sequence[Setting],
    explain: Callable[[Finding], str], needs: Callable[[type[Process]], str | None] = lambda program: None,
) -> Callable[[Callable[..., Cluster], Sequence[int]], Judged]:  # fmt: skip
    """Judges a class by searching all settings: what the class's base says must hold. `explain` says what is to be
    learnt from a finding, and `needs` what is missing in what the class declares."""

    def judge(build: Callable[..., Cluster], seeds: Sequence[int]) -> Judged:
        try:
            examinee = Examinee(build, name, base, kinds)
            if lacking := needs(examinee.program):
                return Judged(False, lacking)
            seen = []
            for setting in settings:
                result = examinee.search(setting)
                if result.finding is not None:
                    return _broken(result.finding, explain(result.finding))
                _check_rounds(result, setting)
                seen.append(_told(result, setting))
        except ProgramError as wrong:
            return Judged(False, str(wrong))
        return Judged(True, "it holds in " + ", and in ".join(seen))

    return judge


def _check_rounds(result: Searched, setting: Setting) -> None:
    """Raises Wrong if a lock's processes do not go round as often as they are to."""
    table = result.graph.table
    if not issubclass(result.program, Lock):
        return
    for number, local in enumerate(table.records[1:], 1):
        if local.phase == DONE and table.entered[number] != setting.rounds:
            me, left = table.owner[number][0], table.entered[number]
            raise Wrong(f"p{me} stops after {left} critical sections: leave `run` as it is, write acquire and release")


def _told(result: Searched, setting: Setting) -> str:
    rounds = "" if setting.rounds is None else f", {setting.rounds} round{'s' if setting.rounds > 1 else ''} each"
    what = f"of {setting.n} processes{rounds}"
    if result.complete:
        return f"all {result.states:,} states {what}"
    beyond = f", and {setting.roams} walks at random beyond" if setting.roams else ""
    return f"the first {setting.limit:,} states {what}{beyond} (no end of them was reached)"


def _broken(finding: Finding, why: str) -> Judged:
    run = finding.run
    return Judged(False, f"{finding.message}{': ' if why else ''}{why}", finding.property, run, finding.as_test())
