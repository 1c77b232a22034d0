#!/usr/bin/env python3
"""Logs on one node; the other nodes pass everything on to it.

Wrong: "lossy" acknowledges some messages and forgets them; "reuse" gives some offsets out twice; "backwards" returns
the last messages of a poll in the wrong order; "holes" leaves some messages out of a poll, but not always.
"""

import sys

import stranger

bug = sys.argv[1] if len(sys.argv) > 1 else ""
logs, committed = {}, {}
polls = 0


def at_owner(handler):
    def handle(message, body):
        owner = stranger.nodes[0]
        if stranger.me == owner:
            handler(message, body)
            return

        def passed(answer):
            stranger.reply(message, {key: value for key, value in answer.items() if key != "in_reply_to"})

        stranger.rpc(owner, {key: value for key, value in body.items() if key != "msg_id"}, passed)

    return handle


@stranger.on("send")
@at_owner
def send(message, body):
    log = logs.setdefault(body["key"], [])
    offset = log[-1][0] + 1 if log else 0
    if bug == "reuse" and offset % 3 == 2:
        offset -= 1
    log.append([offset, body["msg"]])
    if bug == "lossy" and offset % 3 == 1:
        log[-1][1] = None
    stranger.reply(message, {"type": "send_ok", "offset": offset})


@stranger.on("poll")
@at_owner
def poll(message, body):
    global polls
    polls += 1
    msgs = {}
    for key, start in body["offsets"].items():
        found = [pair for pair in logs.get(key, []) if pair[0] >= start and pair[1] is not None]
        if bug == "backwards" and len(found) > 1:
            found[-2:] = found[:-3:-1]
        if bug == "holes" and polls % 3 == 0:
            found = found[:1] + found[2:]
        msgs[key] = found
    stranger.reply(message, {"type": "poll_ok", "msgs": msgs})


@stranger.on("commit_offsets")
@at_owner
def commit_offsets(message, body):
    for key, offset in body["offsets"].items():
        committed[key] = max(committed.get(key, -1), offset)
    stranger.reply(message, {"type": "commit_offsets_ok"})


@stranger.on("list_committed_offsets")
@at_owner
def list_committed_offsets(message, body):
    offsets = {key: committed[key] for key in body["keys"] if key in committed}
    stranger.reply(message, {"type": "list_committed_offsets_ok", "offsets": offsets})


stranger.run()
