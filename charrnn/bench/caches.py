"""Layer bench: how large this machine's caches are, and buffers that fit each of them."""

import sys
from pathlib import Path
from typing import NamedTuple

CPU = Path("/sys/devices/system/cpu/cpu0/cache")
KB, MB = 1024, 1024**2


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
