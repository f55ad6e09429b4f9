"""Layer render: the labels of texts, and how they agree with the true ones: as lines, or as JSON."""

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from charrnn.render.wording import counted
from charrnn.scoring.classify import Classified, agreement, number_errors
from charrnn.text.labels import LabelScheme

_MIXED = 10  # pairs of labels that are listed


def classified_lines(found: Sequence[Classified]) -> Iterator[str]:
    """Label, probability and text, or of numbers each with its deviation and the text, with tabs between."""
    for one in found:
        if one.probability is not None:
            yield f"{one.label}\t{one.probability:.3f}\t{one.text}"
        else:
            values = (f"{value:.4g} ± {deviation:.2g}"
                      for value, deviation in zip(one.values, one.deviations, strict=True))
            yield "\t".join([*values, one.text])


def classified_json(found: Sequence[Classified]) -> Iterator[str]:
    """A line of JSON for each."""
    for one in found:
        answer: dict[str, Any] = {"text": one.text}
        if one.probability is None:
            answer |= {"values": one.values, "deviations": one.deviations}
        else:
            answer |= {"label": one.label, "probability": one.probability, "probabilities": one.probabilities}
        yield json.dumps(answer, ensure_ascii=False)


def score_lines(found: Sequence[Classified], labels: Sequence[str], scheme: LabelScheme) -> Iterator[str]:
    """How good they are, for people."""
    if not scheme.names:
        errors, plain = number_errors(found, labels, scheme)
        yield f"{counted(len(found), 'text')}; mean absolute error, and that of always giving the mean:"
        for place, (error, other) in enumerate(zip(errors, plain, strict=True), 1):
            yield f"  number {place}  {error:.4g}  {other:.4g}"
        return
    whole = agreement(found, labels)
    right, largest = round(whole.accuracy * len(found)), max(scheme.shares)
    low, high = _interval(whole.accuracy, len(found))
    yield (f"accuracy     {whole.accuracy:.1%} ({right:,} of {counted(len(found), 'text')}; 95 % interval {low:.1%} to "
           f"{high:.1%}); always {scheme.names[int(np.argmax(scheme.shares))]} has {largest:.1%} of the training texts")
    yield f"calibration  probabilities are off by {whole.calibration:.1%} on average (expected calibration error)"
    yield f"loss         {whole.nats:.3f} nats a label"
    mixed = sorted(((count, pair) for pair, count in whole.confusions.items() if pair[0] != pair[1]), reverse=True)
    if mixed:
        width = max(len(true) for _, (true, _) in mixed[:_MIXED])
        yield "mixed up     how often, true label, label given"
        for count, (true, given) in mixed[:_MIXED]:
            yield f"  {count:6,}  {true:<{width}}  {given}"


def score_json(found: Sequence[Classified], labels: Sequence[str], scheme: LabelScheme) -> str:
    """The same in one object."""
    if not scheme.names:
        errors, plain = number_errors(found, labels, scheme)
        return json.dumps({"texts": len(found), "mean_absolute_errors": errors, "of_the_mean": plain})
    whole = agreement(found, labels)
    confusions = [{"true": true, "given": given, "texts": count} for (true, given), count in whole.confusions.items()]
    return json.dumps({"texts": len(found), "accuracy": whole.accuracy, "nats": whole.nats,
                       "calibration_error": whole.calibration, "confusions": confusions}, ensure_ascii=False)


def _interval(share: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (Wilson 1927)."""
    z = 1.96
    middle, spread = share + z * z / (2 * count), z * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    return (middle - spread) / (1 + z * z / count), (middle + spread) / (1 + z * z / count)
