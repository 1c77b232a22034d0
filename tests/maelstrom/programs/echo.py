#!/usr/bin/env python3
import json
import sys

me = None
for line in sys.stdin:
    message = json.loads(line)
    body = message["body"]
    if body["type"] == "init":
        me, answer = body["node_id"], {"type": "init_ok"}
    else:
        answer = {**body, "type": "echo_ok"}
    answer["in_reply_to"] = body["msg_id"]
    print("got", line.strip(), file=sys.stderr)
    print(json.dumps({"src": me, "dest": message["src"], "body": answer}), flush=True)
