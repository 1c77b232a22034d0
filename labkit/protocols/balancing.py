"""Load balancing: customers who come at random, a balancer, and servers with a queue each.

Customers arrive as a Poisson process (the time between two of them is exponential) and each brings work, exponential
too: with one server this is the queue M/M/1, with one queue for several servers M/M/c (Leonard Kleinrock, "Queueing
Systems", volume 1, 1975, chapter 3). The work comes with the request, from the crowd's own random numbers, so that two
policies compared under the same seed serve the same customers. How to choose a server is in `policies`.
"""

from collections import deque

from labkit import Message, Node, on
from labkit.protocols.policies import RoundRobin


class Request(Message):
    """A customer wants something. `work`: seconds that it takes at a server of speed 1; `key`: what it is about."""

    number: int
    work: float
    key: str = ""


class Response(Message):
    """It is done."""

    number: int


class Busy(Message):
    """It will not be done: too many wait already."""

    number: int


class Failed(Message):
    """The server could not do it."""

    number: int


class Crowd(Node):
    """All customers together: they come one by one, at random, whether or not those before them are served."""

    RATE = 8.0  # customers a second
    WORK = 0.5  # seconds of work that one brings, on average
    BALANCER = "balancer"

    def start(self):
        self.asked = self.served = self.refused = self.failed = 0
        self._since = {}  # number -> when it was asked
        self._took = deque()
        self.after(self.between(), self.arrive)

    def between(self):
        """Seconds until the next customer: exponential, so arrivals are a Poisson process."""
        return self.random.expovariate(self.RATE)

    def work(self):
        return self.random.expovariate(1 / self.WORK)

    def key(self):
        return ""

    def arrive(self):
        self.asked += 1
        self._since[self.asked] = self.now
        self.ask(Request(number=self.asked, work=self.work(), key=self.key()))
        self.after(self.between(), self.arrive)

    def ask(self, request):
        self.send(self.BALANCER, request)

    @on(Response)
    def response(self, msg, sender):
        if msg.number in self._since:
            self.served += 1
            self._took.append(self.now - self._since.pop(msg.number))

    @on(Busy)
    def busy(self, msg, sender):
        if self._since.pop(msg.number, None) is not None:
            self.refused += 1

    @on(Failed)
    def fail(self, msg, sender):
        if self._since.pop(msg.number, None) is not None:
            self.failed += 1

    @property
    def took(self):
        """How long each customer waited who was served, in seconds."""
        return self._took


class Server(Node):
    """Serves one request at a time, first come, first served. With ROOM, no more than that many may wait."""

    SPEED = 1.0
    ROOM = None
    drawn = {"badge": "queue"}

    def start(self):
        self.queue = 0  # requests that wait
        self.active = 0  # that are being served: 0 or 1
        self.done = 0
        self._line = deque()

    @on(Request)
    def request(self, msg, sender):
        if self.ROOM is not None and self.queue >= self.ROOM:
            return Busy(number=msg.number)
        self._line.append((msg, sender))
        self.work()
        return None

    def work(self):
        """Take the next one, if there is one and nobody is being served."""
        if self._line and not self.active:
            msg, sender = self._line.popleft()
            self.active = 1
            self.after(msg.work / self.SPEED, self.finish, msg.number, sender)
        self.queue = len(self._line)

    def finish(self, number, sender):
        self.active = 0
        self.done += 1
        self.send(sender, Response(number=number))
        self.work()


class Balancer(Node):
    """Passes each request on to a server, as its policy chooses, and the answer back to who asked.

    The servers are the nodes whose names begin with "s". `open` counts for each the requests that it has not answered:
    all that a balancer knows of a server's load without asking.
    """

    def start(self):
        self.servers = [id for id in self.peers if id.startswith("s")]
        self.open = dict.fromkeys(self.servers, 0)
        self._policy = self.choose_policy()
        self.policy = type(self._policy).__name__
        self._asked = {}  # number -> who asked

    def choose_policy(self):
        return RoundRobin(self.servers, self.random)

    @on(Request)
    def request(self, msg, sender):
        self._asked[msg.number] = sender
        self.pass_on(msg)

    def pass_on(self, msg):
        server = self._policy.choose(self.open, msg.key)
        self.open[server] += 1
        self.send(server, msg)

    @on(Response, Busy, Failed)
    def answered(self, msg, sender):
        self.open[sender] -= 1
        if msg.number in self._asked:  # else it was asked twice, and has been answered
            self.send(self._asked.pop(msg.number), msg)


def by(policy, **options):
    """A balancer's class with this policy: `by(TwoChoices)`."""

    class Chosen(Balancer):
        def choose_policy(self):
            return policy(self.servers, self.random, **options)

    Chosen.__name__ = Chosen.__qualname__ = f"{policy.__name__}Balancer"
    return Chosen


def shop(balancer=Balancer, servers=4, crowd=Crowd, server=Server):
    """The nodes of a shop, as `Cluster(nodes=...)` takes them: a crowd, a balancer, and servers s1, s2, ... `server` is
    the class of all, or a list with the class of each."""
    classes = server if isinstance(server, list) else [server] * servers
    return {"crowd": crowd, "balancer": balancer} | {f"s{n}": each for n, each in enumerate(classes, 1)}
