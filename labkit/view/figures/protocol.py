"""Replicated logs at a moment, and elections over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.engine.values import plain
from labkit.errors import LabkitError
from labkit.view.figures.readings import find, names_of
from labkit.view.figures.style import COLOURS, FAULT, GREY, HATCHES, axes, legend_below, rows, trace_of
from labkit.view.moment import CANDIDATES, LEADERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOXES = 30  # entries of one figure
SKIPPED = ("serial", "id", "client")  # fields of a command that say who asked, not what


def term_of(entry: Any) -> int | None:
    """The term in which an entry was made, if it tells."""
    term = entry.get("term") if isinstance(entry, dict) else entry[0] if isinstance(entry, list) and entry else None
    return term if isinstance(term, int) else None


def command_of(entry: Any) -> str:
    """What an entry says, without its term: "Put x 3"."""
    if isinstance(entry, list):
        entry = entry[1:] if term_of(entry) is not None else entry
        return " ".join(map(str, entry))
    if not isinstance(entry, dict):
        return str(entry)
    if "command" in entry:
        return "–" if entry["command"] is None else command_of(entry["command"])
    name = [entry["$"]] if "$" in entry and "term" not in entry else []
    return " ".join(map(str, name + [v for k, v in entry.items() if k not in ("$", "term", "index", *SKIPPED)]))


def logs(run: Any, at: float | None = None, *, last: int = 12, ax: Axes | None = None) -> Axes:
    """Every node's replicated log at a time (by default at the end): a box an entry, with its term and its command.

    Colour and hatch tell the term. A dashed box is only stored, one with a firm edge committed, one with a bar below it
    applied; a slanted edge and ≠ mark an entry that the leader's log (or the longest of the newest term) does not have
    at this index. A crashed node has no box. `last` is how many of the newest indices are drawn.

    Raises LabkitError if no node has a log: a public attribute `log` (or as its class says, `drawn = {"log": …}`).
    """
    from matplotlib.patches import Rectangle

    trace = trace_of(run)
    state = trace.at(trace.now if at is None else at).state
    held: dict[str, list[Any]] = {}
    for node in trace.nodes:
        entries = find(trace, node, state.get(node, {}), "log")
        if isinstance(entries, list | tuple):
            held[node] = [plain(entry) for entry in entries]
    if not held:
        known = ", ".join(f"`{name}`" for name in names_of("log"))
        raise LabkitError(
            f"no running node has a log at {trace.now if at is None else at:g} s: a public attribute {known}"
        )
    longest = max(map(len, held.values()))
    first = max(0, longest - min(last, BOXES))
    model = max(held, key=lambda node: _rank(trace, node, state[node], held[node]))
    ax = axes(ax, 1.2 + 0.62 * (longest - first), 0.8 + 0.5 * len(trace.nodes))
    place = rows(ax, list(trace.nodes))
    for node, entries in held.items():
        commit, applied = (find(trace, node, state[node], what) for what in ("commit", "applied"))
        differs = next((k for k, entry in enumerate(entries) if entry not in held[model][k : k + 1]), len(entries))
        for index in range(first, len(entries)):
            term = term_of(entries[index]) or 0
            sure, done = (isinstance(upto, int) and index < upto for upto in (commit, applied))
            other = index >= differs
            colour = FAULT if other else COLOURS[term % len(COLOURS)]
            ax.add_patch(
                Rectangle(
                    (index + 0.54, place[node] - 0.36), 0.92, 0.72, facecolor=f"{COLOURS[term % len(COLOURS)]}33",
                    edgecolor=colour, linewidth=2.2 if other else 1.4, linestyle="-" if sure else "--",
                    hatch=HATCHES[term % len(HATCHES)] if term else "", label="_entry",
                )
            )  # fmt: skip
            if done:
                ax.add_patch(Rectangle((index + 0.54, place[node] + 0.28), 0.92, 0.08, color=colour, label="_applied"))
            words = f"{'≠ ' if other else ''}{term or ''}\n{_short(command_of(entries[index]))}"
            ax.text(
                index + 1, place[node], words, ha="center", va="center", fontsize=7.5, linespacing=1.25,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.75},
            )  # fmt: skip
    for node in trace.nodes:
        if node not in state:
            ax.text(first + 0.6, place[node], "crashed", color=GREY, va="center", fontsize="small", style="italic")
    ax.set_xlim(first + 0.4, longest + 0.6)
    ax.set_xticks(range(first + 1, longest + 1))
    ax.set_xlabel("index · dashed: stored, firm: committed, with a bar: applied, ≠: not what the leader has")
    ax.tick_params(axis="x", length=0)
    return ax


def _rank(trace: Any, node: str, values: dict[str, Any], entries: list[Any]) -> tuple[Any, ...]:
    term, role = find(trace, node, values, "term"), find(trace, node, values, "role")
    last = term_of(entries[-1]) or 0 if entries else 0
    return role in LEADERS, term if isinstance(term, int) else 0, last, len(entries)


def _short(text: str) -> str:
    return text if len(text) <= 9 else text[:8] + "…"


def elections(run: Any, *, ax: Axes | None = None) -> Axes:
    """Elections over time: for each term a shaded stretch, who stood (▲), who won (★), and a line from each voter to
    whom it voted for.

    Raises LabkitError if there was none: no node has `term` with `role` or `voted_for`.
    """
    trace = trace_of(run)
    now: dict[str, dict[str, Any]] = {}
    first: dict[int, float] = {}
    stood: list[tuple[float, str]] = []
    won: list[tuple[float, str]] = []
    votes: list[tuple[float, str, str]] = []
    for event in trace.select("start", "state", "crash"):
        node = event.node or ""
        before = now.get(node, {})
        if event.kind != "state":
            now[node] = {}
            continue
        said = {what: find(trace, node, event.data, what) for what in ("role", "term", "vote")}
        mine = now[node] = before | {what: value for what, value in said.items() if value is not None}
        term, role, vote = mine.get("term"), str(mine.get("role")), mine.get("vote")
        if not isinstance(term, int) or term == 0:
            continue
        first[term] = min(event.time, first.get(term, event.time))
        fresh = term != before.get("term")
        if fresh or role != str(before.get("role")):
            if role.lower() in CANDIDATES:
                stood.append((event.time, node))
            elif role in LEADERS:
                won.append((event.time, node))
        if (
            isinstance(vote, str)
            and (fresh or vote != before.get("vote"))
            and event.data.get("voted_for", vote) is not None
        ):
            votes.append((event.time, node, vote))
    if not first:
        raise LabkitError("no election in this run: no node has a public attribute `term` above 0 with a `role`")
    ax = axes(ax, 7.5, 1.2 + 0.42 * len(trace.nodes))
    place = rows(ax, list(trace.nodes))
    starts = sorted((time, term) for term, time in first.items())
    for number, (time, term) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else trace.now
        ax.axvspan(time, end, color=COLOURS[number % 2], alpha=0.10 if number % 2 else 0.05, linewidth=0)
        ax.annotate(
            f"term {term}", (time, -0.55), xytext=(3, 0), textcoords="offset points", fontsize="small", color=GREY
        )
    for time, voter, candidate in votes:
        if candidate in place and candidate != voter:
            start = max((t for t, node in stood if node == candidate and t <= time), default=time)
            ax.plot([time, start], [place[voter], place[candidate]], color=GREY, linewidth=1, zorder=2, label="_vote")
            ax.plot(time, place[voter], "o", color=GREY, markersize=4, zorder=3, label="_voter")
    if votes:
        ax.plot([], [], "o-", color=GREY, markersize=4, linewidth=1, label="voted for")
    for some, marker, colour, label in [(stood, "^", COLOURS[4], "stood"), (won, "*", COLOURS[0], "won")]:
        if some:
            xs, ys = [time for time, _ in some], [place[node] for _, node in some]
            ax.plot(
                xs, ys, marker, color=colour, markersize=13 if marker == "*" else 9, linestyle="", label=label, zorder=4
            )
    ax.set_xlim(0, trace.now)
    ax.set_xlabel("virtual time (s)")
    legend_below(ax)
    return ax
