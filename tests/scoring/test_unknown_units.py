"""How many words and tokens of a text the model does not know."""

import pytest

from charrnn.render.score import summary
from charrnn.settings import TextSettings
from charrnn.text.model_input import UnknownUnits, model_input
from charrnn.text.tokenizers import Words
from charrnn.text.vocabulary import STAND_IN, Vocabulary
from tests.scoring.made import Made


def test_rare_words_are_counted():
    words, settings = Words(["ab", " ", "\n", STAND_IN], stand_in=True), TextSettings(unit="word", min_count=2)
    found = model_input("ab cd ef\nab cd", settings, words).unknown
    assert found == UnknownUnits(3, 9)
    assert found.share == pytest.approx(1 / 3)
    assert model_input("ab ab\n", settings, words).unknown == UnknownUnits(0, 4)


def test_characters_are_counted_where_something_stands_for_the_rare_ones():
    assert model_input("abab", TextSettings(), Vocabulary("ab")).unknown is None
    vocabulary = Vocabulary("ab" + STAND_IN, stand_in=True)
    assert model_input("abxab", TextSettings(min_count=2), vocabulary).unknown == UnknownUnits(1, 5)


def test_documents_have_their_ends():
    score = Made(unit="word", documents="line").score("ab x\na\n", unknown="skip")
    assert score.unknown == UnknownUnits(1, 6)  # two words, a space, one word and two line ends


@pytest.mark.parametrize(("unit", "count", "units"), [("word", 2, 7), ("token", 2, 4)])
def test_what_is_left_out_is_counted_too(unit, count, units):
    score = Made(unit=unit).score("ab x c. y" if unit == "token" else "ab x c y", unknown="skip")
    assert score.unknown == UnknownUnits(count, units)
    assert dict(summary(score))["unknown"] == f"{100 * count / units:.1f}% of the {unit}s ({count} of {units})"
    assert dict(summary(Made(unit=unit).score("ab ab")))["unknown"].startswith("0.0% ")
    assert "unknown" not in dict(summary(Made().score("ab")))
