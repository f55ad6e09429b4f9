"""Layer engine: a few threads that share numbered pieces of work. Kernels release the interpreter lock, so they run at
the same time; which thread does which piece changes no result."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")


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


class Workers:
    """`threads` workers, the calling thread among them."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads - 1, "charrnn") if threads > 1 else None

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
            for future in waiting:
                results.update(future.result())
        return [results[i] for i in range(count)]


def _every(function: Callable[[int], Result], first: int, count: int, stride: int) -> dict[int, Result]:
    return {i: function(i) for i in range(first, count, stride)}
