"""Layer sampling: how many threads should share a stream: one or all, by what was measured last."""

# The slower way to share the work is tried when calls have become long enough to tell, and then so often again: the
# machine may have become quieter, or busier.
_FIRST_TRIAL, _TRIAL_EVERY = 5, 50


class Pace:
    """Which number of hands is the faster, one or all."""

    def __init__(self, hands: int) -> None:
        self._seconds: dict[int, float] = {}
        self._hands, self._calls = sorted({1, hands}), 0

    def choice(self) -> tuple[int, bool]:
        """The number of hands for the next call, and whether that is a trial of the one that was slower."""
        self._calls += 1
        fastest, *slower = sorted(self._hands, key=lambda hands: self._seconds.get(hands, float(hands)))
        if slower and (self._calls == _FIRST_TRIAL or self._calls % _TRIAL_EVERY == 0):
            return slower[0], True
        return fastest, False

    def note(self, hands: int, seconds: float) -> None:
        """Takes down the seconds that a character took."""
        self._seconds[hands] = seconds
