"""Services, topologies, the network and the protocol, each by itself."""

import asyncio
import random
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import LabkitError
from labkit.maelstrom.checks.consistency import check_models
from labkit.maelstrom.nemesis import groups
from labkit.maelstrom.network import Network
from labkit.maelstrom.options import parse_availability, parse_concurrency
from labkit.maelstrom.protocol import CODES, Malformed, canonical, decode, is_definite
from labkit.maelstrom.services import LastWriteWinsKV, LinearizableKV, LinearizableTSO, SequentialKV, Service
from labkit.maelstrom.topology import TOPOLOGIES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=5,
)


def read(service: Service, key: Any, client: str = "n0") -> Any:
    return service.answer(client, {"type": "read", "key": key, "msg_id": 1})


def write(service: Service, key: Any, value: Any, client: str = "n0") -> Any:
    return service.answer(client, {"type": "write", "key": key, "value": value, "msg_id": 1})


def cas(service: Service, key: Any, old: Any, new: Any, **more: Any) -> Any:
    return service.answer("n0", {"type": "cas", "key": key, "from": old, "to": new, **more})


@settings(max_examples=30)
@given(JSON, JSON, JSON)
def test_lin_kv_keeps_values_of_any_kind_under_keys_of_any_kind(key: Any, value: Any, other: Any) -> None:
    store = LinearizableKV()
    assert read(store, key)["code"] == 20
    assert cas(store, key, value, other)["code"] == 20
    assert write(store, key, value) == {"type": "write_ok"}
    assert read(store, key) == {"type": "read_ok", "value": value}
    assert cas(store, key, value, other) == {"type": "cas_ok"}
    if canonical(value) != canonical(other):
        assert cas(store, key, value, other)["code"] == 22
    assert read(store, key)["value"] == other


def test_keys_of_different_types_are_different_keys() -> None:
    store = LinearizableKV()
    for key in (1, "1", True, 1.0, [1]):
        assert read(store, key)["code"] == 20
        write(store, key, repr(key))
    assert read(store, 1)["value"] == "1" and read(store, True)["value"] == "True"


def test_cas_creates_a_missing_key_only_if_told_so() -> None:
    store = LinearizableKV()
    assert cas(store, "k", None, 1)["code"] == 20
    assert cas(store, "k", None, 1, create_if_not_exists=True) == {"type": "cas_ok"}
    assert cas(store, "k", None, 2, create_if_not_exists=True)["code"] == 22


def test_services_refuse_what_they_do_not_understand() -> None:
    for service in (LinearizableKV(), SequentialKV(random.Random(1)), LastWriteWinsKV(random.Random(1))):
        assert service.answer("n0", {"type": "delete", "key": 1})["code"] == 10  # type: ignore[attr-defined]
        assert service.answer("n0", {"type": "write", "key": 1})["code"] == 12  # type: ignore[attr-defined]
        assert service.answer("n0", {})["code"] == 10  # type: ignore[attr-defined]
    assert LinearizableTSO().answer("n0", {"type": "read"})["code"] == 10


def test_the_timestamp_oracle_counts() -> None:
    oracle = LinearizableTSO()
    assert [oracle.answer("n0", {"type": "ts"}) for _ in range(3)] == [{"type": "ts_ok", "ts": at} for at in range(3)]


@given(st.integers(), st.lists(st.tuples(st.sampled_from(["n0", "n1", "n2"]), st.booleans()), max_size=100))
def test_each_client_of_seq_kv_moves_forwards_and_sees_its_own_writes(seed: int, steps: list[tuple[str, bool]]) -> None:
    store = SequentialKV(random.Random(seed))
    seen = dict.fromkeys(("n0", "n1", "n2"), -1)
    for number, (client, writes) in enumerate(steps):
        if writes:
            write(store, "k", number, client)
            seen[client] = number
        else:
            value = read(store, "k", client).get("value", -1)
            assert value >= seen[client]
            seen[client] = value


def test_seq_kv_answers_from_the_past_now_and_then_but_a_new_write_brings_its_client_to_the_present() -> None:
    store, stale = SequentialKV(random.Random(1)), 0
    for number in range(100):
        write(store, "k", number, "n0")
        stale += read(store, "k", "n1").get("value") != number
        write(store, "mine", number, "n2")
        assert read(store, "k", "n2")["value"] == number
    assert 0 < stale < 100


def test_lww_kv_forgets_and_disagrees_but_comes_to_one_value() -> None:
    store = LastWriteWinsKV(random.Random(1))
    write(store, "k", 1)
    answers = [read(store, "k").get("value") for _ in range(300)]
    assert None in answers[:20]
    assert set(answers[-50:]) == {1}


@pytest.mark.parametrize("name", TOPOLOGIES)
@pytest.mark.parametrize("count", [1, 2, 3, 5, 9, 11, 25])
def test_topologies_are_connected_and_go_both_ways(name: str, count: int) -> None:
    nodes = [f"n{number}" for number in range(count)]
    around = TOPOLOGIES[name](nodes)
    graph = nx.DiGraph(around)
    assert sorted(around) == sorted(nodes)
    assert graph.number_of_edges() == sum(map(len, around.values()))
    assert all(graph.has_edge(b, a) for a, b in graph.edges) and not any(a == b for a, b in graph.edges)
    assert nx.is_strongly_connected(graph)
    most = {"grid": 4, "line": 2, "tree": 3, "tree2": 3, "tree3": 4, "tree4": 5}.get(name, count)
    assert max(map(len, around.values())) <= most
    if name.startswith("tree"):
        assert graph.number_of_edges() == 2 * (count - 1)


def test_a_grid_is_one_of_rows_and_columns() -> None:
    nodes = [f"n{number}" for number in range(9)]
    expected = nx.convert_node_labels_to_integers(nx.grid_2d_graph(3, 3))
    found = nx.Graph(TOPOLOGIES["grid"](nodes))
    assert {frozenset((int(a[1:]), int(b[1:]))) for a, b in found.edges} == {frozenset(edge) for edge in expected.edges}


@given(st.binary(max_size=60) | JSON.map(lambda value: canonical(value).encode()))
def test_any_line_is_a_message_or_malformed(line: bytes) -> None:
    try:
        src, dest, body = decode(line)
    except Malformed as error:
        assert str(error).startswith("it")
    else:
        assert isinstance(src, str) and isinstance(dest, str) and isinstance(body, dict)


def test_only_published_codes_are_definite() -> None:
    assert {code for code in CODES if not is_definite(code)} == {0, 13}
    assert not is_definite(1000) and not is_definite("22") and not is_definite(None)


def deliveries(distribution: str, latency: float, pairs: list[tuple[str, str]], **options: Any) -> Any:
    """What arrived, in order, and the network, after each pair has sent one message."""

    async def scene() -> Any:
        loop = asyncio.get_running_loop()
        network = Network(
            latency=latency,
            distribution=distribution,
            draw=random.Random(1),
            clock=loop.time,
            journal=lambda event: None,
        )
        arrived: list[tuple[int, str, float]] = []
        start = loop.time()
        for id in {id for pair in pairs for id in pair}:
            network.join(id, lambda message: arrived.append((message.id, message.dest, loop.time() - start)))
        if "groups" in options:
            network.partition(options["groups"])
        for src, dest in pairs:
            network.send(src, dest, {"type": "hello"})
        await asyncio.sleep(20 * latency + 0.01)
        return arrived, network

    return asyncio.run(scene())


def test_clients_have_no_latency_and_nodes_have() -> None:
    arrived, _ = deliveries("constant", 0.02, [("n0", "n1"), ("c1", "n0"), ("n0", "c1"), ("n0", "lin-kv")])
    assert [id for id, _, _ in arrived] == [1, 2, 0, 3]
    assert all(taken >= 0.02 for id, _, taken in arrived if id in (0, 3))


@pytest.mark.parametrize("distribution", ["uniform", "exponential"])
def test_random_latency_reorders_messages(distribution: str) -> None:
    arrived, _ = deliveries(distribution, 0.01, [("n0", "n1")] * 20)
    ids = [id for id, _, _ in arrived]
    assert sorted(ids) == list(range(20)) != ids


def test_a_partition_parts_nodes_but_neither_clients_nor_services() -> None:
    pairs = [("n0", "n1"), ("n0", "n2"), ("n2", "n1"), ("c1", "n2"), ("n2", "c1"), ("n2", "lin-kv"), ("lin-kv", "n2")]
    arrived, network = deliveries("constant", 0.0, pairs, groups=[["n0", "n1"], ["n2"]])
    assert [id for id, _, _ in arrived] == [0, 3, 4, 5, 6]
    assert network.dropped == 2
    assert (network.everything.sent, network.clients.sent, network.servers.sent) == (7, 2, 5)


@given(st.integers(2, 9), st.integers())
def test_every_partition_leaves_somebody_out(count: int, seed: int) -> None:
    nodes = [f"n{number}" for number in range(count)]
    kind, parts = groups(nodes, random.Random(seed))
    assert {node for part in parts for node in part} == set(nodes)
    reach = {node: {other for part in parts if node in part for other in part} for node in nodes}
    assert any(len(reached) < count for reached in reach.values())
    if kind == "overlapping majorities":
        assert all(len(reached) > count / 2 for reached in reach.values())
        assert len({frozenset(reached) for reached in reach.values()}) == count


def test_options_that_make_no_sense_are_refused() -> None:
    assert parse_concurrency("2n", 5) == 10 and parse_concurrency("7", 5) == 7
    assert parse_availability("total") == 1.0 and parse_availability("0.5") == 0.5
    for parse in (lambda: parse_concurrency("n", 5), lambda: parse_concurrency("0", 5), lambda: check_models(["x"])):
        with pytest.raises(LabkitError):
            parse()
    for text in ("-1", "2", "most"):
        with pytest.raises(LabkitError):
            parse_availability(text)
