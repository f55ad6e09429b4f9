"""Layer engine: a few threads that share numbered pieces of work. Kernels release the interpreter lock, so they run at
the same time; which thread does which piece changes no result."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

import numpy as np

from charrnn.kernels import barrier
from charrnn.kernels.jit import JIT

Result = TypeVar("Result")
# More arrivals than any barrier waits for.
_GONE = 1 << 62


def physical_cores() -> int:
    """Cores this process may run on, counting the two threads of a hyper-threaded core as one."""
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    allowed = os.sched_getaffinity(0)
    siblings = set()
    for cpu in allowed:
        try:
            siblings.add(Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text())
        except OSError:
            siblings.add(str(cpu))
    return max(1, len(siblings))


class Member:
    """One of `threads` threads that do something together.

    counter   their barrier's: kernels wait() there (kernels/barrier.py), Python calls barrier()
    """

    def __init__(self, thread: int, threads: int, counter: np.ndarray) -> None:
        self.thread, self.threads, self.counter = thread, threads, counter
        self._times = 0

    def barrier(self) -> None:
        """Waits for the others, with a core kept busy: for pieces of about the same length."""
        self._times += 1
        barrier.wait_in_python(self.counter, self.threads * self._times)


ALONE = Member(0, 1, np.zeros(1, np.int64))


class Workers:
    """`threads` workers, the calling thread among them; one alone where the system starts no more."""

    def __init__(self, threads: int) -> None:
        self._pool = _started_pool(threads - 1) if threads > 1 else None
        self.threads = threads if self._pool is not None else 1

    def map(self, function: Callable[[int], Result], count: int,
            abandon: Callable[[], None] = lambda: None) -> list[Result]:
        """[function(0), ..., function(count - 1)], the pieces dealt out in turn.

        abandon   is called on an error or Ctrl-C, before the other threads are waited for: pieces that wait for one
                  another must then stop waiting
        """
        if self._pool is None or count < 2:
            return [function(i) for i in range(count)]
        threads = min(self.threads, count)
        waiting = []
        results: dict[int, Result] = {}
        try:
            for thread in range(1, threads):
                waiting.append(self._pool.submit(_every, function, thread, count, threads))
            results.update(_every(function, 0, count, threads))
        except BaseException:
            abandon()
            raise
        finally:
            wait(waiting)  # all of them, also where one has failed: they write into what the caller goes on to use
            for future in waiting:
                results.update(future.result())
        return [results[i] for i in range(count)]

    def together(self, function: Callable[[Member], Result], threads: int | None = None) -> list[Result]:
        """[function(member) for each of `threads` threads (all of them)], all at the same time: what is done in several
        stages, each of which needs all of the one before. All must wait as often; whoever fails first sends the others
        on, and what they do then is of no use.
        """
        count, counter = (threads or self.threads) if JIT else 1, np.zeros(1, np.int64)

        def abandon() -> None:
            counter[0] = _GONE

        def one(thread: int) -> Result:
            try:
                return function(Member(thread, count, counter))
            except BaseException:
                abandon()
                raise

        return self.map(one, count, abandon)


def _started_pool(threads: int) -> ThreadPoolExecutor | None:
    """A pool whose threads all run: pieces that wait for one another can't find out later that one is missing."""
    pool, gate = ThreadPoolExecutor(threads, "charrnn"), threading.Event()
    try:
        for _ in range(threads):
            pool.submit(gate.wait)  # none is idle, so that each needs a thread of its own
    except RuntimeError:  # a limit of the user's or the container's
        gate.set()
        pool.shutdown(cancel_futures=True)
        return None
    gate.set()
    return pool


def _every(function: Callable[[int], Result], first: int, count: int, stride: int) -> dict[int, Result]:
    return {i: function(i) for i in range(first, count, stride)}
