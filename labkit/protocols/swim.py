"""SWIM: a failure detector that costs each member the same, however many there are.

Abhinandan Das, Indranil Gupta and Ashish Motivala, "SWIM: Scalable Weakly-consistent Infection-style Process Group
Membership Protocol", International Conference on Dependable Systems and Networks (DSN), 2002: the failure detector
(section 3.1), infection-style dissemination (4.1), suspicion before failure (4.2), round-robin probes (4.3).

In the paper a member that was declared faulty is gone, and comes back as another one. Here members keep their ids: a
Confirm is overridden by an Alive with a higher incarnation number, and one of those declared faulty is pinged now and
then, so that a member that restarted and the two halves of a partition that healed find each other again (HashiCorp's
memberlist and Serf do both). Whoever pings a member that it does not trust tells it so.
"""

import math

from labkit import Message, Node, on

ALIVE, SUSPECT, CONFIRM = 0, 1, 2

Updates = list[tuple[str, int, int]]  # member, incarnation number, ALIVE, SUSPECT or CONFIRM


class Ping(Message):
    number: int
    updates: Updates


class PingReq(Message):
    """Please ping this member for me."""

    number: int
    member: str
    updates: Updates


class Ack(Message):
    """The member that was pinged is alive."""

    number: int
    member: str
    updates: Updates


class Member(Node):
    """`states` holds what is known of each other member: its state and its incarnation number. `suspects` are those
    that are not trusted, `faulty` those of them that are declared faulty."""

    PERIOD = 0.2  # T': seconds; at least three times a round trip
    TIMEOUT = 0.06  # seconds that a direct ping has, before others are asked
    K = 3  # members that are asked to ping
    SUSPICION = 5  # protocol periods from Suspect to Confirm; 0 declares at once, as section 3 does
    LAMBDA = 3  # an update is passed on LAMBDA log2(n) times
    PIGGYBACK = 6  # updates in a message, at most
    REVISIT = 5  # one of the faulty is pinged every so many periods
    ROUND_ROBIN = True  # 4.3; False: each period a member at random

    drawn = {"rumour": "faulty"}

    def start(self):
        self.incarnation = self.disk.get("incarnation", -1)
        self.states = dict.fromkeys(self.peers, (0, ALIVE))
        self.suspects, self.faulty = set(), set()
        self._told = {}  # member -> how often its latest update was passed on
        self._times = self.LAMBDA * math.ceil(math.log2(len(self.peers) + 2))
        self._order, self._period = [], 0
        self._number, self._acked, self._asked = 0, set(), {}
        self.next_incarnation()
        self.after(self.random.uniform(0, self.PERIOD), self.begin)

    def begin(self):
        self.protocol_period()
        self.every(self.PERIOD, self.protocol_period)

    # --- the failure detector (section 3.1)

    def protocol_period(self):
        """Ping one member; if no ack comes in time, ask k others to ping it; if none has come by the end of the period,
        it failed."""
        self._period += 1
        if (member := self.next_member()) is not None:
            self.probe(member)
        if self.faulty and self._period % self.REVISIT == 0:
            self.send(self.random.choice(sorted(self.faulty)), Ping(self.next_number(), self.updates()))

    def next_number(self):
        self._number += 1
        return self._number

    def next_member(self):
        """4.3: go round in an order that is shuffled after each round, so that every member is pinged by each other one
        within two rounds."""
        there = [peer for peer in self.peers if peer not in self.faulty]
        if not there or not self.ROUND_ROBIN:
            return self.random.choice(there) if there else None
        self._order = [peer for peer in self._order if peer in there]
        if not self._order:
            self._order = self.random.sample(there, len(there))
        return self._order.pop()

    def probe(self, member):
        number = self.next_number()
        self.send(member, Ping(number, self.updates(to=member)))
        self.after(self.TIMEOUT, self.ask_others, number, member)
        self.after(self.PERIOD, self.end_period, number, member)

    def ask_others(self, number, member):
        """Select k members at random, and send each a ping-req: it may be only the way from here to there that
        is broken."""
        if number in self._acked:
            return
        others = [peer for peer in self.peers if peer != member and peer not in self.faulty]
        for helper in self.random.sample(others, min(self.K, len(others))):
            self.send(helper, PingReq(number, member, self.updates()))

    def end_period(self, number, member):
        if number in self._acked:
            self._acked.discard(number)
        else:
            self.no_ack(member)

    @on(Ping)
    def ping(self, msg, sender):
        self.learn(msg.updates)
        self.send(sender, Ack(msg.number, self.id, self.updates(to=sender)))

    @on(PingReq)
    def ping_req(self, msg, sender):
        """Ping for somebody else, and forward the ack."""
        self.learn(msg.updates)
        number = self.next_number()
        self._asked[number] = (sender, msg.number)
        self.send(msg.member, Ping(number, self.updates(to=msg.member)))

    @on(Ack)
    def ack(self, msg, sender):
        self.learn(msg.updates)
        if msg.number in self._asked:
            asker, number = self._asked.pop(msg.number)
            self.send(asker, Ack(number, msg.member, self.updates(to=asker)))
        else:
            self._acked.add(msg.number)

    # --- suspicion (section 4.2)

    def no_ack(self, member):
        """ "{Suspect M, inc=i}", with the incarnation number by which it is known here."""
        incarnation, state = self.states[member]
        if state == ALIVE:
            self.news(member, incarnation, SUSPECT if self.SUSPICION else CONFIRM)

    def confirm(self, member, incarnation):
        """The time for which it was suspected is over."""
        if self.states[member] == (incarnation, SUSPECT):
            self.news(member, incarnation, CONFIRM)

    def learn(self, updates):
        """What overrides what: a higher incarnation number, and for the same one Confirm, Suspect, Alive."""
        for member, incarnation, state in updates:
            if member == self.id:
                if state != ALIVE and incarnation >= self.incarnation:
                    self.refute(incarnation)
            elif (incarnation, state) > self.states.get(member, (-1, ALIVE)):
                self.news(member, incarnation, state)

    def refute(self, incarnation):
        """Only a member itself increments its incarnation number: when it hears that it is suspected."""
        self.incarnation = incarnation
        self.next_incarnation()

    def next_incarnation(self):
        self.incarnation += 1
        self.disk["incarnation"] = self.incarnation

    def news(self, member, incarnation, state):
        """An update is taken, and passed on."""
        if state != self.states[member][1]:
            self.note(f"{member} is {('alive', 'suspect', 'faulty')[state]}")
        self.states = self.states | {member: (incarnation, state)}
        self.suspects = {peer for peer, (_, of) in self.states.items() if of != ALIVE}
        self.faulty = {peer for peer, (_, of) in self.states.items() if of == CONFIRM}
        self._told[member] = 0
        if state == SUSPECT:
            self.after(self.SUSPICION * self.PERIOD, self.confirm, member, incarnation)

    # --- dissemination (section 4.1)

    def updates(self, to=None):
        """What is piggybacked on a message: the updates that were passed on least often, until each was passed
        on LAMBDA log2(n) times; that its sender is alive; and to a member that is not trusted, that it is not."""
        chosen = sorted((m for m, count in self._told.items() if count < self._times), key=lambda m: (self._told[m], m))
        chosen = chosen[: self.PIGGYBACK]
        for member in chosen:
            self._told[member] += 1
        if to in self.suspects and to not in chosen:
            chosen.append(to)
        return [(self.id, self.incarnation, ALIVE), *((member, *self.states[member]) for member in chosen)]
