"""Layer settings: colours in a terminal."""

from dataclasses import dataclass

from charrnn.settings.bounded import Bounded, setting


@dataclass(frozen=True)
class ColourSettings(Bounded):
    """Colours in a terminal."""

    color: str = setting("auto", "colour the text; auto: in a terminal, unless NO_COLOR is set",
                         choices=("auto", "always", "never"), group="Colours")
    color_depth: str = setting("auto", "number of colours; auto: what the terminal reports",
                               choices=("auto", "16", "256", "24bit"))
    palette: str = setting("blue-vermilion", "the colours; all palettes suit any kind of colour vision",
                           choices=("blue-vermilion", "purple-green", "gray"))
