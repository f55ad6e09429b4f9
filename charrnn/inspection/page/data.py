"""Layer inspection: the data of a page.

T characters are read. Everything about a character t is at index t: its prediction (there is none at 0) and the state
after it. U cells, n of them with their values; F features; K top predictions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from charrnn.inspection.export_types import CellRecord, CheckRecord, FeatureRecord, ModelRecord, TextRecord


class PageModel(ModelRecord):
    """Also the name of the run, the number of parameters and the window in training."""

    name: str
    parameters: int
    window: int


@dataclass(frozen=True)
class PageData:
    """Everything that a page shows. A tab whose data is None or empty says so.

    units        by id, the characters (or words) of the vocabulary
    text         (T,) ids
    pieces       (T,) the text of each id, if it is not that of its unit (words and the spaces between)
    bits         (T,) surprisal; entropy (T,) in bits; rank (T,) from 1; NaN, NaN, 0 where nothing was predicted
    top          (T, K) ids of the most probable characters, with their probabilities (T, K)
    cells        U records
    chosen       (n,) numbers of the cells with values, the most telling first
    signals      by name ("c" for tanh(c), "h"), (n, T) from -1 to 1
    features     F records
    masks        (F, T) where each boolean feature is true
    scores       (F, U) from -1 to 1: 2 AUC - 1 or Spearman's rho on the second half; NaN where not tested
    gates, horizon, context    as their to_dict() gives them
    advice       what the horizon means for the window in training, a line
    errors       an ErrorBreakdown as its to_dict() gives it
    definitions  by name, how each number is computed
    command      the command line that made the page
    live         the network, as charrnn.live.payload gives it: the page then computes the values of all cells itself
    """

    model: PageModel
    source: TextRecord
    check: CheckRecord
    units: Sequence[str]
    text: np.ndarray
    bits: np.ndarray
    entropy: np.ndarray
    rank: np.ndarray
    top: np.ndarray
    probabilities: np.ndarray
    cells: Sequence[CellRecord]
    chosen: np.ndarray
    signals: Mapping[str, np.ndarray]
    pieces: Sequence[str] | None = None
    features: Sequence[FeatureRecord] = ()
    masks: np.ndarray | None = None
    scores: np.ndarray | None = None
    gates: Mapping[str, Any] | None = None
    horizon: Mapping[str, Any] | None = None
    context: Mapping[str, Any] | None = None
    advice: str = ""
    errors: Mapping[str, Any] | None = None
    definitions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    live: Mapping[str, Any] | None = None
