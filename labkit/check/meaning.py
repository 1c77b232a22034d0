"""What the requests of a student's clients mean in the terms of a history.

`History.of(cluster)` needs to know that `Put(key="x", value=1)` is a put. By default that is told by names: the class
`Put` is the operation "put", its fields `key` and `value` are what they say, and the reply's `value` is what was read.
For other names, say it yourself, in a function that gets the request and the reply (None if no answer came)::

    def meaning(request, reply):
        match request:
            case Deposit(account, amount):
                return {"f": "add", "key": account, "value": amount}
            case Balance(account):
                return {"f": "read", "key": account, "result": reply and reply.amount}

    History.of(cluster, meaning)

`result` is what came back, and matters only if a reply did. `"type": "fail"` says that the reply means that it did not
happen (the node refused); None leaves the request out of the history.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from labkit.engine.values import plain
from labkit.errors import LabkitError
from labkit.message import Error

INDEFINITE = (0, 13)  # errors that leave open whether it happened
Meaning = Callable[[Any, Any], dict[str, Any] | None]

_SAME = {"compare_and_set": "cas", "compare_and_swap": "cas", "transaction": "txn", "remove": "delete", "set": "write"}
_OLD, _NEW = ("old", "expected", "expect"), ("new", "desired", "value")
_VALUE = ("value", "element", "item", "txn", "ops")
_RESULT = ("result", "value", "ok", "success", "txn", "element", "item", "values")
_NO_RESULT = frozenset({"write", "put", "append", "add", "delete", "enqueue", "release"})


def by_name(request: Any, reply: Any) -> dict[str, Any]:
    """Reads the meaning off the class and the fields: `Get(key)`, `Put(key, value)`, `Cas(key, old, new)`,
    `Enqueue(value)`, `Acquire(owner)`, …, also as `GetRequest` or `CompareAndSet`.

    What came back is the reply's field `result`, `value` or `ok`, or its only one. A reply of a class that is named
    `Fail…`, `Refused…` or `Rejected…`, and an `ok=False` to a write, mean that it did not happen; so does an `Error`,
    but one of code 0 or 13 leaves that open. Raises LabkitError where the fields do not tell.
    """
    fields = plain(request)
    if not isinstance(fields, dict) or "$" not in fields:
        raise LabkitError(f"{request!r} is not a message: a history is made of the requests of clients")
    name = fields.pop("$")
    f = re.sub(r"(?<!^)(?=[A-Z])", "_", re.sub(r"(Request|Req|Msg)$", "", name) or name).lower()
    said: dict[str, Any] = {"f": _SAME.get(f, f)}
    if "key" in fields:
        said["key"] = fields.pop("key")
    said["value"] = _argument(said["f"], fields, name)
    if reply is None:
        return said
    if isinstance(reply, Error):
        return said | {"type": "info" if reply.code in INDEFINITE else "fail"}
    answer = plain(reply)
    kind = answer.pop("$") if isinstance(answer, dict) and "$" in answer else ""
    if re.match("Fail|Refuse|Reject", kind):
        return said | {"type": "fail"}
    result = _result(said["f"], answer, name, kind)
    if said["f"] not in _NO_RESULT:
        return said | {"result": result}
    return said | {"type": "fail"} if result is False else said


def _argument(f: str, fields: dict[str, Any], name: str) -> Any:
    if f == "cas":
        old = next((fields[field] for field in _OLD if field in fields), None)
        new = next((fields[field] for field in _NEW if field in fields), None)
        if any(field in fields for field in _OLD) and any(field in fields for field in _NEW):
            return [old, new]
        raise LabkitError(f"{name}({', '.join(fields)}): name the fields of a compare-and-set old and new, {_OR}")
    for field in _VALUE:
        if field in fields:
            return fields[field]
    if len(fields) > 1:
        raise LabkitError(f"{name}({', '.join(fields)}): which field is the value? Name it `value`, {_OR}")
    return next(iter(fields.values()), None)


def _result(f: str, answer: Any, name: str, kind: str) -> Any:
    if not isinstance(answer, dict):
        return answer
    for field in _RESULT:
        if field in answer and not (f in _NO_RESULT and field not in ("result", "ok", "success")):
            return answer[field]
    if len(answer) == 1 and f not in _NO_RESULT:
        return next(iter(answer.values()))
    if answer and f not in _NO_RESULT:
        raise LabkitError(f"{kind}({', '.join(answer)}) answers {name}: which field is the result? "
                          f"Name it `value` or `result`, {_OR}")  # fmt: skip
    return True if f in ("cas", "acquire") else None


_OR = "or pass History.of(cluster, meaning) a function that says it (see labkit.check.meaning)"
