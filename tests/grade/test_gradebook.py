"""The gradebook's files: written whole, kept while they hold, and safe to open in a spreadsheet."""

import csv
import json
import os
from pathlib import Path

import pytest

from labkit.errors import LabkitError
from labkit.grade.gradebook import Grade, Gradebook, Part, key, write
from labkit.grade.submission import Entry


def grade(**values: object) -> Grade:
    return Grade(**{"student": "alice", "submission": "alice", "key": "k1", **values})  # type: ignore[arg-type]


def test_a_grade_is_kept_while_what_it_was_made_from_is_the_same(tmp_path: Path) -> None:
    book = Gradebook(tmp_path)
    made = grade(parts=[Part("quiet", "Quiet", 2, 2, True, "held")], notes=["a note"])
    book.keep("bob/raft", made, "<p>well</p>")
    assert Gradebook(tmp_path).known("bob/raft", "k1") == made
    assert made.feedback == "feedback/bob/raft.html"
    assert book.known("bob/raft", "k2") is None
    assert book.known("carol", "k1") is None


def test_a_grade_whose_page_is_gone_or_whose_file_is_broken_is_made_again(tmp_path: Path) -> None:
    book = Gradebook(tmp_path)
    for break_it in (lambda: book.page("a").unlink(), lambda: (tmp_path / "results" / "a.json").write_text("{")):
        book.keep("a", grade(), "page")
        assert book.known("a", "k1") is not None
        break_it()
        assert book.known("a", "k1") is None


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "grades.csv"
    write(target, b"old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(target, b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("grades.csv", b"old")]


def test_the_tables_are_sorted_and_say_the_same(tmp_path: Path) -> None:
    book = Gradebook(tmp_path)
    book.tables([grade(student="bob", score=4.5, max=10, status="wrong"), grade(score=10.0, max=10, status="ok")])
    rows = list(csv.DictReader((tmp_path / "grades.csv").open()))
    assert [(row["student"], row["status"], row["score"]) for row in rows] == [
        ("alice", "ok", "10"),
        ("bob", "wrong", "4.5"),
    ]
    document = json.loads((tmp_path / "grades.json").read_text())
    assert (document["format"], document["version"]) == ("labkit-grades", 1)
    assert [made["student"] for made in document["grades"]] == ["alice", "bob"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_takes_no_text_for_a_formula(tmp_path: Path, text: str) -> None:
    Gradebook(tmp_path).tables([grade(student=text, message=text, notes=[text])])
    row = next(csv.DictReader((tmp_path / "grades.csv").open()))
    assert row["student"] == row["message"] == row["notes"] == "'" + text


def test_odd_names_do_not_stop_the_tables(tmp_path: Path) -> None:
    student = Entry("a\udcff", tmp_path, "a").student
    Gradebook(tmp_path).tables([grade(student=student, message='x\n"y",z')])
    assert len(list(csv.DictReader((tmp_path / "grades.csv").open(newline="")))) == 1


def test_a_folder_that_cannot_be_written_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabkitError, match="cannot be written"):
        Gradebook(tmp_path / "file" / "out")


def test_a_key_depends_on_every_part_and_on_where_parts_end() -> None:
    assert len({key("a", "b"), key("ab", ""), key("a", "c"), key(b"a", "b", "")}) == 4
