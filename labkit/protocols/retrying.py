"""Customers who do not wait for ever: timeouts, retries with backoff and jitter, and a budget for retries.

Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (full jitter); Alejandro Forero Cuervo,
"Handling Overload", chapter 21 of "Site Reliability Engineering", O'Reilly 2016 (retry budgets); Nathan Bronson,
Abutalib Aghayev, Aleksey Charapko and Timothy Zhu, "Metastable Failures in Distributed Systems", HotOS 2021 (what
retries do to a system that was overloaded for a moment).
"""

from labkit import on
from labkit.protocols.balancing import Busy, Crowd, Request, Response, Server


class Impatient(Crowd):
    """Asks again when no answer has come in time. `served` counts answers that came while somebody waited for them."""

    PATIENCE = 1.0  # seconds to wait for an answer
    RETRIES = 3  # how often to ask again, before giving up
    BACKOFF = 0.0  # seconds: before the retry number n wait a random time up to BACKOFF * 2 ** n
    BUDGET = None  # retries for each first try, on average; None: no limit
    BURST = 10.0  # retries that may be saved up

    def start(self):
        super().start()
        self.sent = self.gave_up = 0
        self._saved = self.BURST
        self._open = {}  # number -> request, attempt, timer

    def ask(self, request):
        """A first try: it pays a share of a retry into the budget."""
        if self.BUDGET is not None:
            self._saved = min(self._saved + self.BUDGET, self.BURST)
        self.attempt(request, 0)

    def attempt(self, request, attempt):
        self.sent += 1
        timer = self.after(self.PATIENCE, self.no_answer, request, attempt)
        self._open[request.number] = (request, attempt, timer)
        self.send(self.BALANCER, request)

    def no_answer(self, request, attempt):
        """Nobody answered, or nobody had time: ask again, unless that has been tried often enough, or the budget is
        empty."""
        self._open.pop(request.number, None)
        if attempt >= self.RETRIES or not self.may_retry():
            self._since.pop(request.number, None)
            self.gave_up += 1
            return
        pause = self.random.uniform(0.0, self.BACKOFF * 2**attempt)
        self.after(pause, self.attempt, request, attempt + 1)

    def may_retry(self):
        if self.BUDGET is None:
            return True
        if self._saved < 1:
            return False
        self._saved -= 1
        return True

    @on(Response)
    def response(self, msg, sender):
        """An answer to somebody who has given up, or is just about to ask again, is of no use."""
        if msg.number in self._open:
            self._open.pop(msg.number)[2].cancel()
            super().response(msg, sender)

    @on(Busy)
    def busy(self, msg, sender):
        """Refused at once is better than kept waiting: it counts as a failed try all the same."""
        if msg.number in self._open:
            request, attempt, timer = self._open.pop(msg.number)
            timer.cancel()
            self.no_answer(request, attempt)


class Considerate(Server):
    """Drops a request whose customer has given up: it knows how long they wait. Work that nobody waits for is what
    keeps a metastable failure alive."""

    PATIENCE = Impatient.PATIENCE

    def start(self):
        super().start()
        self.dropped = 0
        self._came = {}  # number -> when

    @on(Request)
    def request(self, msg, sender):
        self._came[msg.number] = self.now
        return super().request(msg, sender)

    def work(self):
        while self._line and not self.active and self.now - self._came[self._line[0][0].number] > self.PATIENCE:
            self._line.popleft()
            self.dropped += 1
        super().work()
