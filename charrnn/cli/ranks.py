"""Layer cli: several processes that train together speak with one voice."""

import contextlib
import os
import sys
from collections.abc import Iterator

from charrnn.engine.ranks import Rank, this_rank
from charrnn.errors import CharrnnError, CheckpointError, CorpusError, PeerError, StorageError, TrainingError


@contextlib.contextmanager
def only_first_speaks() -> Iterator[None]:
    """A context in which only rank 0 writes, and an error is told once: by rank 0, or by the rank that alone has it."""
    rank = this_rank()
    if rank.is_first:
        yield
        return
    try:
        with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere), \
                contextlib.redirect_stderr(nowhere):
            yield
    except CharrnnError as error:
        if not _is_own(error, rank):
            sys.exit(error.exit_code)
        raise type(error)(f"rank {rank.number}: {error}") from error


def _is_own(error: CharrnnError, rank: Rank) -> bool:
    """Whether rank 0 may not have met this error: a device is full, or another machine lacks a file."""
    if isinstance(error, (CorpusError, StorageError, CheckpointError)):
        return rank.local == 0
    return isinstance(error, TrainingError) and not isinstance(error, PeerError)
