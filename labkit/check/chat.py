"""What a chat with vector clocks must keep to (Birman, Schiper and Stephenson 1991, section 5.1).

Nodes broadcast messages named `Said(origin, text, vt)`, of which no two have the same text, and show what they have
delivered, in order, as a public attribute `shown`: a list of such messages, their own among them. What happened before
what is read off the run, not off the clocks: whatever was on somebody's screen above a message of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from labkit.check.invariants import Violation
from labkit.engine.trace import Event, Trace
from labkit.engine.values import plain

Saying = dict[str, Any]


def sayings(trace: Trace) -> dict[str, tuple[Event, Saying]]:
    """Each text, as its author first sent it."""
    found: dict[str, tuple[Event, Saying]] = {}
    for event in trace.select("send"):
        message = plain(event.data)
        if message.get("$") == "Said" and message.get("origin") == event.node:
            found.setdefault(str(message.get("text")), (event, message))
    return found


def screens(trace: Trace) -> Iterator[tuple[Event, list[Saying]]]:
    """Every change of a screen."""
    for event in trace.select("state"):
        shown = event.data.get("shown")
        if isinstance(shown, list) and all(isinstance(message, dict) for message in shown):
            yield event, shown


class Past:
    """What happened before each text, as the screens tell: `of[text]` are the texts above it on its author's screen,
    and all that happened before those."""

    def __init__(self, trace: Trace):
        self.of: dict[str, set[str]] = {}
        self.author: dict[str, str] = {}
        for event, shown in screens(trace):
            above: set[str] = set()
            for message in shown:
                text = str(message.get("text"))
                if message.get("origin") == event.node and text not in self.of:
                    self.of[text] = above | {e for t in above for e in self.of.get(t, ())}
                    self.author[text] = str(event.node)
                above.add(text)

    def clock(self, text: str) -> Counter[str]:
        """The vector time that the text should carry."""
        return Counter(self.author[t] for t in self.of[text] if t in self.author) + Counter([self.author[text]])

    def relation(self, one: str, other: str) -> str:
        """How the sending of one text relates to that of another."""
        if one == other:
            return "equal"
        if one in self.of[other]:
            return "before"
        return "after" if other in self.of[one] else "concurrent"


def exact_stamps(trace: Trace) -> Violation | None:
    """A message's vector time counts, for each process, the messages that happened before it, and itself."""
    past = Past(trace)
    counted: dict[str, int] = {}  # the largest own entry in a stamp of each author so far
    for text, (event, message) in sayings(trace).items():
        if text not in past.of:
            continue
        author = str(event.node)
        right, vt = past.clock(text), message["vt"] if isinstance(message.get("vt"), dict) else {}
        if wrong := _wrong_entry(author, vt, right, trace.nodes, counted.get(author, 0)):
            boots = [start.time for start in trace.select("start", node=event.node) if start.time < event.time]
            if len(boots) > 1:
                wrong += f" (it was restarted at {boots[-1]:.3f} s: does its clock still count what is on the screen?)"
            what = (
                f"{event.node}'s message {text} carries {vt}, and should carry {_vector(right, trace.nodes)}: {wrong}"
            )
            return Violation("Exact stamps", what, event.seq, event.time, (author,))
        counted[author] = max(counted.get(author, 0), vt.get(author, 0))
    return None


def _wrong_entry(author: str, vt: dict[str, Any], right: Counter[str], nodes: Iterable[str], counted: int) -> str:
    """What is wrong with a stamp, and which rule was likely forgotten."""
    if 0 < vt.get(author, 0) <= counted:
        return (
            f"the entry of {author} was {counted} in an earlier one; a clock never goes back: tick for each message, "
            "and when you merge take the larger of both, entry by entry"
        )
    if vt.get(author, 0) < right[author]:
        return f"the entry of {author} counts its own messages, this one included; tick before you stamp"
    if vt.get(author, 0) > right[author]:
        return f"the entry of {author} counts what {author} says, and nothing else; hearing something is no tick"
    for node in nodes:
        known = f"{author} had shown {right[node]} messages of {node} or that happened before those"
        if vt.get(node, 0) < right[node]:
            return f"{known}; when a message is shown, merge: take the larger of both, entry by entry"
        if vt.get(node, 0) > right[node]:
            return f"{known}, not {vt[node]}; the clock knows of what was shown, not of what only arrived"
    return ""


def _vector(counts: Counter[str], nodes: Iterable[str]) -> dict[str, int]:
    return {node: counts[node] for node in nodes}


def right_comparisons(trace: Trace) -> Violation | None:
    """What a node says of two messages by their stamps (`relations`: [one, other, what it said]) is what happened."""
    past = Past(trace)
    for event in trace.select("state"):
        for entry in event.data.get("relations") or []:
            one, other, said = entry
            if one not in past.of or other not in past.of:
                continue
            right = past.relation(one, other)
            if said != right:
                clocks = f"{_vector(past.clock(one), trace.nodes)} and {_vector(past.clock(other), trace.nodes)}"
                what = (
                    f"{event.node} compared {one} with {other} (stamps {clocks}) and said {said!r}; it is {right!r}: "
                    f"{_MEANING[right]}"
                )
                return Violation("Right comparisons", what, event.seq, event.time, (str(event.node),))
    return None


_MEANING = {
    "equal": "all entries are the same",
    "before": "every entry is at most the other's, and they are not the same",
    "after": "every entry is at least the other's, and they are not the same",
    "concurrent": "some entry is smaller and some entry is larger, so neither can have known of the other",
}


def causes_first(trace: Trace) -> Violation | None:
    """Causal delivery: nothing is shown before what happened before it."""
    past = Past(trace)
    for event, shown in screens(trace):
        above: set[str] = set()
        for message in shown:
            text = str(message.get("text"))
            for cause in sorted(past.of.get(text, set()) - above):
                author, same = past.author[cause], past.author[cause] == past.author[text]
                what = f"{event.node} showed {text} before {cause}, " + (
                    f"which {author} had said earlier: a message must be the next one of who says it"
                    if same
                    else f"which {past.author[text]} had seen when it said {text}: "
                    "a message must wait for all that its stamp counts, of everybody"
                )
                return Violation("Causes first", what, event.seq, event.time, (str(event.node), author))
            above.add(text)
    return None


def shown_once(trace: Trace) -> Violation | None:
    """Integrity: a screen shows each text at most once, and nothing that nobody said."""
    said = sayings(trace)
    for event, shown in screens(trace):
        texts = [str(message.get("text")) for message in shown]
        for text, count in Counter(texts).items():
            if count > 1:
                what = (
                    f"{event.node} shows {text} twice: the network may deliver a copy, and a stamp tells that it is one"
                )
                return Violation("Shown once", what, event.seq, event.time, (str(event.node),))
            if text not in said and shown[texts.index(text)].get("origin") != event.node:
                what = f"{event.node} shows {text}, which nobody said"
                return Violation("Shown once", what, event.seq, event.time, (str(event.node),))
    return None


def _steered(trace: Trace) -> bool:
    """Whether a schedule decides when messages arrive: it may hold any of them back for ever."""
    return any(event.data.get("schedule") for event in trace.select("link"))


def all_shown(trace: Trace, seconds: float = 2.0) -> Violation | None:
    """Agreement: everything that was said is on every screen in the end, `seconds` after anybody last said or got
    something or was restarted. A shorter run, or one in which the network lost something, is not judged."""
    last = max((event.time for event in trace.select("start", "send", "deliver")), default=0.0)
    if _steered(trace) or trace.now < last + seconds or next(trace.select("drop"), None) is not None:
        return None
    final = {str(event.node): [str(message.get("text")) for message in shown] for event, shown in screens(trace)}
    missing = [
        (_never(trace, node, text, event), node)
        for text, (event, _) in sayings(trace).items()
        for node in trace.nodes
        if text not in final.get(node, [])
    ]
    if not missing:
        return None
    lost = [each for each in missing if "survive" in each[0]]  # what others may be waiting for
    what, node = (lost or missing)[0]
    return Violation("All shown", what, len(trace) - 1, trace.now, (node,))


def _never(trace: Trace, node: str, text: str, said: Event) -> str:
    if node == said.node:
        return f"{node} never showed its own message {text}: show it at once, when it is said"
    ids = {e.id for e in trace.select("send", "duplicate") if plain(e.data).get("text") == text and e.peer == node}
    arrived = next((e.time for e in trace.select("deliver", node=node) if e.id in ids), None)
    if arrived is None:
        return f"{said.node} never sent {text} to {node}: broadcast reaches everybody"
    what = f"{node} never showed {text} of {said.node}, which arrived at {arrived:.3f} s"
    boots = [event.time for event in trace.select("start", node=node)]
    restart = next((time for time in boots if time > arrived), None)
    if restart is not None:
        return f"{what}, before the restart at {restart:.3f} s: what waits to be shown must survive it too"
    if len(boots) > 1:
        return f"{what}, after a restart: does the clock still count everything that is on the screen?"
    return f"{what}: when something is shown, look again at all that waits, for it may be what they waited for"


def all_talk(trace: Trace, texts: int, seconds: float) -> Violation | None:
    """No safety property, but a guard: a run of so many seconds says something only if everybody speaks, and most of it
    is shown."""
    if _steered(trace) or trace.now < seconds:
        return None
    said = Counter(str(event.node) for event, _ in sayings(trace).values())
    shown = {str(event.node): len(screen) for event, screen in screens(trace)}
    for node in trace.nodes:
        if said[node] < texts:
            what = f"{node} said {said[node]} of its {texts} texts: say() sends a Said to everybody"
            return Violation("All talk", what, max(len(trace) - 1, 0), trace.now, (node,))
        if shown.get(node, 0) < len(trace.nodes) * texts // 2:
            what = f"{node} shows {shown.get(node, 0)} of {len(trace.nodes) * texts} texts at the end"
            if shown.get(node, 0) == texts:
                what += ", its own: what do the others wait for? A stamp counts its own message, which is not its cause"
            return Violation("All talk", what, max(len(trace) - 1, 0), trace.now, (node,))
    return None
