"""Layer settings: how speed is measured."""

from dataclasses import dataclass

from charrnn.settings.bounded import PRECISIONS, Bounded, setting


@dataclass(frozen=True)
class BenchSettings(Bounded):
    """How long speed is measured."""

    seconds: float = setting(0.4, "seconds that one process repeats a measurement", low=0.001, high=600.0)
    rounds: int = setting(3, "times that everything is measured; the table shows medians", low=1, high=1000)
    precision: str = setting("float32", "numbers in matrix products, charrnn's and PyTorch's; both measures each shape "
                                        "twice", choices=(*PRECISIONS, "both"))
