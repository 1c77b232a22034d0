"""How labkit's stills look, in light and dark: their colours, their style sheet, and how a value shows itself in a cell
without a widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Each colour: its variable, its value on a light page and on a dark one. After Okabe and Ito, "Color Universal Design".
COLOURS = {
    "text": ("t", "#1c2026", "#e8eaed"),
    "muted": ("m", "#5d6570", "#9aa4af"),
    "line": ("l", "#aab2bb", "#59626d"),
    "blue": ("b", "#0072b2", "#56b4e9"),
    "on-blue": ("o", "#ffffff", "#0d1a24"),
    "amber": ("a", "#b87a00", "#f0b429"),
    "fault": ("f", "#b84300", "#ff8a4c"),
    "page": ("p", "#f7f9fb", "#1d2126"),
    "soft": ("i", "#e4eef6", "#1f3242"),
    "fault-soft": ("w", "#fbe6dc", "#46291c"),
}
_LIGHT = ";".join(f"--{variable}:{light}" for variable, light, _ in COLOURS.values())
_DARK = ";".join(f"--{variable}:{dark}" for variable, _, dark in COLOURS.values())
SVG_STYLE = f"<style>svg{{{_LIGHT}}}@media(prefers-color-scheme:dark){{svg{{{_DARK}}}}}</style>"

# A picture stands in an <img>, which an untrusted notebook shows too; there it follows the img's colour scheme.
_STYLE = """
:is(.labkit-poster,.labkit-still,.labkit-verdict,.labkit-report,.labkit-result){font:14px/1.5 system-ui,sans-serif;
  max-width:60rem}
:is(.labkit-poster,.labkit-still){font-size:13px;line-height:1.4}
:is(.labkit-poster,.labkit-still,.labkit-verdict) img{display:block;max-width:100%;height:auto;border-radius:8px}
.labkit-poster img{width:100%;max-width:620px}
body:is([data-jp-theme-light="true"],.vscode-light) [class^="labkit-"] img{color-scheme:light}
body:is([data-jp-theme-light="false"],.vscode-dark,.vscode-high-contrast) [class^="labkit-"] img{color-scheme:dark}
:is(.labkit-poster,.labkit-still,.labkit-verdict,.labkit-report)[class][class] table{border-collapse:collapse;
  margin:.4em 0;font-size:12.5px}
:is(.labkit-poster,.labkit-still,.labkit-verdict,.labkit-report)[class][class] tr{background:none}
:is(.labkit-poster,.labkit-still,.labkit-verdict,.labkit-report)[class][class] :is(th,td){text-align:left;
  padding:2px 12px 2px 0;border:0;border-bottom:1px solid #8884;font-weight:400;vertical-align:top;background:none}
:is(.labkit-poster,.labkit-still)[class][class] tbody th{font-weight:650}
:is(.labkit-poster,.labkit-still)[class][class] td.changed{background:#e6ac0044;border-bottom:2px solid #b87a00}
:is(.labkit-poster,.labkit-still) p{margin:.3em 0}
.labkit-poster .alarm{border:1px solid #b84300;border-radius:6px;padding:4px 10px;margin:4px 0}
:is(.labkit-verdict,.labkit-report,.labkit-result) .said{border-left:4px solid #767676;padding:.15em .8em;
  margin:.3em 0}
:is(.labkit-verdict,.labkit-report,.labkit-result) .holds{border-color:#009e73}
:is(.labkit-verdict,.labkit-report,.labkit-result) .violated{border-color:#d55e00}
.labkit-result .partly{border-color:#e69f00}
.labkit-result h4{margin:.2em 0 .6em;font-size:1.05em}
.labkit-result .points{float:right;font-variant-numeric:tabular-nums}
.labkit-result .why{margin:.25em 0}
.labkit-verdict[class][class] :is(th,td:first-child){white-space:nowrap}
:is(.labkit-report,.labkit-still) .more{font-size:13px;margin:.2em 0}
:is(.labkit-report,.labkit-still) .when{font-variant-numeric:tabular-nums;white-space:nowrap}
.labkit-report[class][class] td:first-child{font-variant-numeric:tabular-nums;text-align:right;white-space:nowrap}
.labkit-report[class][class] td:nth-child(2){font-weight:600;white-space:nowrap}
.labkit-report[class][class] tr.fault td{color:var(--jp-error-color1,#b84300)}
body[data-jp-theme-light="false"] .labkit-report[class][class] tr.fault td{color:var(--jp-error-color1,#ff8a4c)}
:is(.labkit-report,.labkit-still) code{background:none;padding:0;color:inherit}
:is(.labkit-report,.labkit-still,.labkit-result) pre{margin:.4em 0;padding:.5em .8em;overflow-x:auto;font-size:12.5px;
  background:var(--jp-layout-color2,rgba(128,128,128,.12));border-radius:4px}
:is(.labkit-report,.labkit-still,.labkit-poster,.labkit-result) summary{cursor:pointer;padding:.1em 0}
"""
STYLE = " ".join(_STYLE.split())


def ink(**colours: str) -> str:
    """SVG attributes for colours that follow the theme where styles survive, and are readable on white where they do
    not: `ink(fill="page", stroke="blue")`."""
    attributes = " ".join(f'{name}="{COLOURS[colour][1]}"' for name, colour in colours.items())
    style = ";".join(f"{name}:var(--{COLOURS[c][0]},{COLOURS[c][1]})" for name, c in colours.items())
    return f'{attributes} style="{style}"'


stills: Callable[[], Any] | None = None  # gives the module that shows what lower rooms make: `labkit.view.stills`


class Shown:
    """What shows itself in a cell, as text and as HTML: through `labkit.view.stills`, or by methods `_as_text` and
    `_as_html`
    of its own."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return bundle(self)


def bundle(thing: Any) -> dict[str, str]:
    """A value by MIME type. It never raises: what cannot be shown as HTML is shown as text, and that as its `repr`."""
    made: dict[str, str] = {}
    for mime, form in (("text/plain", "text"), ("text/html", "html")):
        try:
            own = getattr(thing, f"_as_{form}", None)
            if own is not None:
                made[mime] = own()
            elif stills is not None:
                made[mime] = getattr(stills(), form)(thing)
        except Exception:
            pass
    if "text/plain" not in made:
        try:
            made["text/plain"] = repr(thing)
        except Exception:
            made["text/plain"] = object.__repr__(thing)
    return made
