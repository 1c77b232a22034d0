"""A labkit node as a Maelstrom node: driven line by line, as a host would."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labkit import Cluster, Error, Message, MessageError, Node, RemoteError, on
from labkit.check import History
from labkit.transport.bodies import Bodies, snake
from tests.maelstrom import served

HERE = Path(__file__).parent
LARGEST_OF_JAVASCRIPT = 1 << 53


class Served:
    """A node in a process of its own. `ask` sends a request and returns the next body that it writes."""

    def __init__(self, *arguments: str, name: str = "served.py:Keeper"):
        command = [sys.executable, "-m", "labkit.cli", "maelstrom", "serve", name, *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=HERE, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1)
        self.sent = 0

    def write(self, body: dict[str, Any], src: str = "c1") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"id": 0, "src": src, "dest": "n1", "body": body}) + "\n")
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, type: str, **fields: Any) -> dict[str, Any]:
        self.sent += 1
        self.write({"type": type, "msg_id": self.sent, **fields})
        answer = self.read()
        assert (answer["src"], answer["dest"]) == ("n1", "c1")
        assert answer["body"].pop("in_reply_to") == self.sent
        return answer["body"]

    def init(self, *peers: str) -> "Served":
        self.sent += 1
        self.write({"type": "init", "msg_id": self.sent, "node_id": "n1", "node_ids": ["n1", *peers]})
        return self

    def end(self) -> tuple[int, str]:
        """The exit status after the end of stdin, and what it logged."""
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


Serve = Callable[..., Served]


@pytest.fixture
def serve() -> Iterator[Serve]:
    started: list[Served] = []

    def start(*arguments: str, **options: str) -> Served:
        started.append(Served(*arguments, **options))
        return started[-1]

    yield start
    for node in started:
        node.process.kill()
        node.process.communicate()


def test_a_node_starts_at_init_answers_by_type_and_ends_with_its_stdin(serve: Serve) -> None:
    node = serve().init("n2")
    assert node.read() == {"src": "n1", "dest": "n2", "body": {"type": "hello"}}
    assert node.read()["body"] == {"type": "init_ok", "in_reply_to": 1}
    assert node.ask("get", key="a") == {"type": "get_ok", "value": None}
    assert node.ask("put", key="a", value=3, unheard_of=True) == {"type": "put_ok"}
    assert node.ask("get", key="a") == {"type": "get_ok", "value": 3}
    refused = node.ask("put", key="a", value=-1, **{"from": "me"})
    assert refused == {"type": "error", "code": 1000, "text": "-1 is below zero, from me"}
    status, errors = node.end()
    assert status == 0
    assert "I print to stdout" in errors


def test_what_a_node_cannot_take_is_answered_with_an_error(serve: Serve) -> None:
    node = serve().init()
    node.read()
    assert node.ask("delete", key="a")["code"] == 10
    malformed = node.ask("put", key="a", value="three")
    assert malformed["code"] == 12 and "value" in malformed["text"]
    node.write({"type": "delete"})
    node.process.stdin.write("what?\n[1]\n")  # type: ignore[union-attr]
    assert node.ask("get", key="a") == {"type": "get_ok", "value": None}
    assert "what?" in node.end()[1]


def test_a_call_to_a_service_returns_its_answer_or_raises_its_error(serve: Serve) -> None:
    node = serve().init()
    node.read()
    for answer, said in (
        ({"type": "get_ok", "value": 7}, "GetOk 7"),
        ({"type": "read_ok", "value": 8}, "ReadOk 8"),
        ({"type": "error", "code": 20, "text": "no such key"}, "20 no such key"),
        (None, "nothing"),
    ):
        patience = 0.05 if answer is None else 30.0
        node.write({"type": "forward", "msg_id": 50, "to": "lin-kv", "key": "k", "patience": patience})
        asked = node.read()
        assert asked["dest"] == "lin-kv"
        number = asked["body"].pop("msg_id")
        assert asked["body"] == {"type": "get", "key": "k"} and 0 < number < LARGEST_OF_JAVASCRIPT
        if answer is not None:
            node.write({**answer, "in_reply_to": number, "msg_id": 9}, src="lin-kv")
        assert node.read()["body"] == {"type": "forwarded", "in_reply_to": 50, "said": said}


def test_what_comes_before_init_waits_for_it(serve: Serve) -> None:
    node = serve()
    node.write({"type": "get", "msg_id": 70, "key": "a"})
    node.init()
    assert node.read()["body"]["type"] == "init_ok"
    assert node.read()["body"] == {"type": "get_ok", "in_reply_to": 70, "value": None}


def test_an_error_in_a_handler_ends_the_program_with_its_traceback(serve: Serve) -> None:
    node = serve().init()
    node.read()
    node.write({"type": "crash"})
    assert node.process.wait(timeout=30) == 1
    errors = node.process.stderr.read()  # type: ignore[union-attr]
    assert "ValueError: as you wish" in errors and "served.py" in errors


def test_a_disk_is_kept_where_it_is_told(serve: Serve, tmp_path: Path) -> None:
    node = serve("--data", str(tmp_path)).init()
    node.read()
    node.ask("put", key="a", value=3)
    node.process.kill()
    node.process.wait(timeout=30)
    again = serve("--data", str(tmp_path)).init()
    again.read()
    assert again.ask("get", key="a") == {"type": "get_ok", "value": 3}
    status, errors = (third := serve("--data", str(tmp_path)).init()).end()
    assert (status, third.process.returncode) == (3, 3) and "in use" in errors


def test_a_node_without_handlers_takes_everything(serve: Serve) -> None:
    node = serve(name="served.py:Loop").init()
    node.read()
    node.write({"type": "never_seen_before", "x": 1})
    assert node.read()["body"] == {"type": "get_ok", "value": len("NeverSeenBefore")}


@pytest.mark.parametrize("name", ["nowhere:Node", "served.py", "served.py:Nobody", "absent.py:Node"])
def test_a_program_that_is_not_there_is_refused(serve: Serve, name: str) -> None:
    status, errors = serve(name=name).end()
    assert status == 3
    assert errors.startswith("labkit maelstrom serve: ") and len(errors.splitlines()) == 1


def test_types_are_class_names_in_snake_case() -> None:
    names = {"Echo": "echo", "EchoOk": "echo_ok", "ListCommittedOffsetsOk": "list_committed_offsets_ok"}
    assert {name: snake(name) for name in names} == names
    assert snake("HTTPServer2Go") == "http_server2_go"


def test_a_field_with_a_reserved_name_is_refused() -> None:
    class Odd(Message):
        type: str

    class Any_(Node):
        pass

    with pytest.raises(MessageError, match=r"Odd\.type"):
        Bodies(Any_).encode(Odd(type="x"))


def test_an_error_answers_a_call_in_a_simulation_as_for_real() -> None:
    class Refuser(Node):
        @on(served.Get)
        def get(self, msg: served.Get, sender: str) -> Message:
            return Error(code=22, text="not so")

        @on(served.Hello)
        def hello(self, msg: served.Hello, sender: str) -> None:
            pass

    cluster = Cluster(nodes={"n1": served.Keeper, "n2": Refuser}, seed=1)
    answer = cluster.client("c1").call("n1", served.Forward(to="n2", key="a"))
    assert answer == served.Forwarded(said="22 not so")


def test_a_client_gets_an_error_as_its_answer_and_the_history_knows_that_nothing_happened() -> None:
    cluster = Cluster(served.Keeper, size=1, seed=1)
    client = cluster.client("c1")
    with pytest.raises(RemoteError, match="below zero") as caught:
        client.call("n1", served.Put(key="a", value=-1))
    assert caught.value.code == 1000
    assert client.call("n1", served.Get(key="a")) == served.GetOk(value=None)
    assert [op.type for op in History.of(cluster)] == ["fail", "ok"]
