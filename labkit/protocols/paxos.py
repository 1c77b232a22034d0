"""Paxos: agreement on a single value.

Leslie Lamport, "Paxos Made Simple", ACM SIGACT News 32(4), 2001. Section 2.2 (choosing a value), 2.3 (learning a chosen
value), 2.4 (progress) and 2.5 (the implementation): every node is a proposer, an acceptor and a learner, and a node's
messages to itself are messages like all others.
"""

from labkit import Message, Node, on


class Propose(Message):
    """A client proposes a value. The answer tells which value was chosen, maybe another one."""

    value: str


class Chosen(Message):
    """The value that was chosen."""

    value: str


class Prepare(Message):
    """Phase 1a: a proposer asks for a promise not to accept any more proposals numbered less than `n`."""

    n: int


class Promise(Message):
    """Phase 1b: the promise, with the highest-numbered proposal that the acceptor has accepted (number 0: none)."""

    n: int
    accepted_n: int
    accepted_value: str | None


class Accept(Message):
    """Phase 2a: a proposer asks to accept a proposal, which is a number and a value."""

    n: int
    value: str


class Accepted(Message):
    """Phase 2b: an acceptor tells the learners what it accepted."""

    n: int
    value: str


class Paxos(Node):
    """A process that proposes, accepts and learns."""

    PATIENCE = (0.1, 0.3)  # seconds until a proposer tries again; random, lest two outbid each other for ever (2.4)

    def start(self):
        """On boot: an acceptor keeps its promise and what it accepted, a proposer the highest number it has tried
        (section 2.5: all are on stable storage)."""
        self.promised = self.disk.get("promised", 0)
        self.accepted_n, self.accepted_value = self.disk.get("accepted", (0, None))
        self.tried = self.disk.get("tried", 0)
        self.phase = None  # of this node's own proposal: None, 1 or 2
        self.wish = None  # what its client wants
        self.promises = {}
        self.acceptors = {}  # of each proposal, who accepted it
        self.chosen = None
        self._waiting = []
        self.retry_timer = None

    def majority(self):
        """Section 2.1: any two majorities have an acceptor in common."""
        return (len(self.peers) + 1) // 2 + 1

    def send_to_all(self, msg):
        """To all acceptors, or all learners: this node is one of them."""
        self.broadcast(msg)
        self.send(self.id, msg)

    # --- the proposer

    @on(Propose)
    def client_proposes(self, msg, sender):
        """Answer at once if this node has learned what was chosen; else make it so that something is."""
        if self.chosen is not None:
            return Chosen(value=self.chosen)
        self._waiting = [*self._waiting, later := self.later()]
        if self.phase is None:
            self.wish = msg.value
            self.prepare()
        return later

    def next_number(self):
        """Section 2.5: "different proposers choose their numbers from disjoint sets of numbers", and each remembers the
        highest one it has tried."""
        everyone = sorted([*self.peers, self.id])
        round = max(self.tried, self.promised) // len(everyone) + 1
        return round * len(everyone) + everyone.index(self.id)

    def prepare(self):
        """Phase 1a: "A proposer selects a proposal number n and sends a prepare request with number n to a majority of
        acceptors". It goes to all: whoever answers is part of the majority."""
        self.tried = self.disk["tried"] = self.next_number()
        self.phase, self.promises = 1, {}
        self.send_to_all(Prepare(n=self.tried))
        self.retry_timer = self.after(self.random.uniform(*self.PATIENCE), self.try_again)

    def try_again(self):
        """Section 2.4: progress needs a proposer that tries again with a greater number."""
        if self.chosen is None:
            self.prepare()

    @on(Promise)
    def promise(self, msg, sender):
        """Phase 2a: with promises from a majority, ask them to accept "a proposal numbered n with value v, where v is
        the value of the highest-numbered proposal among the responses", or the proposer's own if there is none."""
        if self.phase != 1 or msg.n != self.tried:
            return
        self.promises = self.promises | {sender: (msg.accepted_n, msg.accepted_value)}
        if len(self.promises) >= self.majority():
            self.phase = 2
            self.send_to_all(Accept(n=self.tried, value=self.value_to_propose()))

    def value_to_propose(self):
        """Property P2c: the value of the highest-numbered proposal that the majority has accepted; any, if none."""
        n, value = max(self.promises.values(), key=lambda proposal: proposal[0])
        return value if n else self.wish

    # --- the acceptor

    @on(Prepare)
    def prepare_request(self, msg, sender):
        """Phase 1b: "If an acceptor receives a prepare request with number n greater than that of any prepare request
        to which it has already responded, then it responds" with a promise, and what it has accepted."""
        if msg.n <= self.promised:
            return None
        self.promised = self.disk["promised"] = msg.n
        return Promise(n=msg.n, accepted_n=self.accepted_n, accepted_value=self.accepted_value)

    @on(Accept)
    def accept_request(self, msg, sender):
        """Phase 2b: "it accepts the proposal unless it has already responded to a prepare request having a number
        greater than n". An acceptance is on stable storage before anybody hears of it (section 2.5)."""
        if msg.n < self.promised:
            return
        self.promised = self.disk["promised"] = msg.n
        self.accepted_n, self.accepted_value = self.disk["accepted"] = msg.n, msg.value
        self.send_to_all(Accepted(n=msg.n, value=msg.value))

    # --- the learner

    @on(Accepted)
    def learn(self, msg, sender):
        """Section 2.3: a value is chosen once a majority of acceptors has accepted one proposal with it."""
        if self.chosen is not None:
            return
        self.acceptors = self.acceptors | {msg.n: self.acceptors.get(msg.n, set()) | {sender}}
        if len(self.acceptors[msg.n]) >= self.majority():
            self.chosen = msg.value
            for later in self._waiting:
                self.answer(later, Chosen(value=self.chosen))
            self._waiting, self.phase = [], None
            if self.retry_timer is not None:
                self.retry_timer.cancel()
