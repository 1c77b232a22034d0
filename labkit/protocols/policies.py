"""Policies of a load balancer: which server gets the next request?

Each is made with the servers' names and a source of random numbers, and asked `choose(open, key)`, where `open` says
how many requests each server has not answered yet, and `key` what the request is about.
"""

from labkit.protocols.hashing import Ring, bounded_owner


class Random:
    """Any server. It needs to know nothing, so many balancers can do it without speaking to each other."""

    def __init__(self, servers, random):
        self.servers, self.random = list(servers), random

    def choose(self, open, key=""):
        return self.random.choice(self.servers)


class RoundRobin(Random):
    """One after the other, and again from the first."""

    turn = -1

    def choose(self, open, key=""):
        self.turn = (self.turn + 1) % len(self.servers)
        return self.servers[self.turn]


class SmoothWeighted(Random):
    """Smooth weighted round robin, as nginx does it (Maxim Dounin, nginx 1.3.1, 2012): among any sum-of-weights turns
    in a row from the start, each server has as many as its weight, spread evenly and not in a burst."""

    def __init__(self, servers, random, weights):
        super().__init__(servers, random)
        self.weights = dict(weights)
        self.current = dict.fromkeys(self.servers, 0)

    def choose(self, open, key=""):
        for server in self.servers:
            self.current[server] += self.weights[server]
        best = max(self.servers, key=self.current.__getitem__)  # of equal ones, the first
        self.current[best] -= sum(self.weights.values())
        return best


class LeastConnections(Random):
    """The server with the fewest open requests; of several, any. Also called join the shortest queue."""

    def choose(self, open, key=""):
        fewest = min(open[server] for server in self.servers)
        return self.random.choice([server for server in self.servers if open[server] == fewest])


class TwoChoices(Random):
    """The power of two choices: look at two servers drawn at random and take the one with fewer open requests (Azar,
    Broder, Karlin and Upfal, "Balanced Allocations", 1999; Mitzenmacher, "The Power of Two Choices in Randomized Load
    Balancing", 2001)."""

    CHOICES = 2

    def choose(self, open, key=""):
        drawn = self.random.sample(self.servers, min(self.CHOICES, len(self.servers)))
        return min(drawn, key=open.__getitem__)


class ConsistentHashing(Random):
    """The same server for the same key, by its place on a ring (`hashing`)."""

    def __init__(self, servers, random, virtual_nodes=100):
        super().__init__(servers, random)
        self.ring = Ring(servers, virtual_nodes)

    def choose(self, open, key=""):
        return next(server for server in self.ring.walk(key) if server in self.servers)


class BoundedHashing(ConsistentHashing):
    """Consistent hashing with bounded loads: the key's server, unless it has its share and more; then the next one on
    the ring (Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018)."""

    def __init__(self, servers, random, virtual_nodes=100, c=1.25):
        super().__init__(servers, random, virtual_nodes)
        self.c = c

    def choose(self, open, key=""):
        return bounded_owner(self.ring, key, {server: open[server] for server in self.servers}, self.c)
