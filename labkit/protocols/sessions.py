"""What clients ask of a replicated key-value store, and the store itself with its client sessions.

Diego Ongaro, "Consensus: Bridging Theory and Practice", PhD thesis, Stanford 2014, section 6.3: a client that got no
answer asks again, so a command may reach the state machine twice. Each client gives its commands serial numbers, and
the state machine keeps, for each client, the last one that it applied and what it answered. (The thesis lets the store
hand out the clients' identifiers, and expires old ones; here a client is known by its id.)
"""

from labkit import Message


class Get(Message):
    """Read a key. It changes nothing, so it needs no serial number."""

    key: str


class Put(Message):
    """Write a key. `serial`: the client's own count of its commands; asked again, a command has the same number."""

    key: str
    value: str | int | None
    serial: int | None = None


class Append(Message):
    """Add an element to the list that a key holds."""

    key: str
    value: str | int | None
    serial: int | None = None


class Cas(Message):
    """Compare and set: write `new` if the key holds `old`."""

    key: str
    old: str | int | None
    new: str | int | None
    serial: int | None = None


class Value(Message):
    """The answer to a Get."""

    value: str | int | list[str | int | None] | None


class Done(Message):
    """The answer to a command: `ok` is False if a comparison failed."""

    result: bool = True


class Refused(Message):
    """The command was not taken; `leader`: whom to ask instead, if that is known."""

    leader: str | None = None


Command = Get | Put | Append | Cas
Answer = Value | Done


def execute(store: dict, command: Command) -> Answer:
    """The state machine: apply one command to the store, and say what comes back."""
    match command:
        case Get(key):
            return Value(value=store.get(key))
        case Put(key, value):
            store[key] = value
        case Append(key, value):
            store[key] = [*(store.get(key) or []), value]
        case Cas(key, old, new):
            if store.get(key) != old:
                return Done(result=False)
            store[key] = new
    return Done()


def execute_once(store: dict, sessions: dict, client: str, command: Command) -> Answer:
    """Thesis, Figure 6.1: if the client's session has this serial number already, give the old answer and do
    nothing."""
    serial = getattr(command, "serial", None)
    if serial is None:
        return execute(store, command)
    last, answer = sessions.get(client, (0, Done()))
    if serial > last:
        answer = execute(store, command)
        sessions[client] = (serial, answer)
    return answer
