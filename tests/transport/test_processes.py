"""Nodes that are processes of their own: `labkit node`, `labkit call`, `connect`."""

import contextlib
import importlib.util
import os
import queue
import random
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from labkit import LabkitError, NodeDown, Trace
from labkit.transport import connect

PROGRAM = textwrap.dedent('''
    from labkit import Message, Node, on


    class Add(Message):
        n: int


    class Total(Message):
        n: int
        heard: list[str]


    class Fail(Message):
        pass


    class Counter(Node):
        """Adds up what it is asked to, on a disk, and passes it on to its peers."""

        def start(self):
            self.total = self.disk.get("total", 0)
            self.heard = []
            self.note(f"starts at {self.total}")

        @on(Add)
        def add(self, msg, sender):
            self.total += msg.n
            self.disk["total"] = self.total
            if sender.startswith("n"):
                self.heard.append(sender)
            else:
                self.broadcast(msg)
            return Total(n=self.total, heard=self.heard)

        @on(Fail)
        def fail(self, msg, sender):
            raise ValueError("as you wish")
''')


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "counting.py"
    path.write_text(PROGRAM)
    spec = importlib.util.spec_from_file_location("counting", path)
    sys.modules["counting"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["counting"]


class Running:
    """A `labkit node` process."""

    def __init__(self, folder, id, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "labkit.cli", "node", "counting.py:Counter", "--id", id, *map(str, arguments)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines = queue.SimpleQueue()
        threading.Thread(target=lambda: [*map(self._lines.put, self.process.stdout)], daemon=True).start()
        line = self.line()
        if "listens at" not in line:
            raise AssertionError(line + self.end(signal.SIGKILL)[0])
        self.address = line.split()[-1]

    def line(self):
        return self._lines.get(timeout=30)

    def end(self, number=signal.SIGTERM):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        self.process.wait(timeout=30)
        return self.process.stderr.read(), self.process.returncode


@pytest.fixture
def start(tmp_path):
    running = []

    def begin(id, *arguments):
        node = Running(tmp_path, id, *arguments)
        running.append(node)
        return node

    yield begin
    for node in running:
        if node.process.poll() is None:
            node.process.kill()
        node.process.wait(30)
        node.process.stderr.close()


def labkit(folder, *arguments):
    ran = subprocess.run(
        [sys.executable, "-m", "labkit.cli", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return ran.returncode, ran.stdout, ran.stderr


def test_two_processes_and_a_client(program, start, tmp_path):
    one = start("n1", "--listen", "127.0.0.1:0", "--trace", "n1.jsonl")
    two = start("n2", "--listen", "127.0.0.1:0", "--peer", f"n1={one.address}")
    with connect(two.address, id="c1") as client:
        assert client.node == "n2" and "connected to n2" in repr(client)
        assert client.call(program.Add(n=5), timeout=20) == program.Total(n=5, heard=[])
    with connect(one.address) as client:
        for _ in range(200):
            if (answer := client.call(program.Add(n=0), timeout=20)).n == 5:
                break
        assert answer == program.Total(n=5, heard=["n2"])
    assert labkit(tmp_path, "call", one.address, "counting.py:Add", '{"n": 2}')[:2] == (
        0,
        '{"$": "Total", "n": 7, "heard": ["n2"]}\n',
    )
    err, status = one.end(signal.SIGINT)
    assert status == 0 and "starts at 0" in one.line() and "Traceback" not in err
    assert two.end()[1] == 0
    trace = Trace.open(tmp_path / "n1.jsonl")
    kinds = [event.kind for event in trace]
    assert kinds[0] == "start" and kinds[-1] == "crash" and "deliver" in kinds and trace.now == trace[-1].time > 0


def test_all_addresses_may_stand_in_one_file(program, start, tmp_path):
    one = start("n1", "--listen", "127.0.0.1:0")
    (tmp_path / "cluster.toml").write_text(f'[nodes]\nn1 = "{one.address}"\nn2 = "127.0.0.1:0"\n')
    two = start("n2", "--cluster", "cluster.toml")
    with connect(two.address) as client:
        assert client.call(program.Add(n=1), timeout=20).n == 1
    assert "connected to n1" in two.end()[0]


def test_kill_9_keeps_what_was_answered(program, start, tmp_path):
    draw, total = random.Random(3), 0
    for round in range(4):
        node = start("n1", "--listen", "127.0.0.1:0", "--data", "disk")
        assert f"starts at {total}" in node.line()
        after = draw.randint(20, 60)
        with connect(node.address) as client:
            for _ in range(after):
                total += 1
                assert client.call(program.Add(n=1), timeout=20).n == total
            killer = threading.Timer(draw.uniform(0.0, 0.02), node.process.kill)
            killer.start()
            with pytest.raises(NodeDown, match=r"may have taken effect or not|is closed; connect again"):
                while True:
                    client.call(program.Add(n=1), timeout=20)
                    total += 1
            killer.join()
        node.process.wait(30)
        again = start("n1", "--listen", "127.0.0.1:0", "--data", "disk")
        assert again.line().split()[-1] in (str(total), str(total + 1)), round
        with connect(again.address) as client:
            total = client.call(program.Add(n=0), timeout=20).n
        assert again.end()[1] == 0


def test_an_error_of_the_node_ends_its_process(program, start, tmp_path):
    node = start("n1", "--listen", "127.0.0.1:0")
    with connect(node.address) as client:
        client.send(program.Fail())
        node.process.wait(30)
    err, status = node.end()
    assert status == 1
    assert "ValueError: as you wish" in err and "counting.py" in err and "engine/process.py" not in err


def test_a_disk_is_one_process_s_own(program, start, tmp_path):
    node = start("n1", "--listen", "127.0.0.1:0", "--data", "disk")
    status, _, err = labkit(
        tmp_path, "node", "counting.py:Counter", "--id", "n1", "--listen", "127.0.0.1:0", "--data", "disk"
    )
    assert status == 1 and f"in use by another process ({node.process.pid})" in err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["node", "counting.py:Nobody", "--id", "n1"], "has no Nobody that derives from Node"),
        (["node", "nowhere.py:Node", "--id", "n1"], "no such file"),
        (["node", "counting", "--id", "n1"], "write module:Node or file.py:Node"),
        (["node", "counting.py:Counter", "--id", "n1"], "where to listen?"),
        (["node", "counting.py:Counter", "--id", "n1", "--listen", "here"], "'here' is no address"),
        (["node", "counting.py:Counter", "--id", "n1", "--listen", ":1", "--peer", "n1=:2"], "no address"),
        (["node", "counting.py:Counter", "--id", "n1", "--listen", "a:1", "--peer", "n1=b:2"], "this node itself"),
        (["node", "counting.py:Counter", "--id", "n1", "--cluster", "x.toml"], "no table [nodes]"),
        (["call", "127.0.0.1:1", "counting.py:Add", '{"n": 1}'], "cannot connect to 127.0.0.1:1: Connection refused"),
        (["call", "127.0.0.1:1", "counting.py:Add", '{"n": "x"}'], "are not the fields of a Add"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(program, tmp_path, arguments, why):
    from click.testing import CliRunner

    from labkit.cli import main

    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        ran = CliRunner().invoke(main, arguments)
    finally:
        os.chdir(here)
    assert ran.exit_code == 1 and why in ran.output and "Traceback" not in ran.output


def test_a_client_is_told_what_went_wrong(program, start):
    with pytest.raises(LabkitError, match="cannot connect"):
        connect("127.0.0.1:1")
    node = start("n1", "--listen", "127.0.0.1:0")
    client = connect(node.address)
    with pytest.raises(TimeoutError, match=r"n1 did not answer Total within 0\.05 s"):
        client.call(program.Total(n=1, heard=[]), timeout=0.05)
    client.close()
    with pytest.raises(NodeDown, match="is closed"):
        client.send(program.Add(n=1))
    assert node.end()[1] == 0
