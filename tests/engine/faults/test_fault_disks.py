"""Disks: slow, full, forgetful, torn, rotten."""

import errno

import pytest

from labkit import Cluster, Fault, LabkitError, Node, on
from tests.engine.faults.broken_nodes import Number, came

OLD, NEW = ["old"] * 8, ["new"] * 8


class Log(Node):
    """Writes five keys without a sync, and then waits; after a restart it reads them."""

    def start(self):
        self.read = {}
        for key in self.disk:
            try:
                self.read[key] = self.disk[key]
            except OSError as error:
                self.read[key] = errno.errorcode[error.errno]
        self.disk.autosync = False
        if not self.read:
            for key in "abcde":
                self.disk[key] = OLD
            self.disk.sync()
            for key in "abcde":
                self.disk[key] = NEW


def after_a_crash(seed, **settings):
    cluster = Cluster(Log, size=1, seed=seed)
    if settings:
        cluster.disk("n1", **settings)
    cluster.run(1.0)
    cluster.restart("n1")
    return cluster


def fresh(seed, **settings):
    read = after_a_crash(seed, **settings).nodes["n1"].read
    return "".join(key for key in sorted(read) if read[key] == NEW)


def test_a_crash_leaves_a_prefix_a_subset_or_none_of_what_was_not_synced():
    prefixes = ["", "a", "ab", "abc", "abcd", "abcde"]
    assert {fresh(seed) for seed in range(40)} == {fresh(seed, survive="prefix") for seed in range(40)} == set(prefixes)
    subsets = {fresh(seed, survive="subset") for seed in range(60)}
    assert len(subsets) > 15 and not subsets <= set(prefixes)
    assert {fresh(seed, survive="none") for seed in range(10)} == {""}


def test_a_torn_write_cannot_be_read_or_without_a_checksum_is_part_old_part_new():
    seen = set()
    for seed in range(30):
        read = after_a_crash(seed, torn=1.0).nodes["n1"].read
        torn = [key for key in read if read[key] == "EIO"]
        whole = fresh(seed)
        assert torn == ([] if whole == "abcde" else ["abcde"[len(whole)]])  # the first that did not survive
        mixed = after_a_crash(seed, torn=1.0, checksum=False).nodes["n1"].read
        if torn:
            value = mixed[torn[0]]
            assert value in [NEW[:cut] + OLD[cut:] for cut in range(9)]
            seen.add(value.count("new"))
    assert len(seen) > 4


def test_what_is_written_anew_can_be_read_again():
    class Mends(Log):
        def start(self):
            super().start()
            for key in [key for key, value in self.read.items() if value == "EIO"]:
                assert key in self.disk
                self.disk[key] = NEW
                assert self.disk[key] == NEW
            self.disk.sync()

    cluster = Cluster(Mends, size=1, seed=2, faults=[Fault(0.0, "disk", "n1", rot=1.0)])
    cluster.run(1.0)
    cluster.restart("n1")
    assert set(cluster.nodes["n1"].read.values()) == {"EIO"}
    cluster.disk("n1", rot=0.0)
    cluster.restart("n1")
    assert set(map(tuple, cluster.nodes["n1"].read.values())) == {tuple(NEW)}


class Counts(Node):
    def start(self):
        self.kept = self.disk.get("n", 0), self.disk.get("m", 0)
        self.n = self.failed = 0
        self.disk["m"] = 0
        self.disk["n"] = 0
        self.every(0.1, self.tick)

    def tick(self):
        self.n += 1
        try:
            self.disk["n"] = self.n
        except OSError as error:
            assert error.errno == errno.ENOSPC
            self.failed += 1


def test_a_full_disk_refuses_writes_in_the_node_and_keeps_what_it_has():
    cluster = Cluster(Counts, size=1)
    cluster.run(1.05)
    cluster.disk("n1", full=True)
    cluster.run(1.0)
    cluster.disk("n1", full=False)
    assert cluster.nodes["n1"].failed == 10
    assert cluster._network.machines["n1"].store.durable["n"] == 10
    cluster.run(1.0)
    assert cluster.nodes["n1"].failed == 10


def test_an_error_of_a_full_disk_that_nobody_catches_crashes_the_node(capsys):
    class Careless(Node):
        def start(self):
            self.disk["a"] = 1

    cluster = Cluster(Careless, size=1, faults=[Fault(0.0, "disk", "n1", full=True)])
    cluster.run(1.0)
    assert not cluster.up("n1")
    assert "OSError: [Errno 28] the disk is full" in capsys.readouterr().err


def test_writes_get_lost_misdirected_and_rotten_and_it_shows_after_a_restart():
    def kept(**settings):
        cluster = Cluster(Counts, size=1, seed=5)
        cluster.run(0.05)
        cluster.disk("n1", checksum=False, **settings)
        cluster.run(1.0)
        cluster.restart("n1")
        return cluster.nodes["n1"].kept, {event.data["how"] for event in cluster.trace.select("damage")}

    assert kept() == ((10, 0), set())
    assert kept(lost=1.0) == ((0, 0), {"lost"})
    assert kept(misdirect=1.0) == ((0, 10), {"lost", "misdirected"})
    (n, m), how = kept(rot=1.0)
    assert n != 10 and m != 0 and how == {"rotten"}


class Votes(Node):
    """Promises to n2 only what is on its disk."""

    def start(self):
        self.promised = self.disk.get("vote")
        self.disk.autosync = False
        if self.id == "n1" and self.promised is None:
            self.after(0.1, self.vote)
            self.after(0.15, self.later)

    def vote(self):
        self.send("n2", Number(n=0))
        self.disk["vote"] = 1
        self.disk.sync()
        self.send("n2", Number(n=1))

    def later(self):
        self.send("n2", Number(n=2))

    @on(Number)
    def number(self, msg, sender):
        pass


def test_what_follows_a_sync_on_a_slow_disk_comes_later():
    cluster = Cluster(Votes, size=2, latency=0.01, faults=[Fault(0.0, "disk", "n1", latency=0.2)])
    cluster.run(1.0)
    assert came(cluster) == [(0, 0.11), (1, 0.31), (2, 0.31)]
    (landed,) = cluster.trace.select("disk")
    assert landed.time == pytest.approx(0.3)


def test_a_crash_in_the_middle_of_a_slow_sync_takes_the_write_and_what_should_have_followed_it():
    faults = [
        Fault(0.0, "disk", "n1", latency=0.2, survive="none"),
        Fault(0.2, "crash", "n1"),
        Fault(0.25, "restart", "n1"),
    ]
    cluster = Cluster(Votes, size=2, latency=0.01, faults=faults)
    cluster.run(0.3)
    assert [n for n, _ in came(cluster)] == [0]
    assert cluster.nodes["n1"].promised is None


def test_disks_refuse_what_they_cannot_do():
    cluster = Cluster(Counts, size=1)
    for settings, text in (
        ({"torn": 2}, "between 0 and 1"),
        ({"full": 1}, "True or False"),
        ({"survive": "all"}, "'prefix', 'subset', 'none'"),
        ({"latency": -1}, "latency=-1"),
        ({"speed": 1}, "disk has no option 'speed'"),
    ):
        with pytest.raises(LabkitError, match=text):
            cluster.disk("n1", **settings)


def test_a_state_is_reached_when_the_slow_disk_has_it_and_never_by_a_node_that_crashes_before():
    class Counts(Node):
        def start(self):
            self.count = self.disk.get("count", 0)
            self.every(0.1, self.tick)

        def tick(self):
            self.count += 1
            self.disk["count"] = self.count

    cluster = Cluster(Counts, size=1, seed=1)
    cluster.disk("n1", latency=0.03, survive="none")
    cluster.run(0.32)
    cluster.crash("n1")
    cluster.restart("n1")
    cluster.run(0.01)
    shown = [(round(event.time, 3), event.data["count"]) for event in cluster.trace.select("state")]
    assert shown == [(0.0, 0), (0.13, 1), (0.23, 2), (0.32, 2)]
