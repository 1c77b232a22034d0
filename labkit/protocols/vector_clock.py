"""Vector clocks: timestamps that tell exactly which events happened before which.

Colin Fidge, "Timestamps in Message-Passing Systems That Preserve the Partial Ordering", 11th Australian Computer
Science Conference, 1988; Friedemann Mattern, "Virtual Time and Global States of Distributed Systems", 1989.
"""

from labkit import Message, Node, on


class Stamped(Message):
    """A message with the vector time of its sending."""

    vt: dict[str, int]
    text: str


def at_most(one, other):
    """Mattern: u <= v iff u[i] <= v[i] for all i. An entry that is missing is 0."""
    return all(count <= other.get(process, 0) for process, count in one.items())


def before(one, other):
    """u < v iff u <= v and u != v: then, and only then, the event with u happened before the one with v."""
    return at_most(one, other) and not at_most(other, one)


def concurrent(one, other):
    """u || v iff neither u < v nor v < u: neither event can have influenced the other."""
    return not at_most(one, other) and not at_most(other, one)


def supremum(one, other):
    """Mattern: sup(u, v)[i] = max(u[i], v[i])."""
    return {process: max(one.get(process, 0), other.get(process, 0)) for process in sorted({*one, *other})}


class Process(Node):
    """A process with a vector clock, `vt`: `vt[p]` is how many events of p it can know of. Subclass it, and say what it
    does in `started` and `received`."""

    def start(self):
        """Initially all clocks are zero."""
        self.vt = dict.fromkeys(sorted([self.id, *self.peers]), 0)
        self.started()

    def tick(self):
        """At each event, the process's own entry is incremented."""
        self.vt = self.vt | {self.id: self.vt[self.id] + 1}

    def post(self, to, text):
        """Each message carries the vector time of its sending."""
        self.tick()
        self.send(to, Stamped(vt=self.vt, text=text))

    @on(Stamped)
    def take(self, msg, sender):
        """On receiving, the clock becomes the supremum of both, and the receipt is an event of its own."""
        self.vt = supremum(self.vt, msg.vt)
        self.tick()
        self.received(msg, sender)

    def started(self):
        """What the process does at boot."""

    def received(self, msg, sender):
        """What the process does with a message."""
