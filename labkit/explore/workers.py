"""Workers: where the runs of a search are made. In this process, in others on this computer, or in a Dask cluster.

Other processes are forked where that is safe (Linux), so that classes of a notebook are there at once; elsewhere, and
in a Dask cluster, the job is sent to them (`labkit.explore.shipping`).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.explore.chunks import Chunk, Job

Submit = Callable[[int, int, float], "Future[Chunk]"]
_job: Job | None = None  # in a worker: the job it was started for


def cores() -> int:
    """How many processors this process may use."""
    if sys.platform == "emscripten":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def workers(job: Job, count: int, scheduler: str | None) -> Iterator[tuple[int, Submit]]:
    """How many workers there are, and a function that gives them the runs from one number to another."""
    if scheduler is not None:
        with _dask(job, scheduler) as pair:
            yield pair
    elif count == 1:
        yield 1, _Here(job).submit
    else:
        pool = _processes(job, count)
        try:
            yield count, lambda start, stop, seconds: pool.submit(_work, start, stop, seconds)
        except BaseException:  # interrupted, or a run does not end: they are not waited for
            _kill(pool)
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _Here:
    """No other process: a chunk is done when it is asked for."""

    def __init__(self, job: Job):
        self._job = job

    def submit(self, start: int, stop: int, seconds: float) -> Future[Chunk]:
        future: Future[Chunk] = Future()
        future.set_result(self._job.work(start, stop, seconds))
        return future


def _processes(job: Job, count: int) -> Executor:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the kernel has threads; the workers use none of them
        if sys.platform == "linux":
            context: Any = multiprocessing.get_context("fork")
            pool = ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(job,))
        else:
            from labkit.explore.shipping import pack

            context = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(count, mp_context=context, initializer=_begin_packed, initargs=(pack(job),))
        pool.submit(int).result()  # all processes are there now, while nothing else goes on
    return pool


def _kill(pool: Any) -> None:
    for process in list((pool._processes or {}).values()):
        process.kill()


def _begin(job: Job) -> None:
    """In a new worker. An interrupt is for the one who waits for it, not for the workers."""
    global _job
    _job = job
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    import gc

    gc.freeze()


def _begin_packed(packed: bytes) -> None:
    from labkit.explore.shipping import unpack

    _begin(unpack(packed))


def _work(start: int, stop: int, seconds: float) -> Chunk:
    assert _job is not None
    return _job.work(start, stop, seconds)


# --- Dask


@contextmanager
def _dask(job: Job, scheduler: str) -> Iterator[tuple[int, Submit]]:
    from labkit.explore.shipping import pack

    try:
        from distributed import Client
    except ImportError:
        raise LabkitError("a Dask cluster needs Dask: pip install 'labkit[dask]'") from None
    try:
        client = Client(scheduler, timeout=10, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise LabkitError(f"there is no Dask scheduler at {scheduler}: {error}") from error
    try:
        count = sum(client.nthreads().values())
        if not count:
            raise LabkitError(f"the Dask scheduler at {scheduler} has no workers: start some with `dask worker`")
        packed = pack(job)
        pool = client.get_executor(pure=False)
        yield count, lambda start, stop, seconds: pool.submit(_work_packed, packed, start, stop, seconds)
    finally:
        client.close()


_one_at_a_time = threading.Lock()  # a run redirects what it prints, and a Dask worker has threads
_unpacked: dict[bytes, Job] = {}  # in a worker: the last job, so that it is unpacked once


def _work_packed(packed: bytes, start: int, stop: int, seconds: float) -> Chunk:
    from labkit.explore.shipping import unpack

    with _one_at_a_time:
        if packed not in _unpacked:
            _unpacked.clear()
            _unpacked[packed] = unpack(packed)
        return _unpacked[packed].work(start, stop, seconds)
