#!/usr/bin/env python3
"""A key-value store that passes requests on to the service lin-kv.

Wrong: "stale" reads from seq-kv; "local" keeps the values of each node to itself.
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
    service = "seq-kv" if bug == "stale" else "lin-kv"
    request = {name: value for name, value in body.items() if name != "msg_id"}

    def passed(answer):
        stranger.reply(
            message, {name: value for name, value in answer.items() if name not in ("in_reply_to", "msg_id")}
        )

    stranger.rpc(service, request, passed)


for kind in ("read", "write", "cas"):
    stranger.on(kind)(pass_on)

stranger.run()
