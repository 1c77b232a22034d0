"""The glossary: each term once, in order, in English and Chinese; and what links to it arrives."""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from tests.notebooks.executor import REPOSITORY

GLOSSARY = REPOSITORY / "docs" / "glossary.md"
NOTEBOOKS = [
    path for folder in ("notebooks", "exercises", "solutions") for path in (REPOSITORY / folder).glob("*.ipynb")
]
ROW = re.compile(r'\| <a id="([a-z0-9-]+)"></a>\*\*([^*|]+)\*\* \| ([^|]+) \| ([^|]+) \| ([^|]+) \|')
LINK = re.compile(r"\]\(([^()\s]*glossary\.md)(?:#([^()\s]*))?\)")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Entry(NamedTuple):
    anchor: str
    term: str
    chinese: str
    sentence: str
    chinese_sentence: str


def entries() -> list[Entry]:
    rows = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("| <a")]
    found = [ROW.fullmatch(row) for row in rows]
    assert all(found), [row for row, match in zip(rows, found, strict=True) if not match]
    return [Entry(*match.groups()) for match in found if match]


def test_each_term_stands_once_and_in_order() -> None:
    terms = [entry.term.casefold() for entry in entries()]
    assert len(terms) >= 120
    assert terms == sorted(set(terms))
    assert len({entry.anchor for entry in entries()}) == len(terms)


def test_an_anchor_is_its_term() -> None:
    for entry in entries():
        assert entry.anchor == re.sub(r"[^a-z0-9]+", "-", entry.term.casefold().replace("'", "")).strip("-")


def test_each_term_has_one_sentence_in_each_language() -> None:
    for entry in entries():
        assert entry.sentence[0].isupper() or not entry.sentence[0].isalpha(), entry.term
        assert entry.sentence.endswith(".") and not CHINESE.search(entry.sentence), entry.term
        assert entry.chinese_sentence.endswith("。") and entry.chinese_sentence.count("。") == 1, entry.term
        assert CHINESE.search(entry.chinese) and CHINESE.search(entry.chinese_sentence), entry.term
        assert not re.search(r"[\u4e00-\u9fff][,;:.?!]", entry.chinese + entry.chinese_sentence), entry.term


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_link_to_the_glossary_arrives(path: Path) -> None:
    anchors = {entry.anchor for entry in entries()}
    text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    for file, anchor in LINK.findall(text):
        assert (path.parent / file).resolve() == GLOSSARY, file
        assert not anchor or anchor in anchors, f"there is no {anchor} in the glossary"
