"""The search itself: runs are handed out to workers in the order of their numbers, until one violates a property, or
runs or time are used up. Whatever the number of workers, the run reported is the first by its number."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait

from labkit.errors import LabkitError
from labkit.explore.chunks import Chunk, Job
from labkit.explore.progress import Progress
from labkit.explore.workers import Submit, workers

LOOK_EVERY = 0.5  # seconds between two looks at the clock while no worker tells anything
GRACE = 15.0  # seconds after the time of a search in which a run may still come to its end
SPAN = 0.25  # seconds of work in a chunk


class Search:
    """Makes runs until one violates a property, or `runs` or `seconds` are used up. `total` sums up what they were."""

    def __init__(self, job: Job, runs: float, seconds: float, progress: Progress):
        self._job, self._runs, self._progress = job, runs, progress
        self._begin = time.monotonic()
        self._deadline = self._begin + seconds
        self._next = 0
        self._size = 1
        self._done: dict[int, Chunk] = {}
        self.made = 0  # runs
        self.seconds = 0.0
        self.total = Chunk(0, 0)
        self.interrupted = False

    def go(self, count: int, scheduler: str | None) -> Chunk | None:
        """Search with so many workers. Returns the chunk that ends in the first violation, or None.

        Raises LabkitError if the cluster, the scenario or a property turns out to be unusable.
        """
        try:
            self._take(self._job.work(0, 1, 0.0))  # here, so that what is plainly wrong is told at once
            if not self._stop() and self._runs > 1 and not self.interrupted:
                with workers(self._job, count, scheduler) as (many, submit):
                    self._spread(many, submit)
        except KeyboardInterrupt:
            self.interrupted = True
        except BrokenExecutor as error:
            raise LabkitError(f"a worker process died ({error}): explore(..., workers=1) shows where") from error
        stop = self._stop()
        if stop is not None and stop.error:
            raise LabkitError(stop.error)
        return stop

    def _spread(self, many: int, submit: Submit) -> None:
        """Keep all workers busy. Two chunks wait for each, so that none is ever idle."""
        self._next, pending, started = 1, set[Future[Chunk]](), dict[Future[Chunk], int]()
        while True:
            while len(pending) < (1 if many == 1 else 2 * many) and self._more():
                start = self._next
                self._next = int(min(start + self._size, self._runs))
                future = submit(start, self._next, self._deadline - time.monotonic())
                pending.add(future)
                started[future] = start
            if not pending:
                return
            done, pending = wait(pending, LOOK_EVERY, return_when=FIRST_COMPLETED)
            if not done:
                self._check_time(min(started[future] for future in pending))
            for future in done:
                self._take(future.result())
            if self.interrupted or self._decided():
                return
            self._progress.show(self.made, self.total, self.seconds)

    def _check_time(self, number: int) -> None:
        """Raises LabkitError if nothing has come of a search for long after its time."""
        self._progress.show(self.made, self.total, time.monotonic() - self._begin)
        late = time.monotonic() - self._deadline
        if late > GRACE:
            raise LabkitError(
                f"a run has not come to its end {late:.0f} s after the time of the search: does the scenario, or a "
                f"property, loop for ever in run {number:,} or one soon after? It shows where when you interrupt "
                f"explore(..., seed={self._job.strategy.seed + number}, workers=1)"
            )

    def _more(self) -> bool:
        """Whether runs are to be handed out still."""
        stop = self._stop()
        if stop is not None:
            return False
        return self._next < self._runs and time.monotonic() < self._deadline

    def _decided(self) -> bool:
        """Whether the first violation is known: all runs before it were made."""
        stop = self._stop()
        return stop is not None and self._made_before(stop.start)

    def _made_before(self, number: int) -> bool:
        reached = 0
        for start in sorted(self._done):
            if start > reached or reached >= number:
                break
            reached = self._done[start].stop
        return reached >= number

    def _stop(self) -> Chunk | None:
        """Of the chunks that end in a violation or an error, the first."""
        return min((chunk for chunk in self._done.values() if chunk.found or chunk.error), key=_start, default=None)

    def _take(self, chunk: Chunk) -> None:
        self._done[chunk.start] = chunk
        made = chunk.stop - chunk.start
        self.made += made
        self.total.merge(chunk)
        self.seconds = time.monotonic() - self._begin
        self.interrupted = self.interrupted or chunk.interrupted
        rate = self.made / max(self.seconds, 1e-6)
        self._size = max(1, min(1000, int(rate * SPAN)))


def _start(chunk: Chunk) -> int:
    return chunk.start
