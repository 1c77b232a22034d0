import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from labkit.check.election import election_safety
from labkit.cli import main
from labkit.explore import explore
from tests.explore.samples import Forgetful, elect

PROGRAM = """
from labkit import Cluster
from labkit.check.election import election_safety
from labkit.protocols.raft import Raft

class Forgetful(Raft):
    def start(self):
        super().start()
        self.term, self.voted_for = 0, None

class Sound(Raft):
    pass

def make(seed=0, faults=None):
    return Cluster(Forgetful, 3, seed=seed, faults=faults)

def drive(cluster):
    cluster.run(2.0)

def wrong(trace):
    raise ValueError("wrong")
"""


@pytest.fixture(scope="module")
def report():
    return explore(Forgetful, elect, election_safety, size=3, faults=["crash"], runs=600, workers=1)


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "my_raft.py"
    path.write_text(PROGRAM)
    return path


def command(*arguments):
    return CliRunner().invoke(main, ["explore", *map(str, arguments)])


def test_a_finding_written_as_a_test_fails_until_the_bug_is_gone(program):
    test = program.with_name("test_found.py")
    done = command(
        f"{program}:Forgetful", "--size", 3, "--property", "election_safety", "--scenario", "drive",
        "--faults", "crash", "--runs", 600, "--workers", 1, "--test", test,
    )  # fmt: skip
    assert done.exit_code == 1, done.output
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", str(test)]
    assert "from my_raft import Forgetful\n" in test.read_text() and "Recording(" in test.read_text()
    failed = subprocess.run(run, cwd=program.parent, capture_output=True, text=True, timeout=120, check=False)
    assert failed.returncode == 1 and "Election Safety: two leaders" in failed.stdout, failed.stdout
    program.write_text(PROGRAM.replace("self.term, self.voted_for = 0, None", "pass"))
    mended = subprocess.run(run, cwd=program.parent, capture_output=True, text=True, timeout=120, check=False)
    assert mended.returncode == 0, mended.stdout


def test_the_command_tells_by_its_status(program):
    held = command(f"{program}:Sound", "--size", 3, "--property", "election_safety", "--runs", 20, "--workers", 1)
    assert held.exit_code == 0 and "Held in 20 runs: election_safety" in held.output
    found = command(
        f"{program}:make", "--property", "election_safety", "--scenario", "drive", "--faults", "crash", "--runs", 600,
        "--workers", 2, "--json",
    )  # fmt: skip
    assert found.exit_code == 1
    document = json.loads(found.stdout)
    assert document["outcome"] == "violated" and document["finding"]["violation"]["property"] == "Election Safety"
    assert document["finding"]["run"]["marks"]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("my_raft.py:Forgetful", ["--size", "3", "--property", "wrong"], "property wrong failed"),
        ("my_raft.py:Forgetful", ["--size", "3", "--property", "nothing"], "has no class or function 'nothing'"),
        ("my_raft.py:Nobody", ["--size", "3"], "has no class or function 'Nobody'"),
        ("my_raft.py", ["--size", "3"], "say which class"),
        ("none.py:Raft", ["--size", "3"], "no such file"),
        ("my_raft.py:Forgetful", [], "how many nodes"),
        ("my_raft.py:Forgetful", ["--size", "3", "--faults", "fire"], "no kind of fault 'fire'"),
        ("my_raft.py:Forgetful", ["--size", "0"], "--size"),
        ("my_raft.py:Forgetful", ["--size", "3", "--property", "no.such:thing"], "No module named"),
    ],
)
def test_bad_input_has_a_status_of_its_own(program, name, options, message):
    done = command(program.parent / name, *options, "--runs", "2", "--workers", "1")
    assert done.exit_code == 3 and message in done.output, done.output


def test_a_report_shows_itself_in_a_cell(report):
    bundle = report._repr_mimebundle_()
    html = bundle["text/html"]
    assert bundle["text/plain"] == str(report)
    for part in ("Violated: Election Safety", "labkit-replay", "receives Vote(", "def test_election_safety_holds", "✗"):
        assert part in html
    table = html[html.index("<table>") : html.index("</table>")]
    assert table.count("<tr") == len(report.finding.steps)
    assert "Violated" not in explore(Forgetful, elect, size=3, runs=3, workers=1)._repr_mimebundle_()["text/html"]


def test_the_view_stops_at_the_violation_and_leaves_out_the_rest(report):
    finding = report.finding
    view = finding.view()
    events = view.document["events"]
    assert view.at == len(events["time"]) - 1 == view.document["marks"][0]["seq"]
    assert events["time"][-1] == finding.violation.time
    assert len(events["time"]) < finding.violation.seq
    delivered = [id for kind, id in zip(events["kind"], events["id"], strict=True) if kind == "deliver"]
    sent = [id for kind, id in zip(events["kind"], events["id"], strict=True) if kind == "send"]
    assert sorted(delivered) == sorted(sent)


def test_text_from_a_program_is_escaped(report):
    from labkit.explore.report_view import _more

    assert _more("<b>") == '<div class="more">&lt;b&gt;</div>'
