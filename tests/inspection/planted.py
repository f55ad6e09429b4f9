"""An LSTM set by hand, one unit of which turns over at every double quote; and texts for it."""

import random

import numpy as np

from charrnn.engine.compiled.engine import CompiledEngine
from charrnn.inspection.passage import Passage, of_text
from charrnn.settings import NetworkSettings, TextSettings
from charrnn.text.vocabulary import Vocabulary
from charrnn.text.windows import Text
from tests.engine.compiled import compiled_engine
from tests.networks import random_parameters

HIDDEN, UNIT = 12, 5


def quoted_text(words: int = 900, seed: int = 2) -> str:
    """Words, some of them in quotes that last long, without blank lines."""
    choice = random.Random(seed)
    text, is_open = [], False
    for number in range(words):
        if choice.random() < 0.12:
            is_open = not is_open
            text.append('"')
        text.append(choice.choice(["to", "be", "or", "not", "the", "sea", "a"]) + " \n"[number % 9 == 8])
    return "".join(text)


def planted(vocabulary: Vocabulary, sign: int = 1, layers: int = 1, unit: int = UNIT,
            counter: int = -1) -> CompiledEngine:
    """`unit` of the last layer is high inside quotes, or low where sign is -1; all others are random.

    At a quote it forgets, and writes the opposite of what it held; at anything else it keeps. Upper layers are told
    of a quote by a unit of the layer below that does nothing else. Unit `counter` of the first layer counts the
    characters of a line, not very exactly.
    """
    settings = NetworkSettings(cell="lstm", hidden=HIDDEN, layers=layers)
    parameters = random_parameters(settings, len(vocabulary), np.random.default_rng(4))
    source, there = int(vocabulary.encode('"')[0]), 1.0  # what tells of a quote, and how loudly
    for k in range(layers):
        ih, hh, bias = (parameters[f"{name}_l{k}"] for name in ("weight_ih", "weight_hh", "bias"))
        place = unit if k == layers - 1 else 0
        i, f, g, o = rows = np.array([0, 1, 2, 3]) * HIDDEN + place
        ih[rows], hh[rows], bias[rows] = 0, 0, 0
        bias[o] = 30
        if k < layers - 1:  # writes 1 at a quote, -1 at anything else, and keeps nothing
            bias[[i, f, g]] = 30, -30, -6
            ih[g, source] = 12 / there
        else:
            bias[[i, f, g]] = -30, 30, 0.5 * sign
            ih[i, source], ih[f, source] = 60 / there, -60 / there
            hh[g, place] = -12
        source, there = 0, np.tanh(1.0)
    if counter >= 0:
        i, f, g, _ = rows = np.array([0, 1, 2, 3]) * HIDDEN + counter
        ih, bias = parameters["weight_ih_l0"], parameters["bias_l0"]
        ih[rows], parameters["weight_hh_l0"][rows], bias[rows] = 0, 0, 30
        ih[[i, f], int(vocabulary.encode("\n")[0])] = -60
        ih[g], bias[g] = 0.02 * np.random.default_rng(1).standard_normal(len(vocabulary)), 0.02
    return compiled_engine(settings, parameters)


def passage_of(text: str) -> Passage:
    vocabulary = Vocabulary.of(text)
    encoded: Text = vocabulary.encode(text)
    return of_text(encoded, TextSettings(), vocabulary, 0, "a text")
