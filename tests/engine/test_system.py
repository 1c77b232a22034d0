"""DistributedSystem: a cluster in the words of the usual first lesson."""

import pytest

from labkit import Cluster, DistributedSystem, LabkitError, Message, Node


class Hello(Message):
    name: str


class Greeter(Node):
    async def start(self):
        self.greeted = []
        for neighbour in self.connections:
            self.send(neighbour, Hello(name=self.id))
        while True:
            message, _ = await self.receive()
            self.greeted.append(message.name)


def chain(**options):
    system = DistributedSystem(**options)
    a, b, c = (system.add_node(id, Greeter) for id in "abc")
    system.connect(a, b)
    system.connect(b, c)
    return system


def test_nodes_talk_to_those_they_are_connected_to():
    system = chain(seed=1)
    system.start()
    system.run(1.0)
    assert {id: node.connections for id, node in system.nodes.items()} == {"a": ("b",), "b": ("a", "c"), "c": ("b",)}
    assert sorted(system.nodes["b"].greeted) == ["a", "c"]
    assert system.nodes["c"].greeted == ["b"]


def test_a_node_can_be_stopped_and_started_again():
    system = chain(seed=1)
    system.start()
    system.run(1.0)
    system.stop("a")
    assert list(system.nodes) == ["b", "c"]
    system.start("a")
    system.run(1.0)
    assert system.nodes["b"].greeted[-1] == "a"
    system.stop()
    assert list(system.nodes) == []
    system.start()
    assert list(system.nodes) == ["a", "b", "c"]


def test_a_system_without_connections_is_the_cluster_of_its_nodes():
    system = DistributedSystem(seed=3)
    for id in ("n1", "n2", "n3"):
        system.add_node(id, Greeter)
    system.start()
    system.run(2.0)
    cluster = Cluster(Greeter, size=3, seed=3)
    cluster.run(0)
    cluster.run(2.0)
    assert system.cluster.trace.digest() == cluster.trace.digest()


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (lambda system: system.add_node("a", Greeter), "has a node 'a' already"),
        (lambda system: system.connect("a", "z"), "no node 'z' to connect"),
        (lambda system: system.connect("a", "a"), "no connection to itself"),
        (lambda system: (system.start(), system.add_node("d", Greeter)), "has started: add a node before that"),
        (lambda system: (system.start(), system.connect("a", "c")), "has started: connect nodes before that"),
        (lambda system: DistributedSystem().start(), "one node or more"),
        (lambda system: system.stop("z"), "no node 'z'"),
    ],
)
def test_what_makes_no_system_is_refused(do, words):
    with pytest.raises(LabkitError, match=words):
        do(chain())
