"""Consistent snapshots: the marker algorithm, on a bank whose money is under way.

K. Mani Chandy and Leslie Lamport, "Distributed Snapshots: Determining Global States of Distributed Systems", ACM
Transactions on Computer Systems 3(1), 1985, section 3. The paper assumes channels that lose nothing and keep their
order (here: `Fifo`). That each process sends what it recorded to who began is one of the ways that the paper leaves
open; several snapshots may be under way, each by its name.
"""

from labkit import Message, on
from labkit.protocols.fifo import Fifo


class Transfer(Message):
    """Money under way."""

    number: int  # of the channel
    amount: int


class Marker(Message):
    """What was sent before me is before the snapshot, and what comes after me is after it."""

    number: int
    snapshot: str


class Report(Message):
    """To who began the snapshot: what a branch recorded of itself, and of the channels to it."""

    number: int
    snapshot: str
    money: int
    channels: dict[str, list[int]]


class Branch(Fifo):
    """A branch of a bank. `snapshots` are those that it began and that are complete: what each branch reported."""

    OPENING = 100
    PAUSE = (0.0, 0.05)  # seconds between two transfers

    def start(self):
        super().start()
        self.money = self.OPENING
        self.recorded = {}  # snapshot -> the money that I had
        self.channels = {}  # snapshot -> sender -> the amounts that were under way to me
        self.snapshots = {}
        self._open = {}  # snapshot -> the channels whose marker has not come
        self._reports = {}
        self.after(self.random.uniform(*self.PAUSE), self.trade)

    # --- the bank

    def trade(self):
        """A customer sends money to another branch."""
        if self.money:
            self.transfer(self.random.choice(self.peers), self.random.randint(1, self.money))
        self.after(self.random.uniform(*self.PAUSE), self.trade)

    def transfer(self, to, amount):
        self.money -= amount
        self.send(to, Transfer(number=self.number(to), amount=amount))

    @on(Transfer, Marker, Report)
    def take(self, msg, sender):
        rules = {Transfer: self.receive_transfer, Marker: self.receive_marker, Report: self.collect}
        for message in self.in_order(msg, sender):
            rules[type(message)](message, sender)

    def receive_transfer(self, msg, sender):
        """Money arrives. If the channel's marker is still to come, it was under way when the snapshot was taken."""
        self.money += msg.amount
        for snapshot, channels in self._open.items():
            if sender in channels:
                recorded = self.channels[snapshot]
                amounts = recorded | {sender: [*recorded[sender], msg.amount]}
                self.channels = self.channels | {snapshot: amounts}

    # --- the snapshot (section 3)

    def begin(self, snapshot):
        """ "One or more processes spontaneously record their states without receiving markers". The name says who."""
        self.record(f"{self.id} {snapshot}")

    def record(self, snapshot):
        """Marker-Sending Rule: "p sends one marker along c after p records its state and before p sends further
        messages along c", for each channel c directed away from p."""
        self.recorded = self.recorded | {snapshot: self.money}
        self.channels = self.channels | {snapshot: {peer: [] for peer in self.peers}}
        self._open[snapshot] = set(self.peers)
        for peer in self.peers:
            self.send(peer, Marker(number=self.number(peer), snapshot=snapshot))

    def receive_marker(self, msg, sender):
        """Marker-Receiving Rule: "if q has not recorded its state", it does so now, and "records the state of c as the
        empty sequence"; else as "the sequence of messages received along c after q's state was recorded and before q
        received the marker along c"."""
        if msg.snapshot not in self.recorded:
            self.record(msg.snapshot)
        self._open[msg.snapshot] -= {sender}
        if not self._open[msg.snapshot]:
            self.finish(msg.snapshot)

    def finish(self, snapshot):
        """A marker has come along every channel: this branch's part of the snapshot is complete."""
        owner = snapshot.split()[0]
        number = 0 if owner == self.id else self.number(owner)
        report = Report(
            number=number, snapshot=snapshot, money=self.recorded[snapshot], channels=self.channels[snapshot]
        )
        if owner == self.id:
            self.collect(report, self.id)
        else:
            self.send(owner, report)

    def collect(self, report, sender):
        """Who began puts the parts together."""
        reports = self._reports.setdefault(report.snapshot, {})
        reports[sender] = report
        if len(reports) == len(self.peers) + 1:
            self.snapshots = self.snapshots | {report.snapshot: dict(sorted(reports.items()))}


def total(snapshot):
    """All the money of a snapshot: in the branches, and in the channels between them."""
    return sum(report.money + sum(map(sum, report.channels.values())) for report in snapshot.values())
