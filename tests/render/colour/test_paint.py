"""Painted text is the text, coloured: read back as a terminal would read it, and cut into lines that fit."""

import itertools
import math
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.render.colour.glyphs import columns, cut, padded, visible
from charrnn.render.colour.paint import SIGNS, Painter, legend, levels_of, levels_of_bits, lines, shown
from charrnn.render.colour.palette import DIVERGING, RESET, SEQUENTIAL, TOP, escape

PALETTE = DIVERGING["purple-green"]
CODE = re.compile(r"\x1b\[[\d;]*m")
LEVEL = {escape(PALETTE, level, "24bit"): level for level in range(-TOP, TOP + 1)}
NASTY = "ab \n\t\x1b\x00\x7f\x85é漢e\u0301\u202e\u200d\u2028😀\ud800"
texts = st.lists(st.tuples(st.sampled_from(NASTY) | st.characters(), st.integers(-TOP, TOP)), max_size=60)
safe_texts = st.lists(st.tuples(st.sampled_from("ab \n漢é"), st.integers(-TOP, TOP)), max_size=60)


def read(painted):
    """(character, level) of what a terminal of 24 bits shows."""
    level, place, found = 0, 0, []
    while place < len(painted):
        if code := CODE.match(painted, place):
            assert LEVEL[code[0]] != level, "a code that changes nothing"
            level, place = LEVEL[code[0]], code.end()
        else:
            found.append((painted[place], level))
            place += 1
    assert level == 0, "a colour is left on"
    return found


@given(safe_texts, st.data())
def test_a_stream_is_its_text_in_colours(pairs, data):
    text, levels = "".join(c for c, _ in pairs), [level for _, level in pairs]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    painter, painted = Painter(PALETTE, "24bit"), ""
    for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True):
        painted += painter.paint(text[start:stop], levels[start:stop])
    painted += painter.end()
    assert read(painted) == [(c, 0 if c == "\n" else level) for c, level in pairs]
    whole = Painter(PALETTE, "24bit")
    assert painted == whole.paint(text, levels) + whole.end()
    assert painter.end() == ""


def test_no_colour_no_code():
    painter = Painter(PALETTE, "256")
    assert painter.paint("plain\ntext", [0] * 10) + painter.end() == "plain\ntext"


def test_levels_of_one_code_are_one_code():
    painter = Painter(DIVERGING["blue-vermilion"], "16")
    assert painter.paint("abcd", [4, 5, 6, 7]) == "\x1b[97;41mabcd"
    assert painter.end() == RESET


def test_text_and_levels_must_fit():
    with pytest.raises(ValueError, match="shorter"):
        Painter(PALETTE, "16").paint("abc", [1, 2])


@given(texts, st.integers(2, 20))
def test_lines(pairs, width):
    text, levels = "".join(c for c, _ in pairs), [level for _, level in pairs]
    cut = list(lines(text, levels, width))
    assert [sign for line in cut for sign in line.signs] == visible(text)
    assert [line.first for line in cut] == [sum(len(line.signs) for line in cut[:n]) for n in range(len(cut))]
    for line, after in itertools.zip_longest(cut, cut[1:]):
        assert sum(map(columns, line.signs)) <= width
        is_ended = text[line.first + len(line.signs) - 1] == "\n"
        if after is not None and not is_ended:  # nothing more would have fitted
            assert sum(map(columns, line.signs)) + columns(after.signs[0]) > width
        assert text[line.first:line.first + len(line.signs)].count("\n") == is_ended


@given(texts, st.integers(2, 20))
def test_both_ways_say_the_same(pairs, width):
    text, levels = "".join(c for c, _ in pairs), [level for _, level in pairs]
    for line in lines(text, levels, width):
        assert read(line.painted(PALETTE, "24bit")) == list(zip(line.signs, line.levels, strict=True))
        above, below = line.plain()
        assert CODE.search(above + below) is None
        assert above == "".join(line.signs)
        column = 0
        for sign, level in zip(line.signs, line.levels, strict=True):
            if columns(sign):
                assert below[column] == SIGNS[level + TOP]
            column += columns(sign)


def test_signs_stand_under_their_characters():
    assert list(shown("a漢bé\n", [1, -2, 3, 0, 7], 80, PALETTE, None)) == ["a漢bé⏎", "1b 3.7"]
    assert list(shown("abcdef", [0, 1, 2, 3, 4, 5], 4, PALETTE, None)) == ["abcd", ".123", "ef", "45"]
    assert list(shown("", [], 4, PALETTE, None)) == []
    assert list(shown("\n\n", [3, -7], 4, PALETTE, None)) == ["⏎", "3", "⏎", "g"]


def test_an_accent_shares_a_column_with_its_letter():
    [line] = lines("xe\u0301\u0302y", [1, 2, -5, 3, 0], 80)
    assert line.levels == [1, -5, -5, -5, 0]
    assert line.plain() == ("xe\u0301\u0302y", "1e.")


@given(st.text(st.sampled_from(NASTY) | st.characters()))
def test_nothing_reaches_the_terminal_that_it_would_obey(text):
    signs = visible(text)
    assert len(signs) == len(text)
    for sign in signs:
        assert len(sign) == 1
        assert unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(sign) not in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def test_signs():
    assert visible("a\n\t\x00\x1b\x7f\x85") == ["a", "⏎", "→", "␀", "␛", "␡", "\ufffd"]
    assert visible("\u202e\u2066\u2028\u2029") == ["\ufffd"] * 4
    assert visible("é\n\t\x1b", plain=True) == ["é", "$", ">", "?"]


def test_levels():
    assert levels_of([-2, -1, -0.5, -0.07, 0, 0.07, 0.08, 0.5, 1, 9, math.nan, math.inf, -math.inf]) == [
        -7, -7, -4, 0, 0, 0, 1, 4, 7, 7, 0, 7, -7]
    assert levels_of([4, -2], top=4) == [7, -4]
    assert levels_of_bits([0, 0.99, 1, 2.5, 6.99, 7, 30, math.inf, math.nan]) == [0, 0, 1, 2, 6, 7, 7, 7, 0]
    assert levels_of_bits([1.9, 2, 15], step=2) == [0, 1, 7]


@given(st.lists(st.floats(-3, 3)))
def test_levels_are_symmetric(values):
    assert levels_of(values) == [-level for level in levels_of([-value for value in values])]


def test_legends():
    assert legend("-1", "+1", PALETTE, None) == "-1 gfedcba.1234567 +1"
    assert legend("under 1 bit", "7 bits", SEQUENTIAL["gray"], None, 0) == "under 1 bit .1234567 7 bits"
    coloured = legend("-1", "+1", PALETTE, "24bit")
    assert read(coloured)[3:-3] == [(sign, level) for sign, level in zip(SIGNS, range(-TOP, TOP + 1), strict=True)]


def test_columns_of_a_terminal():
    """By hand: ideographs and emoji take two, accents and joiners none."""
    assert [columns(text) for text in ("", "ab", "漢字", "e\u0301", "😀", "\u200d", "가")] == [0, 2, 4, 1, 2, 0, 2]
    assert [padded(text, 4) for text in ("a", "漢", "漢字", "漢字漢")] == ["a   ", "漢  ", "漢字", "漢字漢"]
    assert cut("a漢字e\u0301b", 3) == ["a漢", "字e\u0301", "b"]
    assert cut("漢", 1) == ["漢"]
    assert cut("", 5) == [""]
