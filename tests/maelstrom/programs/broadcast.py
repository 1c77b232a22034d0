#!/usr/bin/env python3
"""Broadcast that tells its neighbours again until they have acknowledged.

Wrong: "once" tells them once, so that a partition loses what it said; "deaf" acknowledges some messages and forgets
them.
"""

import sys

import stranger

bug = sys.argv[1] if len(sys.argv) > 1 else ""
seen, neighbours = [], []
owed = {}  # neighbour -> messages that it has not acknowledged


def learn(value, source):
    if value in seen or (bug == "deaf" and value % 3 == 1):
        return
    seen.append(value)
    for node in neighbours:
        if node != source:
            owed.setdefault(node, []).append(value)
            tell(node, [value])


def tell(node, values):
    def told(answer):
        owed[node] = [value for value in owed.get(node, []) if value not in values]

    stranger.rpc(node, {"type": "tell", "values": values}, told)


@stranger.on("topology")
def topology(message, body):
    neighbours[:] = body["topology"][stranger.me]
    stranger.reply(message, {"type": "topology_ok"})


@stranger.on("broadcast")
def broadcast(message, body):
    learn(body["message"], message["src"])
    stranger.reply(message, {"type": "broadcast_ok"})


@stranger.on("tell")
def heard(message, body):
    for value in body["values"]:
        learn(value, message["src"])
    stranger.reply(message, {"type": "tell_ok"})


@stranger.on("read")
def read(message, body):
    stranger.reply(message, {"type": "read_ok", "messages": seen})


def again():
    for node, values in owed.items():
        if values:
            tell(node, list(values))


stranger.run(lambda: stranger.every(0.2, again) if bug != "once" else None)
