"""Targets of sources, and how far they are from their references."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.completion.translator import Translator, edit_distance, errors_by_length, target_errors
from charrnn.errors import SettingsError
from tests.completion.test_completer import completer_of


def translator_of(**text: object) -> Translator:
    return Translator(completer_of("ab\t\n", **text)._model)


def test_a_target_is_what_most_probably_follows_the_tab() -> None:
    found = translator_of(pairs=True).translate("ab", 3, length=6)
    expected = completer_of("ab\t\n", pairs=True).complete("ab\t", 3, until="line", length=6)
    assert found == expected
    assert len(found) == 3
    assert found[0].probability >= found[1].probability >= found[2].probability


@pytest.mark.parametrize(("source", "options", "said"), [
    ("a\tb", {}, "holds a tab"), ("", {}, "a source is empty"),
    ("a", {"lenght": 3}, "unknown setting"), ("a", {"length": 0}, "at least 1")])
def test_what_cannot_be_translated_is_refused(source: str, options: dict, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        translator_of(pairs=True).translate(source, **options)


def test_a_network_without_pairs_is_refused() -> None:
    with pytest.raises(SettingsError, match="not trained on pairs"):
        translator_of(documents="line")


def test_errors_are_counted() -> None:
    errors = target_errors(["abc", "kitten", ""], ["abc", "sitting", "xy"])
    assert errors == (3, 1, 5, 12)
    assert errors.accuracy == pytest.approx(1 / 3)
    assert errors.character_error_rate == pytest.approx(5 / 12)
    with pytest.raises(ValueError, match="nothing"):
        target_errors([], [])


def test_errors_are_told_by_the_length_of_the_source() -> None:
    sources, references = ["a", "bbb", "a", "cc", "dddd"], ["x", "yy", "x", "z", "xyz"]
    found = errors_by_length(sources, ["x", "yy", "-", "z", "xy-"], references, least=2)
    assert [(one.length, one.errors) for one in found] == [(1, (2, 1, 1, 2)), (3, (3, 2, 1, 6))]
    [all_pairs] = errors_by_length(sources, references, references, least=9)
    assert all_pairs.errors == target_errors(references, references)


@given(st.text("ab", max_size=7), st.text("ab", max_size=7), st.text("ab", max_size=7))
def test_the_edit_distance_is_a_distance(one: str, other: str, third: str) -> None:
    distance = edit_distance(one, other)
    assert (distance == 0) == (one == other)
    assert distance == edit_distance(other, one)
    assert distance <= edit_distance(one, third) + edit_distance(third, other)
    assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))
