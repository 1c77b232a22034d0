"""`labkit trace`: a saved run is looked at and converted from the command line."""

import pytest
from click.testing import CliRunner

from labkit import Cluster, Trace
from labkit.cli import main
from tests.view.election import Raft


@pytest.fixture
def saved(tmp_path):
    cluster = Cluster(Raft, size=3, seed=5)
    cluster.run(0.8)
    cluster.crash("n2")
    cluster.run(0.4)
    cluster.trace.mark(7, "an odd moment")
    cluster.trace.save(tmp_path / "run.json")
    return tmp_path / "run.json"


def labkit(*arguments) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["trace", *map(str, arguments)])
    return result.exit_code, result.output


def test_it_tells_what_the_run_holds_and_how_it_ended(saved):
    status, said = labkit(saved)
    assert status == 0 and "3 nodes, seed 5" in said and "n2    crashed" in said
    assert "marked at 0.000 s: an odd moment" in said
    assert "n2    crashed" not in labkit(saved, "--at", "0.5")[1]


def test_it_lists_events_in_words(saved):
    status, said = labkit(saved, "--events", "--node", "n2", "--kind", "crash")
    assert status == 0 and said.split()[1:] == ["0.800000", "s", "crash", "n2", "crashes"]


@pytest.mark.parametrize(
    ("name", "begins"), [("a.html", "<!DOCTYPE html>"), ("a.shiviz", "(?<time>"), ("a.jsonl", '{"')]
)
def test_it_converts_by_the_end_of_the_new_files_name(saved, tmp_path, name, begins):
    status, said = labkit(saved, "--to", tmp_path / name)
    assert status == 0 and "KB" in said
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    if name == "a.jsonl":
        assert Trace.open(tmp_path / name).digest() == Trace.open(saved).digest()


def test_bad_input_is_refused_with_status_3_and_a_wrong_use_with_2(saved, tmp_path):
    (tmp_path / "bad.json").write_text("{}\n")
    assert labkit(tmp_path / "bad.json")[0] == 3
    assert labkit(tmp_path / "gone.json")[0] == 3
    status, said = labkit(saved, "--to", tmp_path / "a.pdf")
    assert status == 3 and "a name that ends in" in said
    status, said = labkit(saved, "--to", tmp_path / "a.html", "--views", "lgos")
    assert status == 3 and "Did you mean 'logs'" in said
    status, said = labkit(saved, "--events", "--node", "n9")
    assert status == 3 and "no node or client 'n9' in this run; there are n1, n2, n3" in said
    status, said = labkit(saved, "--to", tmp_path / "nowhere" / "a.json")
    assert status == 3 and "a.json cannot be written: No such file or directory" in said
    assert labkit(saved, "--kind", "crash")[0] == 2
