"""A lock service with leases and fencing tokens, and workers who change a shared set under the lock.

Cary Gray and David Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency",
SOSP 1989 (leases, and what clocks they need: section 5); Mike Burrows, "The Chubby Lock Service for Loosely-Coupled
Distributed Systems", OSDI 2006, section 2.4 (sequencers, here called fencing tokens, as Martin Kleppmann does in "How
to do distributed locking", 2016).

A lease ends by itself, so a holder that crashed blocks nobody for long. But a holder that was paused may go on when its
lease is over without knowing it. So each grant carries a token greater than all before, and the storage refuses who
comes with a smaller one than it has seen.
"""

from labkit import Message, Node, on

LEASE = 0.3  # seconds, by the holder's clock
MARGIN = 1.3  # the lock service waits so much longer: its clock may be fast, and the holder's slow


class Add(Message):
    """A client asks a worker to add an element to the set."""

    value: str


class Read(Message):
    """A client asks a worker for the whole set."""


class Added(Message):
    """The answer to an Add."""


class Refused(Message):
    """It was not done: the worker is busy, or did not get the lock in time."""


class Members(Message):
    """The answer to a Read."""

    value: list[str]


class Acquire(Message):
    """A worker wants the lock. `request` numbers its attempts."""

    request: int


class Granted(Message):
    """The lock is the worker's for LEASE seconds, counted from when it sent this request."""

    request: int
    token: int


class Release(Message):
    """The worker that holds the lock under this token gives it back."""

    token: int


class Fetch(Message):
    """Read the set, under a token; without one, just to look. `request` numbers what a worker asks."""

    request: int
    token: int | None = None


class Fetched(Message):
    request: int
    token: int | None
    value: list[str]


class Store(Message):
    """Write the set, under a token."""

    token: int
    value: list[str]


class Stored(Message):
    token: int


class LockServer(Node):
    """Grants the lock to one worker at a time, until it is released or the lease is over."""

    def start(self):
        """On boot: the token is what was on stable storage, so that no token is given twice. Whoever held the lock
        before a crash may hold it still: wait until that lease is over (Gray and Cheriton, section 2)."""
        self.token = self.disk.get("token", 0)
        self.holder = "unknown" if self.token else None
        self.lease_timer = self.after(LEASE * MARGIN, self.expire)

    @on(Acquire)
    def acquire(self, msg, sender):
        """Grant the lock if it is free; to its holder, again: the first answer may be lost."""
        if self.holder not in (None, sender):
            return None
        self.token = self.disk["token"] = self.token + 1
        self.holder = sender
        self.lease_timer.reset(LEASE * MARGIN)
        return Granted(request=msg.request, token=self.token)

    @on(Release)
    def release(self, msg, sender):
        """Only under its latest token can the holder release the lock: a late message must not release another's."""
        if msg.token == self.token:
            self.holder = None

    def expire(self):
        self.holder = None


class Storage(Node):
    """Keeps the set, and lets nobody in who comes with a smaller token than it has seen."""

    def start(self):
        self.value = self.disk.get("value", [])
        self.accepted = self.disk.get("accepted", 0)  # the greatest token that it has let in

    def let_in(self, token):
        """Fencing: reads count too, since who reads is about to write."""
        if token < self.accepted:
            return False
        self.accepted = self.disk["accepted"] = token
        return True

    @on(Fetch)
    def fetch(self, msg, sender):
        if msg.token is None or self.let_in(msg.token):
            return Fetched(request=msg.request, token=msg.token, value=self.value)
        return None

    @on(Store)
    def store(self, msg, sender):
        if self.let_in(msg.token):
            self.value = self.disk["value"] = msg.value
            return Stored(token=msg.token)
        return None


class Worker(Node):
    """Adds elements to the set: it reads the set and writes it back with one element more, under the lock.

    The first node is the lock server, the second one the storage.
    """

    RESEND = 0.05
    PATIENCE = 0.6  # seconds to get the lock

    def start(self):
        self.disk["boots"] = self.disk.get("boots", 0) + 1
        self.request = 1_000_000 * self.disk["boots"]
        self.attempt = None  # the latest request for the lock
        self.wish = None  # the element to add
        self.holding = False
        self.token = None
        self.writing = None  # the set that it has asked the storage to keep
        self.lease_timer = None
        self.patience_timer = None
        self._waiting = None
        self._readers = {}
        self.every(self.RESEND, self.resend)

    def lock_server(self):
        return sorted([self.id, *self.peers])[0]

    def storage(self):
        return sorted([self.id, *self.peers])[1]

    @on(Add)
    def add(self, msg, sender):
        if self.wish is not None:
            return Refused()
        self.wish, self._waiting = msg.value, self.later()
        self.patience_timer = self.after(self.PATIENCE, self.give_up)
        self.acquire()
        return self._waiting

    @on(Read)
    def read(self, msg, sender):
        """To look needs no lock: the storage answers with the set as it is."""
        self.request += 1
        self._readers[self.request] = later = self.later()
        self.send(self.storage(), Fetch(request=self.request))
        return later

    def acquire(self):
        """Ask for the lock. The lease counts from here, not from the answer: the lock server cannot have begun to count
        earlier. It is measured by a timer, since the clock may be set to another time meanwhile."""
        self.request += 1
        self.attempt = self.request
        if self.lease_timer is not None:
            self.lease_timer.cancel()
        self.lease_timer = self.after(LEASE, self.lease_over)
        self.send(self.lock_server(), Acquire(request=self.attempt))

    @on(Granted)
    def granted(self, msg, sender):
        """An answer to an earlier request comes too late: its lease has been counted from another moment."""
        if self.wish is None or msg.request != self.attempt or not self.lease_timer.pending:
            return
        self.holding, self.token = True, msg.token
        self.send(self.storage(), Fetch(request=self.request, token=self.token))

    @on(Fetched)
    def fetched(self, msg, sender):
        if msg.token is None:
            if msg.request in self._readers:
                self.answer(self._readers.pop(msg.request), Members(value=msg.value))
        elif self.holding and msg.token == self.token and self.writing is None:
            self.writing = [*(element for element in msg.value if element != self.wish), self.wish]
            self.send(self.storage(), Store(token=self.token, value=self.writing))

    @on(Stored)
    def stored(self, msg, sender):
        """Done: give the lock back, and answer."""
        if self.writing is not None and msg.token == self.token:
            self.answer(self._waiting, Added())
            self.send(self.lock_server(), Release(token=self.token))
            self.forget()

    def resend(self):
        """Messages get lost: ask again for what has no answer yet."""
        for request in self._readers:
            self.send(self.storage(), Fetch(request=request))
        if self.wish is None:
            return
        if not self.holding:
            self.acquire()
        elif self.writing is None:
            self.send(self.storage(), Fetch(request=self.request, token=self.token))
        else:
            self.send(self.storage(), Store(token=self.token, value=self.writing))

    def lease_over(self):
        """The lock may be another's now. Whether the write took effect, nobody knows: the client gets no answer."""
        if self.writing is not None:
            self.forget()
        self.holding, self.token = False, None

    def give_up(self):
        if self.wish is not None and not self.holding:
            self.answer(self._waiting, Refused())
            self.forget()

    def forget(self):
        self.wish = self.writing = self.token = self._waiting = None
        self.holding = False
        for timer in (self.lease_timer, self.patience_timer):
            timer.cancel()
