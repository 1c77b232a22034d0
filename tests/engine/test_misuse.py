"""What happens when a node is wrong: it is told so, it alone crashes, and the kernel stays usable."""

import asyncio
import contextlib
from collections import deque

import pytest

from labkit import BudgetExceeded, Cluster, HandlerError, LabkitError, Message, Node, NodeDown, UnknownNode, on
from tests.engine.doubler import Answer, Ask, Caller, Doubler, kinds, pair


def test_a_node_cannot_keep_what_is_not_data(capsys):
    class Keeper(Node):
        def start(self):
            self.disk["me"] = {"node": self}

    cluster = Cluster(Keeper, size=1)
    cluster.run(0)
    assert "disk['me']['node'] is a Keeper; only data can be kept" in capsys.readouterr().err


def test_an_error_crashes_its_node_and_shows_the_students_line(capsys):
    class Buggy(Node):
        def start(self):
            self.after(0.5, self.divide)

        def divide(self):
            return 1 / 0

    cluster = Cluster(nodes={"n1": Buggy, "n2": Doubler})
    cluster.run(1.0)
    assert not cluster.up("n1")
    assert cluster.up("n2")
    (error,) = kinds(cluster, "error")
    assert error.data["error"] == "ZeroDivisionError: division by zero"
    assert error.data["where"].endswith("in divide")
    assert kinds(cluster, "crash")[0].data == "error"
    printed = capsys.readouterr().err
    assert "n1 crashed at 0.500 s" in printed
    assert "return 1 / 0" in printed
    assert "labkit/engine" not in printed


@pytest.mark.parametrize("style", ["await", "task", "group"])
def test_an_error_in_a_coroutine_crashes_its_node_too(style, capsys):

    class Buggy(Node):
        async def start(self):
            if style == "await":
                await self.work()
            elif style == "task":
                self._task = asyncio.create_task(self.work())
            else:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self.work())

        async def work(self):
            await asyncio.sleep(0.1)
            raise RuntimeError("boom")

    cluster = Cluster(Buggy, size=1)
    cluster.run(1.0)
    assert not cluster.up("n1")
    assert "boom" in capsys.readouterr().err


def test_a_caught_error_of_a_task_is_no_error_of_the_node():

    class Careful(Node):
        async def start(self):
            self.caught = False
            task = asyncio.create_task(self.work())
            try:
                await task
            except RuntimeError:
                self.caught = True

        async def work(self):
            await asyncio.sleep(0.1)
            raise RuntimeError("boom")

    cluster = Cluster(Careful, size=1)
    cluster.run(1.0)
    assert cluster.nodes["n1"].caught


def test_sys_exit_in_a_node_is_a_crash_of_the_node_only(capsys):
    import sys

    class Quitter(Node):
        def start(self):
            sys.exit(3)

    cluster = Cluster(Quitter, size=1)
    cluster.run(1.0)
    assert not cluster.up("n1")
    assert "SystemExit" in capsys.readouterr().err


def test_a_message_without_a_handler_is_an_error_that_names_it(capsys):
    class Deaf(Node):
        @on(Answer)
        def answer(self, msg, sender):
            pass

    class Sender(Node):
        def start(self):
            self.send("n2", Ask(n=1))

    pair(Sender, Deaf).run(1.0)
    assert "Deaf has no handler for Ask (it handles Answer): add a method with @on(Ask)" in capsys.readouterr().err


def test_a_message_class_defined_again_is_explained(capsys):
    old = Ask

    class Server(Node):
        @on(old)
        def ask(self, msg, sender):
            pass

    new = type("Ask", (Message,), {"__annotations__": {"n": int}, "__module__": __name__})

    class Sender(Node):
        def start(self):
            self.send("n2", new(n=1))

    pair(Sender, Server).run(1.0)
    assert "run the cell of Server again too" in capsys.readouterr().err


def test_handlers_with_a_wrong_signature_are_refused_where_they_are_written():
    with pytest.raises(
        HandlerError, match=r"the handler ask\(self, msg\) cannot be called: a handler takes \(self, msg, sender\)"
    ):

        class Wrong(Node):
            @on(Ask)
            def ask(self, msg):
                pass

    with pytest.raises(HandlerError, match="two handlers for Ask"):

        class Twice(Node):
            @on(Ask)
            def ask(self, msg, sender):
                pass

            @on(Ask)
            def again(self, msg, sender):
                pass

    with pytest.raises(HandlerError, match="give the class of the messages"):
        on("Ask")


def test_a_handler_that_returns_something_else_is_told(capsys):
    class Odd(Node):
        @on(Ask)
        def ask(self, msg, sender):
            return msg.n

    pair(Caller, Odd).run(2.0)
    assert "a handler returned 21: it returns None, or a Message" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda node: node.send("n9", Ask(n=1)), "n1 cannot send to 'n9': no such node; the nodes are n1, n2"),
        (lambda node: node.send("n2", {"n": 1}), "only a Message can be sent, not 'dict'"),
        (lambda node: node.after(-1, node.start), "zero or more"),
        (lambda node: node.after(1, node.start()), "without parentheses"),
        (lambda node: node.every(0, node.start), "above zero"),
    ],
)
def test_misuse_is_explained(wrong, words, capsys):
    class Clumsy(Node):
        def start(self):
            if getattr(self, "begun", False):
                return
            self.begun = True
            wrong(self)

    cluster = pair(Clumsy)
    cluster.run(0.1)
    assert words in capsys.readouterr().err


def test_unknown_ids_and_wrong_clusters_are_refused():
    cluster = Cluster(Doubler, size=2)
    with pytest.raises(NodeDown, match="has not started"):
        cluster.nodes["n1"]
    cluster.run(0)
    for call in (cluster.crash, cluster.restart, cluster.up, lambda id: cluster.nodes[id], cluster.link, cluster.clock):
        with pytest.raises(UnknownNode, match="no node 'n7' in this cluster; the nodes are n1, n2"):
            call("n7")
    with pytest.raises(LabkitError, match="twice"):
        cluster.partition({"n1"}, ["n2", "n2"])
    with pytest.raises(LabkitError, match="between 0 and 1"):
        cluster.link("n1", "n2", loss=3)
    with pytest.raises(LabkitError, match="no setting 'lost'"):
        cluster.link("n1", "n2", lost=0.3)
    with pytest.raises(LabkitError, match="how many nodes"):
        Cluster(Doubler)
    with pytest.raises(LabkitError, match="derives from Node"):
        Cluster(Ask, size=3)
    with pytest.raises(LabkitError, match="say how long"):
        cluster.run()
    with pytest.raises(LabkitError, match="zero or more"):
        cluster.run(-1)


def test_nodes_that_never_let_time_pass_are_stopped_and_the_cluster_stays_usable():
    class Hot(Node):
        def start(self):
            self.send("n2" if self.id == "n1" else "n1", Ask(n=1))

        @on(Ask)
        def ask(self, msg, sender):
            self.send(sender, msg)

    cluster = Cluster(Hot, size=2, latency=0.0, trace=False)
    with pytest.raises(BudgetExceeded, match="time stands still"):
        cluster.run(1.0)
    assert cluster.now == 0.0


def test_a_loop_that_yields_but_never_waits_is_stopped(capsys):

    class Spinner(Node):
        async def start(self):
            while True:
                await asyncio.sleep(0)

    cluster = Cluster(Spinner, size=1)
    cluster.run(1.0)
    assert "without letting time pass" in capsys.readouterr().err
    assert not cluster.up("n1")


def test_an_endless_loop_in_a_handler_is_stopped_and_named(capsys, monkeypatch):
    from labkit.engine import budget

    monkeypatch.setattr(budget, "SECONDS", 0.3)

    class Stuck(Node):
        def start(self):
            while True:
                with contextlib.suppress(Exception):
                    self.n = 1

    cluster = Cluster(nodes={"n1": Stuck, "n2": Doubler})
    cluster.run(1.0)
    assert not cluster.up("n1")
    assert cluster.up("n2")
    assert "an endless loop?" in capsys.readouterr().err


def test_a_storm_of_messages_is_stopped():
    class Rabbit(Node):
        def start(self):
            self.broadcast(Ask(n=0))

        @on(Ask)
        def ask(self, msg, sender):
            self.broadcast(msg)
            self.broadcast(msg)

    cluster = Cluster(Rabbit, size=5, trace=False)
    with pytest.raises(BudgetExceeded, match="a storm"):
        cluster.run(60.0)


def test_a_third_argument_of_send_is_refused(capsys):
    class Late(Node):
        def start(self):
            self.send("n2", Ask(n=0), 0.5)

    cluster = Cluster(Late, size=2)
    cluster.run(1.0)
    assert not cluster.up("n1")
    assert "what is 0.5 for?" in capsys.readouterr().err


def test_an_attribute_whose_comparison_is_no_truth_value_is_watched():
    numpy = pytest.importorskip("numpy")

    class Weights(Node):
        def start(self):
            self.weights, self.queue = numpy.zeros(2), deque()
            self.after(1.0, self.grow)

        def grow(self):
            self.weights = self.weights + 1
            self.queue.append("job")

    cluster = Cluster(Weights, size=1)
    cluster.run(2.0)
    assert [event.data for event in cluster.trace.select("state")] == [
        {"weights": [0.0, 0.0], "queue": []},
        {"weights": [1.0, 1.0], "queue": ["job"]},
    ]


def test_timers_without_end_are_stopped(monkeypatch):
    from labkit.engine import loop

    monkeypatch.setattr(loop, "PENDING_LIMIT", 30_000)

    class Hoarder(Node):
        def start(self):
            self.every(0.001, self.hoard)

        def hoard(self):
            self.after(1000.0, self.hoard)
            self.after(1000.0, self.hoard)

    cluster = Cluster(Hoarder, size=2, trace=False)
    with pytest.raises(BudgetExceeded, match="over 30,000 messages and timers are waiting: a storm, or endless timers"):
        cluster.run(60.0)
    assert set(cluster.nodes) == {"n1", "n2"}


def test_a_step_that_sets_timers_without_end_is_stopped(capsys, monkeypatch):
    from labkit.engine import budget

    monkeypatch.setattr(budget, "PENDING_LIMIT", 10_000)

    class Hoarder(Node):
        def start(self):
            while True:
                self.after(1.0, self.start)

    cluster = Cluster(nodes={"n1": Hoarder, "n2": Doubler}, trace=False)
    cluster.run(0.5)
    assert cluster.up("n2") and not cluster.up("n1")
    assert "over 10,000 messages and timers are waiting, and one step makes ever more" in capsys.readouterr().err
