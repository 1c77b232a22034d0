"""The report on the terminal: what happened, in plain words, and the figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.maelstrom.cluster import ENDED, describe
from labkit.maelstrom.runner import Result
from labkit.maelstrom.verdict import SHOWN

LEAST_WANTED, ENOUGH = 20, 0.7  # operations; the share of the rate that is as good as all of it
WORDS = {True: "VALID", False: "INVALID", None: "UNKNOWN"}


def report(result: Result) -> str:
    """The whole report, as lines of plain text."""
    return "\n".join(_lines(result))


def _lines(result: Result) -> Iterator[str]:
    yield ""
    yield from _figures(result)
    for trouble in result.troubles:
        yield ""
        yield from describe(trouble)
    for name, verdict in result.verdicts.items():
        if verdict.findings:
            yield ""
            yield f"{result.options.workload if name == 'workload' else name}: {verdict.summary}"
            yield from (f"  - {finding}" for finding in verdict.findings[:SHOWN])
            if len(verdict.findings) > SHOWN:
                yield f"  and {len(verdict.findings) - SHOWN:,} more, in results.json"
    yield ""
    yield f"{WORDS[result.valid]}: {_why(result)}"
    yield f"Everything is kept in {result.folder}"


def _why(result: Result) -> str:
    """The sentences that decided the verdict; if it is valid, what the workload's check says."""
    if result.valid:
        return result.verdicts["workload"].summary
    return " ".join(verdict.summary for verdict in result.verdicts.values() if verdict.valid is result.valid)


def _figures(result: Result) -> Iterator[str]:
    figures = result.figures
    counts, messages = figures["operations"], figures["messages"]
    yield f"operations    {_counts(counts)}"
    if len(counts["by_f"]) > 1:
        for f, by_f in counts["by_f"].items():
            yield f"  {f:<12}{_counts(by_f)}"
    if missed := _missed_rate(result):
        yield missed
    if figures["availability"] is not None:
        yield f"availability  {figures['availability']:.1%}"
    if "all" in figures["latency"]:
        yield f"latency       {_times(figures['latency']['all'])}"
    stable = result.verdicts["workload"].details.get("stable_latency")
    if stable:
        yield f"stable after  {_times(stable)}"
    yield (
        f"messages      {_per(messages['all_per_operation'])} for each operation, "
        f"{_per(messages['servers_per_operation'])} of them between servers "
        f"({messages['all']['sent']:,} and {messages['servers']['sent']:,} altogether)"
    )
    if messages["dropped"]:
        yield f"lost          {messages['dropped']:,} messages"


def _missed_rate(result: Result) -> str | None:
    """A line that tells when far fewer operations were made than the options ask for."""
    options = result.options
    wanted = options.rate * options.time_limit
    made = sum(event["type"] == "invoke" and not event.get("final") for event in result.history)
    ended = any(trouble.what.startswith(ENDED) for trouble in result.troubles)
    if ended or wanted < LEAST_WANTED or made > wanted * ENOUGH:
        return None
    return (
        f"rate          {made / options.time_limit:,.1f} operations a second, not {options.rate:,g}: "
        "all clients were waiting for answers"
    )


def _counts(counts: dict[str, Any]) -> str:
    return ", ".join(f"{counts[kind]:,} {kind}" for kind in ("ok", "fail", "info"))


def _per(number: float | None) -> str:
    return "no" if number is None else f"{number:.2f}"


def _times(times: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds * 1000:,.1f} ms" for name, seconds in times.items())
