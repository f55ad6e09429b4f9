"""A scored text on a terminal: what stands under what, in how many columns, and in which colours."""

import dataclasses
import math
import re

import numpy as np
import pytest

from charrnn.render.colour.glyphs import columns
from charrnn.render.colour.palette import DIVERGING, SEQUENTIAL
from charrnn.render.score import _ordinal, heat, heated, listed, scale, summary, tabled
from charrnn.render.screen import Screen
from charrnn.scoring.score import Score
from tests.scoring.made import Made

CODE = re.compile(r"\x1b\[[\d;]*m")
PLAIN = Screen(None, False, DIVERGING["gray"], SEQUENTIAL["gray"])
BRIGHT = Screen("24bit", False, DIVERGING["gray"], SEQUENTIAL["gray"])
TEXT = "cab é.\nabc a\n\nbé\n" * 3


@pytest.fixture(scope="module")
def score() -> Score:
    return Made().score(TEXT)


def width_of(line: str) -> int:
    return columns(CODE.sub("", line))


def test_rows_stand_under_their_characters(score: Score) -> None:
    above, bits, rank, *guesses, end = heat(score, 7, 13, PLAIN, 80)  # the second line
    assert above == "      abc a⏎"
    assert end == ""
    assert (bits[:6], rank[:6]) == ("bits  ", "rank  ")
    for column, place in enumerate(range(7, 13), 6):
        surprise, place_rank = score.surprisals[place], score.ranks[place]
        assert bits[column] == (str(min(7, int(surprise))) if surprise >= 1 else ".")
        assert rank[column] == str(place_rank)
        for k, row in enumerate(guesses):
            guess, chance = score.top_at(place)[k]
            shown = {" ": "␣", "\n": "⏎"}.get(guess, guess) if chance >= 0.01 else " "
            assert row[column:column + 1] in (shown, "" if shown == " " else shown)
    assert [row[:6].strip() for row in guesses] == ["1st", "2nd", "3rd", "4th", "5th"]


def test_colours_stand_for_the_row_of_bits(score: Score) -> None:
    plain, bright = ([*heat(score, 0, len(score), colours, 30)] for colours in (PLAIN, BRIGHT))
    assert not any("\x1b" in line for line in plain)
    assert [line for line in plain if not line.startswith("bits")] == [CODE.sub("", line) for line in bright]


def test_right_guesses_stand_out(score: Score) -> None:
    """What is not dim in the rows of guesses is the text itself."""
    *_, first, last = [line for line in heat(score, 0, 7, BRIGHT, 80) if re.match("1st|2nd", line)]
    for k, row in enumerate((first, last)):
        bright, column, is_dim = {}, 0, False
        for part in re.split(r"(\x1b\[[\d;]*m)", row):
            if CODE.fullmatch(part):
                is_dim = part == "\x1b[2m"
                continue
            bright |= {column + n - 6: sign for n, sign in enumerate(part) if not is_dim and sign != " "}
            column += len(part)
        found = {place for place in bright if place >= 0}
        predictions = score.predictions
        assert found == {place for place in range(1, 7) if predictions.top[place, k] == score.ids[place]
                         and predictions.probabilities[place, k] >= 0.01}


@pytest.mark.parametrize("colours", [PLAIN, BRIGHT])
@pytest.mark.parametrize("width", [5, 30, 80])
@pytest.mark.parametrize("unit", ["char", "byte", "token", "word"])
def test_everything_fits(unit: str, width: int, colours: Screen) -> None:
    score = Made(unit=unit).score(" ".join(["ab a é b c. ab"] * 9) + "\n\na\n")
    parts = score.by("line")
    for line in heat(score, 0, len(score), colours, width):
        assert width_of(line) <= max(width, 16)
    for line in listed(score, parts, "line", colours, width):
        assert width_of(line) <= max(width, 35 + 10)
    for line in tabled(score, 0, len(score), colours, width):
        assert width_of(line) <= max(width, 56)
    for line in (*(value for _, value in summary(score)), scale(score, colours)):
        assert width_of(line) <= 68


def test_without_guesses_there_is_only_the_text() -> None:
    score = Made().score(TEXT, predictions=0)
    assert [CODE.sub("", line) for line in heat(score, 0, len(score), BRIGHT, 80)] == [
        line + "⏎" for line in TEXT.splitlines()]


def test_guesses_without_a_chance_are_not_shown(score: Score) -> None:
    chances = score.predictions.probabilities.copy()
    chances[:, 1:] = 0.004
    chances[3, 1] = 0.01
    score = dataclasses.replace(score, predictions=score.predictions._replace(probabilities=chances))
    rows = [line for line in heat(score, 0, 7, PLAIN, 80) if line[:1].isdigit()]
    assert [row[:6].strip() for row in rows] == ["1st", "2nd"]
    assert [place for place, sign in enumerate(rows[1][6:]) if sign != " "] == [3]


def test_long_parts_are_cut(score: Score) -> None:
    [_, first, *_] = listed(score, score.by("line"), "line", PLAIN, 45)
    assert first.endswith("  cab é.⏎")
    [_, whole] = listed(Made().score("a" * 50), Made().score("a" * 50).by("line"), "line", PLAIN, 80)
    assert re.fullmatch(r"   1 +49 +\S+ +\S+  a{40,45}\.\.\.", whole)
    assert len(whole) == 80


def test_bytes_are_gathered_into_characters() -> None:
    score = Made(unit="byte").score("aéb")
    text, levels = heated(score, 0, 4)
    assert text == "aéb"
    assert levels == [0, int(min(7, score.surprisals[1] + score.surprisals[2])), int(min(7, score.surprisals[3]))]
    assert next(iter(heat(score, 0, 2, PLAIN, 80))) == "a"  # the first half of é is no character
    assert "0xC3" in "".join(tabled(score, 0, 4, PLAIN, 80))


def test_words_are_coloured_as_a_whole_at_two_bits_a_level() -> None:
    score = Made(unit="word").score("ab ab c")
    text, levels = heated(score, 0, 5)
    assert text == "ab ab c"
    expected = [0 if math.isnan(bits) else int(min(7, bits / 2)) for bits in score.surprisals.tolist()]
    assert levels == [level for level, piece in zip(expected, score.pieces, strict=True) for _ in piece]
    assert scale(score, PLAIN) == "bits: under 2 .1234567 14 and more"


def test_summary(score: Score) -> None:
    rows = dict(summary(score))
    ranks = score.ranks[1:]
    assert rows["loss"] == f"{score.nats:.4f} nats ({score.nats / math.log(2):.4f} bits) a character"
    assert rows["perplexity"] == f"{math.exp(score.nats):.2f}"
    assert rows["accuracy"] == f"{100 * np.mean(ranks == 1):.1f}% (top 5: {100 * np.mean(ranks <= 5):.1f}%)"
    assert f"({score.expected[1:].mean():.4f} bits)" in rows["expected"]
    assert "a word, " in dict(summary(Made(unit="word").score("ab ab c")))["loss"]


def test_table(score: Score) -> None:
    head, first, second, *_ = tabled(score, 0, len(score), PLAIN, 80)
    assert head.split() == ["place", "text", "bits", "rank", "expected", "predictions"]
    assert first.split() == ["0", "c"]
    place, sign, bits, rank, expected, guess, chance, *_ = second.split()
    likeliest, probability = score.top_at(1)[0]
    assert (place, sign, rank) == ("1", "a", str(score.ranks[1]))
    assert float(bits) == pytest.approx(score.surprisals[1], abs=0.006)
    assert float(expected) == pytest.approx(score.expected[1], abs=0.006)
    assert guess == {" ": "␣", "\n": "⏎"}.get(likeliest, likeliest)
    assert chance == f"{100 * probability:.0f}%"


def test_ordinals() -> None:
    assert [_ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th"]
