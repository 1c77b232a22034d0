"""ABD: a register that many read and write, on servers some of which crash.

Hagit Attiya, Amotz Bar-Noy and Danny Dolev, "Sharing Memory Robustly in Message-Passing Systems", Journal of the ACM
42(1), 1995. With many writers as in Nancy Lynch and Alexander Shvartsman, "Robust Emulation of Shared Memory Using
Dynamic Quorum-Acknowledged Broadcasts", FTCS 1997: a write first asks a majority for the highest tag, and a read writes
back what it is about to return.
"""

from labkit import Message, Node, on


class Read(Message):
    """A client reads a register."""

    key: str


class Write(Message):
    """A client writes a register."""

    key: str
    value: str


class Value(Message):
    """The answer to a read."""

    value: str | None


class Written(Message):
    """The answer to a write."""


class Query(Message):
    """First phase: which tag and value do you have? `operation` numbers what this node does for clients."""

    operation: int
    key: str


class Reported(Message):
    """The answer to a query."""

    operation: int
    tag: tuple[int, str]
    value: str | None


class Update(Message):
    """Second phase: take over this value, unless you have a later one."""

    operation: int
    key: str
    tag: tuple[int, str]
    value: str | None


class Stored(Message):
    """The answer to an update."""

    operation: int


class Register(Node):
    """A server: a replica of all registers, and for its own clients the one who asks the others.

    A tag (sequence number, id of the writer) says which of two values is the later one.
    """

    def start(self):
        """On boot: the replica is what was on stable storage. Operations of an earlier boot are over, and answers to
        them must not count for new ones: each boot numbers its own."""
        self.registers = dict(self.disk.get("registers", {}))  # key: (tag, value)
        self.disk["boots"] = self.disk.get("boots", 0) + 1
        self.operation = 1_000_000 * self.disk["boots"]
        self.pending = {}  # operation: what it is about, its phase, and who has answered
        self._waiting = {}

    def majority(self):
        """Any two majorities have a server in common: what one wrote, the other reads."""
        return (len(self.peers) + 1) // 2 + 1

    def stored(self, key):
        """The replica's own tag and value."""
        return self.registers.get(key, ((0, ""), None))

    def store(self, key, tag, value):
        """Take over a value if it is later than the own one. It is on stable storage before anybody is told."""
        if tag > self.stored(key)[0]:
            self.registers = self.registers | {key: (tag, value)}
            self.disk["registers"] = self.registers

    # --- the operations of clients: two phases each

    @on(Read)
    def read(self, msg, sender):
        """Read: query, and then write back the value with the highest tag, so that no later read sees an older one."""
        return self.query(msg.key, "read", None)

    @on(Write)
    def write(self, msg, sender):
        """Write: query, and then store the new value under a tag above all others."""
        return self.query(msg.key, "write", msg.value)

    def query(self, key, kind, value):
        """First phase, for reads and writes alike: ask all, and wait for a majority (oneself counts)."""
        self.operation += 1
        self._waiting[self.operation] = later = self.later()
        tag, own = self.stored(key)
        self.pending[self.operation] = {
            "kind": kind,
            "key": key,
            "value": value,
            "phase": "query",
            "answers": {self.id: (tag, own)},
        }
        self.broadcast(Query(operation=self.operation, key=key))
        self.go_on(self.operation)
        return later

    @on(Query)
    def report(self, msg, sender):
        tag, value = self.stored(msg.key)
        return Reported(operation=msg.operation, tag=tag, value=value)

    @on(Reported)
    def reported(self, msg, sender):
        """An answer to a query counts as long as the operation is in its first phase."""
        operation = self.pending.get(msg.operation)
        if operation is not None and operation["phase"] == "query":
            operation["answers"][sender] = (msg.tag, msg.value)
            self.go_on(msg.operation)

    def update(self, number, tag, value):
        """Second phase: let a majority store the value."""
        operation = self.pending[number]
        operation["phase"], operation["value"], operation["answers"] = "update", value, {self.id: (tag, value)}
        self.store(operation["key"], tag, value)
        self.broadcast(Update(operation=number, key=operation["key"], tag=tag, value=value))
        self.go_on(number)

    @on(Update)
    def take_over(self, msg, sender):
        self.store(msg.key, msg.tag, msg.value)
        return Stored(operation=msg.operation)

    @on(Stored)
    def updated(self, msg, sender):
        operation = self.pending.get(msg.operation)
        if operation is not None and operation["phase"] == "update":
            operation["answers"][sender] = None
            self.go_on(msg.operation)

    def go_on(self, number):
        """With the answers of a majority, the phase is over."""
        operation = self.pending[number]
        if len(operation["answers"]) < self.majority():
            return
        if operation["phase"] == "update":
            self.complete(number)
        elif operation["kind"] == "read":
            self.update(number, *self.latest(operation))
        else:
            self.update(number, self.new_tag(operation), operation["value"])

    def latest(self, operation):
        """The value with the highest tag that the majority reported."""
        return max(operation["answers"].values(), key=lambda answer: answer[0])

    def new_tag(self, operation):
        """Above the highest that the majority reported, and above all that this server has given out: what it has given
        out, it has stored."""
        highest = max(self.latest(operation)[0], self.stored(operation["key"])[0])
        return (highest[0] + 1, self.id)

    def complete(self, number):
        """Answer the client."""
        operation = self.pending.pop(number)
        read = operation["kind"] == "read"
        self.answer(self._waiting.pop(number), Value(value=operation["value"]) if read else Written())
