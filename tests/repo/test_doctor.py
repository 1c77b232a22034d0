"""The doctor finds what is missing and names the command that brings it."""

import importlib.metadata
import importlib.util
import json
import sys

import pytest
from click.testing import CliRunner

from labkit import doctor
from labkit.cli import main


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What labkit's package asks for, as the test would have it."""
    requirements: list[str] = []
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: requirements)
    return requirements


def test_here_nothing_is_wrong() -> None:
    result = CliRunner().invoke(main, ["doctor", "--json"])
    report = json.loads(result.output)
    wrong = [finding for finding in report["findings"] if finding["status"] == "problem"]
    assert (result.exit_code, report["ok"], wrong) == (0, True, [])
    names = {finding["name"] for finding in report["findings"]}
    assert {"Python", "labkit", "jupyterlab", "kernel python3", "Lab extension anywidget"} <= names


def test_the_table_ends_with_the_verdict() -> None:
    result = CliRunner().invoke(main, ["doctor"])
    assert "kernel python3" in result.output
    assert "labkit has what it needs." in result.output


def test_a_missing_dependency_comes_with_its_command(asked: list[str]) -> None:
    asked.append("no-such-package-anywhere>=3")
    _, finding = doctor.check_dependencies()
    assert (finding.status, finding.found) == ("problem", "not installed")
    assert finding.command == doctor.pip_install("no-such-package-anywhere>=3")
    assert finding.command.startswith(sys.executable) and "'no-such-package-anywhere>=3'" in finding.command
    assert not doctor.healthy([finding])


def test_a_version_that_does_not_suit_is_a_problem(asked: list[str]) -> None:
    asked.append("click>=1000")
    _, finding = doctor.check_dependencies()
    assert finding.status == "problem"
    assert finding.remark == "needs >=1000"


def test_what_another_system_or_an_extra_asks_for_is_left_out(asked: list[str]) -> None:
    asked.extend(["nothing; sys_platform == 'amiga'", "nothing; extra == 'dev'"])
    (labkit,) = doctor.check_dependencies()
    assert labkit.name == "labkit"


def test_the_old_nest_asyncio_under_ipykernel_7_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"ipykernel": "7.4.0", "nest_asyncio": "1.6.0"}
    monkeypatch.setattr(importlib.metadata, "version", versions.__getitem__)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    (finding,) = doctor.check_old_nest_asyncio()
    assert (finding.status, finding.found) == ("note", "1.6.0")
    assert "uninstall nest-asyncio" in finding.command
    versions["ipykernel"] = "6.31.0"
    assert list(doctor.check_old_nest_asyncio()) == []


def test_a_check_that_breaks_is_reported_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("no pipes left")

    monkeypatch.setattr(doctor, "check_kernel", broken)
    findings = list(doctor.examine())
    assert any(finding.remark == "OSError: no pipes left" for finding in findings)
    assert findings[-1].name.startswith("Chromium")


def test_without_chromium_the_report_is_still_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_chromium", lambda: None)
    (finding,) = doctor.check_chromium()
    assert (finding.status, finding.command) == ("note", doctor.CHROMIUM_ADVICE)
    assert doctor.healthy([finding])


def test_the_plain_report_says_the_same_without_rich() -> None:
    findings = [
        doctor.Finding("thing", "problem", "not installed", "", "get thing"),
        doctor.Finding("other", "ok", "1.0"),
    ]
    assert doctor.as_text(findings).splitlines() == [
        "problem  thing                            not installed",
        "ok       other                            1.0",
        "labkit cannot work as it is.",
        "To mend:",
        "thing: get thing",
    ]
