"""States of a whole system as whole numbers, and the steps from one to the next as sums.

A node and the messages that wait for it are one *component*, and its components are numbered. A state is one integer
that holds the number of each component in 32 bits of its own. A step of a node changes its own component, which is
known once and for all, and adds messages to those of others, which is known for each of their components; so the state
after a step is the state before it plus a few differences, looked up.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, NamedTuple

from labkit.engine.moment import Moment
from labkit.engine.values import plain
from labkit.explore.local import Bench, Outcome, Place
from labkit.explore.observing import Observer
from labkit.explore.schedule import Choice

WIDTH = 32
BUDGETS = ("timers", "losses", "duplicates", "crashes", "restarts")
FIELD = 6  # bits for what is left of one budget, the highest of them free for the test whether there is enough
MOST = (1 << (FIELD - 1)) - 1
GUARDS = sum(1 << (FIELD * place + FIELD - 1) for place in range(len(BUDGETS)))
_SPENDS = {"timer": "timers", "lose": "losses", "duplicate": "duplicates", "crash": "crashes", "restart": "restarts"}
_Plan = tuple[tuple[int, ...], tuple[tuple[int, "_Adder"], ...], int, int, int]
Component = tuple[int, tuple[int, ...]]  # state of the node, messages that wait for it (sorted)


class Move(NamedTuple):
    """A step that one component allows. `delta` is what it adds to the state; each of `gifts` adds more, depending on
    the component at that place; `cost` is what it takes from the budgets (0: it is free); `label` is the bit by which
    it is known where steps of different nodes commute."""

    delta: int
    gifts: tuple[tuple[int, _Adder], ...]
    cost: int
    label: int
    do: str
    what: int
    outcome: Outcome


Step = tuple[int, tuple[tuple[int, "_Adder"], ...], int]  # delta, gifts and cost of a move: a plain tuple is faster


class _Adder(dict[int, int]):
    """What a bundle of messages adds to a state, for each component that it may come to. Filled when first asked."""

    def __init__(self, system: System, place: int, bundle: tuple[int, ...]):
        super().__init__()
        self.system, self.place, self.bundle = system, place, bundle

    def __missing__(self, component: int) -> int:
        after = self.system.given(self.place, component, self.bundle)
        delta = self[component] = (after - component) << (WIDTH * self.place)
        return delta


class System:
    """All that is known of the states of some nodes. `budgets`: how many of each fault there may be on one way; None:
    any number."""

    def __init__(self, places: list[Place], observer: Observer | None = None):
        self.bench, self.places, self.observer = Bench(places), places, observer
        self.size = len(places)
        self.limits: dict[str, int | None] = dict.fromkeys(BUDGETS, 0)
        self.can = dict.fromkeys(BUDGETS, False)
        self.components: list[list[Any]] = [[] for _ in range(self.size + 1)]
        self.numbers: list[dict[Any, int]] = [{} for _ in range(self.size + 1)]
        self.moves: list[list[list[Move] | None]] = [[] for _ in range(self.size + 1)]
        self.steps: list[list[list[Step] | None]] = [[] for _ in range(self.size + 1)]
        self.views: list[list[int]] = [[] for _ in range(self.size)]
        self.labels: dict[Any, int] = {}
        self.at = [0] * self.size  # for each node, the labels of its moves
        self.costly = self.observed = 0  # labels of moves that take from a budget, that the observer sees
        self._adders: dict[Any, _Adder] = {}
        self._plans: dict[Any, _Plan] = {}
        self._shown: dict[Any, int] = {}
        self._views: list[tuple[str | None, Any]] = []  # id (None: down), attributes
        parts = self.size + 1 + 1  # nodes, observer, budgets
        self.unpack = struct.Struct(f"<{parts}I").unpack
        self.bytes = WIDTH // 8 * parts
        self.budget_at = WIDTH * (self.size + 1)

    # --- states

    def starts(self) -> dict[int, list[Choice]]:
        """The states in which all nodes have just booted, one after the other, with what they drew there."""
        ways: list[tuple[list[int], list[int], list[Choice]]] = [([], [], [])]
        for place in self.places:
            ways = [
                (
                    [*locals_, outcome.after],
                    [*sent, *outcome.sent],
                    drew + [Choice("start", place.id, draws=outcome.draws)] * bool(outcome.draws),
                )
                for locals_, sent, drew in ways
                for outcome in self.bench.boot(place, {})
                if outcome.until is None
            ]
        states: dict[int, list[Choice]] = {}
        for locals_, sent, drew in ways:
            boxes: list[list[int]] = [[] for _ in self.places]
            value = self.observer.start if self.observer is not None else None
            for letter in sent:
                boxes[self.bench.index[self.bench.envelopes[letter].to]].append(letter)
                value = self._observe(value, "sent", letter)
            parts = [
                self.number(index, (local, tuple(sorted(box))))
                for index, (local, box) in enumerate(zip(locals_, boxes, strict=True))
            ]
            parts.append(self.number(self.size, value))
            states.setdefault(sum(part << (WIDTH * index) for index, part in enumerate(parts)), drew)
        return states

    def begin(self, limits: dict[str, int | None]) -> None:
        """A new search, with other budgets: the moves differ, what the nodes do does not."""
        self.limits = dict(limits)
        self.can = {name: limit != 0 for name, limit in limits.items()}
        if self.can["crashes"] and not self.bench.crashing:
            self.bench.crashing = True
            self.bench.known.clear()
        self.moves = [[None] * len(known) for known in self.components]
        self.steps = [[None] * len(known) for known in self.components]
        self.labels, self.at, self.costly, self.observed = {}, [0] * self.size, 0, 0
        self._plans = {}

    def full(self, state: int) -> int:
        """The state with budgets that are full."""
        limits = self.limits
        full = sum((limits[name] or 0) << (FIELD * place) for place, name in enumerate(BUDGETS))
        return (state & ((1 << self.budget_at) - 1)) + (full << self.budget_at)

    def parts(self, state: int) -> tuple[int, ...]:
        """The number of each node's component, then the observer's, then the budgets."""
        return self.unpack(state.to_bytes(self.bytes, "little"))

    def number(self, place: int, component: Any) -> int:
        """The number of a component at a place."""
        known = self.numbers[place]
        number = known.setdefault(component, len(known))
        if number == len(self.components[place]):
            self.components[place].append(component)
            self.moves[place].append(None)
            self.steps[place].append(None)
            if place < self.size:
                self.views[place].append(self._view(place, component))
        return number

    def given(self, place: int, component: int, bundle: tuple[int, ...]) -> int:
        """The component after more messages came to wait; of the observer, after it saw a step."""
        if place == self.size:
            value = self.components[place][component]
            for what in bundle:
                value = self._observe(value, "sent" if what >= 0 else "delivered", what if what >= 0 else ~what)
            return self.number(place, value)
        local, box = self.components[place][component]
        return self.number(place, (local, tuple(sorted(box + bundle))))

    # --- moves

    def moves_of(self, place: int, component: int) -> list[Move]:
        """The steps that a component allows: those that change something or send something."""
        found = self.moves[place][component]
        if found is None:
            found = self.moves[place][component] = list(self._find_moves(place, component)) if place < self.size else []
            self.steps[place][component] = [(move.delta, move.gifts, move.cost) for move in found]
        return found

    def _find_moves(self, place: int, component: int) -> Iterable[Move]:
        bench, here = self.bench, self.places[place]
        local, box = self.components[place][component]
        state = bench.locals[local]
        can = self.can
        if state.asked is not None:
            yield from self._moves_of_client(place, component)
            return
        if not state.up:
            if can["restarts"]:
                for outcome in bench.boot(here, state.durable):
                    if outcome.until is None or can["crashes"]:
                        yield self._move(place, component, "restart", 0, outcome, box)
            return
        for letter in dict.fromkeys(box):
            at = box.index(letter)
            rest = box[:at] + box[at + 1 :]
            for outcome in bench.known.get((local, letter)) or bench.deliver(here, local, letter):
                if (outcome.after == local and not outcome.sent) or (outcome.until and not can["crashes"]):
                    continue
                yield self._move(place, component, "deliver", letter, outcome, rest)
                if can["duplicates"] and not outcome.until:
                    yield self._move(place, component, "duplicate", letter, outcome, box)
            if can["losses"]:
                yield self._move(place, component, "lose", letter, Outcome((), local, ()), rest)
        if can["timers"]:
            for which in state.ready():
                for outcome in bench.fire(here, local, which):
                    if (outcome.after != local or outcome.sent) and (not outcome.until or can["crashes"]):
                        yield self._move(place, component, "timer", which, outcome, box)
        if can["crashes"]:
            for outcome in bench.crash(here, local):
                yield self._move(place, component, "crash", 0, outcome, box)

    def _moves_of_client(self, place: int, component: int) -> Iterable[Move]:
        """What a client may do: ask next, and be told the answer that it waits for."""
        bench, here = self.bench, self.places[place]
        local, box = self.components[place][component]
        for outcome in bench.ask(here, local):
            yield self._move(place, component, "invoke", 0, outcome, box)
        for letter in dict.fromkeys(box):
            at = box.index(letter)
            rest = box[:at] + box[at + 1 :]
            for outcome in bench.deliver(here, local, letter):
                if outcome.after != local:
                    yield self._move(place, component, "deliver", letter, outcome, rest)

    def _move(self, place: int, component: int, do: str, what: int, outcome: Outcome, box: tuple[int, ...]) -> Move:
        key = (place, do, what, outcome)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._plan(place, do, what, outcome)
        own, gifts, cost, spent, label = plan
        if own:
            box = tuple(sorted(box + own))
        delta = ((self.number(place, (outcome.after, box)) - component) << (WIDTH * place)) - spent
        return Move(delta, gifts, cost, label, do, what, outcome)

    def _plan(self, place: int, do: str, what: int, outcome: Outcome) -> _Plan:
        """What a step does, whatever else waits for the node: the messages to itself, the gifts to others, what it
        costs, and its label."""
        bench, bundles = self.bench, dict[int, list[int]]()
        for letter in outcome.sent:
            bundles.setdefault(bench.index[bench.envelopes[letter].to], []).append(letter)
        own = tuple(bundles.pop(place, ()))
        seen = [~what] if do in ("deliver", "duplicate") and self._sees("delivered", what) else []
        seen += [letter for letter in outcome.sent if self._sees("sent", letter)]
        if seen:
            bundles[self.size] = seen
        cost = sum(1 << (FIELD * BUDGETS.index(name)) for name in _spends(do, outcome) if self.limits[name] is not None)
        label = self._label(place, (do, what, outcome.draws, outcome.until), cost > 0, bool(seen))
        gifts = tuple(
            (to, self._adder(to, tuple(sorted(bundle) if to < self.size else bundle))) for to, bundle in bundles.items()
        )
        return own, gifts, cost, cost << self.budget_at, label

    def _label(self, place: int, key: Any, costs: bool, seen: bool) -> int:
        label = self.labels.get((place, key))
        if label is None:
            label = self.labels[place, key] = 1 << len(self.labels)
        self.at[place] |= label
        if costs:
            self.costly |= label
        if seen:
            self.observed |= label
        return label

    def _adder(self, place: int, bundle: tuple[int, ...]) -> _Adder:
        key = (place, bundle)
        if key not in self._adders:
            self._adders[key] = _Adder(self, place, bundle)
        return self._adders[key]

    def _sees(self, what: str, letter: int) -> bool:
        return self.observer is not None and self.observer.sees(what, *self.bench.envelopes[letter][:3])

    def _observe(self, value: Any, what: str, letter: int) -> Any:
        if not self._sees(what, letter):
            return value
        return getattr(self.observer, what)(value, *self.bench.envelopes[letter][:3])

    # --- what a state shows

    def _view(self, place: int, component: Component) -> int:
        """The number of what a component shows."""
        number = self._shown.get(component[0])
        if number is None:
            local = self.bench.locals[component[0]]
            key = (self.places[place].id if local.up else None, repr(sorted(local.view.items())))
            number = self._shown[component[0]] = self._shown.setdefault(key, len(self._views))
            if number == len(self._views):
                self._views.append((key[0], local.view))
        return number

    def views_of(self, parts: tuple[int, ...]) -> tuple[int, ...]:
        """The numbers of what the nodes of a state show."""
        return tuple([views[part] for views, part in zip(self.views, parts, strict=False)])

    def shown(self, views: tuple[int, ...]) -> Moment:
        """What a state shows, from the numbers of its views."""
        known = [self._views[view] for view in views]
        return Moment(state={id: attributes for id, attributes in known if id is not None})

    def wrong(self, place: int, component: int) -> str | None:
        """What is wrong with a component by itself: an error that ended the node, or what the observer says."""
        if place == self.size:
            return self.observer.judge(self.components[place][component]) if self.observer is not None else None
        return self.bench.locals[self.components[place][component][0]].error

    def choice(self, place: int, component: int, move: Move) -> Choice:
        """A move as data."""
        bench, id, outcome = self.bench, self.places[place].id, move.outcome
        if move.do in ("deliver", "duplicate", "lose"):
            src, _, message, _, _ = bench.envelopes[move.what]
            return Choice(move.do, id, src, plain(message), draws=outcome.draws, until=outcome.until)
        if move.do == "invoke":
            _, to, message, _, _ = bench.envelopes[outcome.sent[0]]
            done, _ = bench.locals[self.components[place][component][0]].asked or (0, False)
            return Choice("invoke", id, to, plain(message), done)
        if move.do == "timer":
            timers = bench.locals[self.components[place][component][0]].timers
            name = timers[move.what].name
            which = sum(timer.name == name for timer in timers[: move.what])
            return Choice("timer", id, None, name, which, outcome.draws, outcome.until)
        if move.do == "crash":
            return Choice("crash", id, which=outcome.draws[0] if outcome.draws else 0)
        return Choice(move.do, id, draws=outcome.draws, until=outcome.until)


def _spends(do: str, outcome: Outcome) -> list[str]:
    """The budgets that a step takes from."""
    return ([_SPENDS[do]] if do in _SPENDS else []) + (["crashes"] if outcome.until is not None else [])
