"""Customers of an exercise's cluster: they speak to the student's nodes in the student's own messages."""

from __future__ import annotations

from typing import Any

import msgspec

from labkit.cluster import Cluster
from labkit.message import Message

_made: dict[tuple[str, ...], type[Message]] = {}


def request(cluster: Cluster, name: str, **fields: Any) -> Message:
    """A message of the class `name` that the cluster's nodes handle; where nodes run elsewhere, of one like it.

    A notebook defines its messages itself, so a course cannot name their classes.
    """
    for node in cluster.nodes.values():
        for kind in getattr(type(node), "_handlers", ()):
            if kind.__name__ == name and set(kind.__struct_fields__) == set(fields):
                return kind(**fields)  # type: ignore[no-any-return]
    key = (name, *fields)
    if key not in _made:
        declared = [(field, Any) for field in fields]
        made: Any = msgspec.defstruct(name, declared, bases=(Message,), module="__main__", frozen=True)
        _made[key] = made
    return _made[key](**fields)
