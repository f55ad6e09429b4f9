"""Floor 6: ids to text, piece by piece as they are drawn; a text of documents is over where its document ends."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from charrnn.text.vocabulary import Vocabulary


def written(pieces: Iterable[np.ndarray], vocabulary: Vocabulary, mark: str | None,
            prime: str = "") -> Iterator[list[str]]:
    """What each of N streams adds to the prime, piece by piece, from ids (S, N) that follow one another.

    A mark ends its stream and is not written; when all streams have come to their ends no further piece is asked for.
    """
    end = -1 if mark is None else int(vocabulary.encode(mark)[0])
    is_over, writers = np.zeros(0, bool), list[Callable[[np.ndarray], str]]()
    for ids in pieces:
        if not writers:
            is_over = np.zeros(ids.shape[1], bool)
            writers = [vocabulary.writer(prime) for _ in is_over]
        # a stream that is over adds nothing, the others what they have before their first mark
        is_past = is_over | np.logical_or.accumulate(ids == end, axis=0)
        lengths = np.count_nonzero(~is_past, axis=0)
        is_over |= (ids == end).any(axis=0)
        yield [write(ids[:length, n]) for n, (write, length) in enumerate(zip(writers, lengths, strict=True))]
        if is_over.all():
            return
