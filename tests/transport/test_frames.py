"""Frames and the messages in them."""

import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import LabkitError, Message
from labkit.transport.frames import Codec, FrameError, Splitter, Unreadable, framed
from tests.transport.players import Ping, Player, Secret


@given(st.lists(st.binary(max_size=50), max_size=8), st.data())
def test_frames_are_cut_the_same_however_they_arrive(bodies, data):
    stream, splitter, got = b"".join(framed(body) for body in bodies), Splitter(50), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        got += splitter.split(stream[:size])
        stream = stream[size:]
    assert got == bodies


def test_a_frame_above_the_limit_is_refused_by_its_header_alone():
    with pytest.raises(FrameError, match="a frame of 51 bytes"):
        list(Splitter(50).split(struct.pack(">I", 51)))
    splitter = Splitter(50)
    assert list(splitter.split(b"\x00\x00")) == []
    with pytest.raises(FrameError, match="a frame of 51 bytes"):
        list(splitter.split(b"\x00\x33"))


def test_messages_are_found_by_their_name_and_kept_apart():
    codec = Codec(Player._handlers, __name__)
    for message in (Ping(n=1, load=b"x"), Secret(n=3), Ping(n=2)):
        assert codec.decode(codec.encode(7, None, 1 << 33, message)[4:]) == (7, None, 1 << 33, message)
    with pytest.raises(Unreadable, match="not a Ping as it is declared here"):
        codec.decode(msgspec.msgpack.encode([7, None, None, {"$": "Ping", "n": "one"}]))
    double = type("Ping", (Message,), {"__annotations__": {"other": int}, "__module__": "elsewhere"})
    with pytest.raises(LabkitError, match="two messages called Ping"):
        Codec([Ping, double], __name__)
