#!/usr/bin/env python3
"""Transactions over one value in lin-kv that holds everything, changed by compare-and-set.

Serves both workloads: "append" adds to a list, "w" writes a register. Wrong: "local" keeps a database on each node;
"torn" applies a transaction in two halves, so that others see the middle; "aborted" shows what it then takes back.
"""

import json
import sys

import stranger

bug = sys.argv[1] if len(sys.argv) > 1 else ""
local = {}
count = 0


def apply(database, steps):
    done = []
    for f, key, value in steps:
        name = json.dumps(key)
        if f == "r":
            done.append([f, key, database.get(name)])
            continue
        done.append([f, key, value])
        database[name] = [*database.get(name, []), value] if f == "append" else value
    return done


def transact(steps, finished):
    """Read everything, change it, and put it back if nobody else has meanwhile."""

    def got(answer):
        before = answer.get("value", {})
        after = dict(before)
        done = apply(after, steps)

        def swapped(answer):
            if answer["type"] == "cas_ok":
                finished(done)
            else:
                transact(steps, finished)

        request = {"type": "cas", "key": "all", "from": before, "to": after, "create_if_not_exists": True}
        stranger.rpc("lin-kv", request, swapped)

    stranger.rpc("lin-kv", {"type": "read", "key": "all"}, got)


@stranger.on("txn")
def txn(message, body):
    global count
    count += 1
    steps = body["txn"]

    def answer(done):
        stranger.reply(message, {"type": "txn_ok", "txn": done})

    if bug == "local":
        answer(apply(local, steps))
    elif bug == "torn" and len(steps) > 1:
        half = len(steps) // 2
        transact(steps[:half], lambda first: transact(steps[half:], lambda second: answer(first + second)))
    elif bug == "aborted" and count % 4 == 0:
        transact(steps, lambda done: stranger.fail(message, 30, "sorry"))
    else:
        transact(steps, answer)


stranger.run()
