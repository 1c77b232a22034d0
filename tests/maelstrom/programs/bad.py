#!/usr/bin/env python3
"""Programs that go wrong, each in its own way: the first argument says how."""

import json
import os
import subprocess
import sys
import time

how = sys.argv[1]
me = None
requests = 0


def say(dest, body):
    print(json.dumps({"src": me, "dest": dest, "body": body}), flush=True)


def log(text):
    print(text, file=sys.stderr, flush=True)


log(f"this is process {os.getpid()}, which goes wrong: {how}")
if how == "dies-at-once":
    raise RuntimeError("no luck today")
if how == "child-holds-pipes":
    log(f"and its child {subprocess.Popen(['sleep', '1000']).pid}")
if how == "deaf":
    time.sleep(1000)
for line in sys.stdin:
    message = json.loads(line)
    body = message["body"]
    if body["type"] == "init":
        me = body["node_id"]
        if how == "never-init":
            continue
        if how == "init-error":
            say(message["src"], {"type": "error", "code": 13, "text": "cannot", "in_reply_to": body["msg_id"]})
            continue
        if how == "init-without-reply-to":
            say(message["src"], {"type": "init_ok"})
            continue
        if how == "prints":
            print("starting up, please wait", flush=True)
        say(message["src"], {"type": "init_ok", "in_reply_to": body["msg_id"]})
        continue
    requests += 1
    answer = {"type": "echo_ok", "echo": body.get("echo"), "in_reply_to": body["msg_id"]}
    if how == "dies-later" and requests == 5:
        log("about to fail")
        raise ValueError("five is too many")
    if how == "killed-later" and requests == 5:
        os.kill(os.getpid(), 9)
    if how == "prints" and requests % 3 == 0:
        print("debug: echoing", body["echo"], flush=True)
    if how == "array":
        print("[1, 2, 3]", flush=True)
    if how == "no-body":
        print('{"src": "n0", "dest": "c1"}', flush=True)
    if how == "unknown-destination":
        say("n99", {"type": "hello"})
    if how == "forged":
        print(json.dumps({"src": "n77", "dest": "n0", "body": {"type": "hello"}}), flush=True)
    if how == "giant" and requests == 2:
        sys.stdout.write("x" * (20 << 20) + "\n")
    if how == "silent":
        continue
    if how == "wrong-type":
        answer["type"] = "echo"
    if how == "no-type":
        del answer["type"]
    if how == "no-echo":
        del answer["echo"]
    if how == "no-reply-to":
        del answer["in_reply_to"]
    if how == "refuses":
        answer = {"type": "error", "code": 11, "text": "not now", "in_reply_to": body["msg_id"]}
    if how == "crashes":
        answer = {"type": "error", "code": 13, "text": "who knows", "in_reply_to": body["msg_id"]}
    say(message["src"], answer)
