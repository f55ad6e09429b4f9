"""Layer inspection: what a page is made from: plain numbers, names and texts, whoever measured them.

T characters are read; everything about a character t stands at place t: what was expected in its place (so nothing
stands at 0) and the state that it left behind. U cells, n of them with their values; F features; K guesses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Row = Mapping[str, Any]


@dataclass(frozen=True)
class PageData:
    """All that a page shows. What is None or empty leaves its tab saying so.

    model        name, path, sha256, cell, layers, hidden, vocab, parameters, window (trained length)
    source       source (in words), sha256, chars, warmup
    check        nll_inspect and nll_eval in nats, which should be the same
    units        by id, the characters (or words) that the network knows
    text         (T,) ids
    pieces       (T,) what stands in the text, where that is not the units themselves (words and the spaces between)
    bits         (T,) surprise; entropy (T,) in bits; rank (T,) from 1; NaN, NaN, 0 where nothing was expected
    top          (T, K) ids of the most probable characters, with their probabilities (T, K)
    cells        U rows as export.as_dict() gives them, and of each also
                 group   "context", "local" or "other"
                 delta   estimate and, of some cells, exact and se in bits a character, by (list of name, bits); or None
    chosen       (n,) numbers of the cells whose values are given, the most telling first
    signals      by name ("c" for tanh(c), "h"), (n, T) from -1 to 1
    features     F rows as export.as_dict() gives them
    masks        (F, T) where each boolean feature is true
    scores       (F, U) from -1 to 1: 2 AUC - 1 or Spearman's rho on the second half; NaN where not tested
    gates, horizon, context    as their to_dict() gives them
    advice       what the horizon means for the trained window, a line
    definitions  by name, how each number is computed
    command      the command line that made the page
    """

    model: Mapping[str, Any]
    source: Mapping[str, Any]
    check: Mapping[str, float]
    units: Sequence[str]
    text: np.ndarray
    bits: np.ndarray
    entropy: np.ndarray
    rank: np.ndarray
    top: np.ndarray
    probabilities: np.ndarray
    cells: Sequence[Row]
    chosen: np.ndarray
    signals: Mapping[str, np.ndarray]
    pieces: Sequence[str] | None = None
    features: Sequence[Row] = ()
    masks: np.ndarray | None = None
    scores: np.ndarray | None = None
    gates: Mapping[str, Any] | None = None
    horizon: Mapping[str, Any] | None = None
    context: Mapping[str, Any] | None = None
    advice: str = ""
    definitions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
