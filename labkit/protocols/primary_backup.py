"""Primary-backup replication with a view service.

Peter Alsberg and John Day, "A Principle for Resilient Sharing of Distributed Resources", ICSE 1976 (clients talk to a
primary, which has every update confirmed by a backup before it answers); Navin Budhiraja, Keith Marzullo, Fred
Schneider and Sam Toueg, "The Primary-Backup Approach", in Mullender (ed.), "Distributed Systems", 2nd edition, 1993,
chapter 8 (one primary at a time). The views are those of the view service in MIT's course 6.824.
"""

from labkit import Message, Node, on
from labkit.protocols.sessions import Answer, Append, Cas, Command, Get, Put, Refused, execute_once


class View(Message):
    """Who serves: view `number`, counted from 1."""

    number: int
    primary: str | None
    backup: str | None


class Ping(Message):
    """A server tells the view service that it is alive, and which view it knows; 0: none, it has just booted."""

    view: int


class Forward(Message):
    """The primary lets the backup do the same. `number` counts the operations of a view."""

    view: int
    number: int
    client: str
    command: Command


class Confirmed(Message):
    """The backup has done it."""

    view: int
    number: int


class Transfer(Message):
    """The primary brings a new backup up to date: the whole state, after so many operations of the view."""

    view: int
    number: int
    store: dict[str, str | int | list[str | int | None] | None]
    sessions: dict[str, tuple[int, Answer]]


class ViewService(Node):
    """It decides who is primary and who is backup. There is one of it; it keeps its view on stable storage."""

    PATIENCE = 0.25  # seconds without a ping, after which a server counts as dead
    TICK = 0.05

    def start(self):
        """On boot: the view is what was on stable storage. Nobody is dead before there was time for a ping."""
        view = self.disk.get("view", [0, None, None])
        self.number, self.primary, self.backup = view
        self.acknowledged = self.disk.get("acknowledged", False)
        self.heard = dict.fromkeys(self.peers, self.now)
        self.restarted = set()
        self.every(self.TICK, self.consider)

    @on(Get, Put, Append, Cas)
    def who_serves(self, msg, sender):
        """A client that asks the view service is told whom to ask."""
        return Refused(leader=self.primary)

    def alive(self, server):
        return server is not None and self.now - self.heard[server] < self.PATIENCE

    @on(Ping)
    def ping(self, msg, sender):
        """A ping with the number of the current view from its primary acknowledges the view. A primary or backup that
        pings 0 has crashed in between: its state is gone."""
        self.heard = self.heard | {sender: self.now}
        if sender == self.primary and msg.view == self.number and not self.acknowledged:
            self.acknowledged = self.disk["acknowledged"] = True
        if msg.view == 0 and sender in (self.primary, self.backup) and self.number:
            self.restarted = self.restarted | {sender}
        elif msg.view == self.number:
            self.restarted = self.restarted - {sender}
        self.consider()
        return View(number=self.number, primary=self.primary, backup=self.backup)

    def consider(self):
        """Change the view where that is needed and allowed: not before the primary of the current one has
        acknowledged it, since only then is its backup known to have the state."""
        if self.number and not self.may_change():
            return
        lost = {server for server in (self.primary, self.backup) if not self.alive(server)} | self.restarted
        primary, backup = self.primary, self.backup
        if self.number and primary in lost:
            if backup is None or backup in lost:
                return  # nobody else has the state: wait
            primary, backup = backup, None
        elif backup in lost:
            backup = None
        idle = [server for server in self.peers if server not in (primary, backup) and self.alive(server)]
        if self.number == 0:
            primary = idle.pop(0) if idle else None
        if backup is None and idle:
            backup = idle[0]
        if primary is not None and (primary, backup) != (self.primary, self.backup):
            self.new_view(primary, backup)

    def may_change(self):
        """Whether the primary has acknowledged the current view."""
        return self.acknowledged

    def new_view(self, primary, backup):
        """The view is on stable storage before anybody hears of it."""
        self.number, self.primary, self.backup = self.number + 1, primary, backup
        self.disk["acknowledged"] = self.acknowledged = False
        self.disk["view"] = [self.number, primary, backup]
        self.restarted = set()


class Server(Node):
    """A server: idle, primary or backup. Its state is in memory alone: a server that crashed has to start anew."""

    PING = 0.05  # seconds
    RESEND = 0.05

    def start(self):
        self.role = "idle"
        self.view = 0  # of which it plays its part
        self.backup = None
        self.store, self.sessions = {}, {}
        self.number = 0  # of operations of this view, done (as backup) or forwarded (as primary)
        self.ready = False  # backup: has the state; primary: the backup has it
        self.acknowledge = 0  # the view that the view service may take as acknowledged
        self.queue = {}  # number: the client and the command that wait for the backup
        self._waiting = {}
        self.every(self.PING, self.ping)
        self.every(self.RESEND, self.resend)
        self.ping()

    def view_service(self):
        """The first of all nodes."""
        return min([self.id, *self.peers], key=lambda id: (len(id), id))

    def ping(self):
        self.send(self.view_service(), Ping(view=self.acknowledge))

    # --- views

    @on(View)
    def change_view(self, msg, sender):
        """Take one's part in a new view. The primary brings the backup up to date before it acknowledges the view, so
        that the view service never promotes a backup without the state."""
        if msg.number <= self.view:
            return
        first = msg.number == 1 and "served" not in self.disk  # there is nothing to have yet
        has_state = first or self.role == "primary" or (self.role == "backup" and self.ready)
        self.view, self.backup, self.number = msg.number, None, 0
        self.queue, self._waiting = {}, {}
        if msg.primary == self.id and has_state:
            self.disk["served"] = True
            self.role, self.backup, self.ready = "primary", msg.backup, msg.backup is None
            if self.ready:
                self.acknowledge = self.view
            self.transfer()
        elif msg.backup == self.id:
            self.role, self.ready, self.acknowledge = "backup", False, 0
        else:
            self.role, self.ready, self.acknowledge = "idle", False, 0

    def transfer(self):
        if self.role == "primary" and not self.ready:
            self.send(
                self.backup, Transfer(view=self.view, number=self.number, store=self.store, sessions=self.sessions)
            )

    @on(Transfer)
    def take_state(self, msg, sender):
        """A new backup takes over the primary's state, once."""
        if self.role != "backup" or msg.view != self.view:
            return None
        if not self.ready:
            self.store, self.sessions, self.number, self.ready = msg.store, msg.sessions, msg.number, True
            self.acknowledge = self.view
            self.ping()
        return Confirmed(view=msg.view, number=msg.number)

    # --- operations

    @on(Get, Put, Append, Cas)
    def command(self, msg, sender):
        """The primary has every operation confirmed by the backup before it answers, reads too: only the backup can
        know that the view has not changed."""
        if self.role != "primary" or not self.ready:
            return Refused()
        if self.backup is None:
            return execute_once(self.store, self.sessions, sender, msg)
        self.number += 1
        self.queue = self.queue | {self.number: (sender, msg)}
        self._waiting[self.number] = later = self.later()
        self.forward(self.number)
        return later

    def forward(self, number):
        client, command = self.queue[number]
        self.send(self.backup, Forward(view=self.view, number=number, client=client, command=command))

    def resend(self):
        """Messages get lost: until the backup has confirmed, it is told again."""
        self.transfer()
        for number in sorted(self.queue):
            self.forward(number)

    @on(Forward)
    def forwarded(self, msg, sender):
        """The backup does the operations of its view in their order, each once, and no others."""
        if self.role != "backup" or not self.ready or msg.view != self.view or msg.number > self.number + 1:
            return None
        if msg.number == self.number + 1:
            self.number = msg.number
            execute_once(self.store, self.sessions, msg.client, msg.command)
        return Confirmed(view=msg.view, number=msg.number)

    @on(Confirmed)
    def confirmed(self, msg, sender):
        """What the backup has done, the primary does too, and answers."""
        if self.role != "primary" or msg.view != self.view:
            return
        if not self.ready:
            self.ready, self.acknowledge = True, self.view
        for number in [number for number in sorted(self.queue) if number <= msg.number]:
            client, command = self.queue[number]
            self.queue = {other: wish for other, wish in self.queue.items() if other != number}
            self.answer(self._waiting.pop(number), execute_once(self.store, self.sessions, client, command))
