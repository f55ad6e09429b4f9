"""Layer text: the validation split: how much of a text is held out from training, and where that stands in it."""

from collections.abc import Sequence
from itertools import pairwise

# The default: this share, but of a huge text no more than can be read in a moment.
VAL_FRACTION, VAL_CHARACTERS = 0.1, 200_000
# The end of a file is a validation part of its own if it has so many units: the first ones of every part are predicted
# without knowing what came before. Shorter files are taken together.
LEAST_HELD_OUT = 500


def decided_fraction(length: int, val_fraction: float | None) -> float:
    """The share of so many characters that is held out; None takes the default."""
    if val_fraction is not None:
        return val_fraction
    # The half is there so that rounding ends at VAL_CHARACTERS.
    return VAL_FRACTION if length * VAL_FRACTION <= VAL_CHARACTERS else (VAL_CHARACTERS - 0.5) / length


def cut_at(length: int, val_fraction: float | None) -> int:
    """Where the validation part of so many characters begins."""
    return int(length * (1 - decided_fraction(length, val_fraction)))


def cuts_in_files(starts: Sequence[int], length: int, val_fraction: float | None) -> tuple[list[int], list[int]]:
    """Bounds and cuts of a text whose files begin at `starts`: bounds[i] to cuts[i] is trained on, cuts[i] to
    bounds[i + 1] is validated on.

    Between two bounds is a file, or a row of neighbours too short to be cut alone. As much is held out as if the text
    were cut once.
    """
    fraction = decided_fraction(length, val_fraction)

    def held_out(start: int, stop: int) -> int:
        return stop - start - cut_at(stop, fraction) + cut_at(start, fraction)

    bounds = [0]
    for start in starts:
        if held_out(bounds[-1], start) >= LEAST_HELD_OUT:
            bounds.append(start)
    if len(bounds) > 1 and held_out(bounds[-1], length) < LEAST_HELD_OUT:
        bounds.pop()
    bounds.append(length)
    return bounds, [stop - held_out(start, stop) for start, stop in pairwise(bounds)]
