"""Data of a page small enough to know by heart, with texts that are out to break it."""

import base64
import dataclasses
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.inspection.page import data as page_data
from charrnn.inspection.page.data import PageData

ROOM = Path(page_data.__file__).parent
HOSTILE = ["</script>", "<b>", "&amp;", '"', "'", "\t", "\r\n", "\n", "\0", "\u202e", "שלום", "e\u0301", "😀", "\ud800",
           "<!--", "//evil.example/x.js", "https://evil.example", "\u2028", "a", " "]


def some_data(characters: int = 60, cells: int = 6, units: list[str] | None = None, seed: int = 3,
              **changes: Any) -> PageData:
    """Two layers of `cells` / 2 units on a text of all `units`, again and again; every array is different."""
    random = np.random.default_rng(seed)
    units = HOSTILE if units is None else units
    T, K = characters, min(3, len(units))
    text = np.arange(T) % len(units)
    values = np.tanh(np.cumsum(random.normal(size=(cells, T)), axis=1) / 3)
    masks = np.array([np.arange(T) % 7 < 3, text == 0])
    scores = random.uniform(-1, 1, (3, cells))
    scores[1] = np.nan
    data = PageData(
        model={"name": "<i>run</i>", "path": "runs/run/best.safetensors", "sha256": "0" * 64, "cell": "lstm",
               "layers": 2, "hidden": cells // 2, "vocab": len(units), "parameters": 1234, "window": 50},
        source={"source": "a & b.txt", "sha256": "1" * 64, "chars": T, "warmup": 5},
        check={"nll_inspect": 1.25, "nll_eval": 1.25}, units=units, text=text,
        bits=np.r_[np.nan, random.uniform(0, 9, T - 1)], entropy=np.r_[np.nan, random.uniform(0, 4, T - 1)],
        rank=np.r_[0, random.integers(1, len(units) + 1, T - 1)],
        top=random.integers(0, len(units), (T, K)), probabilities=random.dirichlet(np.ones(K + 1), T)[:, :K],
        cells=[_cell(u, cells // 2) for u in range(cells)], chosen=random.permutation(cells),
        signals={"c": values, "h": values * 0.5},
        features=[{"name": "three of seven", "measure": "AUC", "prevalence": 3 / 7, "tested": True, "reason": "",
                   "definition": "the place is 0, 1 or 2 of seven"},
                  {"name": "the first unit", "measure": "AUC", "prevalence": 0.05, "tested": False,
                   "reason": "too rare to test", "definition": "the first unit"},
                  {"name": "column", "measure": "rho", "prevalence": None, "tested": True, "reason": "",
                   "definition": "characters since the line began"}],
        masks=np.vstack([masks, np.zeros(T, bool)]), scores=scores,
        gates={"cell": "lstm", "places": T,
               "gates": [{"layer": layer, "gate": gate, "left": random.uniform(0, 0.5, cells // 2).tolist(),
                          "right": random.uniform(0, 0.5, cells // 2).tolist()} for layer in (1, 2) for gate in "ifo"],
               "flags": [{"layer": 1, "integrator": [1], "feed-forward": [], "saturated": [0], "dead": []},
                         {"layer": 2, "integrator": [], "feed-forward": [2], "saturated": [], "dead": []}]},
        horizon={"places": 20, "lags": 30, "inputs": np.exp(-np.arange(31) / 4).tolist(),
                 "within": {"50": 3, "90": 9, "99": 18}, "settled": True,
                 "layers": [{"layer": layer, "signal": signal, "near": 19, "gain": 0.78,
                             "norms": (layer * np.exp(-np.arange(31) / 4)).tolist()}
                            for layer in (1, 2) for signal in "hc"]},
        context={"places": 20, "lengths": [1, 2, 4, 8, 16], "full": 2.0, "excess": [1.5, 0.8, 0.3, 0.05, 0.004],
                 "errors": [0.1, 0.1, 0.05, 0.01, 0.01], "enough": 16},
        advice="windows of 20 would do", definitions={"AUC": "a chance", "IoU": "a share <of> places"},
        command="charrnn inspect-cells run --html x.html")
    return dataclasses.replace(data, **changes)


def _cell(number: int, hidden: int) -> dict[str, Any]:
    """The row of a cell: those of even number have a confirmed feature, the last is saturated and has none."""
    confirmed = number % 2 == 0
    best = {"feature": "three of seven" if confirmed else "column", "kind": "AUC" if confirmed else "rho",
            "sign": -1 if number == 2 else 1, "found": 0.9 - number / 50,
            "char_alone": 0.55, "signal": "h" if number == 4 else "c", "heldout": 0.88 - number / 50,
            "null95": 0.61, "iou": 0.5 if confirmed else None, "confirmed": confirmed}
    return {"id": f"L{number // hidden + 1}:{number % hidden}", "layer": number // hidden + 1, "unit": number % hidden,
            "flags": ["saturated"] if number == 5 else [], "mean": 0.1 * number, "std": 0.3, "tau": 4.0 + number,
            "eta2_char": 0.1 * number, "eta2_bigram": 0.15 * number,
            "group": "context" if confirmed else "other", "best": None if number == 5 else best,
            "delta": {"estimate": 0.01 * number, "exact": 0.012 * number if number < 2 else None,
                      "se": 0.001 if number < 2 else None, "by": [["in three of seven", 0.2]] if number < 2 else []}}


def unpacked(package: dict[str, Any]) -> np.ndarray:
    """The array, as the page reads it."""
    data = base64.b64decode(package["data"])
    if package["gzip"]:
        data = zlib.decompress(data, 31)
    shape = package["shape"]
    if package["type"] != "int4":
        return np.frombuffer(data, np.dtype(package["type"]).newbyteorder("<")).reshape(shape)
    pairs = np.frombuffer(data, np.uint8).reshape(shape[0], math.ceil(shape[1] / 2))
    levels = np.stack([pairs & 15, pairs >> 4], axis=2).reshape(shape[0], -1)[:, :shape[1]]
    return levels.astype(np.int8) - 8
