"""Choosing a sandbox: what is offered was tried out."""

import pytest

from labkit.grade import sandbox


def test_the_best_that_works_is_chosen() -> None:
    works = [candidate for candidate in sandbox.candidates() if sandbox.trouble(candidate) is None]
    assert works
    assert sandbox.probe() == works[0]
    assert sandbox.probe().detail


def test_one_can_be_asked_for_by_name() -> None:
    assert sandbox.probe(sandbox.RLIMITS).name == sandbox.RLIMITS
    with pytest.raises(sandbox.SandboxError, match="nothing to try"):
        sandbox.probe("a wall")


def test_one_that_does_not_start_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = sandbox.Sandbox(sandbox.BUBBLEWRAP, "broken", "/bin/false")
    assert sandbox.trouble(broken) == "exit status 1"
    absent = sandbox.Sandbox(sandbox.BUBBLEWRAP, "absent", "/no/such/bwrap")
    assert "No such file" in str(sandbox.trouble(absent))


def test_one_that_shows_the_graders_files_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "VISIBLE", (*sandbox.VISIBLE, "grade/sandbox.py"))
    found = sandbox.trouble(sandbox.candidates()[0])
    assert found == "the grader can be read from inside"
