"""Layer settings: how a text is scored."""

from dataclasses import dataclass

from charrnn.errors import SettingsError
from charrnn.settings.bounded import Bounded, setting

# Rows that a long text is cut into. Each starts from the initial state, which costs its first characters: 64 rows would
# add 0.003 nats on the validation part of tiny Shakespeare.
ROWS = 16


@dataclass(frozen=True)
class ScoreSettings(Bounded):
    """How a text is read to score it, and what is kept of it."""

    rows: int | None = setting(
        None, "parts of a long text that are read side by side, each from the initial state; 1 reads it in one go, "
              f"more slowly and with a slightly lower loss (default: {ROWS} as in validation during training; 1 with "
              "--adapt)",
        low=1, high=65_536, group="Reading and predictions")
    predictions: int = setting(5, "the model's most probable characters to list for each one", low=0, high=1_114_112,
                               formerly="guesses")
    cold: int = setting(0, "also give the loss of blocks of this many characters, each read from the initial state; "
                           "0: no", low=0, high=1_000_000, group="Other losses")
    adapt: bool = setting(False, "keep learning: every character is scored first, then learned from (dynamic "
                                 "evaluation); the checkpoint does not change")
    adapt_rate: float = setting(3e-4, "learning rate of --adapt", low=0.0, high=10.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.adapt and self.rows not in (None, 1):
            raise SettingsError(f"--adapt reads the text from its start to its end, not in parts; leave out --rows "
                                f"{self.rows}")
        if not self.adapt and self.adapt_rate != ScoreSettings.adapt_rate:
            raise SettingsError("--adapt-rate has no effect without --adapt; leave it out, or give --adapt too")

    @property
    def parts(self) -> int:
        """How many parts a text is read in, if it is long enough."""
        return self.rows or (1 if self.adapt else ROWS)
