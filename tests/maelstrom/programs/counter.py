#!/usr/bin/env python3
"""A PN-counter: two tallies for each node, merged by maximum. Wrong ("maximum"): one total, merged by maximum."""

import sys

import stranger

bug = sys.argv[1] if len(sys.argv) > 1 else ""
up, down = {}, {}
total = 0


@stranger.on("add")
def add(message, body):
    global total
    tally = up if body["delta"] >= 0 else down
    tally[stranger.me] = tally.get(stranger.me, 0) + abs(body["delta"])
    total += body["delta"]
    stranger.reply(message, {"type": "add_ok"})


@stranger.on("merge")
def merge(message, body):
    global total
    total = max(total, body["total"])
    for tally, theirs in ((up, body["up"]), (down, body["down"])):
        for node, value in theirs.items():
            tally[node] = max(tally.get(node, 0), value)


@stranger.on("read")
def read(message, body):
    value = total if bug == "maximum" else sum(up.values()) - sum(down.values())
    stranger.reply(message, {"type": "read_ok", "value": value})


def gossip():
    for node in stranger.others():
        stranger.send(node, {"type": "merge", "up": up, "down": down, "total": total})


stranger.run(lambda: stranger.every(0.1, gossip))
