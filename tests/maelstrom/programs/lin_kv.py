#!/usr/bin/env python3
"""A key-value store that passes requests on to the service lin-kv.

Wrong: "stale" answers reads for ever with what it read first; "local" keeps the values of each node to itself.
"""

import sys

import stranger

bug = sys.argv[1] if len(sys.argv) > 1 else ""
values = {}


def locally(message, body):
    key = body["key"]
    if body["type"] == "write":
        values[key] = body["value"]
        stranger.reply(message, {"type": "write_ok"})
    elif key not in values:
        stranger.fail(message, 20, "not found")
    elif body["type"] == "read":
        stranger.reply(message, {"type": "read_ok", "value": values[key]})
    elif values[key] != body["from"]:
        stranger.fail(message, 22, "not what was expected")
    else:
        values[key] = body["to"]
        stranger.reply(message, {"type": "cas_ok"})


def pass_on(message, body):
    if bug == "local":
        locally(message, body)
        return
    if bug == "stale" and body["type"] == "read" and body["key"] in values:
        stranger.reply(message, {"type": "read_ok", "value": values[body["key"]]})
        return
    request = {name: value for name, value in body.items() if name != "msg_id"}

    def passed(answer):
        if answer["type"] == "read_ok":
            values[body["key"]] = answer["value"]
        stranger.reply(
            message, {name: value for name, value in answer.items() if name not in ("in_reply_to", "msg_id")}
        )

    stranger.rpc("lin-kv", request, passed)


for kind in ("read", "write", "cas"):
    stranger.on(kind)(pass_on)

stranger.run()
