"""Colours that everybody can tell apart, with letters on them that everybody can read."""

import itertools
import re

import numpy as np
import pytest

from charrnn.render.colour.palette import (
    _BASIC,
    DIVERGING,
    RESET,
    SEQUENTIAL,
    TOP,
    colour_of,
    contrast,
    escape,
    letters_on,
    nearest,
)
from charrnn.settings import ColourSettings

WHITE = (255, 255, 255)
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                   [0.0193339, 0.1191920, 0.9503041]])
# What is left of linear red, green and blue without one of the three cones (Machado et al. 2009, severity 1).
VISION = {
    "usual": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                        [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                        [0.004733, 0.691367, 0.303900]]),
}


def lab(rgb, vision="usual"):
    """CIE L*a*b* (D65) of an sRGB colour, as it is seen."""
    part = np.array(rgb) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    x = TO_XYZ @ np.clip(VISION[vision] @ linear, 0, 1) / TO_XYZ.sum(axis=1)
    f = np.where(x > 216 / 24389, np.cbrt(x), (24389 / 27 * x + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one, other, vision):
    return float(np.linalg.norm(lab(one, vision) - lab(other, vision)))


def shown(palette, level, depth):
    """The colour that a level gets in a terminal."""
    rgb = palette.rgb(level)
    return rgb if depth == "24bit" else colour_of(nearest(rgb))


def test_lab():
    assert lab((255, 0, 0)) == pytest.approx([53.24, 80.09, 67.20], abs=0.01)
    assert lab(WHITE) == pytest.approx([100, 0, 0], abs=0.01)
    assert difference((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00), "protan") == pytest.approx(92, abs=1)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("depth", ["24bit", "256"])
@pytest.mark.parametrize("name", DIVERGING)
def test_ends_are_told_apart(name, depth, vision):
    diverging, sequential = DIVERGING[name], SEQUENTIAL[name]
    assert difference(shown(diverging, -TOP, depth), shown(diverging, TOP, depth), vision) >= 60
    assert difference(WHITE, shown(sequential, TOP, depth), vision) >= 60


@pytest.mark.parametrize("name", DIVERGING)
def test_lightness_goes_one_way(name):
    for palette, sides in ((DIVERGING[name], (1, -1)), (SEQUENTIAL[name], (1,))):
        for side, depth in itertools.product(sides, ("24bit", "256")):
            lightness = [lab(shown(palette, side * level, depth))[0] for level in range(1, TOP + 1)]
            falls = palette.middle != (128, 128, 128) or side < 0
            for near, far in itertools.pairwise(lightness):
                assert (far <= near if falls else far >= near), (depth, side, lightness)
            assert abs(lightness[0] - lightness[-1]) > 25


@pytest.mark.parametrize("name", [name for name in DIVERGING if name != "gray"])
def test_ends_are_about_as_dark(name):
    low, high = (lab(DIVERGING[name].rgb(level))[0] for level in (-TOP, TOP))
    assert abs(low - high) < 10


@pytest.mark.parametrize("palette", [*DIVERGING.values(), *SEQUENTIAL.values()])
def test_letters_can_be_read(palette):
    for level in (*range(-TOP, 0), *range(1, TOP + 1)):
        grounds = [shown(palette, level, "24bit"), shown(palette, level, "256"), _BASIC[palette.number(level)]]
        for ground in grounds:
            ink = letters_on(ground)
            assert contrast(ink, ground) >= 4.5  # WCAG 2, level AA
            assert contrast(ink, ground) == max(contrast(c, ground) for c in ((0, 0, 0), WHITE))


def test_contrast():
    assert contrast((0, 0, 0), WHITE) == contrast(WHITE, (0, 0, 0)) == pytest.approx(21)
    assert contrast((118, 118, 118), WHITE) == pytest.approx(4.54, abs=0.01)


def test_the_nearest_of_256():
    assert nearest((0, 0x72, 0xB2)) == 25
    assert nearest((95, 135, 175)) == 16 + 36 + 12 + 3
    assert colour_of(67) == (95, 135, 175)
    assert nearest((8, 8, 8)) == 232
    assert [colour_of(index) for index in (16, 231, 232, 255)] == [(0, 0, 0), WHITE, (8, 8, 8), (238, 238, 238)]


def test_codes():
    palette = DIVERGING["blue-vermilion"]
    assert escape(palette, 0, "24bit") == escape(palette, 0, "16") == RESET
    assert escape(palette, -7, "24bit") == "\x1b[38;2;255;255;255;48;2;0;114;178m"
    assert escape(palette, 1, "24bit") == "\x1b[38;2;0;0;0;48;2;249;232;219m"
    assert escape(palette, -7, "256") == "\x1b[38;5;231;48;5;25m"
    assert [escape(palette, level, "16") for level in (-7, -4, -3, -1, 1, 3, 4, 7)] == [
        *["\x1b[97;44m"] * 2, *["\x1b[30;46m"] * 2, *["\x1b[30;43m"] * 2, *["\x1b[97;41m"] * 2]


def test_every_level_has_its_own_code():
    for palette in DIVERGING.values():
        codes = {escape(palette, level, "24bit") for level in range(-TOP, TOP + 1)}
        assert len(codes) == 2 * TOP + 1
        assert all(re.fullmatch(r"\x1b\[[\d;]*m", code) for code in codes)


def test_the_palettes_are_those_of_the_option():
    choices = ColourSettings.__dataclass_fields__["palette"].metadata["choices"]
    assert choices == tuple(DIVERGING) == tuple(SEQUENTIAL)
