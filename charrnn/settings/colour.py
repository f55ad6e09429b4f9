"""Layer settings: colours in a terminal."""

from dataclasses import dataclass

from charrnn.settings.bounded import Bounded, setting


@dataclass(frozen=True)
class ColourSettings(Bounded):
    """Colours in a terminal."""

    color: str = setting("auto", "colour the text: auto does it in a terminal, unless NO_COLOR is set",
                         choices=("auto", "always", "never"))
    color_depth: str = setting("auto", "how many colours there are: 16, 256, or all; auto asks the terminal",
                               choices=("auto", "16", "256", "24bit"))
    palette: str = setting("blue-vermilion", "the colours; all palettes fit any kind of colour vision",
                           choices=("blue-vermilion", "purple-green", "gray"))
