"""Layer inspection: whether a cell steers what the network writes, or only mirrors what was read.

The network goes on with the text from some places, once with the cell held low and once with it held high. The random
draws of a place are the same both times, so only the cell makes a difference. If what the cell tracks is then more
frequent in one of the two texts than in the other, the cell steers it; otherwise it mirrors. In which direction depends
on what the network does with it: told that a line is long, it ends the line, and lines get shorter.

A claim about c holds c, and h follows. Where tanh c is pinned, that would change nothing, so h is held.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array
from charrnn.engine.interface import Engine
from charrnn.inspection.ablation import means
from charrnn.inspection.find import Finding
from charrnn.inspection.held import HeldCell, reader_of
from charrnn.inspection.horizon import spread
from charrnn.inspection.passage import Passage
from charrnn.inspection.stack import Stack, Trace

PAIRS = 16  # places from which the network goes on
LENGTH, LEAST_LENGTH, BUDGET = 250, 60, 3e8  # characters; fewer for a network of more than 1.2 million parameters
BEFORE = 300  # characters before each place that a feature is computed from
LOW, HIGH = 0.01, 0.99  # the cell is held at these quantiles of what it had on the text
_T = 2.947  # Student's t with PAIRS - 1 degrees of freedom, for an interval of 99 %
_SEED = 7

DEFINITIONS = {
    "steers": f"from {PAIRS} places of the text the network goes on for {LENGTH} characters, fewer if it is large, "
              "the cell held at the 1 % quantile of its signal, and with the same random draws at the 99 % "
              "quantile: the share of the characters where the feature holds (the mean of a count), low -> high, and "
              "the difference with an interval of 99 % over the places. The cell steers if 0 is outside of it. Of a "
              "saturated cell h is held",
    "mirrors": "the cell tracks the feature, but holding it does not change, as far as can be seen, how often the "
               "feature comes in what the network writes",
}


@dataclass(frozen=True)
class Steering:
    """What holding a cell changes in the text that the network writes.

    signal       of the cell, c (without the tanh) or h
    low, high    the values at which it is held
    with_low     the mean of the feature in the text written with the cell held low: a share if it is boolean
    with_high    the same with the cell held high
    error        half of the interval of the difference with_high - with_low
    characters   written for each of the two
    """

    signal: str
    low: float
    high: float
    with_low: float
    with_high: float
    error: float
    characters: int

    @property
    def change(self) -> float:
        """From low to high."""
        return self.with_high - self.with_low

    @property
    def verdict(self) -> str:
        return "steers" if abs(self.change) > self.error else "mirrors"

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for a file or a page."""
        numbers = {name: float(f"{getattr(self, name):.6g}") for name in ("low", "high", "with_low", "with_high",
                                                                          "error", "change")}
        return {**numbers, "signal": self.signal, "characters": self.characters, "verdict": self.verdict}


def steering(engine: Engine, stack: Stack, trace: Trace, passage: Passage, finding: Finding) -> Steering | None:
    """Whether the cell of `finding` steers its feature; None for a feature that no rule gives for new text, and on a
    text that is too short.

    trace   of the passage, with its states
    """
    if finding.feature.of is None or len(trace) - trace.warm_up < PAIRS:
        return None
    signal = "h" if means(trace)[1][finding.cell] else finding.signal
    values = trace.states[finding.cell.layer][0 if signal == "h" else -1][trace.warm_up:, finding.cell.unit]
    low, high = (float(np.quantile(values, share)) for share in (LOW, HIGH))
    starts = spread(trace.warm_up, len(trace), PAIRS)
    n = len(starts)
    held = {row: HeldCell(finding.cell, signal, low if row < n else high) for row in range(2 * n)}
    rows = np.tile(starts, 2)
    first = [tuple(array[rows] for array in layer) for layer in trace.states]
    length = max(LEAST_LENGTH, min(LENGTH, int(BUDGET / engine.parameter_count)))
    draws = np.random.default_rng(_SEED).random((length, n))
    reader = reader_of(stack, first, 2 * n, held, engine)
    # the first character is drawn by the network as it was at that place, so it is the same for both
    output = np.tile(trace.states[-1][0][starts], (2, 1))
    written = np.empty((length, 2 * n), np.int32)
    for t in range(length):
        written[t] = drawn(stack.probabilities(output), np.tile(draws[t], 2))
        output = reader.step(written[t])
    shares = np.array([_mean(passage, finding, int(start), ids) for start, ids in zip(rows, written.T, strict=True)])
    differences = shares[n:] - shares[:n]
    error = _T * float(differences.std(ddof=1)) / math.sqrt(n)
    return Steering(signal, low, high, float(shares[:n].mean()), float(shares[n:].mean()), error, n * length)


def drawn(probabilities: Array, draws: Array) -> Array:
    """The id (N,) that each draw from 0 to 1 picks from probabilities (N, V), in the order of the ids."""
    edges = np.cumsum(probabilities, axis=1)
    below = (edges < (draws * edges[:, -1])[:, None]).sum(axis=1)
    ids: Array = np.minimum(below, probabilities.shape[1] - 1).astype(np.int32)
    return ids


def _mean(passage: Passage, finding: Finding, start: int, written: Array) -> float:
    """The mean of the feature over what was written after the place `start`."""
    before = passage.pieces[max(0, start - BEFORE):start + 1]
    after = passage.pieces_of(np.concatenate([passage.ids[start:start + 1], written]))[1:]
    assert finding.feature.of is not None
    values = finding.feature.of("".join([*before, *after]))
    return float(values[sum(map(len, before)):].mean())
