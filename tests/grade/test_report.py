"""The feedback page: everything in it escaped, nothing asked of the network, the replay playing."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from labkit.course import load
from labkit.grade import report, submission
from labkit.grade.gradebook import STATUSES, Grade
from labkit.grade.grader import Course, Outcome, Task, grade, run
from labkit.grade.sandbox import probe
from labkit.grade.submission import Program
from tests.grade.course import EXERCISE, GIVEN, SOLUTION, course, hand_in, notebook

HOSTILE = "</script></pre><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """Of a node that fails, and puts markup wherever it can: an error, a note, its state, a message, its prints."""
    hostile = f"""
HOSTILE = {HOSTILE!r}
class Raft(Raft):
    def start(self):
        super().start()
        self.note(HOSTILE)
        self.evil = HOSTILE
        setattr(self, HOSTILE, 1)
        print(HOSTILE)
        self.send(self.peers[0], RequestVote(term=0, candidate=HOSTILE))
        self.after(0.1, self.burst)
    def burst(self):
        raise RuntimeError(HOSTILE)
"""
    exercise = replace(load(EXERCISE), parts=load(EXERCISE).parts[:1])
    return run(exercise, Program([("cell 2", GIVEN), ("cell 4", SOLUTION + hostile)]), probe(), 1)


def test_a_page_escapes_everything_and_its_replay_plays(outcome: Outcome, page: Page, tmp_path: Path) -> None:
    exercise = load(EXERCISE)
    assert outcome.result is not None
    made = Grade(student=HOSTILE, submission=HOSTILE, exercise=EXERCISE, status="wrong", max=2, message=HOSTILE)
    made.notes, made.printed = [HOSTILE], list(outcome.printed)
    made.parts = list(outcome.result.parts)  # type: ignore[misc]
    html = report.page(made, exercise, outcome.result, HOSTILE)
    target = tmp_path / "page.html"
    target.write_text(html, encoding="utf-8")
    page.goto(target.as_uri())
    frame = page.locator("iframe").first
    frame.scroll_into_view_if_needed()
    inner = page.frame_locator("iframe").first
    inner.get_by_text("Violated here").first.wait_for(timeout=15_000)
    assert page.title() != "owned"
    assert all(inside.title() != "owned" for inside in page.frames)
    assert page.locator("main img[onerror], main img[src=x], main script").count() == 0
    assert HOSTILE in page.locator("main").inner_text()
    assert f'check("{EXERCISE}", seed=0)' in page.locator("main").inner_text()


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_its_words(status: str, tmp_path: Path) -> None:
    made = Grade(student="alice", submission="alice", status=status, message="it went so")
    html = report.page(made, None, None)
    assert report.WORDS[status][0] in html or status == "wrong"
    assert "it went so" in html


def test_a_page_allows_itself_no_network() -> None:
    html = report.page(Grade(student="a", submission="a"), None, None)
    assert "default-src 'none'" in html
    assert "http://" not in html and "https://" not in html


def test_the_error_of_a_cell_shows_the_students_lines_only(tmp_path: Path) -> None:
    exercises = course(tmp_path)
    path = hand_in(tmp_path / "bob.ipynb", notebook(exercises, "x = 1\nclass Raft(Node:"))
    task = Task(submission.Entry("bob", path, "bob"), None)
    made, html = grade(task, Course({EXERCISE: (exercises / f"{EXERCISE}.ipynb").read_bytes()}), probe(), 1)
    assert (made.status, made.message) == ("wrong", "its cells do not run: SyntaxError: invalid syntax")
    assert "line 2" in html
    assert "child.py" not in html
