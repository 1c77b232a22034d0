"""Small protocols made at random: three nodes that follow a table."""

import random

from labkit import Message, Node, on


class Word(Message):
    letter: int


def protocol(seed):
    """A class of nodes, and an invariant that it may or may not keep: one combination of states is forbidden."""
    draw = random.Random(seed)
    ids = ("n1", "n2", "n3")
    table = {}
    for id in ids:
        for x in range(3):
            for event in (0, 1, "timer"):
                sends = [(draw.choice(ids), draw.randrange(2)) for _ in range(draw.choice((0, 0, 1, 1, 2)))]
                table[id, x, event] = (draw.randrange(3), sends, draw.random() < 0.3, draw.random() < 0.3)
    delays = {id: draw.choice((0.1, 0.2)) for id in ids}
    forbidden = tuple(draw.randrange(3) for _ in ids)

    class Follower(Node):
        def start(self):
            self.x = self.disk.get("x", 0)
            self.after(delays[self.id], self.timer)
            if self.id == "n1":
                self.send("n2", Word(letter=0))
                self.send("n3", Word(letter=1))

        def timer(self):
            self.follow("timer")

        @on(Word)
        def word(self, msg, sender):
            self.follow(msg.letter)

        def follow(self, event):
            self.x, sends, saves, again = table[self.id, self.x, event]
            if saves:
                self.disk["x"] = self.x
            for to, letter in sends:
                self.send(to, Word(letter=letter))
            if again:
                self.after(0.15, self.timer)

    def allowed(moment):
        return tuple(moment.state.get(id, {}).get("x") for id in ids) != forbidden

    return Follower, allowed
