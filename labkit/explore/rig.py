"""A system of real nodes that is run step by step, each step chosen from outside, and that can be put back to where it
was. For search by replay."""

from __future__ import annotations

from typing import Any, NamedTuple

from labkit.engine.loop import VirtualLoop
from labkit.engine.moment import Moment
from labkit.engine.values import plain
from labkit.explore.lives import Event, Letter, Life, Messages, Past
from labkit.explore.local import Place, call_number
from labkit.explore.schedule import PACE, Choice
from labkit.explore.script import Script


class Option(NamedTuple):
    """A step that may be taken: what it does, and at which node or client. `label` names it in all schedules that
    differ only in the order of independent steps. `until`: the node crashes in the middle of it, at this point."""

    do: str
    node: str
    label: tuple[Any, ...]
    until: tuple[str, int] | None = None


class Rig:
    """Several nodes and clients, with the messages and wakes that wait to be chosen; it keeps no trace. What is here at
    a moment (`here`) is never changed, only replaced, so `back` is at once where it was."""

    def __init__(self, places: list[Place], seed: int, budgets: dict[str, int | None], script: Script | None = None):
        self.places, self.budgets = {place.id: place for place in places}, budgets
        self.script = script or Script()
        self.script.check(list(self.places))
        self.loop = VirtualLoop()  # type: ignore[abstract]
        messages = self.messages = Messages()
        everybody = frozenset([*self.places, *self.script])
        self.lives = {
            place.id: Life(
                place,
                everybody if place.reach is None else place.reach | frozenset(self.script),
                self.loop, messages, seed,
            )
            for place in places
        }  # fmt: skip

    def reset(self) -> None:
        """Start anew."""
        self.waiting: dict[tuple[Any, ...], Any] = {}  # label -> letter or wake, in the order in which they came
        self.pasts: dict[str, Past] = {id: life.root for id, life in self.lives.items()}
        self.left = dict(self.budgets)
        self.told: tuple[tuple[str, str, int, Any], ...] = ()  # what clients asked and were told
        self.done = dict.fromkeys(self.script, 0)  # how many answers each client has
        self.waits = dict.fromkeys(self.script, False)
        # each node's own, so that the steps of others do not matter to it
        self.times = dict.fromkeys([*self.places, *self.script], 0.0)
        self.error: str | None = None
        for id in self.places:
            self._happens(id, Event("boot", 0.0))

    def here(self) -> Any:
        """All that is here now."""
        return self.waiting, self.pasts, self.left, self.told, self.done, self.waits, self.times, self.error

    def back(self, here: Any) -> None:
        """Go back to where it was."""
        self.waiting, self.pasts, self.left, self.told, self.done, self.waits, self.times, self.error = here

    # --- steps

    def options(self) -> list[Option]:
        """What may happen next. Of two timers of a node the one set earlier goes first if its delay is no longer."""
        found: list[Option] = []
        shortest: dict[str, float] = {}
        left, pasts = self.left, self.pasts
        for label, what in self.waiting.items():
            if label[0] == "wake":
                if left["timers"] != 0 and what.delay < shortest.get(what.node, 1e300):
                    found.append(Option("timer", what.node, label))
                    shortest[what.node] = what.delay
                continue
            to = what.to
            if to in self.script:
                if self.waits[to] and what.reply == call_number(self.done[to]):
                    found.append(Option("deliver", to, label))
                continue
            if pasts[to].up:
                found.append(Option("deliver", to, label))
                if left["duplicates"] != 0:
                    found.append(Option("duplicate", to, ("duplicate", *label)))
            if left["losses"] != 0:
                found.append(Option("lose", to, ("lose", *label)))
        for id, requests in self.script.items():
            if not self.waits[id] and self.done[id] < len(requests):
                found.append(Option("invoke", id, ("invoke", id, self.done[id])))
        if left["crashes"] != 0:
            for id, past in pasts.items():
                if past.up:
                    found += [Option("crash", id, ("crash", id, kept)) for kept in range(len(past.pending) + 1)]
        if left["restarts"] != 0:
            found += [Option("restart", id, ("restart", id)) for id, past in pasts.items() if not past.up]
        return found

    def take(self, option: Option) -> tuple[tuple[str, int], ...]:
        """Take a step. Returns the points in the middle of it at which the node could crash."""
        do, id, label, until = option
        own = label[1:] if do in ("duplicate", "lose") else label
        what: Any = self.waiting.get(own)
        for budget in (_COSTS.get(do), "crashes" if until else None):
            left = self.left[budget] if budget else None
            if budget and left is not None:
                self.left = self.left | {budget: left - 1}
        now = self.times[id] + PACE
        if do in ("deliver", "duplicate"):
            now = max(now, what.time + PACE)
        elif do == "timer":
            now = max(now, what.due)
        self.times = self.times | {id: now}
        if do in ("deliver", "timer", "lose"):
            self.waiting = self.waiting.copy()
            del self.waiting[own]
        if id in self.script:
            self._client(do, id, what, now)
        elif do in ("deliver", "duplicate"):
            return self._happens(id, Event("deliver", now, until, what.src, what.number, what.call, what.reply))
        elif do == "timer":
            return self._happens(id, Event("timer", now, until, wake=own))
        elif do == "crash":
            return self._happens(id, Event("crash", now, kept=label[2]))
        elif do == "restart":
            return self._happens(id, Event("boot", now, until))
        return ()

    def _happens(self, id: str, event: Event) -> tuple[tuple[str, int], ...]:
        past = self.lives[id].after(self.pasts[id], event)
        self.pasts = self.pasts | {id: past}
        if past.gone or past.came:
            self.waiting = self.waiting.copy()
            for label in past.gone:
                self.waiting.pop(label, None)
            self.waiting.update(past.came)
        self.error = past.error or self.error
        return past.points

    def _client(self, do: str, id: str, what: Any, now: float) -> None:
        """A client asks, or is told an answer."""
        number = self.done[id]
        if do == "invoke":
            to, message = self.script[id][number]
            asked = Letter(id, to, message, call_number(number), None, now, self.messages.number(message))
            self.waiting = self.waiting | {("message", id, number + 1): asked}
            self.told = (*self.told, ("invoke", id, number, None))
        else:
            self.told = (*self.told, ("ok", id, number, what.message))
            self.done = self.done | {id: number + 1}
        self.waits = self.waits | {id: do == "invoke"}

    def choice(self, option: Option) -> Choice:
        """A step as data, just before it is taken."""
        do, id, label, until = option
        if do == "invoke":
            to, message = self.script[id][label[2]]
            return Choice(do, id, to, plain(message), label[2])
        if do in ("crash", "restart"):
            return Choice(do, id, which=label[2] if do == "crash" else 0, until=until)
        own = label[1:] if do in ("duplicate", "lose") else label
        what = self.waiting[own]
        if do == "timer":
            same = [
                other for other, found in self.waiting.items()
                if other[0] == "wake" and (found.node, found.name) == (id, what.name)
            ]  # fmt: skip
            return Choice("timer", id, None, what.name, same.index(label), until=until)
        same = [
            other for other, found in self.waiting.items()
            if other[0] == "message" and (found.src, found.to, found.number) == (what.src, what.to, what.number)
        ]  # fmt: skip
        return Choice(do, id, what.src, plain(what.message), same.index(own), until=until)

    def moment(self) -> Moment:
        """What the nodes show."""
        return Moment(state={id: past.view for id, past in self.pasts.items() if past.up})


_COSTS = {"timer": "timers", "lose": "losses", "duplicate": "duplicates", "crash": "crashes", "restart": "restarts"}
