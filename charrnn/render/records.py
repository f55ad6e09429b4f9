"""Layer render: scores and novelty for other programs: one object of JSON, or rows of CSV."""

import csv
import dataclasses
import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from charrnn.novelty.report import Novelty
from charrnn.scoring.score import Score, ScoredPart, TextLoss

FORMAT = "charrnn-score/1"
_DIGITS = 6  # behind the point; the numbers have about seven in all


def print_score_json(score: Score, names: dict[str, Any], kind: str | None, parts: Sequence[ScoredPart],
                     with_units: bool) -> None:
    """Everything in one object; `names` say what was scored with what."""
    whole = {"format": FORMAT, **names, "unit": score.unit, **_numbers(score), "starts": score.starts.tolist(),
             "notes": score.notes}
    whole["adapted"] = score.plain is not None
    if score.plain is not None:
        whole["plain"] = _numbers(score.plain)  # where the network adapted itself, beside the loss
    if score.cold is not None:
        whole["cold"] = {"block": score.cold.block, **_numbers(score.cold)}
    if score.unknown is not None:
        whole["unknown"] = {"count": score.unknown.count, "units": score.unknown.units, "share": score.unknown.share}
    if kind is not None:
        whole[f"{kind}s"] = [{"number": part.number, "start": part.start, "stop": part.stop, **_numbers(part),
                              "text": part.text} for part in parts]
    if with_units:
        whole["units"] = [_unit(score, place) for place in range(len(score))]
    json.dump(whole, sys.stdout, ensure_ascii=False, allow_nan=False)
    print()


def print_score_parts(kind: str, parts: Sequence[ScoredPart]) -> None:
    """A row for each part."""
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow([kind, "start", "stop", "predicted", "characters", "nats", "bits", "bits_per_character",
                   "perplexity", "text"])
    for part in parts:
        numbers = _numbers(part)
        rows.writerow([part.number, part.start, part.stop, *(numbers[name] for name in (
            "predicted", "characters", "nats", "bits", "bits_per_character", "perplexity")), part.text])


def print_score_units(score: Score) -> None:
    """A row for each unit."""
    rows = csv.writer(sys.stdout, lineterminator="\n")
    K = score.predictions.top.shape[1]
    rows.writerow(["place", score.unit, "bits", "rank", "entropy",
                   *(name for k in range(1, K + 1) for name in (f"top{k}", f"p{k}"))])
    for place in range(len(score)):
        unit = _unit(score, place)
        predictions = [value for pair in unit["predictions"] for value in pair]
        rows.writerow([place, unit["text"], unit["bits"], unit["rank"], unit["entropy"], *predictions,
                       *[""] * (2 * K - len(predictions))])


def _numbers(measured: TextLoss) -> dict[str, Any]:
    numbers = {"predicted": measured.predicted, "characters": measured.characters, "nats": measured.nats,
               "bits": measured.bits, "bits_per_character": measured.bits_per_character,
               "perplexity": measured.perplexity}
    return {name: value if math.isfinite(value) else None for name, value in numbers.items()}


def _unit(score: Score, place: int) -> dict[str, Any]:
    """What is known of one unit; nothing but its text where it was not predicted."""
    text = score.vocabulary.units[int(score.ids[place])]
    if not score.ranks[place]:
        return {"place": place, "text": text, "bits": None, "rank": None, "entropy": None, "predictions": []}
    return {"place": place, "text": text, "bits": round(float(score.surprisals[place]), _DIGITS),
            "rank": int(score.ranks[place]), "entropy": round(float(score.expected[place]), _DIGITS),
            "predictions": [[text, round(probability, _DIGITS)] for text, probability in score.top_at(place)]}


def print_novelty_json(found: Novelty) -> None:
    """Everything in one object."""
    record = dataclasses.asdict(found)
    record["grams"] = [dataclasses.asdict(grams) | {"share": grams.share, "held_out_share": grams.held_out_share}
                       for grams in found.grams]
    print(json.dumps(record, ensure_ascii=False))


def print_novelty_csv(found: Novelty) -> None:
    """A row for each n."""
    names = ("n", "count", "copied", "share", "held_out", "held_out_copied", "held_out_share")
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(names)
    rows.writerows([getattr(grams, name) for name in names] for grams in found.grams)
