"""Layer render: the colours of levels: -7 to 7, of which 0 has none.

A level and what the terminal can show come in; out goes the escape code for it. The letters on a colour are black or
white, whichever stands out more (contrast as WCAG 2 defines it).
"""

from dataclasses import dataclass
from functools import lru_cache

Rgb = tuple[int, int, int]

TOP = 7
RESET = "\x1b[0m"
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_CUBE = (0, 95, 135, 175, 215, 255)  # what each of the three takes in colours 16 to 231 of 256
# Of the 16 colours, by the number of their background, about what terminals show.
_BASIC: dict[int, Rgb] = {40: (0, 0, 0), 41: (205, 0, 0), 42: (0, 170, 0), 43: (205, 205, 0), 44: (0, 0, 205),
                          45: (170, 0, 170), 46: (0, 205, 205), 47: (229, 229, 229), 100: (127, 127, 127),
                          102: (85, 255, 85), 105: (255, 120, 255), 107: (255, 255, 255)}


@dataclass(frozen=True)
class Palette:
    """The colours of the levels -7 and 7, and of what lies between them: a neutral one, near which 0 would be.

    basic   of 16 colours, the backgrounds of levels -7 to -4, -3 to -1, 1 to 3, 4 to 7
    """

    low: Rgb
    middle: Rgb
    high: Rgb
    basic: tuple[int, int, int, int]

    def rgb(self, level: int) -> Rgb:
        """The colour of a level that is not 0."""
        end = self.high if level > 0 else self.low
        red, green, blue = (round(near + (far - near) * abs(level) / TOP)
                            for near, far in zip(self.middle, end, strict=True))
        return red, green, blue

    def number(self, level: int) -> int:
        """The colour of a level that is not 0, as a background among 16."""
        return self.basic[(0 if level < 0 else 3) if abs(level) > TOP // 2 else (1 if level < 0 else 2)]


# The ends of each are told apart with any kind of colour vision, and are about as dark as each other.
DIVERGING = {
    "blue-vermilion": Palette((0x00, 0x72, 0xB2), _WHITE, (0xD5, 0x5E, 0x00), (44, 46, 43, 41)),
    "purple-green": Palette((0xAF, 0x00, 0xAF), _WHITE, (0x00, 0x87, 0x00), (45, 105, 102, 42)),
    "gray": Palette((0x20, 0x20, 0x20), (0x80, 0x80, 0x80), (0xE8, 0xE8, 0xE8), (40, 100, 47, 107)),
}
# For what cannot be below 0: from white to the end that stands out.
SEQUENTIAL = {
    "blue-vermilion": Palette(_WHITE, _WHITE, (0xD5, 0x5E, 0x00), (107, 107, 43, 41)),
    "purple-green": Palette(_WHITE, _WHITE, (0xAF, 0x00, 0xAF), (107, 107, 105, 45)),
    "gray": Palette(_WHITE, _WHITE, (0x40, 0x40, 0x40), (107, 107, 47, 100)),
}


@lru_cache(maxsize=1024)
def escape(palette: Palette, level: int, depth: str) -> str:
    """What a terminal of that depth is sent before the first character of a level; RESET for level 0."""
    if not level:
        return RESET
    if depth == "16":
        number = palette.number(level)
        return f"\x1b[{30 if letters_on(_BASIC[number]) == _BLACK else 97};{number}m"
    rgb = palette.rgb(level)
    if depth == "256":
        index = nearest(rgb)
        return f"\x1b[38;5;{16 if letters_on(colour_of(index)) == _BLACK else 231};48;5;{index}m"
    ink, ground = (";".join(map(str, colour)) for colour in (letters_on(rgb), rgb))
    return f"\x1b[38;2;{ink};48;2;{ground}m"


def letters_on(ground: Rgb) -> Rgb:
    """Black or white, whichever has more contrast."""
    return max(_BLACK, _WHITE, key=lambda ink: contrast(ink, ground))


def contrast(one: Rgb, other: Rgb) -> float:
    """From 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def nearest(rgb: Rgb) -> int:
    """The colour among 256 that is nearest: a gray for a gray, for others one of the cube, so that a tint stays one.

    None is of the first 16, which every terminal has its own of.
    """
    indices = range(232, 256) if len(set(rgb)) == 1 else range(16, 232)
    return min(indices, key=lambda index: _distance(colour_of(index), rgb))


def colour_of(index: int) -> Rgb:
    """Colour 16 to 255: a cube of 6 x 6 x 6, then 24 grays."""
    if index >= 232:
        return (8 + 10 * (index - 232),) * 3
    number = index - 16
    return _CUBE[number // 36], _CUBE[number // 6 % 6], _CUBE[number % 6]


def _distance(one: Rgb, other: Rgb) -> int:
    # the weights are about how much of the lightness each part makes
    return sum(weight * (a - b) ** 2 for weight, a, b in zip((3, 6, 1), one, other, strict=True))


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                        for part in (value / 255 for value in rgb))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
