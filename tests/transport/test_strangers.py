"""What comes from strangers: no bytes harm a node, and each refusal says why."""

import asyncio
import logging
import struct

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.transport.frames import VERSION, Hello, framed, greeting
from tests.transport.players import Player, Sink, make, run, until


async def speak(address, data, hang_up=True):
    """What a node answers to these bytes, until it closes the connection."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(data)
    if hang_up:
        writer.write_eof()
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


HELLO = greeting(Hello(VERSION, "c1", "n1"))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "a frame of 1,195,725,856 bytes came"),
        (framed(b"\x01"), "its first frame is no greeting"),
        (greeting(Hello(99, "c1", "n1")), "speaks version 99"),
        (greeting(Hello(VERSION, "", "n1")), "it gave no proper id"),
        (greeting(Hello(VERSION, "n1", "n1")), "it calls itself n1, as this node"),
        (HELLO + struct.pack(">I", 1 << 30), "a frame of 1,073,741,824 bytes came"),
        (HELLO + framed(b"rubbish"), "a frame came that is no packet"),
        (HELLO + framed(msgspec.msgpack.encode([1, None, None, 5])), "a packet came without a message"),
    ],
)
def test_what_is_not_the_protocol_ends_the_connection_with_a_reason(data, why, caplog):
    async def scenario():
        node = make(Sink, "n1")
        node.start()
        caplog.set_level(logging.INFO)
        await speak(node.address, data, hang_up=False)
        await until(lambda: why in caplog.text)
        assert node.host.process is not None
        await node.close()

    run(scenario)


def test_who_says_nothing_is_not_waited_for(caplog, monkeypatch):
    monkeypatch.setattr("labkit.transport.tcp.PATIENCE", 0.05)

    async def scenario():
        node = make(Sink, "n1")
        node.start()
        assert await speak(node.address, b"", hang_up=False) == b""
        await until(lambda: "no greeting came in 0.05 s" in caplog.text)
        await node.close()

    run(scenario)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.binary(max_size=40).map(framed)
        | st.recursive(
            st.none() | st.integers(-9, 9) | st.text(max_size=3),
            lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["$", "n", "Ping"]), inner),
        ).map(lambda value: framed(msgspec.msgpack.encode(value)))
        | st.just(HELLO),
        max_size=5,
    )
)
def test_no_bytes_crash_or_hang_a_node(pieces):
    async def scenario():
        node = make(Player, "n2")
        node.start()
        await speak(node.address, b"".join(pieces))
        await speak(node.address, greeting(Hello(VERSION, "c1", "")) + b"".join(pieces))
        assert node.host.process is not None, node.host.process
        await node.close()

    logging.disable(logging.CRITICAL)
    try:
        run(scenario, collect=False)
    finally:
        logging.disable(logging.NOTSET)
