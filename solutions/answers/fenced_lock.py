"""Answers to the exercise fenced-lock: right ones in different styles, and wrong ones that each break one rule."""

COROUTINE = '''
import asyncio


class LockServer(Node):
    """One loop: the lock is free from a moment on."""

    async def start(self):
        longest = LEASE * (1 + DRIFT) / (1 - DRIFT)
        token, holder = self.disk.get("token", 0), None
        free = self.now + longest if token else self.now
        while True:
            msg, sender = await self.receive()
            if isinstance(msg, Release):
                if msg.token == token:
                    free = self.now
            elif self.now >= free or holder == sender:
                token, holder, free = token + 1, sender, self.now + longest
                self.disk["token"] = token
                self.send(sender, Granted(request=msg.request, token=token))


class Storage(Node):
    """The ledger, and apart from it the greatest token seen."""

    def start(self):
        self.lines, self.seen = self.disk.get("ledger", ([], 0))

    @on(Write)
    def write(self, msg, sender):
        if msg.token >= self.seen:
            line = (msg.token, msg.text)
            self.seen = msg.token
            self.lines = self.lines if line in self.lines else self.lines + [line]
            self.disk["ledger"] = (self.lines, self.seen)
            self.send(sender, Written(token=msg.token, text=msg.text))


class Worker(Node):
    """A job is a coroutine that asks, works and writes, with the lease as its time limit."""

    def start(self):
        self.holding = False
        self._inbox, self._request = {}, self.random.getrandbits(40)

    @on(Granted, Written)
    def answered(self, msg, sender):
        for waits in [w for kind, w in self._inbox.items() if isinstance(msg, kind) and not w.done()]:
            waits.set_result(msg)

    async def _ask(self, to, msg, kind, fits):
        while True:
            self.send(to, msg)
            self._inbox[kind] = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(0.12):
                    answer = await self._inbox[kind]
            except TimeoutError:
                if kind is Granted:
                    return None
            else:
                if fits(answer):
                    return answer

    @on(Job)
    async def job(self, msg, sender):
        while True:
            self._request += 1
            request, deadline = self._request, asyncio.get_running_loop().time() + LEASE
            granted = await self._ask(SERVER, Acquire(request), Granted, lambda a: a.request == request)
            if granted is None:
                continue
            token = granted.token
            self.holding = True
            try:
                async with asyncio.timeout(max(0, deadline - asyncio.get_running_loop().time())):
                    await self.sleep(msg.seconds)
                    await self._ask(STORAGE, Write(token, msg.text), Written, lambda a: a.token == token)
            except TimeoutError:
                continue
            finally:
                self.holding = False
            self.send(SERVER, Release(token))
            return Done(token)
'''

RIGHT = {"loops, futures and time limits": COROUTINE}

MUTANTS = [
    (
        "asks for the lock once",
        [
            (
                "if self._job and not self.holding:\n            self.acquire()",
                "if self._job and not self.holding:\n            pass",
            )
        ],
        {"exclusion": "has not asked again"},
    ),
    (
        "goes on when the lease is over",
        [("self._lease = self.after(LEASE, self.lease_over)", "self._lease = self.after(60, self.lease_over)")],
        {"exclusion": "A lease ends by itself"},
    ),
    (
        "counts the lease from the answer",
        [
            (
                "self.holding, self.token, self._ready = True, msg.token, False",
                "self.holding, self.token, self._ready = True, msg.token, False\n            self._lease.reset(LEASE)",
            )
        ],
        {"exclusion": "count from when you asked"},
    ),
    (
        "takes grants of earlier requests",
        [("msg.request == self._request and ", "")],
        {"exclusion": "A lease counts from the request that was granted"},
    ),
    (
        "waits no longer than a lease by its own clock",
        [("LONGEST = LEASE * (1 + DRIFT) / (1 - DRIFT)", "LONGEST = LEASE")],
        {"exclusion": "For a lease that both measure"},
    ),
    (
        "waits half as long",
        [("LONGEST = LEASE * (1 + DRIFT) / (1 - DRIFT)", "LONGEST = LEASE / 2")],
        {"exclusion": "whose lease is 0.4 s"},
    ),
    (
        "takes anybody's Release",
        [("if msg.token == self.token:\n            self.holder = None", "self.holder = None")],
        {"exclusion": "look at its token"},
    ),
    (
        "grants the lock to all",
        [("if self.holder not in (None, sender):", "if False:")],
        {"exclusion": "both hold the lock"},
    ),
    (
        "says done before it is",
        [
            (
                "self.send(STORAGE, Write(token=token, text=self._job.text))",
                "self.send(STORAGE, Write(token=token, text=self._job.text))\n            self.answer(self._customer, Done(token))\n            self._job = None",
            )
        ],
        {"exclusion": "It is done when a Written has come"},
    ),
    (
        "grants for ever",
        [("def expire(self):\n        self.holder = None", "def expire(self):\n        pass")],
        {"crash": "must count it too"},
    ),
    ("lets in everybody", [("if msg.token < newest:", "if False:")], {"fence": "Refuse a token that is smaller"}),
    ("gives everybody the same token", [("self.token += 1", "self.token = 1")], {"fence": "after it granted"}),
    ("keeps the token in memory", [('self.disk["token"] = self.token', "pass")], {"restart": "belongs on the disk"}),
    (
        "writes the token down too late",
        [
            ('        self.disk["token"] = self.token\n', ""),
            (
                "        return Granted(request=msg.request, token=self.token)",
                '        self.send(sender, Granted(request=msg.request, token=self.token))\n        self.disk["token"] = self.token',
            ),
        ],
        {"restart": "belongs on the disk"},
    ),
    ("keeps the lines in memory", [('self.disk["lines"] = self.lines', "pass")], {"restart": "Keep it on the disk"}),
    (
        "is free when it comes up",
        [('self.holder = "somebody"', "pass")],
        {"restart": "wait as long as a lease may last"},
    ),
    (
        "keeps the greatest token in memory",
        [
            (
                "newest = self.lines[-1][0] if self.lines else 0",
                "newest = self._newest = max(msg.token, getattr(self, '_newest', 0))",
            )
        ],
        {"restart": "did it forget"},
    ),
]
