"""The score of a text, against the float64 reference character by character, and against evaluation."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from charrnn.cells.registry import CELLS as KINDS
from charrnn.errors import CorpusError, SettingsError, VocabularyError
from charrnn.scoring.score import score_text
from charrnn.settings import ScoreSettings
from charrnn.settings.scoring import ROWS
from tests.scoring.made import LETTERS, UNITS, Made


def assert_predicted(score, first, probabilities, K):
    """The units from place `first` on were predicted with these probabilities (n, V)."""
    for place, p in enumerate(probabilities, first):
        actual = score.ids[place]
        assert score.surprisals[place] == pytest.approx(-math.log2(p[actual]), abs=1e-4, rel=1e-4)
        assert score.expected[place] == pytest.approx(-(p * np.log2(p)).sum(), abs=1e-4, rel=1e-4)
        assert score.ranks[place] == 1 + (p > p[actual] * (1 + 1e-9)).sum()
        np.testing.assert_array_equal(score.predictions.top[place], np.argsort(-p, kind="stable")[:K])
        np.testing.assert_allclose(score.predictions.probabilities[place], np.sort(p)[::-1][:K], rtol=1e-4, atol=1e-6)


def text_of(length, seed, letters=LETTERS):
    return "".join(np.random.default_rng(seed).choice([*letters], length))


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", KINDS)
def test_every_cell_against_float64_and_evaluation(cell, layers):
    made = Made(cell, layers, embedding=(0, 4)[layers == 2], learn_initial_state=layers == 3, seed=layers)
    text = text_of(7 * 5 + 4, layers)  # 38 transitions, five rows: three of 8 and two of 7
    score = made.score(text, predictions=3)
    assert score.nats == pytest.approx(made.loss(text), abs=1e-12)
    assert score.predicted == score.characters == len(text) - 1
    assert score.starts.tolist() == [0, 8, 16, 24, 31]
    assert score.ranks[0] == 0
    assert (score.predictions.top[0] == -1).all()
    assert np.isnan([score.surprisals[0], score.expected[0], *score.predictions.probabilities[0]]).all()
    for start, stop in zip(score.starts, [*score.starts[1:], len(text) - 1], strict=True):
        assert_predicted(score, start + 1, made.probabilities(score.ids[start:stop + 1]), 3)


@pytest.mark.parametrize("cell", KINDS)
def test_documents_against_float64_and_evaluation(cell):
    made = Made(cell, 2, documents="line", learn_initial_state=True)
    text = text_of(90, 5, "abc .é") + "\n\n  " + text_of(30, 6, "abc\n\n") + "\na"
    score = made.score(text, predictions=4)
    assert score.nats == pytest.approx(made.loss(text), abs=1e-12)
    documents = score.by("document")
    assert [part.text for part in documents] == [line.rstrip() + "\n" for line in text.split("\n") if line.strip()]
    assert score.by("line") == documents
    assert len(score.starts) == 0
    assert (score.ranks > 0).all()
    assert score.predicted == len(score) == score.characters
    mark = made.network.start
    for part in documents:
        assert_predicted(score, part.start, made.probabilities([mark, *score.ids[part.start:part.stop]]), 4)


@pytest.mark.parametrize("rows", [1, 2, 16])
@pytest.mark.parametrize("size", [2, 3, 8, 15, 16, 113])
def test_rows(size, rows):
    made, text = Made(seed=size), text_of(size, size)
    score = made.score(text, rows=rows, predictions=0)
    assert len(score.starts) == max(1, min(rows, (size - 1) // 7))
    assert score.predictions.top.shape == score.predictions.probabilities.shape == (size, 0)
    if rows == ROWS:
        assert score.nats == pytest.approx(made.loss(text), abs=1e-12)
    for start, stop in zip(score.starts, [*score.starts[1:], size - 1], strict=True):
        assert_predicted(score, start + 1, made.probabilities(score.ids[start:stop + 1]), 0)


@pytest.mark.parametrize("documents", [None, "line", "blank", "file"])
@pytest.mark.parametrize("unit", UNITS)
def test_units_and_their_lines(unit, documents):
    made = Made(unit=unit, documents=documents)
    text = "ab a é\nb ab\n\nc. ab\n \né a ab\n" * 3
    score = made.score(text)
    assert score.nats == pytest.approx(made.loss(text), abs=1e-12)
    assert score.unit == made.vocabulary.kind
    whole = "".join(score.pieces)
    assert len(score.pieces) == len(score)
    if unit != "token" and documents is None:
        assert whole == text
    for kind in ("line", *([] if documents is None else ["document"])):
        parts = score.by(kind)
        assert "".join(part.text for part in parts) == whole
        assert sum(part.total for part in parts) == pytest.approx(score.total, rel=1e-6)
        assert sum(part.predicted for part in parts) == score.predicted
        assert sum(part.characters for part in parts) == score.characters
        end = "\n" if kind == "line" else made.mark
        assert all(part.text.endswith(end) for part in parts[:-1])
        assert not any(end in part.text[:-1] for part in parts)
        for part in parts:
            surprisals = score.surprisals[part.start:part.stop].astype(float)
            assert part.bits == pytest.approx(np.nanmean(surprisals), rel=1e-5)
            assert part.perplexity == pytest.approx(2 ** np.nanmean(surprisals), rel=1e-5)
            assert part.nats == pytest.approx(part.bits * math.log(2))
            assert part.bits_per_character == pytest.approx(np.nansum(surprisals) / part.characters)


def test_characters_of_bytes():
    score = Made(unit="byte").score("aéé")
    assert score.pieces == ["a", "", "é", "", "é"]
    assert (score.predicted, score.characters) == (4, 2)
    assert score.bits_per_character == pytest.approx(2 * score.bits)


@given(st.text(st.sampled_from("ab\n"), min_size=2, max_size=40))
@examples(max_examples=30)
def test_lines_are_those_of_the_text(text):
    score = Made().score(text)
    lines = text.splitlines(keepends=True)
    parts = score.by("line")
    assert [part.text for part in parts] == lines[text[0] == "\n":]  # a first line of one unit is not predicted
    assert [part.number for part in parts] == list(range(1, len(lines) + 1))[text[0] == "\n":]


def test_what_the_model_never_saw():
    made = Made()
    with pytest.raises(VocabularyError, match=r"'x' \(U\+0078\)"):
        made.score("abxc")
    score = made.score("aébx\u00e1c", unknown="skip")
    assert "".join(score.pieces) == "aébac"
    assert len(score.notes) == 2
    assert score.nats == made.loss("aébac")


def test_refusals():
    made = Made()
    with pytest.raises(CorpusError, match="at least 2 characters"):
        made.score("a")
    with pytest.raises(CorpusError, match="no document"):
        Made(documents="line").score(" \n")
    with pytest.raises(SettingsError, match="no documents"):
        made.score("ab").by("document")
    with pytest.raises(SettingsError, match="'word'"):
        made.score("ab").by("word")
    with pytest.raises(SettingsError, match="rows"):
        made.score("ab", rows=0)


def test_no_more_top_predictions_than_characters():
    score = Made().score("abc", predictions=99)
    assert score.predictions.top.shape == (3, len(LETTERS))
    assert score.top_at(0) == []
    told = score.top_at(2)
    assert sorted(letter for letter, _ in told) == sorted(LETTERS)
    assert sum(chance for _, chance in told) == pytest.approx(1, abs=1e-6)
    assert told == sorted(told, key=lambda guess: -guess[1])


def test_what_on_read_is_told():
    made, told = Made(), []
    score_text([made.network], made.vocabulary, made.settings, text_of(100, 1), ScoreSettings(),
           on_read=lambda *done: told.append(done))
    assert len(told) > 1
    assert told == sorted(told)
    assert told[-1] == (99, 99)


def test_a_huge_loss_has_an_infinite_perplexity():
    part = dataclasses.replace(Made().score("ab"), total=1e6, predicted=1)
    assert part.perplexity == math.inf
