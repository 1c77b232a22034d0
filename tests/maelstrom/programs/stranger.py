"""What a stranger's node is built on: json, sys and threads, and nothing of labkit."""

import json
import sys
import threading
import time

lock = threading.RLock()  # held while a handler runs, and while a line is written
handlers = {}
awaited = {}  # msg_id -> callback
me, nodes = None, []
next_id = 0


def log(*words):
    print(*words, file=sys.stderr, flush=True)


def send(dest, body):
    with lock:
        sys.stdout.write(json.dumps({"src": me, "dest": dest, "body": body}) + "\n")
        sys.stdout.flush()


def reply(request, body):
    send(request["src"], {**body, "in_reply_to": request["body"]["msg_id"]})


def fail(request, code, text):
    reply(request, {"type": "error", "code": code, "text": text})


def rpc(dest, body, callback):
    """Send a request; the callback gets the answer's body."""
    global next_id
    with lock:
        next_id += 1
        awaited[next_id] = callback
        send(dest, {**body, "msg_id": next_id})


def on(kind):
    def mark(function):
        handlers[kind] = function
        return function

    return mark


def others():
    return [node for node in nodes if node != me]


def every(seconds, job):
    def beat():
        while True:
            time.sleep(seconds)
            with lock:
                job()

    threading.Thread(target=beat, daemon=True).start()


def run(started=lambda: None):
    global me, nodes
    for line in sys.stdin:
        message = json.loads(line)
        body = message["body"]
        with lock:
            if body["type"] == "init":
                me, nodes = body["node_id"], body["node_ids"]
                reply(message, {"type": "init_ok"})
                started()
            elif "in_reply_to" in body:
                callback = awaited.pop(body["in_reply_to"], None)
                if callback is not None:
                    callback(body)
            elif body["type"] in handlers:
                handlers[body["type"]](message, body)
            else:
                fail(message, 10, "no such thing here: " + body["type"])
