"""Layer settings: how a text is scored."""

from dataclasses import dataclass

from charrnn.settings.bounded import Bounded, setting


@dataclass(frozen=True)
class ScoreSettings(Bounded):
    """How a text is read to score it, and what is kept of it."""

    rows: int = setting(16, "parts of a long text that are read side by side, each from the initial state: 16 as in "
                            "validation during training; 1 reads it in one go, slower and with a slightly lower loss",
                        low=1, high=65_536, group="Reading and predictions")
    predictions: int = setting(5, "the model's most probable characters to list for each one", low=0, high=1_114_112,
                               formerly="guesses")
