#!/usr/bin/env python3
"""Ids of node and counter. Wrong ("counter"): of the counter alone, so that two nodes give the same."""

import sys

import stranger

bug = sys.argv[1] if len(sys.argv) > 1 else ""
given = 0


@stranger.on("generate")
def generate(message, body):
    global given
    given += 1
    id = given if bug == "counter" else [stranger.me, given]
    stranger.reply(message, {"type": "generate_ok", "id": id})


stranger.run()
