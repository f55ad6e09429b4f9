"""Layer sampling: what a network reads before a text that begins from nothing, so that the text begins where one could.

Training carries the state on, so a network hardly knows the initial state, and what it writes from there often begins
inside a word. So it first writes a while for itself. What it wrote up to the end of a paragraph is a lead-in: the text
goes on from there, and does not show it.
"""

import numpy as np

from charrnn.sampling.constraints import SamplingRule
from charrnn.sampling.sampler import Sampler
from charrnn.text.vocabulary import Vocabulary

LEAD_IN_STREAMS = 8
# So many ids are a lead-in: by then the initial state is forgotten.
_SIZE = 128
# The streams write on until half of them have come to the end of a paragraph, and so many times _SIZE at most.
_ENOUGH, _ROUNDS = LEAD_IN_STREAMS // 2, 8
_TEMP, _SEED = 0.8, 0


def lead_ins(sampler: Sampler, vocabulary: Vocabulary) -> np.ndarray:
    """The ids (P, K) of K lead-ins up to the ends of paragraphs; else of lines; else up to new words.

    sampler   has LEAD_IN_STREAMS streams

    A model always has the same ones. Where it writes no ends at all, any unit is as good as another.
    """
    line, word = _ids_of("\n", vocabulary), _ids_of(" ", vocabulary)
    text = np.resize((line or word or range(len(vocabulary)))[:LEAD_IN_STREAMS], (1, LEAD_IN_STREAMS)).astype(np.int32)
    nothing, generator, rule = text[:0], np.random.default_rng(_SEED), SamplingRule(_TEMP)
    sampler.begin(text)
    for _ in range(_ROUNDS):
        text = np.concatenate([text, sampler.generate(nothing, generator.random((_SIZE, LEAD_IN_STREAMS)), rule)])
        if len(_up_to(2 * line, text)) >= _ENOUGH:
            break
    for end in (2 * line, line, word):
        if found := _up_to(end, text):
            return np.stack(found, axis=1)
    return text[-_SIZE:]


def _ids_of(unit: str, vocabulary: Vocabulary) -> list[int]:
    return [vocabulary.units.index(unit)] if unit in vocabulary.units else []


def _up_to(end: list[int], text: np.ndarray) -> list[np.ndarray]:
    """The ids before the last `end` in each stream of text (P, N) that has one, with it; those of streams whose last
    one comes too early are left out."""
    if not end:
        return []
    is_end = np.ones((len(text) - len(end) + 1, 1), bool)
    for offset, number in enumerate(end):
        is_end = is_end & (text[offset : offset + len(is_end)] == number)
    stops = np.where(is_end, np.arange(len(is_end))[:, np.newaxis] + len(end), 0).max(axis=0)
    return [text[stop - _SIZE : stop, n] for n, stop in enumerate(stops.tolist()) if stop > _SIZE]
