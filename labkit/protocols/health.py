"""A balancer that notices when a server fails: by asking (active health checks), and by what becomes of requests
(passive ones, also called outlier ejection).

The rules are those of common balancers: HAProxy's `rise` and `fall` for active checks; Envoy's outlier detection for
passive ones: after so many failures in a row a server is ejected, each time for longer, and never more than a part of
all servers. Why both: Peng Huang et al., "Gray Failure: The Achilles' Heel of Cloud-Scale Systems", HotOS 2017.
"""

from labkit import Message, on
from labkit.protocols.balancing import Balancer, Busy, Failed, Response, Server


class Ping(Message):
    """Are you there?"""


class Pong(Message):
    """Yes."""


class Checkable(Server):
    """Answers a Ping at once, however long its queue is."""

    @on(Ping)
    def ping(self, msg, sender):
        return Pong()


class BlackHole(Checkable):
    """A server that is broken in the worst way: it fails everything, at once. It never has much to do."""

    def work(self):
        while self._line:
            msg, sender = self._line.popleft()
            self.send(sender, Failed(number=msg.number))


class Watchful(Balancer):
    """Passes requests to servers that seem well, and asks another server when one fails or takes too long."""

    PROBE = None  # seconds between two active checks; None: none
    FALL, RISE = 2, 2  # checks in a row that must fail until a server is down, and succeed until it is up
    TIMEOUT = 1.0  # seconds for a request, until another server is asked: more than the most that any takes
    OUTLIER = None  # failures in a row until a server is ejected; None: never
    EJECTION = 3.0  # seconds for the first time, twice as much for the second, and so on
    AT_MOST = 0.5  # the share of the servers that may be ejected

    def start(self):
        super().start()
        self.down = []  # by active checks
        self.ejected = []  # by passive ones
        self._checks = dict.fromkeys(self.servers, 0)  # > 0: successes in a row, < 0: failures
        self._failures = dict.fromkeys(self.servers, 0)
        self._ejections = dict.fromkeys(self.servers, 0)
        self._waiting = {}  # number -> request, server, timer
        self._silent = set()  # asked by Ping, no answer yet
        if self.PROBE:
            self.every(self.PROBE, self.probe)

    def pass_on(self, msg, without=()):
        """To a server that seems well. If none does, better any than none ("panic mode")."""
        out = {*self.down, *self.ejected, *without}
        self._policy.servers = [id for id in self.servers if id not in out] or list(self.servers)
        server = self._policy.choose(self.open, msg.key)
        self.open[server] += 1
        timer = self.after(self.TIMEOUT, self.timed_out, msg.number, server)
        self._waiting[msg.number] = (msg, server, timer)
        self.send(server, msg)

    @on(Response, Busy)
    def answered(self, msg, sender):
        self.settle(msg.number, sender, well=True)
        if msg.number in self._asked:
            self.send(self._asked.pop(msg.number), msg)

    @on(Failed)
    def failed(self, msg, sender):
        self.try_another(self.settle(msg.number, sender, well=False), sender)

    def timed_out(self, number, server):
        self.try_another(self.settle(number, server, well=False), server)

    def try_another(self, request, server):
        """Unless somebody has answered it meanwhile."""
        if request is not None and request.number in self._asked:
            self.pass_on(request, without=(server,))

    def settle(self, number, server, well):
        """A server has answered, failed, or run out of time. Returns the request if it was still that server's."""
        request, asked, timer = self._waiting.get(number, (None, None, None))
        if asked != server:
            return None  # too late: another one was asked meanwhile
        timer.cancel()
        del self._waiting[number]
        self.open[server] -= 1
        self._failures[server] = 0 if well else self._failures[server] + 1
        if self.OUTLIER and self._failures[server] >= self.OUTLIER:
            self.eject(server)
        return request

    # --- passive: outlier ejection

    def eject(self, server):
        if server not in self.ejected and len(self.ejected) + 1 <= self.AT_MOST * len(self.servers):
            self.ejected = [*self.ejected, server]
            self._ejections[server] += 1
            self.note(f"ejects {server}")
            self.after(self.EJECTION * self._ejections[server], self.let_in_again, server)

    def let_in_again(self, server):
        """On trial: its next failure ejects it again, for longer."""
        self.ejected = [id for id in self.ejected if id != server]
        self._failures[server] = self.OUTLIER - 1

    # --- active: health checks

    def probe(self):
        for server in self.servers:
            if server in self._silent:
                self.checked(server, well=False)
        self._silent = set(self.servers)
        for server in self.servers:
            self.send(server, Ping())

    @on(Pong)
    def pong(self, msg, sender):
        if sender in self._silent:
            self._silent.discard(sender)
            self.checked(sender, well=True)

    def checked(self, server, well):
        row = self._checks[server]
        row = self._checks[server] = max(row, 0) + 1 if well else min(row, 0) - 1
        if row == -self.FALL and server not in self.down:
            self.down = [*self.down, server]
            self.note(f"{server} is down")
        elif row == self.RISE and server in self.down:
            self.down = [id for id in self.down if id != server]
            self.note(f"{server} is up again")
