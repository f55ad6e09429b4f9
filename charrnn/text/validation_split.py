"""Layer text: the validation split: how much of a text is held out from training."""

# The default: this share, but of a huge text no more than can be read in a moment.
VAL_FRACTION, VAL_CHARACTERS = 0.1, 200_000


def decided_fraction(length: int, val_fraction: float | None) -> float:
    """The share of so many characters that is held out; None takes the default."""
    if val_fraction is not None:
        return val_fraction
    # The half is there so that rounding ends at VAL_CHARACTERS.
    return VAL_FRACTION if length * VAL_FRACTION <= VAL_CHARACTERS else (VAL_CHARACTERS - 0.5) / length


def cut_at(length: int, val_fraction: float | None) -> int:
    """Where the validation part of so many characters begins."""
    return int(length * (1 - decided_fraction(length, val_fraction)))
