"""Two-phase commit with presumed abort, recovery and cooperative termination.

Jim Gray, "Notes on Data Base Operating Systems", 1978, section 5.8.3; Philip Bernstein, Vassos Hadzilacos and Nathan
Goodman, "Concurrency Control and Recovery in Database Systems", 1987, chapter 7 (the protocol, 7.4; cooperative
termination and recovery, 7.4 and 7.5); C. Mohan, Bruce Lindsay and Ron Obermarck, "Transaction Management in the R*
Distributed Database Management System", TODS 1986, section 3 (presumed abort).
"""

from labkit import Message, Node, on


class Transact(Message):
    """A client asks for a transaction: every participant is to write this value to this key, or none of them."""

    key: str
    value: str


class Outcome(Message):
    """The answer to the client: "commit" or "abort"."""

    result: str


class VoteRequest(Message):
    """First phase: can you commit? (VOTE-REQ)"""

    transaction: int
    key: str
    value: str


class Vote(Message):
    """The participant's vote. Who has voted Yes is uncertain until it knows the decision."""

    transaction: int
    yes: bool


class Decision(Message):
    """Second phase: what was decided, "commit" or "abort"."""

    transaction: int
    decision: str


class Acknowledged(Message):
    """A participant has the decision to commit on stable storage, and will not ask for it."""

    transaction: int


class DecisionRequest(Message):
    """An uncertain participant asks the coordinator and the other participants (DECISION-REQ)."""

    transaction: int


class Coordinator(Node):
    """The transaction manager. All its peers are participants."""

    TIMEOUT = 0.3  # seconds to wait for votes
    RESEND = 0.1  # seconds between two attempts to tell a decision to commit

    def start(self):
        """On boot, recovery: what the log calls committed was decided, and is told again to those who have not
        acknowledged. Of a transaction of which the log says nothing, abort is presumed (R*, section 3.1)."""
        self.log = self.disk.get("log", {})  # transaction: "commit", or "end" once all have acknowledged it
        self.last = self.disk.get("last", 0)
        self.votes = {}  # transaction: who has voted Yes so far
        self.unacknowledged = {}
        self.decision = {}
        self._waiting = {}
        for transaction, record in self.log.items():
            self.decision[transaction] = "commit"
            if record == "commit":
                self.unacknowledged[transaction] = set(self.peers)
        self.every(self.RESEND, self.tell_again)

    def write_log(self, transaction, record):
        """A record of the distributed transaction log, on stable storage at once (forced)."""
        self.log = self.log | {transaction: record}
        self.disk["log"] = self.log

    @on(Transact)
    def begin(self, msg, sender):
        """First phase: ask all participants for their votes. A transaction's number is never used again."""
        self.last = self.disk["last"] = self.last + 1
        transaction = self.last
        self.votes = self.votes | {transaction: set()}
        self._waiting[transaction] = later = self.later()
        self.broadcast(VoteRequest(transaction=transaction, key=msg.key, value=msg.value))
        self.after(self.TIMEOUT, self.give_up, transaction)
        return later

    @on(Vote)
    def vote(self, msg, sender):
        """Second phase: all Yes means commit, one No means abort (BHG, section 7.4)."""
        if msg.transaction not in self.votes:
            return
        if not msg.yes:
            self.decide(msg.transaction, "abort")
            return
        self.votes = self.votes | {msg.transaction: self.votes[msg.transaction] | {sender}}
        if self.all_voted_yes(msg.transaction):
            self.decide(msg.transaction, "commit")

    def all_voted_yes(self, transaction):
        return len(self.votes[transaction]) == len(self.peers)

    def give_up(self, transaction):
        """Timeout action: not all votes came in time, so abort."""
        if transaction in self.votes:
            self.decide(transaction, "abort")

    def decide(self, transaction, decision):
        """The decision to commit is on the log before anybody hears of it; one to abort need not be there at all."""
        self.votes = {other: votes for other, votes in self.votes.items() if other != transaction}
        if decision == "commit":
            self.write_log(transaction, "commit")
            self.unacknowledged = self.unacknowledged | {transaction: set(self.peers)}
        self.decision = self.decision | {transaction: decision}
        self.broadcast(Decision(transaction=transaction, decision=decision))
        if transaction in self._waiting:
            self.answer(self._waiting.pop(transaction), Outcome(result=decision))

    @on(Acknowledged)
    def acknowledged(self, msg, sender):
        """Once all have acknowledged, nobody will ask about this transaction any more."""
        if msg.transaction in self.unacknowledged:
            left = self.unacknowledged[msg.transaction] - {sender}
            self.unacknowledged = self.unacknowledged | {msg.transaction: left}
            if not left:
                self.unacknowledged = {t: who for t, who in self.unacknowledged.items() if who}
                self.write_log(msg.transaction, "end")

    def tell_again(self):
        """Until it is acknowledged, a decision to commit is told again."""
        for transaction, participants in self.unacknowledged.items():
            for participant in sorted(participants):
                self.send(participant, Decision(transaction=transaction, decision="commit"))

    @on(DecisionRequest)
    def decision_request(self, msg, sender):
        """Whoever asks hears the decision. Of a transaction that is neither on the log nor under way, it is abort."""
        if msg.transaction in self.votes:
            return None
        decision = "commit" if msg.transaction in self.log else "abort"
        return Decision(transaction=msg.transaction, decision=decision)


class Participant(Node):
    """A resource manager. It votes No if another transaction that is not decided yet writes the same key."""

    ASK = (0.1, 0.3)  # seconds that a participant stays uncertain before it asks, and asks again

    def start(self):
        """On boot, recovery: of a transaction with a Yes on the log and no decision, this participant is uncertain:
        it has to ask (BHG, section 7.4, recovery)."""
        self.log = self.disk.get("log", {})  # transaction: "yes", "commit" or "abort"
        self.writes = self.disk.get("writes", {})  # transaction: the key and the value to write
        self.store = self.disk.get("store", {})
        self.decision = {transaction: record for transaction, record in self.log.items() if record != "yes"}
        for transaction in self.uncertain():
            self.after(self.random.uniform(*self.ASK), self.ask, transaction)

    def uncertain(self):
        """The transactions for which it has voted Yes without knowing the decision. It can neither commit nor abort
        them by itself, and their keys stay locked."""
        return [transaction for transaction, record in self.log.items() if record == "yes"]

    def write_log(self, transaction, record):
        """A record of the distributed transaction log, on stable storage at once (forced)."""
        self.log = self.log | {transaction: record}
        self.disk["log"] = self.log

    @on(VoteRequest)
    def vote_request(self, msg, sender):
        """First phase: what is to be written and the Yes are on stable storage before the vote leaves. A participant
        that votes No has decided to abort."""
        record = self.log.get(msg.transaction)
        if record is None:
            record = "yes" if self.can_commit(msg) else "abort"
            if record == "yes":
                self.writes = self.disk["writes"] = self.writes | {msg.transaction: [msg.key, msg.value]}
                self.after(self.random.uniform(*self.ASK), self.ask, msg.transaction)
                self.write_log(msg.transaction, "yes")
            else:
                self.decide(msg.transaction, "abort")
        return Vote(transaction=msg.transaction, yes=record != "abort")

    def can_commit(self, msg):
        """Whether nobody else holds the lock on the key."""
        return all(self.writes[other][0] != msg.key for other in self.uncertain())

    @on(Decision)
    def decided(self, msg, sender):
        """Second phase: do what was decided, and acknowledge a commit."""
        if self.log.get(msg.transaction) in (None, "yes"):
            self.decide(msg.transaction, msg.decision)
        if msg.decision == "commit":
            self.send(self.coordinator(), Acknowledged(transaction=msg.transaction))

    def decide(self, transaction, decision):
        """Carry out a decision. The writes come before the record, so that recovery repeats them and never lacks
        them."""
        if decision == "commit":
            key, value = self.writes[transaction]
            self.store = self.disk["store"] = self.store | {key: value}
        self.write_log(transaction, decision)
        self.decision = self.decision | {transaction: decision}

    def coordinator(self):
        """The node that runs the transactions: the first of all."""
        return min([self.id, *self.peers], key=lambda id: (len(id), id))

    def ask(self, transaction):
        """Timeout action: an uncertain participant asks everybody, and goes on asking (the cooperative termination
        protocol). If only uncertain ones answer, all of them are blocked."""
        if self.log.get(transaction) == "yes":
            self.broadcast(DecisionRequest(transaction=transaction))
            self.after(self.random.uniform(*self.ASK), self.ask, transaction)

    @on(DecisionRequest)
    def decision_request(self, msg, sender):
        """Cooperative termination: who knows the decision tells it; who has not voted yet decides to abort, on its own,
        and tells that; who is uncertain too cannot help."""
        if msg.transaction not in self.log:
            self.decide(msg.transaction, "abort")
        if msg.transaction in self.decision:
            return Decision(transaction=msg.transaction, decision=self.decision[msg.transaction])
        return None
