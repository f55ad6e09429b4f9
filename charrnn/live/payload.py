"""Layer live: what the live page is given: the quantized network, its vocabulary, and what is said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

from charrnn import __version__
from charrnn.cells.registry import CELLS
from charrnn.errors import SettingsError
from charrnn.live.packing import PackedArray, packed, packed_bytes
from charrnn.live.quantize import MeasuredLoss, QuantizedMatrix, quantized_network
from charrnn.runs.labelled import BIAS, WEIGHT, LabelWeights
from charrnn.sampling.session import LanguageModel, mark_id
from charrnn.text.documents import mark_of, separator_of

FORMAT = "charrnn-live/1"
_LEVELS = 2 ** 15 - 1  # of a label's weight: it has 16 bits at any precision, because there are few of them
# The cells that cells.js has.
RUNNABLE = ("rnn", "lstm", "gru", "mogrifier", "peephole", "gru-original")


class NamedCell(NamedTuple):
    """A cell and what it tracks: `L1:24`, "inside quotes".

    sign       -1 where the cell is low where that holds, or falls as it grows
    is_number  whether it is a number, as a column, and not true or false
    """

    cell: str
    tracks: str
    signal: str
    sign: int
    is_number: bool = False


@dataclass(frozen=True)
class LiveContent:
    """What a page says beside the network itself.

    name       of the run
    loss       measured with and without quantization, on `measured` ("20,000 held-out characters"); None: not measured
    text       what it opens with; empty: what the network writes
    cells      named cells, the most telling first
    labels     of a network that was trained with them; the page then has the network of each
    """

    name: str
    loss: MeasuredLoss | None = None
    measured: str = ""
    text: str = ""
    cells: Sequence[NamedCell] = ()
    labels: LabelWeights | None = None


def check_runnable(model: LanguageModel) -> None:
    """Raises SettingsError for a network with a cell that the page does not have, or with an encoder."""
    if model.settings.network.has_encoder:
        raise SettingsError("the page has no place for a network with --encoder own; train one with --encoder shared")
    if model.settings.network.cell not in RUNNABLE:
        raise SettingsError(f"the page has no equations for the cell {model.settings.network.cell!r}; it runs "
                            f"{', '.join(RUNNABLE)}")


def payload(model: LanguageModel, content: LiveContent, bits: int) -> dict[str, Any]:
    """What the scripts read, ready for JSON, with `bits` for each weight."""
    settings, network = model.settings, model.settings.network
    cell = CELLS[network.cell]
    mark = mark_of(settings.text)
    arrays = packed_network(quantized_network(model.engine.parameters(), bits), network.embedding > 0)
    return {
        "format": FORMAT, "charrnn": __version__, "name": content.name,
        "network": {"cell": network.cell, "hidden": network.hidden, "layers": network.layers,
                    "embedding": network.embedding},
        "size": len(model.vocabulary), "units": list(model.vocabulary.units),
        "extra": cell.extra and cell.extra.name, "signals": ["c"] * cell.has_memory + ["h", *cell.recorded],
        "mark": mark_id(mark, model.vocabulary), "standIn": model.vocabulary.stand_in,
        "text": {"unit": settings.text.unit_name, "normalize": settings.text.normalize,
                 "lowercase": settings.text.lowercase,
                 "separator": settings.text.documents and separator_of(settings.text.documents),
                 "pairs": settings.text.pairs},
        "lead": [] if mark is not None else model.lead_ins()[:, 0].tolist(),
        "parameters": model.engine.parameter_count, "precision": bits,
        "loss": content.loss and {"exact": content.loss.exact, "quantized": content.loss.quantized,
                                  "cost": content.loss.cost, "on": content.measured},
        "start": content.text,
        "cells": [{"cell": one.cell, "tracks": one.tracks, "signal": one.signal, "sign": one.sign,
                   "isNumber": one.is_number} for one in content.cells],
        "wasm": packed_bytes("", (), (files(__package__) / "assets/kernels.wasm").read_bytes(), False)["data"],
        "labels": content.labels and _label_names(content.labels),
        "arrays": arrays if content.labels is None else {**arrays, **_label_arrays(content.labels)},
    }


def _label_names(labels: LabelWeights) -> dict[str, Any]:
    """Which labels there are, and the one that the page opens with; of numbers, about where they lie."""
    scheme = labels.scheme
    return {"names": scheme.names, "means": scheme.means, "scales": scheme.scales, "chosen": labels.label or ""}


def _label_arrays(labels: LabelWeights) -> dict[str, PackedArray]:
    """What the bias of the first layer is computed from, and that bias without any label."""
    scheme = labels.scheme
    step = float(np.abs(labels.weight).max(initial=0)) / _LEVELS or 1.0
    numbers = {"label.average": scheme.average, "label.means": scheme.means, "label.scales": scheme.scales,
               f"{WEIGHT}.scale": [step]}
    return {BIAS: packed(labels.bias.astype(np.float32), compress=False),
            WEIGHT: packed(np.rint(labels.weight / step).astype(np.int16)),
            **{name: packed(np.array(array, np.float64), compress=False) for name, array in numbers.items()}}


def packed_network(network: dict[str, QuantizedMatrix | np.ndarray], is_embedded: bool) -> dict[str, PackedArray]:
    """The arrays as network.js reads them; of one-hot input a row for each unit of the vocabulary."""
    found = {}
    for name, array in network.items():
        if not isinstance(array, QuantizedMatrix):
            found[name] = packed(array, compress=False)
            continue
        values = array.values.T if name == "weight_ih_l0" and not is_embedded else array.values
        found[name] = packed_bytes("int8", values.shape, values.tobytes(), True, is_noise=True)
        found[f"{name}.scale"] = packed(array.scales, compress=False)
    return found
