"""Layer novelty: the parts of some texts that also occur in a large text, which is read once, of any size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from charrnn.errors import CorpusError
from charrnn.kernels.suffix_automaton import (
    BEST,
    END,
    FIRST_BEST,
    LENGTH,
    LINK,
    LONGEST,
    STRANGER,
    WIDEST,
    automaton_of,
    scan_suffixes,
    settle_suffixes,
)
from charrnn.text.vocabulary import STAND_IN, code_points

KERNELS = ("build_suffixes", "pack_edges", "scan_suffixes", "settle_suffixes")


@dataclass(frozen=True)
class Match:
    """The matches of one text of T characters with the large text.

    text       the text
    lengths    (T,) int64, the length of the longest match that ends with each character
    ends       (T,) int64, the position in the large text of the last character of that match's first occurrence; -1 for
               none
    is_whole   whether the text is one of the documents of the large text
    """

    text: str
    lengths: np.ndarray
    ends: np.ndarray
    is_whole: bool


def find_matches(texts: Sequence[str], blocks: Iterable[np.ndarray], mark: str | None = None,
            has_stand_in: bool = False) -> tuple[list[Match], int]:
    """The matches of each text with the large text, whose code points come in `blocks`; and its length.

    mark           the document separator of the large text, if it is one of documents
    has_stand_in   whether U+FFFD in the large text stands for unknown characters and so matches nothing

    Raises CorpusError if the texts are too long: each character takes about 250 bytes.
    """
    symbols, numbers, width = _numbered(texts, mark, has_stand_in)
    states, table, shift, ends = automaton_of(symbols, width)
    lasts = np.cumsum([len(text) + 1 for text in texts], dtype=np.int64) - 2  # places of the last characters
    wholes, is_found = np.zeros(len(states), np.int32), np.zeros(len(states), np.bool_)
    documents = [_state_of(text, int(ends[last]), states) if text else 0
                 for text, last in zip(texts, lasts, strict=True)]
    if mark is not None:
        wholes[documents] = [len(text) for text in texts]
    reach = np.full((len(states), 3), -1, np.int64)
    reach[:, BEST] = 0
    carried, base = np.zeros(3, np.int64), 0
    for block in blocks:
        scan_suffixes(numbers.take(block, mode="clip"), base, width, states, table, shift, reach, wholes, is_found,
                      carried)
        base += len(block)
    settle_suffixes(np.argsort(states[:, LENGTH], kind="stable"), states, reach)
    found = reach[ends]
    parts = [found[last + 1 - len(text):last + 1] for text, last in zip(texts, lasts.tolist(), strict=True)]
    return [Match(text, part[:, BEST], part[:, FIRST_BEST], bool(is_found[state]))
            for text, part, state in zip(texts, parts, documents, strict=True)], base


def _numbered(texts: Sequence[str], mark: str | None, has_stand_in: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """The texts as one row of symbols, int32, with a separator after each; the symbol of each code point; the number of
    symbols with the separator, which is the last."""
    total = sum(map(len, texts)) + len(texts)
    if total > LONGEST:
        raise CorpusError(f"a text of {total:,} characters is too long; at most {LONGEST:,} can be searched for: "
                          "give a part of it")
    codes = [code_points(text) for text in texts]
    known = np.unique(np.concatenate([*codes, np.zeros(0, np.uint32)]))
    if has_stand_in:
        known = known[known != ord(STAND_IN)]
    # One entry past the last is for all higher code points.
    numbers = np.full(max(int(known.max(initial=0)), ord(mark or "\0")) + 2, STRANGER, np.int32)
    numbers[known] = np.arange(len(known))
    separator = len(known)
    if separator >= WIDEST:
        raise CorpusError(f"{separator:,} different characters are too many; give a text of fewer than {WIDEST:,}")
    symbols = np.full(total, separator, np.int32)
    place = 0
    for text_codes in codes:
        own = numbers.take(text_codes, mode="clip")
        symbols[place:place + len(own)] = np.where(own < 0, separator, own)
        place += len(own) + 1
    if mark is not None:
        numbers[ord(mark)] = END
    return symbols, numbers, separator + 1


def _state_of(text: str, state: int, states: np.ndarray) -> int:
    """The state of `text` itself, from the state of its last character."""
    while states[states[state, LINK], LENGTH] >= len(text):
        state = int(states[state, LINK])
    return state
