"""The languages of the live view and of replays. The words are in the frontend, one file each in `frontend/words/`."""

from __future__ import annotations

from labkit.errors import LabkitError

LANGUAGES = {"en": "English", "zh": "中文"}
_usual = ""


def language(name: str | None) -> None:
    """Choose the language of the views made from now on: "en" or "zh"; None for that of the page they stand in.

    Raises LabkitError for a language that there is not.
    """
    global _usual
    _usual = checked(name or "")


def chosen_language(asked: str | None) -> str:
    """The language asked for, or the usual one; "" for that of the page. Raises LabkitError if there is none such."""
    return _usual if asked is None else checked(asked)


def checked(name: str) -> str:
    if name and name not in LANGUAGES:
        known = ", ".join(f"{code!r} ({said})" for code, said in LANGUAGES.items())
        raise LabkitError(f"there is no language {name!r}; there are {known}")
    return name
