"""Layer engine: the processes that train together, through torch.distributed: gloo between CPUs, NCCL between GPUs.

All of them make the same calls in the same order. Each call waits for the others; so one that dies ends them all.
"""

import atexit
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cache

import numpy as np
import torch
from torch import Tensor, distributed

from charrnn.engine.interface import Arrays
from charrnn.engine.ranks import Rank, this_rank
from charrnn.errors import PeerError, SettingsError

# How long a process may keep the others waiting in a step, and while it reads a text or saves.
STEP, LONG = timedelta(seconds=20), timedelta(hours=2)


class Processes:
    """This process and its peers."""

    def __init__(self, rank: Rank) -> None:
        self.rank = rank
        with ended_peers():
            is_first_here = not distributed.is_initialized()
            if is_first_here:
                backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
                distributed.init_process_group(backend, timeout=LONG)
            self._quick = distributed.new_group(timeout=STEP)
        if is_first_here:
            atexit.register(self._leave)

    @classmethod
    def joined(cls) -> "Processes":
        """Those that torchrun started, once they have found one another."""
        return _joined(this_rank())

    def share(self, rows: int) -> slice:
        """The rows of this process; none where there are more processes than rows."""
        return self._share_of(rows, self.rank.number)

    def add_up(self, tensors: list[Tensor]) -> None:
        """Replaces tensors by their sums over all processes, in one message."""
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        with ended_peers():
            distributed.all_reduce(flat, group=self._quick)
        parts = flat.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def sum(self, value: float) -> float:
        """The sum of a number over all processes, in float64."""
        tensor = torch.tensor([value], dtype=torch.float64)
        with ended_peers():
            distributed.all_reduce(tensor, group=self._quick)
        return float(tensor.item())

    def largest(self, values: tuple[float, ...]) -> tuple[float, ...]:
        """The largest of each number over all processes."""
        tensor = torch.tensor(values, dtype=torch.float64)
        with ended_peers():
            distributed.all_reduce(tensor, distributed.ReduceOp.MAX, group=self._quick)
        return tuple(tensor.tolist())

    def gathered(self, arrays: Arrays, rows: int) -> Arrays:
        """Arrays of all `rows` rows, from those of each process's own."""
        found = {}
        for name, array in arrays.items():
            parts = [torch.empty((_length(self._share_of(rows, number)), *array.shape[1:]))
                     for number in range(self.rank.size)]
            with ended_peers():
                distributed.all_gather(parts, torch.from_numpy(np.ascontiguousarray(array)), group=self._quick)
            found[name] = torch.cat(parts).numpy()
        return found

    def wait(self) -> None:
        """Returns when all processes have come here, which may take long."""
        with ended_peers():
            distributed.all_reduce(torch.zeros(1))

    def require_equal(self, facts: Mapping[str, str]) -> None:
        """Raises SettingsError, in every process, if they differ in a fact."""
        every: list[dict[str, str]] = [{}] * self.rank.size
        with ended_peers():
            distributed.all_gather_object(every, dict(facts), group=self._quick)
        for name in facts:
            for number, theirs in enumerate(every):
                if theirs.get(name) != every[0].get(name):
                    raise SettingsError(f"processes that train together need the same {name}, and rank {number} has "
                                        f"{_shown(theirs.get(name))} where rank 0 has {_shown(every[0].get(name))}")

    def _leave(self) -> None:
        """Ends gloo's threads, which a group keeps as long as anyone has it. Where they still run when the interpreter
        ends, it is aborted now and then (PyTorch 2.13).
        """
        del self._quick
        if distributed.is_initialized():
            distributed.destroy_process_group()

    def _share_of(self, rows: int, number: int) -> slice:
        return slice(rows * number // self.rank.size, rows * (number + 1) // self.rank.size)


@cache
def _joined(rank: Rank) -> Processes:
    return Processes(rank)


@contextmanager
def ended_peers() -> Iterator[None]:
    """Says in one line what PyTorch says in many when another process is gone or does not answer."""
    try:
        yield
    except RuntimeError as error:
        raise PeerError("another of the processes that train together has ended or does not answer, and so this run "
                        "ends; its last checkpoint is whole: start all of them again with --resume") from error


def _length(part: slice) -> int:
    return int(part.stop - part.start)


def _shown(fact: str | None) -> str:
    text = json.dumps(fact)
    return text if len(text) <= 80 else f"{text[:80]}..."
