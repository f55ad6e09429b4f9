"""The search against every continuation there is: the same ones, as probable, and proven only where that is true."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.completion.beam import BeamSearch, FoundPath
from charrnn.completion.ends import Ending
from charrnn.engine.predictions import log_softmax
from charrnn.settings import NetworkSettings
from charrnn.text.tokenizers import Bytes, Tokens, Words
from charrnn.text.vocabulary import STAND_IN, Vocabulary
from tests.completion.exhaustive import Plain, every_continuation

MARK = "\x1e"


def search(plain: Plain, vocabulary: Vocabulary, prefix: str, until: str, length: int, count: int = 5,
           beams: int = 16, prove: int = 10_000, mark: str | None = None) -> list[FoundPath]:
    ending = Ending(vocabulary, mark, until, length)
    searching = BeamSearch(plain.step, ending, count, beams, prove)
    return searching.run(*plain.start(vocabulary.encode(prefix)), ending.first(prefix))


def cut(vocabulary: Vocabulary, prefix: str, until: str, mark: str | None, units: tuple[int, ...]
        ) -> tuple[int, ...] | None:
    """The continuation that a text of characters begins with; None if it holds what is never written."""
    written, has_letter, before = [], False, prefix[-1:]
    for unit in units:
        character = vocabulary.units[unit]
        is_word = character.isalpha() or (character == "'" and before.isalpha())
        if character == mark or (until == "line" and character == "\n"):
            break
        if unit == vocabulary.stand_in:
            return None  # nobody knows whether it would have been a letter
        if until == "word" and has_letter and not is_word:
            break
        written.append(unit)
        has_letter, before = has_letter or character.isalpha(), character
    return tuple(written)


def check(found: list[FoundPath], every: dict[tuple[int, ...], float], count: int) -> None:
    """Each found is as probable as it is, and what is proven is the most probable that there is."""
    assert len(found) <= min(count, len(every))
    assert len({one.path for one in found}) == len(found)
    best = sorted(every.values(), reverse=True)
    for rank, one in enumerate(found):
        assert np.exp(one.log_probability) == pytest.approx(every[one.path], rel=1e-9)
        if one.is_proven:
            assert np.exp(one.log_probability) == pytest.approx(best[rank], rel=1e-9)


ALPHABETS = ["a' ", "ab\n", "a' \n", "a" + MARK + " ", "ab" + STAND_IN + " ", "a\n" + STAND_IN + MARK]


@pytest.mark.parametrize("until", ["word", "line", "length"])
@pytest.mark.parametrize("characters", ALPHABETS)
@pytest.mark.parametrize("prefix", ["a", "aa", "a "])
def test_what_is_found_are_the_most_probable_of_all(until: str, characters: str, prefix: str) -> None:
    vocabulary = Vocabulary(characters, stand_in=True)
    mark = MARK if MARK in characters else None
    plain, length = Plain(len(vocabulary), 3), 5
    prefix = prefix if " " in characters else prefix.strip()
    every = every_continuation(plain, vocabulary.encode(prefix), length,
                               lambda units: cut(vocabulary, prefix, until, mark, units))
    for count in (1, 5, 2000):
        found = search(plain, vocabulary, prefix, until, length, count, mark=mark)
        assert len(found) == min(count, len(every))
        assert all(one.is_proven for one in found)
        check(found, every, count)
    if vocabulary.stand_in < 0:
        assert sum(every.values()) == pytest.approx(1.0, abs=1e-12)


@given(seed=st.integers(0, 10**6), scale=st.floats(0.1, 8.0), until=st.sampled_from(["word", "line", "length"]),
       characters=st.sampled_from(ALPHABETS), length=st.integers(1, 4), count=st.integers(1, 6),
       beams=st.integers(1, 4), prove=st.integers(0, 6), cell=st.sampled_from(["rnn", "gru"]))
@settings(max_examples=100)
def test_any_search_tells_the_truth(seed: int, scale: float, until: str, characters: str, length: int, count: int,
                                    beams: int, prove: int, cell: str) -> None:
    vocabulary = Vocabulary(characters, stand_in=True)
    mark = MARK if MARK in characters else None
    plain = Plain(len(vocabulary), seed, scale, NetworkSettings(cell=cell, hidden=2))
    every = every_continuation(plain, vocabulary.encode("a"), length,
                               lambda units: cut(vocabulary, "a", until, mark, units))
    plain.rows = plain.widest = 0
    found = search(plain, vocabulary, "a", until, length, count, beams, prove, mark)
    check(found, every, count)
    assert [one.log_probability for one in found] == sorted((one.log_probability for one in found), reverse=True)
    assert plain.widest <= beams
    assert plain.rows <= 1 + beams * (length + prove)


def test_a_narrow_beam_misses_and_says_so_and_further_steps_find() -> None:
    """What begins well ends badly: the beam follows it, and only the proof turns back."""
    vocabulary, missed = Vocabulary("abc"), 0
    for seed in range(40):
        plain = Plain(3, seed, 6.0)
        every = every_continuation(plain, [0], 4, lambda units: units)
        [narrow] = search(plain, vocabulary, "a", "length", 4, count=1, beams=1, prove=0)
        [proven] = search(plain, vocabulary, "a", "length", 4, count=1, beams=1, prove=200)
        assert np.exp(proven.log_probability) == pytest.approx(max(every.values()))
        assert proven.is_proven
        if narrow.path != proven.path:
            missed += 1
            assert not narrow.is_proven
    assert missed > 3


def test_what_grew_in_the_last_step_counts_too() -> None:
    """One step back, and it stops: what has grown by then is unread, and may be more probable than what was found."""
    doubted = 0
    for seed in range(250):
        plain = Plain(2, seed, 6.0)
        every = every_continuation(plain, [0], 7, lambda units: units)
        [one] = search(plain, Vocabulary("ab"), "a", "length", 7, count=1, beams=1, prove=1)
        is_best = np.exp(one.log_probability) == pytest.approx(max(every.values()))
        assert is_best or not one.is_proven
        doubted += not one.is_proven
    assert 10 < doubted < 240


@pytest.mark.parametrize(("until", "text", "over", "last"), [
    ("word", "", "", ""), ("word", " ", "", ""), ("word", " n", " \n.-", ""), ("word", " n'", " \n.-'", ""),
    ("line", "", "\n", ""), ("line", " n", "\n", ""), ("length", " n\n", "", ""), ("length", "no n", "", "*"),
])
def test_where_characters_end(until: str, text: str, over: str, last: str) -> None:
    vocabulary = Vocabulary("no \n.-'")
    ending = Ending(vocabulary, None, until, 5 if until == "length" else 50)
    place = ending.first("on ")
    for unit in vocabulary.encode(text):
        place = ending.after(place, int(unit))
    ways = ending.ways(place, len(text))
    assert {unit for unit, is_over in zip(vocabulary.units, ways.over, strict=True) if is_over} == set(over)
    assert ways.last.all() if last else not ways.last.any()
    assert (ways.over | ways.last | ways.on).all()


def test_an_apostrophe_belongs_to_a_word_behind_a_letter_only() -> None:
    vocabulary = Vocabulary("do'\u2019 ")
    ending = Ending(vocabulary, None, "word", 50)
    behind_letter, behind_space = ending.first("do"), ending.first("do ")
    assert behind_letter.is_after_letter
    assert not behind_space.is_after_letter
    place = ending.after(behind_space, vocabulary.units.index("d"))
    over = ending.ways(place, 1).over
    assert [unit for unit, is_over in zip(vocabulary.units, over, strict=True) if is_over] == [" "]


def test_scripts_and_accents_are_letters() -> None:
    vocabulary = Vocabulary("e\u0301\u0939\u093f中_7 .")
    ending = Ending(vocabulary, None, "word", 50)
    ways = ending.ways(ending.after(ending.first(""), vocabulary.units.index("e")), 1)
    assert {unit for unit, is_over in zip(vocabulary.units, ways.over, strict=True) if is_over} == {" ", "."}


@pytest.mark.parametrize("kind", [Tokens, Words])
def test_of_tokens_and_words_one_with_a_letter_is_the_word(kind: type[Tokens]) -> None:
    vocabulary = kind(["\n", "--", "not", "be,", " ", STAND_IN, MARK], stand_in=True)
    plain = Plain(len(vocabulary), 1, 1.0)
    found = search(plain, vocabulary, "not", "word", 3, count=400, mark=MARK)
    assert all(one.is_proven for one in found)
    texts = [[vocabulary.units[unit] for unit in one.path] for one in found]
    for units, one in zip(texts, found, strict=True):
        ends = [any(c.isalpha() for c in unit) for unit in units]
        assert not any(ends[:-1])
        expected = "word" if ends and ends[-1] and len(units) < 3 else "length" if len(units) == 3 else "document"
        assert one.end == expected
        assert not {MARK, STAND_IN} & set(units)
    # 3 units without a letter go on, 2 end it; the mark ends it too
    assert len(texts) == (2 + 1) + 3 * (2 + 1) + 9 * (2 + 3 + 1)


def test_bytes_are_always_text() -> None:
    vocabulary = Bytes("".join(map(chr, "aé— €\n".encode())))
    plain = Plain(len(vocabulary), 5, 0.5)
    for until in ("word", "line", "length"):
        found = search(plain, vocabulary, "a", until, 3, count=10_000)
        assert all(one.is_proven for one in found)
        texts = [bytes(ord(vocabulary.units[unit]) for unit in one.path).decode("utf-8") for one in found]
        assert len(set(texts)) == len(texts)
        # a character that begins as the last byte is finished
        assert max(len(text.encode()) for text in texts) == 5
        assert {"é", "€"} <= {character for text in texts for character in text}
        if until == "length":
            assert {len(text.encode()) for text in texts} <= {3, 4, 5}
        if until == "word":
            assert any(text == " é" for text in texts)


def test_probabilities_are_never_above_one_and_extremes_are_numbers() -> None:
    rows = log_softmax(np.array([[1e4, -1e4, 0.0], [2.0, 2.0, 2.0]], np.float32))
    assert (rows <= 0).all()
    assert np.isfinite(rows).all()
    assert rows[1] == pytest.approx([-np.log(3)] * 3)


def test_what_cannot_be_is_not_found() -> None:
    """The mark alone is certain: only the empty continuation is left, and it is all there is."""
    vocabulary = Vocabulary("a" + MARK)
    ending = Ending(vocabulary, MARK, "word", 4)
    plain = Plain(2, 1)
    plain.parameters["bias_out"][:] = [-1e9, 1e9] if vocabulary.units[1] == MARK else [1e9, -1e9]
    searching = BeamSearch(plain.step, ending, 3, 4, 10)
    found = searching.run(*plain.start([vocabulary.units.index("a")]), ending.first("a"))
    assert [(one.path, one.end, one.is_proven) for one in found[:1]] == [((), "document", True)]
    assert found[0].log_probability == 0.0
