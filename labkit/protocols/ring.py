"""What the elections in a ring share: each node has a neighbour to its right and one to its left, and a number.

The ring goes through the nodes in the order of their ids, and from the last back to the first. A node's number is not
its place: it may be any, and no two are the same (the rings of Itai and Rodeh have none).
"""

from labkit import Node


class RingNode(Node):
    """A node of a ring. NUMBERS are those of n1, n2, n3 and so on; without them each node has its place's."""

    NUMBERS = ()
    drawn = {"label": "number"}

    def start(self):
        around = sorted((self.id, *self.peers), key=lambda id: (len(id), id))
        here = around.index(self.id)
        self.right = around[(here + 1) % len(around)]
        self.left = around[here - 1]
        place = int(self.id[1:])
        self.number = self.NUMBERS[place - 1] if self.NUMBERS else place
        self.role = "follower"
        self.leader = None  # the number of who was elected

    def won(self):
        self.role, self.leader = "leader", self.number
