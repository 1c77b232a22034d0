"""Join-idle-queue: servers report when they are idle, and work goes to those on the list.

Yi Lu, Qiaomin Xie, Gabriel Kliot, Alan Geller, James Larus and Albert Greenberg, "Join-Idle-Queue: A Novel Load
Balancing Algorithm for Dynamically Scalable Web Services", Performance Evaluation 68(11), 2011, section 2.
"""

from labkit import Message, on
from labkit.protocols.balancing import Balancer, Server
from labkit.protocols.policies import Random


class Idle(Message):
    """A server has nothing to do."""


class Announcing(Server):
    """Section 2.2, secondary load balancing: a server that becomes idle joins the I-queue of one balancer, here drawn
    at random (JIQ-Random). So finding an idle server takes no time when a request comes."""

    def start(self):
        super().start()
        self.after(0.0, self.announce)

    def finish(self, number, sender):
        super().finish(number, sender)
        if not self.active:
            self.announce()

    def announce(self):
        balancers = [id for id in self.peers if id.startswith("balancer")]
        self.send(self.random.choice(balancers), Idle())


class JoinIdleQueue(Balancer):
    """Section 2.1, primary load balancing: the first server on the I-queue gets the request; if the queue is empty, a
    server drawn at random."""

    def choose_policy(self):
        self.idle = []  # the I-queue
        return _TakeFirst(self.servers, self.random, self)

    @on(Idle)
    def is_idle(self, msg, sender):
        if sender not in self.idle:
            self.idle = [*self.idle, sender]


class _TakeFirst(Random):
    def __init__(self, servers, random, balancer):
        super().__init__(servers, random)
        self.balancer = balancer

    def choose(self, open, key=""):
        if self.balancer.idle:
            first, *self.balancer.idle = self.balancer.idle
            return first
        return super().choose(open, key)
