"""Hashing keys to servers so that few keys move when a server comes or goes.

David Karger, Eric Lehman, Tom Leighton, Rina Panigrahy, Matthew Levine and Daniel Lewin, "Consistent Hashing and Random
Trees", STOC 1997 (the ring; there a server has several points on it, since called virtual nodes); Vahab Mirrokni,
Mikkel Thorup and Morteza Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018; David Thaler and Chinya
Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", IEEE/ACM Transactions on Networking 6(1), 1998
(rendezvous hashing, also called highest random weight).
"""

import hashlib
from bisect import bisect_left, insort
from math import ceil

RING = 2**32  # positions on the circle


def position(name):
    """Where a name lies on the circle. Python's own `hash` of a string differs from process to process: two balancers
    that used it would send the same key to different servers."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])


class Ring:
    """A circle on which servers and keys lie. A key belongs to the first server at or after it, clockwise."""

    def __init__(self, servers=(), virtual_nodes=100):
        self.virtual_nodes = virtual_nodes
        self.points = []  # sorted: (position, server)
        self.servers = []
        for server in servers:
            self.add(server)

    def tokens(self, server):
        """The places of a server: one for each of its virtual nodes."""
        return [position(f"{server}/{replica}") for replica in range(self.virtual_nodes)]

    def add(self, server):
        self.servers.append(server)
        for token in self.tokens(server):
            insort(self.points, (token, server))

    def remove(self, server):
        self.servers.remove(server)
        self.points = [point for point in self.points if point[1] != server]

    def owner(self, key):
        return next(self.walk(key))

    def walk(self, key):
        """The servers clockwise from the key, each once."""
        first, seen = bisect_left(self.points, (position(key), "")), set()
        for step in range(len(self.points)):
            server = self.points[(first + step) % len(self.points)][1]
            if server not in seen:
                seen.add(server)
                yield server


def bounded_owner(ring, key, load, c):
    """The first server clockwise from the key that has room for one more; `load` says what each has now. With m of them
    on n servers, the new one included, each has room for ceil(c m / n); c is at least 1, so somebody has room."""
    room = ceil(c * (sum(load.values()) + 1) / len(load))
    return next(server for server in ring.walk(key) if server in load and load[server] < room)


def rendezvous(key, servers):
    """Every server draws a lot for the key, by hashing both names together; the highest one has it. It needs no ring
    and spreads evenly, but looks at all servers for each key."""
    return max(servers, key=lambda server: (position(f"{key}/{server}"), server))


def modulo(key, servers):
    """The plain way: number the servers, and take the remainder. When their number changes, almost every key moves."""
    return servers[position(key) % len(servers)]
