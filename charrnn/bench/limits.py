"""Layer bench: what this machine can do at most: multiply and add, and read its caches and its memory."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from charrnn.kernels import peak as kernels
from charrnn.kernels.cpu import HAS_BF16, zeros

# A burst lasts about this long: long against a thread's start, short against a moment of quiet.
BURST_SECONDS = 0.005
# One may seem long because its threads were slow to start.
FEWEST_BURSTS = 3
CPU = Path("/sys/devices/system/cpu/cpu0/cache")
KB, MB = 1024, 1024**2
# Where measure() puts the peak of each precision.
PEAKS = {"float32": "peak", "bf16": "peak_bf16"}


class Cache(NamedTuple):
    """A cache of `size` bytes that `cores` cores share."""

    name: str
    size: int
    cores: int


# Where the system does not say: no larger than most processors have.
USUAL = (Cache("L1", 32 * KB, 1), Cache("L2", 512 * KB, 1), Cache("L3", 8 * MB, 1024))
# Main memory must be read, so its buffers together are larger than any cache, by so many times and at least so much.
TIMES_LARGER, LEAST_MEMORY = 4, 256 * MB
MOST_MEMORY = 2048 * MB


def measure(threads: int, seconds: float) -> dict[str, Any]:
    """GFLOP/s of each precision on one thread and on all, and GB/s out of each cache and out of memory.

    seconds    for each figure
    """
    counts = sorted({1, threads})
    known = caches()
    peaks = {name: [{"threads": count, "gflops": gflops(count, seconds, precision)} for count in counts]
             for precision, name in PEAKS.items() if precision != "bf16" or HAS_BF16}
    return {**peaks,
            "bandwidth": [{"place": place, "threads": count, "bytes": size,
                           "gbytes_per_second": gbytes_per_second(count, size, seconds)}
                          for count in counts for place, size in buffers(known, count)]}


def gflops(threads: int, seconds: float, precision: str = "float32") -> float:
    """The most GFLOP/s that `threads` threads reached together in a burst of multiply-and-add of these numbers."""
    outs = [zeros(kernels.LANES) for _ in range(threads)]
    run, operations = ((kernels.multiply_and_add_pairs, 4) if precision == "bf16" else (kernels.multiply_and_add, 2))
    rate = _best_rate(lambda thread, count: run(count, outs[thread]), threads, seconds)
    return operations * kernels.CHAINS * kernels.LANES * rate / 1e9


def gbytes_per_second(threads: int, size: int, seconds: float) -> float:
    """The most GB/s at which `threads` threads together read buffers of `size` bytes, one each, over and over."""
    length = max(1, size // 4 // kernels.BLOCK) * kernels.BLOCK
    lines = [zeros(length).view(np.int32) for _ in range(threads)]
    for line in lines:
        line[:] = 1  # memory that was never written may all be one page
    outs = [zeros(kernels.LANES).view(np.int32) for _ in range(threads)]
    rate = _best_rate(lambda thread, count: kernels.read(lines[thread], count, outs[thread]), threads, seconds)
    return 4 * length * rate / 1e9


def _best_rate(work: Callable[[int, int], object], threads: int, seconds: float) -> float:
    """The most repetitions a second, of all threads together, in one burst of work(thread, repetitions)."""
    work(0, 1)  # compiles what is not compiled yet
    best, long, count, end = 0.0, 0, 1, time.perf_counter() + seconds
    with ThreadPoolExecutor(threads) as pool:
        while long < FEWEST_BURSTS or time.perf_counter() < end:
            start = time.perf_counter()
            list(pool.map(work, range(threads), [count] * threads))
            took = time.perf_counter() - start
            if took < BURST_SECONDS:
                count *= 2  # so short a burst is mostly the start of threads
            else:
                best, long = max(best, count * threads / took), long + 1
    return best


def caches() -> tuple[Cache, ...]:
    """The data caches of the first core, smallest first."""
    if not sys.platform.startswith("linux"):
        return USUAL
    try:
        found = [_read(folder) for folder in sorted(CPU.glob("index*"))
                 if (folder / "type").read_text().strip() in ("Data", "Unified")]
    except (OSError, ValueError):
        return USUAL
    return tuple(found) or USUAL


def _read(folder: Path) -> Cache:
    text = {name: (folder / name).read_text().strip() for name in ("level", "size", "shared_cpu_list")}
    units = {"K": KB, "M": MB}
    size = int(text["size"].rstrip("KM")) * units.get(text["size"][-1], 1)
    cores = 0
    for part in text["shared_cpu_list"].split(","):
        first, _, last = part.partition("-")
        cores += int(last or first) - int(first) + 1
    return Cache(f"L{text['level']}", size, cores)


def buffers(known: tuple[Cache, ...], threads: int) -> list[tuple[str, int]]:
    """(name, bytes) of the buffer that each of `threads` threads reads so that all of it comes from that place.

    Half of what a cache offers a thread: the other half is for whatever else runs.
    """
    sizes = [(cache.name, cache.size // 2 // max(1, min(threads, cache.cores))) for cache in known]
    largest = max(cache.size for cache in known)
    memory = min(MOST_MEMORY, max(LEAST_MEMORY, TIMES_LARGER * largest))
    return [*sizes, ("memory", memory // threads)]
