"""What a terminal would obey is shown to it as a sign; our own colours reach it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.render.colour.paint import Painter
from charrnn.render.colour.palette import SEQUENTIAL
from charrnn.render.terminal_text import painted_text, terminal_text

OBEYED = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_obeyed_is_left_and_nothing_else_is_changed(text: str) -> None:
    shown = terminal_text(text)
    assert not OBEYED.search(shown)
    assert len(shown) == len(text)
    assert all(one == other or OBEYED.match(one) for one, other in zip(text, shown, strict=True))


@pytest.mark.parametrize(("text", "shown"), [
    ("a\tb\n", "a\tb\n"), ("\x1b]0;title\a", "␛]0;title␇"), ("\x9b31m", "\ufffd31m"), ("\u202eabc", "\ufffdabc"),
    ("e\u0301 \u200d 漢", "e\u0301 \u200d 漢"), ("\r", "␍")])
def test_signs(text: str, shown: str) -> None:
    assert terminal_text(text) == painted_text(text) == shown


@pytest.mark.parametrize("depth", ["16", "256", "24bit"])
@pytest.mark.parametrize("palette", SEQUENTIAL.values(), ids=SEQUENTIAL)
def test_painted_text_keeps_colours_and_nothing_else(palette: object, depth: str) -> None:
    painter = Painter(palette, depth)  # type: ignore[arg-type]
    text = painter.paint("\x1b[31m\x1b]0;x\a", [1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3]) + painter.end()
    assert painted_text(text) == text
    assert "␛" in text
    assert "\x1b[31m" not in text


@pytest.mark.parametrize("code", ["\x1b[8m", "\x1b[30;8m", "\x1b[5m", "\x1b[2J", "\x1b[38;5;1m", "\x1b[0;8m",
                                  "\x1b[30m", "\x1b[38;5;16;48;5;16m", "\x1b[38;2;0;0;0;48;2;0;0;0m", "\x1b[97;107m"])
def test_other_codes_are_none_of_ours(code: str) -> None:
    assert "\x1b" not in painted_text(f"a{code}b")


def test_codes_of_ours() -> None:
    for code in ("\x1b[0m", "\x1b[2m", "\x1b[36m"):
        assert painted_text(code) == code
