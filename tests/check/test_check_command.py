"""`labkit check`: exit status, words and JSON."""

import json

import pytest
from click.testing import CliRunner

from labkit.check import History, linearizable
from labkit.cli import main
from tests.check.test_consistency import told
from tests.check.test_transactions import told as transactions

READ = '{"process": 1, "type": "invoke", "f": "read"}'


def run(*arguments):
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


@pytest.fixture
def stale(tmp_path):
    """Sequentially consistent, but not linearizable."""
    told("a:wx=1 b:rx=nil b:rx=1").save(tmp_path / "stale.jsonl")
    return tmp_path / "stale.jsonl"


@pytest.fixture
def skewed(tmp_path):
    transactions("A rx- ry- ax1\nB rx- ry- ay2").save(tmp_path / "skewed.jsonl")
    return tmp_path / "skewed.jsonl"


def test_status_0_says_that_it_holds(stale, skewed):
    result = run(stale, "--model", "kv", "--consistency", "sequential")
    assert (result.exit_code, result.stdout) == (
        0,
        "sequential (kv): holds. There is an order that explains the answers.\n",
    )
    assert run(skewed, "--model", "list-append", "--consistency", "snapshot-isolation").exit_code == 0


def test_status_1_says_that_it_does_not_and_why(stale, skewed):
    result = run(stale, "--model", "kv")
    assert result.exit_code == 1
    assert (
        "b: get(x) -> nil cannot take effect before its answer: the only possible state of x there: 1" in result.stdout
    )
    result = run(skewed, "--model", "list-append")
    assert result.exit_code == 1
    assert "G2-item (write skew)" in result.stdout and "1. T1 read y = [], without the 2 that T2" in result.stdout


def test_status_2_says_that_it_is_unknown(tmp_path):
    told("a:wx=1 b:wx=1 c:rx=1 c:wy=2").save(tmp_path / "h.jsonl")
    assert run(tmp_path / "h.jsonl", "--model", "kv", "--consistency", "eventual").exit_code == 2
    assert run(tmp_path / "h.jsonl", "--model", "kv", "--consistency", "causal").exit_code == 2


@pytest.mark.parametrize(
    ("text", "options", "complaint"),
    [
        ("nonsense", ["--model", "kv"], "h.jsonl, line 1: this is not JSON"),
        ("", ["--model", "kv"], "has no operations"),
        ('{"process": 1, "type": "invoke", "f": "jump"}', ["--model", "kv"], "the model kv has no operation 'jump'"),
        (READ, ["--model", "list-append"], "is no transaction"),
        (READ, ["--model", "kv", "--consistency", "serializable"], "is about transactions"),
        (READ, ["--model", "kv", "--consistency", "casual"], "'casual' is not one of"),
        (READ, ["--model", "kx"], "'kx' is not one of"),
        (READ, ["--model", "set", "--initial", "3"], "begins with a list"),
        (READ, ["--model", "kv", "--initial", "x"], "a string needs its quotes"),
    ],
)  # fmt: skip
def test_status_3_says_what_is_wrong_with_the_input(tmp_path, text, options, complaint):
    (tmp_path / "h.jsonl").write_text(text)
    result = run(tmp_path / "h.jsonl", *options)
    assert result.exit_code == 3
    assert complaint in result.stderr


def test_a_missing_file_is_bad_input(tmp_path):
    result = run(tmp_path / "none.jsonl", "--model", "kv")
    assert result.exit_code == 3 and "cannot be read" in result.stderr


def test_a_history_may_come_from_the_standard_input():
    given = f"{READ}\n{READ.replace('invoke', 'ok')}"
    result = CliRunner().invoke(main, ["check", "-", "--model", "kv"], input=given)
    assert result.exit_code == 0 and "holds" in result.stdout
    result = CliRunner().invoke(main, ["check", "-", "--model", "kv"], input="{")
    assert result.exit_code == 3 and "standard input, line 1: this is not JSON" in result.stderr


def test_an_answer_that_the_model_cannot_read_is_bad_input(tmp_path):
    answer = READ.replace("invoke", "ok").replace("}", ', "value": 5}')
    (tmp_path / "h.jsonl").write_text(f"{READ}\n{answer}")
    result = run(tmp_path / "h.jsonl", "--model", "set")
    assert result.exit_code == 3 and "h.jsonl, line 1: 1: read() -> 5, in state frozenset()" in result.stderr


def test_the_json_says_what_python_says(stale, skewed):
    printed = json.loads(run(stale, "--model", "kv", "--json").stdout)
    assert printed == json.loads(json.dumps(linearizable(History.open(stale), "kv").document()))
    levels = json.loads(run(skewed, "--model", "list-append", "--json").stdout)["levels"]
    assert levels["snapshot-isolation"] == "holds" and levels["serializable"] == "violated"


def test_the_table_of_all_models(stale):
    result = run(stale, "--model", "kv", "--consistency", "all")
    assert result.exit_code == 1
    assert len([line for line in result.stdout.splitlines() if not line.startswith(" ")]) == 10


def test_an_initial_value_can_be_given(tmp_path):
    told("b:rx=0 a:wx=1 b:rx=1").save(tmp_path / "h.jsonl")
    assert run(tmp_path / "h.jsonl", "--model", "kv").exit_code == 1
    assert run(tmp_path / "h.jsonl", "--model", "kv", "--initial", "0").exit_code == 0
