"""The page about searching shows code that runs, and says what it does."""

import ast
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "explore.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shown():
    """The value of the last expression of each block of Python, run from top to bottom in one namespace."""
    names: dict = {"__name__": "__main__"}
    values = []
    for program in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        *body, last = ast.parse(program).body
        exec(compile(ast.Module(body, []), "page", "exec"), names)
        assert isinstance(last, ast.Expr | ast.ClassDef)
        if isinstance(last, ast.Expr):
            values.append(eval(compile(ast.Expression(last.value), "page", "eval"), names))
        else:
            exec(compile(ast.Module([last], []), "page", "exec"), names)
    return names, values


def test_every_block_of_the_page_runs_and_comes_to_what_it_says(shown):
    _, values = shown
    report, exhaustive, invariant, staged, again = [value for value in values if value is not None]
    assert not report
    assert len(report.finding.steps) == 5
    assert not exhaustive
    assert "by states" in exhaustive.why
    assert invariant
    assert invariant.runs > 500
    assert not staged
    assert staged.runs < exhaustive.runs
    assert "get() -> nil" in again.message


def test_the_test_of_the_page_fails_when_it_is_pasted(shown):
    names, _ = shown
    with pytest.raises(AssertionError, match="atomic"):
        exec(names["report"].finding.as_test(), names)
