"""Layer engine: a few threads that share out numbered pieces of work. Kernels release the interpreter lock, so they run
at the same time; which thread does which piece changes no result."""

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

        abandon   is called where something went wrong, Ctrl-C among it, before the other threads are waited for: pieces
                  that wait for one another must then stop doing so
        """
        if self._pool is None or count < 2:
            return [function(i) for i in range(count)]
        hands = min(self.threads, count)
        waiting = []
        results: dict[int, Result] = {}
        try:
            for hand in range(1, hands):
                waiting.append(self._pool.submit(_each, function, hand, count, hands))
            results.update(_each(function, 0, count, hands))
        except BaseException:
            abandon()
            raise
        finally:
            for future in waiting:
                results.update(future.result())
        return [results[i] for i in range(count)]


def _each(function: Callable[[int], Result], hand: int, count: int, hands: int) -> dict[int, Result]:
    return {i: function(i) for i in range(hand, count, hands)}
