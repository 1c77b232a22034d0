"""Plain data: what was shown, stored or sent once is not converted anew, and is nobody else's to change."""

import pytest

from labkit import Message
from labkit.engine import values


class Word(Message):
    text: str


class Line(Message):
    number: int
    word: Word


class Page(Message):
    lines: list[Line]


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(values, "_fixed", {})


def test_a_stored_message_that_cannot_change_is_the_same_object():
    line = Line(number=1, word=Word(text="a"))
    assert values.copy([line])[0] is line


def test_a_stored_message_that_holds_a_list_is_a_copy():
    page = Page(lines=[Line(number=1, word=Word(text="a"))])
    for _ in range(2):
        stored = values.copy([page])[0]
        assert stored == page and stored.lines is not page.lines
        values.plain([page])
    page.lines.append(Line(number=2, word=Word(text="b")))
    assert len(values.plain([page])[0]["lines"]) == 2


def test_the_plain_form_of_a_message_may_be_changed_by_who_asked_for_it():
    line = Line(number=1, word=Word(text="a"))
    for _ in range(2):
        form = values.plain(line)
        assert form.pop("$") == "Line"
    assert values.plain([line]) == [{"$": "Line", "number": 1, "word": {"$": "Word", "text": "a"}}]


def test_only_so_many_messages_are_remembered(monkeypatch):
    monkeypatch.setattr(values, "_REMEMBERED", 3)
    lines = [Line(number=number, word=Word(text="a")) for number in range(10)]
    assert [form["number"] for form in values.plain(lines)] == list(range(10))
    assert len(values._fixed) <= 3
