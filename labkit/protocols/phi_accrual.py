"""The phi accrual failure detector: how much it suspects, not whether.

Naohiro Hayashibara, Xavier Défago, Rami Yared and Takuya Katayama, "The phi Accrual Failure Detector", 23rd IEEE
Symposium on Reliable Distributed Systems (SRDS), 2004. Heartbeats are sampled in a window; the time between two is
taken to be normally distributed, with the window's mean and variance. The paper leaves open what to do before the
window has filled, and where the variance is near zero: here a node is judged by a first guess until there are `LEAST`
gaps, and the standard deviation is at least `LEAST_DEVIATION` (Cassandra and Akka do likewise).
"""

import math
from collections import deque

from labkit import Message, Node, on


class Heartbeat(Message):
    pass


def p_later(elapsed, mean, deviation):
    """The probability that a heartbeat comes more than `elapsed` seconds after the one before: the tail of
    the normal distribution."""
    return 0.5 * math.erfc((elapsed - mean) / (deviation * math.sqrt(2)))


def phi_of(elapsed, mean, deviation):
    """phi = -log10(P_later). Of the heartbeats of a node that is alive, 10 % come when phi has passed 1, 1 %
    when it has passed 2, 0.1 % when it has passed 3."""
    probability = p_later(elapsed, mean, deviation)
    return -math.log10(probability) if probability > 0 else math.inf


class Process(Node):
    """Monitors all others. `phi` says how much it suspects each; `suspects` are those at or above `THRESHOLD`."""

    INTERVAL = 0.1  # seconds between two heartbeats
    THRESHOLD = 3.0
    WINDOW = 200  # gaps between arrivals that are kept, for each of the others
    LEAST = 5
    FIRST = (0.2, 0.05)  # seconds: the mean and the standard deviation to begin with
    LEAST_DEVIATION = 0.005  # seconds
    LOOK = 0.02  # seconds between two looks at phi

    def start(self):
        self.suspects = set()
        self.phi = {}
        self._gaps = {peer: deque(maxlen=self.WINDOW) for peer in self.peers}
        self._last = dict.fromkeys(self.peers, self.now)  # T_last, by the node's own clock
        self.say_alive()
        self.every(self.INTERVAL, self.say_alive)
        self.every(self.LOOK, self.look)

    def say_alive(self):
        self.broadcast(Heartbeat())

    @on(Heartbeat)
    def sample(self, msg, peer):
        """When a heartbeat arrives, the time since the last one goes into the sampling window."""
        if peer not in self.suspects:  # the silence of a node that was down is no sample of the network
            self._gaps[peer].append(self.now - self._last[peer])
        self._last[peer] = self.now
        self.suspects = self.suspects - {peer}

    def distribution(self, peer):
        """The window's mean and standard deviation, in seconds."""
        gaps = self._gaps[peer]
        if len(gaps) < self.LEAST:
            return self.FIRST
        mean = sum(gaps) / len(gaps)
        deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
        return mean, max(deviation, self.LEAST_DEVIATION)

    def suspicion(self, peer):
        """phi(t_now)."""
        return phi_of(self.now - self._last[peer], *self.distribution(peer))

    def look(self):
        """An application reads phi, and decides by a threshold of its own."""
        phi = {peer: self.suspicion(peer) for peer in self.peers}
        self.phi = {peer: round(min(value, 99.0), 1) for peer, value in phi.items()}
        self.suspects = self.suspects | {peer for peer, value in phi.items() if value >= self.THRESHOLD}
