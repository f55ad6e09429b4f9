"""Layer sampling: what a network reads before a text that begins from nothing, so that the text begins where one could.

Training carries the state on, so a network hardly knows the initial state, and what it writes from there often begins
inside a word. So it first writes a while for itself. What it wrote up to the end of a paragraph is the lead-in: the
text goes on from there, and does not show it.
"""

import numpy as np

from charrnn.sampling.constraints import SamplingRule
from charrnn.sampling.sampler import Sampler
from charrnn.text.vocabulary import Vocabulary

# Paragraphs end once in many lines, so several streams look for one. A lead-in is at least one piece long: by then the
# initial state is forgotten.
LEAD_IN_STREAMS, _PIECE, _PIECES = 8, 128, 8
_TEMP, _SEED = 0.8, 0


def lead_in(sampler: Sampler, vocabulary: Vocabulary) -> np.ndarray:
    """The ids (P,) that come before a text: up to the end of a paragraph, else of a line, else up to a new word.

    sampler   has LEAD_IN_STREAMS streams

    The same model always has the same lead-in. Where it writes no ends at all, any unit is as good as another.
    """
    line, word = _ids_of("\n", vocabulary), _ids_of(" ", vocabulary)
    text = np.resize((line or word or range(len(vocabulary)))[:LEAD_IN_STREAMS], (1, LEAD_IN_STREAMS)).astype(np.int32)
    nothing, generator, rule = text[:0], np.random.default_rng(_SEED), SamplingRule(_TEMP)
    sampler.begin(text)
    for _ in range(_PIECES):
        text = np.concatenate([text, sampler.generate(nothing, generator.random((_PIECE, LEAD_IN_STREAMS)), rule)])
        if line and (found := _up_to(2 * line, text)) is not None:
            return found
    for end in (line, word):
        if end and (found := _up_to(end, text)) is not None:
            return found
    return text[:, 0]


def _ids_of(unit: str, vocabulary: Vocabulary) -> list[int]:
    return [vocabulary.units.index(unit)] if unit in vocabulary.units else []


def _up_to(end: list[int], text: np.ndarray) -> np.ndarray | None:
    """The longest beginning of a stream of text (P, N) that has `end` at its end, and more than a piece."""
    is_end = np.ones(len(text) - len(end) + 1, bool)[:, np.newaxis]
    for offset, number in enumerate(end):
        is_end = is_end & (text[offset : offset + len(is_end)] == number)
    lengths = np.where(is_end, np.arange(len(is_end))[:, np.newaxis] + len(end), 0).max(axis=0)
    longest = int(np.argmax(lengths))
    return text[: lengths[longest], longest] if lengths[longest] > _PIECE else None
