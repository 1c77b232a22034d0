"""A recorded run that plays without kernel or network: in a saved notebook, an exported page, a feedback file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from labkit.look import STYLE
from labkit.view import assets
from labkit.view.evidence import evidence as verdict_evidence
from labkit.view.evidence import violation
from labkit.view.languages import chosen_language
from labkit.view.layout import positions
from labkit.view.moment import Moment, moment
from labkit.view.poster import poster, poster_svg
from labkit.view.views import chosen, height

# A page in a sandboxed frame cannot see its host's theme, but it knows its own height: the last digit of the height
# tells it the theme (0: light, 4: dark, 8: whatever the system prefers).
FRAME_STYLE = """
.labkit-replay{position:relative;container-type:inline-size;min-height:120px}
.labkit-replay[hidden]{display:none}
.labkit-replay .labkit-hold{--more:0px;position:relative;overflow:auto;
height:calc(var(--high) + var(--more) + var(--theme,8px))}
.labkit-replay .labkit-hold:has(iframe){overflow:hidden}
.labkit-replay iframe{position:absolute;inset:0;width:100%;height:100%;border:0;background:transparent;
color-scheme:light}
@container (max-width:790px){.labkit-replay .labkit-hold{--more:44px}}
@container (max-width:660px){.labkit-replay .labkit-hold{--more:340px}}
body[data-jp-theme-light="true"] .labkit-hold,body.vscode-light .labkit-hold{--theme:0px}
body[data-jp-theme-light="false"] .labkit-hold,body.vscode-dark .labkit-hold{--theme:4px}
.jp-OutputArea-child:not(:has(.labkit-live)):has(+ .jp-OutputArea-child .labkit-replay[data-live]){display:none}
.jp-OutputArea-child:has(.labkit-live) + .jp-OutputArea-child:has(.labkit-replay){display:none}
"""


class Replay:
    """A recorded run as a picture that plays. The last expression of a cell shows it; `save` writes a page of its own.

    trace: a `Trace`, or the document that `trace.document()` gives.
    marks: what to point at, as `trace.marks`; by default the trace's own.
    at: where it opens: an event's number (int) or a time in virtual seconds (float). By default at the first violation,
        else at the start.
    views: what is shown, in this order, by name: `views=["cluster", "logs"]`; by default those that a document
        names under "views", else the cluster, the state of every node and the space-time diagram. A name that no view
        has is a LabkitError that lists the names.
    evidence: a checker's verdict on the history of this trace's clients, for the view "history": the instant at which
        each operation takes effect, or the one that has no place. A verdict on another run is a LabkitError.
    language: of the player: "en" or "zh"; by default what `labkit.view.language` chose, else the page's.
    """

    def __init__(
        self,
        trace: Any,
        *,
        marks: list[dict[str, Any]] | None = None,
        at: int | float | None = None,
        title: str | None = None,
        speed: float = 0.1,
        views: Iterable[str] | None = None,
        evidence: Any = None,
        language: str | None = None,
    ):
        self.language = chosen_language(language)
        document = dict(trace if isinstance(trace, dict) else trace.document())
        self.views = chosen(document.pop("views", None) if views is None else views)
        if evidence is not None:
            document["evidence"] = verdict_evidence(evidence, document)
            document["marks"] = [*(document.get("marks") or []), *violation(document["evidence"], document)]
        if marks is not None:
            document["marks"] = list(marks)
        if title is not None:
            document["title"] = title
        self.document = document
        self.speed = speed
        marks = document.get("marks") or []
        self.at: int | float = at if at is not None else marks[0]["seq"] if marks else 0.0
        self._live: str | None = None

    @property
    def moment(self) -> Moment:
        """What there is to see where the replay opens."""
        if isinstance(self.at, int):
            return moment(self.document, seq=self.at)
        return moment(self.document, time=self.at)

    def poster(self) -> str:
        """The opening moment as an SVG picture with a text alternative."""
        return poster_svg(self.document, self.moment)

    def fragment(self) -> str:
        """HTML for a place in a page: the player in a frame of its own, over a still for where scripts do not run."""
        live = f' data-live="{self._live}"' if self._live else ""
        note = "<p>This is a still of a recording. Where scripts may run, it plays here.</p>"
        return (
            f'<div class="labkit-replay"{live}><style>{STYLE}{_flat(FRAME_STYLE)}</style>'
            f'<div class="labkit-hold" style="--high:{self._height()}px">{poster(self.document, self.moment, note)}'
            f'<iframe sandbox="allow-scripts" loading="lazy" title="{escape(self._name())}: a recording of the run"'
            f' srcdoc="{escape(self._page(still=False))}"></iframe></div></div>'
        )

    def html(self) -> str:
        """A whole page, to be opened by itself."""
        return self._page(still=True)

    def save(self, path: str | Path) -> Path:
        """Write the page to a file; returns its path."""
        path = Path(path)
        path.write_text(self.html(), encoding="utf-8")
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.fragment(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"Replay of {self._name()}: {len(self.document['events']['time'])} events. {self.moment.sentence()}."

    def _height(self) -> int:
        """Pixels that the player needs."""
        banner = 40 if self.document.get("marks") else 0
        runs = min(150, 14 + 25 * len(self.document.get("runs", [])))
        return -(-(height(self.views, self.document) + banner + runs) // 10) * 10

    def _name(self) -> str:
        return str(self.document.get("title") or "a cluster")

    def _page(self, *, still: bool) -> str:
        body = ""
        if still:
            head = f'<h1 class="lk-heading">{escape(self._name())}</h1>'
            body = f'<main>{head}<div id="labkit-poster">{poster(self.document, self.moment)}</div></main>'
        style = f":root{{color-scheme:light dark}}{STYLE}" if still else ""
        return (
            f'<!DOCTYPE html><html lang="{self.language or "en"}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f"<title>{escape(self._name())}</title><style>{style}</style></head>"
            f'<body>{body}<script type="text/plain" id="labkit-run">{self._packed()}</script>'
            f'<script type="text/plain" id="labkit-player">{assets.packed("replay.js")}</script>'
            f'<script type="module">{assets.script("loader.js")}</script></body></html>'
        )

    def _packed(self) -> str:
        document = self.document
        at = {"seq": self.at, "time": 0} if isinstance(self.at, int) else {"seq": None, "time": self.at}
        if "other" in document:
            document = document | {"other": document["other"] | {"events": _rounded(document["other"]["events"])}}
        if "runs" in document:
            runs = [run | {"events": _rounded(run["events"])} if "events" in run else run for run in document["runs"]]
            document = document | {"runs": runs}
        whole = document | {
            "events": _rounded(document["events"]),
            "positions": positions(document["nodes"], document.get("edges")),
            "at": at,
            "speed": self.speed,
            "views": self.views,
            "run": self._live,
            "language": self.language,
        }
        return assets.pack(json.dumps(whole, separators=(",", ":")))


def _rounded(events: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Times to a nanosecond, which packs into less."""
    due = [None if due is None else round(due, 6) for due in events["due"]]
    return events | {"time": [round(time, 9) for time in events["time"]], "due": due}


def _flat(css: str) -> str:
    return " ".join(css.split())
