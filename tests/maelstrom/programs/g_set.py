#!/usr/bin/env python3
"""A set that gossips all it has. Wrong: "alone" never gossips; "twice" returns elements more than once."""

import sys

import stranger

bug = sys.argv[1] if len(sys.argv) > 1 else ""
elements = set()


@stranger.on("add")
def add(message, body):
    elements.add(body["element"])
    stranger.reply(message, {"type": "add_ok"})


@stranger.on("merge")
def merge(message, body):
    elements.update(body["elements"])


@stranger.on("read")
def read(message, body):
    value = sorted(elements)
    stranger.reply(message, {"type": "read_ok", "value": value + value[:1] if bug == "twice" else value})


def gossip():
    for node in stranger.others():
        stranger.send(node, {"type": "merge", "elements": sorted(elements)})


stranger.run(lambda: stranger.every(0.1, gossip) if bug != "alone" else None)
