"""Single-decree Paxos as a register, as Stateright's example `paxos` models it, and its clients.

Three servers; a client puts its value at one server and, once that is answered, gets from the next. What is counted as
a state: the attributes of all nodes, the multiset of messages under way, and what a linearizability checker has to know
of the history (for each client its operations, their results, and how many of the others' operations each had seen).
A delivery that changes nothing and sends nothing is no step; its message stays under way.
"""

from functools import partial

from labkit import Cluster, Message, Node, on
from labkit.explore.observing import Clients

Ballot = tuple[int, str]
Proposal = tuple[str, str]  # client, value


class Put(Message):
    value: str


class PutOk(Message):
    pass


class Get(Message):
    pass


class GetOk(Message):
    value: str


class Prepare(Message):
    ballot: Ballot


class Prepared(Message):
    ballot: Ballot
    accepted: tuple[Ballot, Proposal] | None


class Accept(Message):
    ballot: Ballot
    proposal: Proposal


class Accepted(Message):
    ballot: Ballot


class Decided(Message):
    ballot: Ballot
    proposal: Proposal


class Server(Node):
    def start(self):
        self.ballot = (0, "")
        self.proposal = None  # the leader's
        self.prepares = {}
        self.accepts = set()
        self.accepted = None  # the acceptor's: (ballot, proposal)
        self.decided = False
        self.servers = [id for id in self.peers if id.startswith("s")]

    def majority(self):
        return (len(self.servers) + 1) // 2 + 1

    def tell(self, msg):
        for server in self.servers:
            self.send(server, msg)

    @on(Put)
    def put(self, msg, sender):
        if not self.decided and self.proposal is None:
            self.proposal = (sender, msg.value)
            self.ballot = (self.ballot[0] + 1, self.id)
            self.prepares = {self.id: self.accepted}
            self.accepts = set()
            self.tell(Prepare(ballot=self.ballot))

    @on(Get)
    def get(self, msg, sender):
        if self.decided:
            self.send(sender, GetOk(value=self.accepted[1][1]))

    @on(Prepare)
    def prepare(self, msg, sender):
        if not self.decided and self.ballot < msg.ballot:
            self.ballot = msg.ballot
            self.send(sender, Prepared(ballot=msg.ballot, accepted=self.accepted))

    @on(Prepared)
    def prepared(self, msg, sender):
        if not self.decided and msg.ballot == self.ballot:
            self.prepares[sender] = msg.accepted
            if len(self.prepares) == self.majority():
                before = [accepted for accepted in self.prepares.values() if accepted is not None]
                if before:
                    self.proposal = max(before)[1]
                self.accepted = (self.ballot, self.proposal)
                self.accepts.add(self.id)
                self.tell(Accept(ballot=self.ballot, proposal=self.proposal))

    @on(Accept)
    def accept(self, msg, sender):
        if not self.decided and self.ballot <= msg.ballot:
            self.ballot = msg.ballot
            self.accepted = (msg.ballot, msg.proposal)
            self.send(sender, Accepted(ballot=msg.ballot))

    @on(Accepted)
    def on_accepted(self, msg, sender):
        if not self.decided and msg.ballot == self.ballot:
            self.accepts.add(sender)
            if len(self.accepts) == self.majority():
                self.decided = True
                self.tell(Decided(ballot=self.ballot, proposal=self.proposal))
                self.send(self.proposal[0], PutOk())

    @on(Decided)
    def on_decided(self, msg, sender):
        if not self.decided:
            self.ballot, self.accepted, self.decided = msg.ballot, (msg.ballot, msg.proposal), True


class Client(Node):
    def start(self):
        self.number = int(self.id[1:]) - 1
        self.servers = [id for id in self.peers if id.startswith("s")]
        self.waits, self.got = "put", None
        first = (self.number + len(self.servers)) % len(self.servers)
        self.next = self.servers[(first + 1) % len(self.servers)]
        self.send(self.servers[first], Put(value=chr(ord("A") + self.number)))

    @on(PutOk)
    def put_ok(self, msg, sender):
        if self.waits == "put":
            self.waits = "get"
            self.send(self.next, Get())

    @on(GetOk)
    def get_ok(self, msg, sender):
        if self.waits == "get":
            self.waits, self.got = None, msg.value


def make(clients, server=Server):
    """What makes a cluster of three servers and so many clients."""
    servers = {f"s{number}": server for number in (1, 2, 3)}
    users = {f"c{number}": Client for number in range(1, clients + 1)}
    return partial(Cluster, nodes=servers | users)


def history(clients):
    """The observer that judges whether the clients' history is linearizable."""
    return Clients(
        tuple(f"c{number}" for number in range(1, clients + 1)),
        {Put: lambda msg: ("write", msg.value), Get: lambda msg: ("read", None)},
        {PutOk: lambda msg: True, GetOk: lambda msg: msg.value},
        "register",
    )


def got_something(moment):
    """Some client has read a value."""
    return any(node.get("got") for node in moment.state.values())
