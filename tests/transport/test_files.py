"""A disk that is a directory: what was synced is there again, whatever ends the process."""

import enum
import os
import random
import signal
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import LabkitError, Message
from labkit.transport import files
from labkit.transport.files import FileStore
from labkit.transport.stored import pack, unpack


class Entry(Message):
    term: int
    command: list[int]


class Role(enum.Enum):
    leader = 1


def write(store, **values):
    for key, value in values.items():
        store.pending.append((key, value, value is None))
    store.sync()


def reopened(store, directory, id="n1"):
    store.close()
    return FileStore(directory, id)


def test_what_was_synced_is_there_again(tmp_path):
    store = FileStore(tmp_path / "new" / "n1", "n1")
    write(store, a=1, b=[1, (2, 3)])
    write(store, a=None, c={"x": {1, 2}})
    store.pending.append(("d", "never synced", False))
    store = reopened(store, tmp_path / "new" / "n1")
    assert store.durable == {"b": [1, (2, 3)], "c": {"x": {1, 2}}}
    store.close()


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
keys = scalars | st.tuples(st.text(), st.integers()) | st.just(Role.leader) | st.frozensets(st.integers())
values = st.recursive(
    keys | st.builds(Entry, term=st.integers(), command=st.lists(st.integers())),
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.tuples(inner, inner) | st.sets(st.text()),
    max_leaves=10,
)


@settings(max_examples=50, deadline=None)
@given(values)
def test_values_come_back_with_their_types(value):
    import msgspec

    back = unpack(msgspec.msgpack.decode(msgspec.msgpack.encode(pack(value))))
    assert type(back) is type(value) and back == value


def test_a_class_that_cannot_be_found_again_is_refused_when_it_is_written():
    class Local(Message):
        n: int

    with pytest.raises(LabkitError, match="inside a function"):
        pack(Local(n=1))


def test_a_class_that_is_gone_is_named():
    with pytest.raises(LabkitError, match="the disk holds a Gone"):
        unpack(["message", __name__, "Gone", {}])
    with pytest.raises(LabkitError, match="the disk holds a Entry that is not as"):
        unpack(["message", __name__, "Entry", {"term": 1, "extra": 2}])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_torn_end_is_cut_off_and_nothing_else(tmp_path_factory, data):
    directory = tmp_path_factory.mktemp("torn")
    store = FileStore(directory, "n1")
    states, sizes = [{}], [(directory / "log").stat().st_size]
    for number in range(data.draw(st.integers(1, 4), label="syncs")):
        write(store, **{f"k{number}": "v" * number, "last": number})
        states.append(dict(store.durable))
        sizes.append((directory / "log").stat().st_size)
    store.close()
    cut = data.draw(st.integers(sizes[0], sizes[-1]), label="cut")
    whole = (directory / "log").read_bytes()
    end = whole[:cut]
    if data.draw(st.booleans(), label="zeros"):  # the file had grown, and its data had not reached the disk
        end += bytes(len(whole) - cut)
    (directory / "log").write_bytes(end)
    kept = max(number for number, size in enumerate(sizes) if size <= cut)
    store = FileStore(directory, "n1")
    assert store.durable == states[kept]
    write(store, after="the cut")
    store = reopened(store, directory)
    assert store.durable == states[kept] | {"after": "the cut"}
    store.close()


def test_damage_before_whole_records_is_refused(tmp_path):
    store = FileStore(tmp_path, "n1")
    for number in range(5):
        write(store, n=number)
    store.close()
    data = bytearray((tmp_path / "log").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "log").write_bytes(data)
    with pytest.raises(LabkitError, match="is damaged at byte"):
        FileStore(tmp_path, "n1")


def test_the_log_is_compacted_and_says_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "COMPACT_AT", 2_000)
    store = FileStore(tmp_path, "n1")
    for number in range(500):
        write(store, n=number, **{f"k{number % 7}": number})
    assert (tmp_path / "log").stat().st_size < 4_000
    expected = dict(store.durable)
    store = reopened(store, tmp_path)
    assert store.durable == expected and len(expected) == 8
    store.close()


def test_a_compaction_that_was_cut_short_leaves_the_old_log(tmp_path, monkeypatch):
    store = FileStore(tmp_path, "n1")
    write(store, n=1)

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", fail)
        with pytest.raises(OSError, match="No space"):
            store._write_anew()
    assert (tmp_path / "log.new").exists()
    store = reopened(store, tmp_path)
    assert store.durable == {"n": 1} and not (tmp_path / "log.new").exists()
    store.close()


def test_a_failed_sync_is_never_tried_again(tmp_path, monkeypatch):
    store = FileStore(tmp_path, "n1")

    def fail(_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(files, "_sync", fail)
        with pytest.raises(LabkitError, match="the disk of n1 failed: Input/output error"):
            write(store, n=1)
    with pytest.raises(LabkitError, match="cannot be used"):
        write(store, n=2)
    assert "n" not in store.durable
    store.close()


def test_a_directory_is_for_one_process_and_one_node(tmp_path):
    store = FileStore(tmp_path, "n1")
    with pytest.raises(LabkitError, match=f"in use by another process .{os.getpid()}"):
        FileStore(tmp_path, "n1")
    store.close()
    with pytest.raises(LabkitError, match="is the disk of n1, not of n2"):
        FileStore(tmp_path, "n2")
    (tmp_path / "log").write_bytes(b"something else")
    with pytest.raises(LabkitError, match="not the disk of a labkit node"):
        FileStore(tmp_path, "n1")


WRITER = textwrap.dedent("""
    import os, sys
    from labkit.transport import files
    files.COMPACT_AT = 4_000                                # so that kills hit compactions too
    while sys.stdin.readline():                             # a round: a child that writes until it is killed
        child = os.fork()
        if child == 0:
            store = files.FileStore(sys.argv[1], "n1")
            n = store.durable.get("n", 0)
            while True:
                n += 1
                for key in ("n", "double", n % 10):         # one sync: all three or none
                    store.pending.append((key, 2 * n if key == "double" else n, False))
                os.write(1, b"before %d\\n" % n)
                store.sync()
                os.write(1, b"synced %d\\n" % n)
        os.write(1, b"child %d\\n" % child)
        os.waitpid(child, 0)
        os.write(1, b"over\\n")
""")


def test_kill_9_in_the_middle_of_writes_loses_nothing_that_was_synced(tmp_path):
    draw = random.Random(1)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        n = 0
        try:
            for _ in range(40):
                process.stdin.write("go\n")
                process.stdin.flush()
                child, seen, asked, synced = 0, 0, n, n
                lines = draw.randint(1, 60)
                for line in process.stdout:
                    word, _, number = line.strip().partition(" ")
                    if word == "over":
                        break
                    if word == "child":
                        child = int(number)
                    else:
                        asked, synced = (int(number), synced) if word == "before" else (asked, int(number))
                        seen += 1
                    if child and seen >= lines:
                        os.kill(child, signal.SIGKILL)
                        lines = 1 << 60
                store = FileStore(tmp_path, "n1")
                n = store.durable.get("n", 0)
                assert synced <= n <= asked
                assert n == 0 or (store.durable["double"], store.durable[n % 10]) == (2 * n, n)
                store.close()
        finally:
            process.stdin.close()
            process.kill()
