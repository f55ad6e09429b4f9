"""Layer inspection: everything that an inspection found, put together as the data of a page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.inspection import ablation, context, estimate, gates, horizon
from charrnn.inspection.ablation import Ablation
from charrnn.inspection.context import ContextUse
from charrnn.inspection.export import as_dict
from charrnn.inspection.finder import Finding
from charrnn.inspection.gates import Gates
from charrnn.inspection.horizon import Horizon
from charrnn.inspection.inspection import Inspection
from charrnn.inspection.page.data import PageData

ABLATED = 8  # cells whose ablation is measured exactly


@dataclass(frozen=True)
class Measured:
    """What is measured beside the search; None leaves its part of the page empty.

    estimates   (L, H) what silencing each cell would cost, in bits a character
    ablations   the same measured exactly, of some cells
    """

    gates: Gates | None = None
    horizon: Horizon | None = None
    context: ContextUse | None = None
    estimates: np.ndarray | None = None
    ablations: Sequence[Ablation] = ()


def measured(done: Inspection, ablated: int = ABLATED) -> Measured:
    """All of it, from the states of the recording; exact ablations of the first `ablated` cells that are claimed."""
    claims = list({one.cell: one for one in (*done.local[::-1], *done.context[::-1])}.values())[::-1][:ablated]
    masks = {one.feature.name: done.feature(one.feature.name).values for one in claims if one.feature.is_boolean}
    return Measured(gates.gates(done.stack, done.recording), done.horizon,
                    context.context_use(done.network, done.trace), done.estimates,
                    done.silenced([one.cell for one in claims], masks) if claims else ())


def gathered(done: Inspection, path: str, digest: str, name: str, measured: Measured, *, cells: int | None = None,
             parameters: int = 0, window: int = 0, source: str = "", command: str = "") -> PageData:
    """The data of a page, with the values of `cells` cells, the most telling first; None gives all.

    path, digest, name   of the checkpoint
    parameters, window   of the model: how many, and the characters it was trained on at a time
    source               where the text is from, in words; its passage's own if there are none
    """
    content = as_dict(done, path, digest)
    rows, settings = content["cells"], done.network.settings
    _add_claims(done, content)
    _add_costs(rows, measured, settings.hidden)
    chosen = _order(done, rows)[:cells]
    recording, passage = done.recording, done.passage
    said, pieces = recording.predictions, passage.pieces[:-1]
    units = list(passage.units)
    all_features = [*passage.features(), *done.own]
    shift = slice(None, -1)  # what was said of character t stands at place t - 1
    return PageData(
        model={**content["model"], "name": name, "parameters": parameters, "window": window},
        source={**content["text"], "source": source or passage.origin},
        check=content["check"], units=units, text=recording.tokens,
        bits=np.r_[np.nan, said.nats[shift] / math.log(2)], entropy=np.r_[np.nan, said.entropy[shift] / math.log(2)],
        rank=np.r_[0, said.rank[shift]], top=np.vstack([said.top[:1], said.top[shift]]),
        probabilities=np.vstack([np.full_like(said.probabilities[:1], np.nan), said.probabilities[shift]]),
        cells=rows, chosen=chosen, signals=_signals(done, chosen),
        pieces=None if pieces == [units[token] for token in recording.tokens] else pieces,
        features=content["features"], masks=np.array([one.values if one.is_boolean else np.zeros(len(passage), bool)
                                                      for one in all_features]),
        scores=_scores(done, [one.name for one in all_features], len(rows)),
        gates=measured.gates.to_dict() if measured.gates else None,
        horizon=measured.horizon.to_dict() if measured.horizon else None,
        context=measured.context.to_dict() if measured.context else None,
        advice=_advice(measured, window), definitions=content["definitions"] | _definitions(measured), command=command)


def _add_claims(done: Inspection, content: Mapping[str, Any]) -> None:
    """Gives each row the claim that the summary makes of its cell, where it makes one, and its group."""
    claims = {(one["cell"], one["feature"]): one for one in content["found"]}
    for row in content["cells"]:
        row["group"], row["delta"] = "other", None
    for group, findings in (("expecting", done.expecting), ("local", done.local), ("context", done.context)):
        for one in reversed(findings):
            row = _row(content["cells"], one, done.network.settings.hidden)
            row["group"], row["best"] = group, claims[str(one.cell), one.feature.name]


def _row(rows: Sequence[dict[str, Any]], one: Finding, hidden: int) -> dict[str, Any]:
    return rows[one.cell.layer * hidden + one.cell.unit]


def _add_costs(rows: Sequence[dict[str, Any]], measured: Measured, hidden: int) -> None:
    if measured.estimates is not None:
        for row, bits in zip(rows, measured.estimates.reshape(-1), strict=True):
            row["delta"] = {"estimate": float(bits), "exact": None, "se": None, "by": []}
    for one in measured.ablations:
        row = rows[one.cell.layer * hidden + one.cell.unit]
        known = row["delta"] or {"estimate": None}
        own = row["best"]["feature"] if row["best"] else ""
        row["delta"] = {**known, "exact": one.overall.bits, "se": one.overall.error,
                        "by": [[f"where {name}", cost.bits] for name, cost in one.by.items()
                               if cost is not None and name == own]}


def _order(done: Inspection, rows: Sequence[dict[str, Any]]) -> np.ndarray:
    """The numbers of all cells: what is claimed of context, of the current character, then by what comes near a claim;
    last those of which nothing can be read."""
    hidden = done.network.settings.hidden
    claimed = [one.cell.layer * hidden + one.cell.unit
               for one in (*done.context, *done.local, *done.expecting)]
    others = sorted(range(len(rows)), key=lambda number: -_nearness(rows[number]["best"]))
    return np.array(list(dict.fromkeys([*claimed, *others])), np.int64)


def _nearness(best: Mapping[str, Any] | None) -> float:
    """How far a score is on the way from chance, or what the current character gives, to 1."""
    if best is None or best["heldout"] is None:
        return -math.inf
    least = min(max(best["null95"] or 0.0, best["char_alone"] or 0.0), 0.999)
    return float((best["heldout"] - least) / (1 - least))


def _signals(done: Inspection, chosen: np.ndarray) -> dict[str, np.ndarray]:
    """The values (n, T) of the chosen cells."""
    recording = done.recording
    layers, cells = np.divmod(chosen, recording.hidden)
    return {name: recording.shown(name)[layers, :, cells] for name in "ch" if name in recording.signals}


def _scores(done: Inspection, names: Sequence[str], cells: int) -> np.ndarray:
    """(F, U) what each cell's main signal scores on the second half, from -1 to 1."""
    search, hidden = done.search, done.network.settings.hidden
    scores = np.full((len(names), cells), np.nan)
    main = [n for n, (signal, _) in enumerate(search.columns) if signal == search.signals[0]]
    places = [search.columns[n][1].layer * hidden + search.columns[n][1].unit for n in main]
    for number, one in enumerate(search.features):
        scores[names.index(one.name), places] = search.held[number, main] * (2 if one.is_boolean else 1)
    return scores


def _advice(measured: Measured, window: int) -> str:
    """What horizon and context mean for the window that the network was trained with, in a sentence or two."""
    said = []
    if measured.horizon is not None:
        trained = f"; it was trained with {window:,} at a time" if window else ""
        said.append(f"99 % of the gradient by the input lies within {measured.horizon.within[99]} characters{trained}.")
    if measured.context is not None:
        enough = measured.context.enough
        said.append("More context than the last "
                    + (f"{enough} characters is worth less than 0.01 bits." if enough is not None
                       else f"{measured.context.lengths[-1]} is still worth something."))
    return " ".join(said)


def _definitions(measured: Measured) -> dict[str, str]:
    """What the numbers mean that were measured beside the search."""
    parts = ((measured.gates, gates.DEFINITIONS), (measured.horizon, horizon.DEFINITIONS),
             (measured.context, context.DEFINITIONS), (measured.estimates, estimate.DEFINITIONS),
             (measured.ablations or None, ablation.DEFINITIONS))
    return {name: text for given, texts in parts if given is not None for name, text in texts.items()}
