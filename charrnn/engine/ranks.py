"""Layer engine: which of the processes that train together this one is, as torchrun says it in the environment.

PyTorch is not needed to ask. Processes that train together run the same command; each computes a share of every window,
and the first one, rank 0, saves and reports.
"""

import contextlib
import os
from collections.abc import Iterator
from typing import NamedTuple

from charrnn.errors import SettingsError


class Rank(NamedTuple):
    """The number of this process, from 0, of how many; and the same among those of this machine."""

    number: int = 0
    size: int = 1
    local: int = 0
    local_size: int = 1

    @property
    def is_first(self) -> bool:
        return self.number == 0


def this_rank() -> Rank:
    """That of this process; the only one where torchrun did not start it. Raises SettingsError for nonsense."""
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    if not all(name in os.environ for name in names):
        return Rank()
    try:
        rank = Rank(*(int(os.environ[name]) for name in names))
    except ValueError:
        rank = Rank(-1)
    if not (0 <= rank.number < rank.size and 0 <= rank.local < rank.local_size):
        raise SettingsError(f"{', '.join(f'{name}={os.environ[name]}' for name in names)} are not what torchrun sets; "
                            "start charrnn with torchrun, or unset them")
    return rank


@contextlib.contextmanager
def first_of_machine_first(rank: Rank) -> Iterator[None]:
    """A context that the first process of each machine goes through before the others of that machine.

    What the first one caches, the others find.
    """
    if rank.size == 1:
        yield
        return
    # read when PyTorch is loaded: a process that loses another says so in one line, and not in PyTorch's backtraces
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    from charrnn.engine.torch.processes import Processes

    processes = Processes.joined()
    if rank.local:
        processes.wait()
    yield
    if not rank.local:
        processes.wait()
