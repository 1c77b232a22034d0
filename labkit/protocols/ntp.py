"""NTP: offset and delay from four timestamps, and the choice among samples.

David Mills, Jim Martin, Jack Burbank and William Kasch, "Network Time Protocol Version 4: Protocol and Algorithms
Specification", RFC 5905, 2010: section 8 (on-wire protocol), section 10 (clock filter algorithm: of the last eight
samples, the one with the least delay). Selection among several servers, and the discipline of the clock's rate
(sections 11 and 12), are not part of this file.
"""

from labkit import Message, Node, on


class Request(Message):
    """Leaves the client at t1, by the client's clock."""

    t1: float


class Reply(Message):
    """The server's answer: it got the request at t2 and answered at t3, by the server's clock."""

    t1: float
    t2: float
    t3: float


class Server(Node):
    """A server, whose clock is taken to be right."""

    WORK = 0.0  # seconds between a request and its answer

    @on(Request)
    def request(self, msg, sender):
        self.after(self.WORK, self.reply, sender, msg.t1, self.now)

    def reply(self, sender, t1, t2):
        self.send(sender, Reply(t1=t1, t2=t2, t3=self.now))


class Client(Node):
    """A client: `offset` is how far the server's clock is ahead of its own, and `delay` the round trip, in seconds."""

    SERVER = "n1"
    POLL = 0.5  # seconds; in practice 64 to 1024
    STAGES = 8  # samples in the clock filter

    def start(self):
        self.offset = self.delay = None
        self.samples = []  # (delay, offset), the latest last
        self.poll()
        self.every(self.POLL, self.poll)

    def poll(self):
        self.send(self.SERVER, Request(t1=self.now))

    @on(Reply)
    def reply(self, msg, sender):
        """Section 8: theta = ((T2 - T1) + (T3 - T4)) / 2 and delta = (T4 - T1) - (T3 - T2). What the server takes to
        answer is in neither."""
        t4 = self.now
        offset = ((msg.t2 - msg.t1) + (msg.t3 - t4)) / 2
        delay = (t4 - msg.t1) - (msg.t3 - msg.t2)
        self.clock_filter(delay, offset)

    def clock_filter(self, delay, offset):
        """Section 10: the sample with the least delay is the one that waited least in queues, on either way."""
        self.samples = [*self.samples, (delay, offset)][-self.STAGES :]
        self.delay, self.offset = min(self.samples)

    @property
    def error(self):
        """The offset is wrong by at most half the delay, however the delay divides between the two ways."""
        return None if self.delay is None else self.delay / 2

    def time(self):
        """What the server's clock shows now, as far as the client can tell."""
        return self.now + (self.offset or 0.0)
