"""Failure detectors of heartbeats and timeouts, each process watching all others.

Tushar Deepak Chandra and Sam Toueg, "Unreliable Failure Detectors for Reliable Distributed Systems", Journal of the ACM
43(2), 1996: Figure 10, in section 9.1. There a process looks from time to time whether it has heard from each of the
others; here a timer for each does, so that a timeout ends when it ends. With `INCREMENT` at zero it is the detector
that most programs have, with a fixed timeout; it is eventually perfect only where messages keep within that.
"""

from labkit import Message, Node, on


class Alive(Message):
    """("q-is-alive")"""


class FixedTimeout(Node):
    """Suspects whoever it has not heard from for `TIMEOUT` seconds, and trusts whoever it hears from again."""

    INTERVAL = 0.1  # seconds between two heartbeats
    TIMEOUT = 0.25  # seconds: at first, the timeout for each of the others
    INCREMENT = 0.0  # seconds by which a timeout grows when it proved too short

    def start(self):
        self.suspects = set()  # output_p
        self.timeouts = dict.fromkeys(self.peers, self.TIMEOUT)  # delta_p(q)
        self._timers = {q: self.after(self.TIMEOUT, self.time_out, q) for q in self.peers}
        self.say_alive()
        self.every(self.INTERVAL, self.say_alive)

    def say_alive(self):
        """Task 1: "send p-is-alive to all"."""
        self.broadcast(Alive())

    def time_out(self, q):
        """Task 2: "p times-out on q: it now suspects q has crashed"."""
        self.suspects = self.suspects | {q}
        self.note(f"suspects {q}")

    @on(Alive)
    def receive_alive(self, msg, q):
        """Task 3: "when receive q-is-alive for some q"."""
        if q in self.suspects:
            self.repent(q)
        self._timers[q].reset(self.timeouts[q])

    def repent(self, q):
        """ "p repents on q, and increases its time-out period"."""
        self.suspects = self.suspects - {q}
        self.note(f"trusts {q} again")
        if self.INCREMENT:
            self.timeouts = self.timeouts | {q: self.timeouts[q] + self.INCREMENT}


class EventuallyPerfect(FixedTimeout):
    """Figure 10: every mistake about q makes the timeout for q longer. If messages take no longer than some bound, from
    some time on, whatever the bound, there is a last mistake: the detector is of the class of eventually perfect ones.
    """

    INCREMENT = 0.1
