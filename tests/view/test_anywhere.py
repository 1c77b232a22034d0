"""What holds in every host by construction: JupyterLite has no sockets, threads, processes or large libraries, and
Colab's widgets get no binary buffers."""

import asyncio
import json
import subprocess
import sys

from labkit import Cluster
from tests.view.election import Raft
from tests.view.test_live import FakeView

# As in a browser: the modules can be imported (asyncio does), but what they stand for is not there.
PROGRAM = """
import asyncio, os, socket, subprocess, sys, threading

def missing(*arguments, **options):
    raise RuntimeError("this is not possible in a browser")

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("numpy", "matplotlib", "multiprocessing"):
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Wall())
socket.socket.__init__ = subprocess.Popen.__init__ = threading.Thread.start = os.fork = missing

from labkit import Cluster, Trace
from labkit.protocols.raft_log import Raft
from labkit.protocols.sessions import Put
from labkit.view import Replay

cluster = Cluster(Raft, size=3, seed=1)
cluster.run(1.0)
cluster.client("c1").invoke("n1", Put(key="x", value=1, serial=1))
cluster.crash("n2")
cluster.run(1.0)

assert "crashed" in cluster._repr_mimebundle_()["text/html"]
assert "<iframe" in Replay(cluster.trace).fragment()
cluster.trace.save(sys.argv[1])
assert Trace.open(sys.argv[1]).digest() == cluster.trace.digest()
print("ran", sorted(name for name in sys.modules if name in ("numpy", "matplotlib", "multiprocessing")))
"""


def test_a_cluster_runs_and_shows_itself_where_there_are_no_sockets_threads_or_processes(tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "run.json")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "ran []"


def test_what_the_kernel_sends_is_json_without_buffers():
    async def talk():
        cluster = Cluster(Raft, size=3, seed=1)
        view = FakeView(cluster, asyncio.get_running_loop(), speed=0.25, height=None)
        for message in (
            {"type": "hello", "have": 0},
            {"type": "advance", "to": 0.5, "have": 0},
            {"type": "pull", "have": 0},
        ):
            view.answer(message)
        state = {
            name: value for name, value in view.get_state().items() if name not in ("layout", "tabbable", "tooltip")
        }
        return json.dumps(view.sent) + json.dumps(state)

    assert '"columns"' in asyncio.run(talk())
