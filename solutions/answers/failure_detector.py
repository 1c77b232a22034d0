"""Answers to the exercise failure-detector: right ones in different styles, and wrong ones that each break one rule."""

COROUTINE = '''
import asyncio



class Look(Message):  # answered with Seen by who is alive
    at: str
    book: dict[str, tuple[int, bool]]


class Seen(Message):
    book: dict[str, tuple[int, bool]]


class Detector(Node):
    """A ring: each watches the next one that it trusts, and looks at one that it does not trust now and then. Mistakes
    are learnt from as Chandra and Toueg do: by hearing that they were mistakes."""

    async def start(self):
        self.suspects = set()
        self.book = {id: (0, False) for id in self.peers}  # life, whether it is suspected
        self.disk["life"] = self.disk.get("life", 0) + 1
        self.book[self.id] = (self.disk["life"], False)
        self.patience, self.accused = 0.15, set()
        ring = sorted([*self.peers, self.id])
        here = ring.index(self.id)
        self.ring = ring[here + 1 :] + ring[:here]
        self.broadcast(Seen(self.book))
        asyncio.create_task(self.listen())
        await self.sleep(self.random.uniform(0, 0.5))
        turn = 0
        while True:
            turn += 1
            trusted = [id for id in self.ring if id not in self.suspects]
            if trusted:
                asyncio.create_task(self.watch(trusted[0]))
            if self.suspects and turn % 4 == 0:
                asyncio.create_task(self.ask(self.random.choice(sorted(self.suspects)), None))
            await self.sleep(0.5)

    async def watch(self, member):
        life = self.book[member][0]
        if await self.ask(member, None):
            return
        helpers = [id for id in self.ring if id != member and id not in self.suspects][:4]
        answers = await asyncio.gather(*(self.ask(helper, member) for helper in helpers))
        if not any(answers) and self.book[member] == (life, False):
            self.accused.add(member)
            self.read({member: (life, True)})
            self.broadcast(Seen(self.book))

    async def ask(self, to, about):
        """Is `to` alive? Or, if it is asked about another: does it see that one alive?"""
        try:
            wait = self.patience if about is None else 2 * self.patience
            reply = await self.call(to, Look(about or to, self.book), timeout=wait)
        except TimeoutError:
            return False
        self.read(reply.book)
        return True

    async def listen(self):
        while True:
            msg, sender = await self.receive()
            self.read(msg.book)

    @on(Look)
    async def look(self, msg, sender):
        self.read(msg.book)
        if msg.at == self.id or await self.ask(msg.at, None):
            return Seen(self.book)

    def read(self, book):
        for member, (life, suspected) in book.items():
            if member == self.id:
                if suspected and life >= self.book[self.id][0]:
                    self.disk["life"] = life + 1
                    self.book[self.id] = (life + 1, False)
                    self.broadcast(Seen(self.book))
            elif (life, suspected) > self.book[member]:
                self.book[member] = (life, suspected)
                if not suspected and member in self.accused:
                    self.patience = min(1.6 * self.patience, 4.0)
                self.accused -= set() if suspected else {member}
        self.suspects = {member for member, (_, suspected) in self.book.items() if suspected}
'''

RIGHT = {"one coroutine that receives": COROUTINE}

MUTANTS = [
    (
        "waits for no silence",
        [("self.after(3 * self.timeout, self.give_up, self._number, member)", "pass")],
        {"dead": "silence is the only sign of a crash"},
    ),
    (
        "is impatient",
        [("self.timeout = 0.12", "self.timeout = 0.02")],
        {"dead": "a timeout must be longer than from one sign of life to the next"},
    ),
    ("waits for ever so long", [("self.timeout = 0.12", "self.timeout = 1.2")], {"dead": "times the reference's"}),
    (
        "suspects everybody until they have spoken",
        [("self.suspects = set()", "self.suspects = set(self.peers)")],
        {"dead": "nobody is dead for not having spoken yet"},
    ),
    (
        "makes a list of names and states",
        [
            (
                "self.suspects = {member for member, (_, suspected) in self.states.items() if suspected}",
                "self.suspects = {member: suspected for member, (_, suspected) in self.states.items()}",
            )
        ],
        {"dead": "make it a set of ids"},
    ),
    ("never learns", [("self.timeout = took", "pass")], {"slow": "wait longer the next time"}),
    (
        "keeps the news to itself",
        [("return self.states | {self.id: (self.incarnation, False)}", "return {self.id: (self.incarnation, False)}")],
        {"few": "news must reach everybody"},
    ),
    (
        "believes only its own eyes",
        [
            (
                "elif (incarnation, suspected) > self.states[member]:",
                "elif (incarnation, suspected) > self.states[member] and (not suspected or len(news) == 1):",
            )
        ],
        {"few": "news must reach everybody"},
    ),
    ("asks nobody else", [("if number in self._probes:\n", "if False:\n")], {"link": "ask them before you suspect"}),
    (
        "vouches without looking",
        [("self.send(msg.member, Ping(self._number, self.news()))", "self.send(sender, Ack(msg.number, self.news()))")],
        {"dead": "silence is the only sign of a crash"},
    ),
    (
        "believes the latest message",
        [("elif (incarnation, suspected) > self.states[member]:", "else:")],
        {"slow": "no sign of life"},
    ),
    (
        "does not say that it is alive",
        [("                    self.say_alive()\n", "                    pass\n")],
        {"few": "who hears that it is suspected can say no"},
    ),
    (
        "never trusts again",
        [("elif (incarnation, suspected) > self.states[member]:", "elif suspected:")],
        {"back": "who is back must be trusted again"},
    ),
    (
        "answers every piece of news with one of its own",
        [
            (
                """        self.learn(msg.news)
        # END SOLUTION

    @on(Ping)""",
                """        self.learn(msg.news)
        self.broadcast(Heartbeat(self.news()))

    @on(Ping)""",
            )
        ],
        {"dead": "does an answer call for an answer"},
    ),
    (
        "does not number its lives",
        [
            (
                "                    self.incarnation = incarnation\n                    self.say_alive()\n",
                "                    self.broadcast(Heartbeat(self.news()))\n",
            )
        ],
        {"few": "who hears that it is suspected can say no"},
    ),
]
