"""Layer settings: what the page that writes carries."""

from dataclasses import dataclass

from charrnn.settings.bounded import Bounded, setting

LEAST_BITS = 3


@dataclass(frozen=True)
class LivePageSettings(Bounded):
    """What the page of charrnn export --html carries."""

    precision: int = setting(8, "bits of each weight in the page; fewer make it smaller and predict worse",
                             low=LEAST_BITS, high=8, group="Page")
    names: bool = setting(True, "name the cells that track something, as charrnn inspect-cells does")
    max_mb: float = setting(16.0, "largest size of the page in megabytes", low=0.2, high=10**4)
