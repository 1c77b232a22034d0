"""What a submission might try. Each attack is the text of a solution cell, and hides in the reference solution."""

from tests.grade.course import SOLUTION

# Tries many things, and says which of them worked as the error that the part then reports.
TRY = """
import os, sys
LOOT = []
def attempt(name, call):
    try:
        LOOT.append(f"{name}: {call()!r:.80}")
    except Exception:
        pass
def tell():
    raise RuntimeError(f"LOOT {LOOT}")
"""


def at_start(code: str, before: str = "") -> str:
    """The reference solution, with `code` run when a node boots, and `before` when the cell runs."""
    lines = "".join(f"        {line}\n" for line in code.strip().splitlines())
    return f"{before}\n{SOLUTION}\n\nclass Raft(Raft):\n    def start(self):\n{lines}        super().start()\n"


def on_message(code: str, before: str = "") -> str:
    """The reference solution, with `code` run when a node is asked for its vote."""
    lines = "".join(f"        {line}\n" for line in code.strip().splitlines())
    return (
        f"{before}\n{SOLUTION}\n\nclass Raft(Raft):\n    @on(RequestVote)\n    def request_vote(self, msg, sender):\n"
        f"{lines}        return super().request_vote(msg, sender)\n"
    )


CRASHES = {
    "os._exit in a handler": on_message("import os; os._exit(0)"),
    "os._exit when the cell runs": "import os; os._exit(0)",
    "close every file": on_message("import os; os.closerange(0, 300)"),
    "abort": at_start("import os; os.abort()"),
    "kill itself": at_start("import ctypes; ctypes.string_at(0)"),
    "an alarm": on_message("import signal; signal.setitimer(signal.ITIMER_REAL, 0.05); signal.pause()"),
    "interrupt itself": at_start("raise KeyboardInterrupt"),
}

TIMEOUTS = {
    "an endless loop in a handler": on_message("while True: pass"),
    "an endless loop when the cell runs": "while True: pass",
    "an endless loop that catches all": on_message("while True:\n    try: pass\n    except BaseException: pass"),
    "asleep for ever": on_message("import select; select.select([], [], [], 1e6)"),
    "a timer of no time": at_start("self.again()", "") + "    def again(self):\n        self.after(0, self.again)\n",
    "a power too high": at_start("10 ** 10 ** 8"),
    "a regular expression that goes wild": at_start("import re; re.match('(a+)+$', 'a' * 50 + 'b')"),
}

MEMORY = {
    "a list without end": on_message("hoard = []\nwhile True: hoard.append(bytearray(1 << 20))"),
    "a list without end when the cell runs": "hoard = [0]\nwhile True: hoard += hoard",
    "an attribute of 100 MB": at_start("self.log = 'x' * (100 << 20)"),
}

TAMPERING = {
    "junk into every open file": on_message(
        "import os\nfor fd in range(300):\n    try: os.write(fd, b'junk\\n')\n    except OSError: pass"
    ),
    "an answer of its own first": on_message('import os; os.write(3, b\'{"seq":0,"effects":[]}\\n\')'),
    "sequence numbers from the future": on_message('import os; os.write(3, b\'{"seq":99,"effects":[]}\\n\')'),
    "speaks when the cell runs": 'import os\nos.write(3, b\'{"ok":true,"why":"","traceback":""}\\n\')\n' + SOLUTION,
    "an effect of a kind that there is not": at_start("self._process.world.effects.append(['grade', 100])"),
    "a message to a node that there is not": at_start(
        "import sys\nwire = sys.modules[type(self._process.world).__module__ + ''] if 0 else None\n"
        "self._process.world.effects.append(['send', 'n99', {'$': 'Vote'}, None, None])"
    ),
    "a wake in the past": at_start("self._process.world.effects.append(['wake', -1.0, 1, None, None])"),
    "something after its end": at_start("self._process.world.effects += [['failed', ''], ['note', 'still here']]"),
    "100,000 effects": at_start("self._process.world.effects += [['note', 'x']] * 100_000"),
    "a message class with a field __init__": at_start(
        "self._process.world.effects.append(['send', 'n2', {'$': 'Vote', '__init__': 1}, None, None])"
    ),
    "a value nested without end": at_start(
        "import os; os.write(3, b'{\"seq\":0,\"effects\":[[\"state\",' + b'[' * 100_000 + b']]]}\\n')"
    ),
    "another type than declared": at_start("self._process.world.effects.append(['set', '1', 0.5, 'tick'])"),
}

# The code runs on and is judged by its runs; whatever it tried has no effect but an error of its node.
REFUSED = {
    "a fork bomb": at_start("import os\nwhile True: os.fork()"),
    "a fork bomb when the cell runs": "import os\nwhile True: os.fork()",
    "threads": at_start("import threading\nthreading.Thread(target=print).start()"),
    "sys.exit": at_start("import sys; sys.exit(0)"),
    "sys.exit when the cell runs": "import sys; sys.exit(0)\n" + SOLUTION,
    "a recursion without end": at_start("def down(): down()\ndown()"),
    "the reference solution": "from labkit.protocols.raft import Raft",
    "the reference solution, with the way blocked cleared": (
        "import sys\nsys.meta_path[:] = [f for f in sys.meta_path if 'Absent' not in type(f).__name__]\n"
        "from labkit.protocols.raft import Raft"
    ),
    "the exercise's checks": "from labkit.course.exercises import raft_election\n" + SOLUTION,
    "leader without votes": at_start("", "").replace("super().start()", "super().start(); self.role = 'leader'"),
    "leader by a recorded lie": at_start(
        "self._process.world.record((0.0, 'state', self.id, None, None, None, {'role': 'leader', 'term': 1}))"
    ),
    "a class that is none": SOLUTION + "\nRaft = 42\n",
    "state that cannot be compared": at_start("").replace("super().start()", "super().start(); self.term = [1]"),
    "no role at all, and labkit's own methods replaced": (
        "import labkit, labkit.engine.process as process, labkit.engine.trace as trace, labkit.cluster as cluster\n"
        "trace.Trace.digest = lambda self: 'a' * 64\n"
        "cluster.Cluster.run = cluster.Cluster.advance = lambda *a, **o: True\n"
        "process.Process._fail = lambda self, error: None\n"
        "process.Process._observe = lambda self: None\n"
        "labkit.course.check = lambda *a, **o: 10\n"
        "class Raft(Node):\n    role = 'leader'\n    term = 1\n"
    ),
    "takes over by garbage collection": (
        "import gc, types\n"
        "for thing in gc.get_objects():\n"
        "    if isinstance(thing, type) and thing.__name__ == 'Outbox':\n"
        "        thing.failed = lambda *a: None\n"
        "class Raft(Node):\n    def start(self): raise ValueError('hidden')\n"
    ),
}

# The same, and what is tried is said aloud: the list of what worked must come out empty.
_FILES = "/etc/passwd /etc/hostname /proc/1/environ /proc/self/environ /proc/self/mem /proc/self/maps"
_FOLDERS = "/proc /home /tmp /var /etc/ssh /dev/shm"
SPIES = {
    "files of the machine": at_start(
        f"for path in {_FILES.split()}:\n"
        "    attempt(path, lambda: open(path, 'rb').read(10))\n"
        f"for path in {_FOLDERS.split()}:\n"
        "    attempt(path, lambda: sorted(set(os.listdir(path)) - WAY) or 1 / 0)\n"
        "tell()",
        TRY,
    ),
    "files of the grader": at_start(
        "for path in SECRETS:\n    attempt(path, lambda: open(path).read(10))\ntell()", TRY
    ),
    "the environment": at_start(
        "found = set(os.environ) - {'PYTHONHASHSEED', 'PYTHONDONTWRITEBYTECODE', 'PYTHONUTF8', 'LC_CTYPE', 'PWD'}\n"
        "attempt('environment', lambda: found or 1 / 0)\ntell()",
        TRY,
    ),
    "the network": at_start(
        "import socket\n"
        "for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):\n"
        "    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):\n"
        "        attempt('socket', lambda: socket.socket(family, kind))\n"
        "attempt('pair', socket.socketpair)\n"
        "attempt('connect', lambda: socket.create_connection(('127.0.0.1', 22), 1))\ntell()",
        TRY,
    ),
    "other processes": at_start(
        "import ctypes\n"
        "c = ctypes.CDLL(None)\n"
        "def sure(value):\n    if value < 0: raise OSError\n    return value\n"
        "for pid in (1, 2, os.getppid(), os.getppid() + 1):\n"
        "    attempt('kill', lambda: os.kill(pid, 0))\n"
        "    attempt('ptrace', lambda: sure(c.ptrace(16, pid, 0, 0)))\n"
        "    attempt('pidfd', lambda: os.pidfd_open(pid))\n"
        "    attempt('priority', lambda: os.setpriority(os.PRIO_PROCESS, pid, 5))\n"
        "attempt('killpg', lambda: os.killpg(0, 0))\n"
        "attempt('exec', lambda: os.execv('/bin/sh', ['sh', '-c', 'true']))\n"
        "attempt('namespace', lambda: sure(c.unshare(0x10000000)))\n"
        "attempt('shared memory', lambda: sure(c.shmget(0, 4096, 0o1666)))\n"
        "attempt('queue', lambda: sure(c.mq_open(b'/q', 0o102, 0o666, None)))\n"
        "attempt('keys', lambda: sure(c.syscall(250, 0, -3, 1)))\n"
        "attempt('io_uring', lambda: sure(c.syscall(425, 8, ctypes.create_string_buffer(256))))\n"
        "attempt('new session', os.setsid)\n"
        "attempt('root', lambda: os.setuid(0))\n"
        "import fcntl\n"
        "attempt('signals', lambda: fcntl.fcntl(3, fcntl.F_SETOWN, os.getppid()))\ntell()",
        TRY,
    ),
    "a place to write": at_start(
        "for path in ('/x', '/tmp/x', '/dev/shm/x', '/var/tmp/x', os.path.dirname(os.__file__) + '/x', './x'):\n"
        "    attempt(path, lambda: open(path, 'w'))\n"
        "    attempt(path, lambda: os.mkdir(path))\n"
        "import tempfile\nattempt('tempfile', tempfile.mkdtemp)\ntell()",
        TRY,
    ),
    "memory shared between nodes": at_start(
        "SHARED.append(self.id)\n"
        "SPACE[0] += 1\n"
        "os.write(PIPE[1], b'x')\n"
        "type(self).count = getattr(type(self), 'count', 0) + 1\n"
        "import labkit; labkit.count = getattr(labkit, 'count', 0) + 1\n"
        "attempt('list', lambda: SHARED[1])\n"
        "attempt('map', lambda: SPACE[0] if SPACE[0] > 1 else 1 / 0)\n"
        "attempt('pipe', lambda: len(os.read(PIPE[0], 9)) > 1 or 1 / 0)\n"
        "attempt('class', lambda: self.count if self.count > 1 else 1 / 0)\n"
        "attempt('labkit', lambda: labkit.count if labkit.count > 1 else 1 / 0)\n"
        "if self.id == 'n3': tell()",
        TRY + "import mmap\nSHARED, SPACE, PIPE = [], mmap.mmap(-1, 4096), os.pipe()\n",
    ),
}

# None of these may change anything: the reference solution keeps its full marks.
HARMLESS = {
    "a torrent of prints": at_start("for _ in range(1000): print('x' * 100_000)"),
    "atexit and __del__": at_start(
        "self._late = Late()",
        "import atexit, os\n"
        "atexit.register(lambda: os.write(3, b'late'))\n"
        "class Late:\n    def __del__(self): os.write(3, b'late')\n",
    ),
    "signals caught": at_start(
        "",
        "import signal\nfor number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXCPU):\n"
        "    signal.signal(number, signal.SIG_IGN)\n",
    ),
    "standard output closed": at_start("import os, sys; os.close(1); os.close(2); sys.stdout.close()"),
    "text that is no text": at_start("print('\\udcff')"),
    "a note in HTML": at_start("self.note('<script>alert(1)</script>')"),
}
