"""Characters to ids and back."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.errors import VocabularyError
from charrnn.text import vocabulary
from charrnn.text.vocabulary import Vocabulary

real_text = st.text(st.characters(exclude_categories=["Cs"]))
any_text = st.text(st.characters())


@given(real_text)
@example("👩‍🚀 e\u0301 é \r\n \0 \U0010ffff")
@example("")
@example("a")
def test_decode_undoes_encode(text: str) -> None:
    known = Vocabulary.of(text)
    ids = known.encode(text)
    assert ids.dtype == np.int32
    assert known.decode(ids) == known.decode(ids.tolist()) == text
    assert [known.characters[number] for number in ids] == list(text)


@given(real_text)
def test_it_is_its_characters_whatever_their_order(text: str) -> None:
    known = Vocabulary.of(text)
    assert known.characters == "".join(sorted(set(text)))
    assert len(known) == len(set(text))
    assert known == Vocabulary(text[::-1]) == Vocabulary(known.characters)
    assert hash(known) == hash(Vocabulary(text[::-1]))
    stranger = next(c for c in map(chr, range(len(text) + 1)) if c not in text)
    assert known != Vocabulary(text + stranger)


@given(any_text, any_text)
@example("\ud800", "\ud800")
@example("abc", "x\udc80")
def test_unknown_characters_are_named_with_their_first_position(learned: str, text: str) -> None:
    known = Vocabulary.of(learned)
    strangers = [c for c in dict.fromkeys(text) if c not in learned or "\ud800" <= c <= "\udfff"]
    assert known.unknown(text) == [(c, text.index(c)) for c in strangers]
    if not strangers:
        assert known.decode(known.encode(text)) == text
        return
    with pytest.raises(VocabularyError) as caught:
        known.encode(text)
    message = str(caught.value)
    assert f"{strangers[0]!r} (U+{ord(strangers[0]):04X})" in message
    assert f"the first at position {text.index(strangers[0]):,};" in message
    assert "\n" not in message
    message.encode()  # can be printed: no half surrogate in it


def test_refusal_names_five_and_counts_the_rest() -> None:
    with pytest.raises(VocabularyError) as caught:
        Vocabulary("ab").encode("ab1234567")
    assert str(caught.value) == (
        "the text has characters that the model has never seen: '1' (U+0031), '2' (U+0032), '3' (U+0033), "
        "'4' (U+0034), '5' (U+0035) and 2 more, the first at position 2; "
        "leave them out, or train on a text that has them")


def test_equal_length_is_not_equal() -> None:
    assert Vocabulary("ab") != Vocabulary("ac")
    assert Vocabulary("ab") != "ab"


def test_half_surrogates_are_never_learned() -> None:
    assert Vocabulary("a\ud800b\udfff").characters == "ab"


def test_long_texts_are_encoded_by_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "zäh 🐈" * 5
    whole = Vocabulary.of(text).encode(text)
    monkeypatch.setattr(vocabulary, "CHUNK", 7)
    assert np.array_equal(Vocabulary.of(text).encode(text), whole)


@pytest.mark.parametrize("ids", [[-1], [3], [0, 1, 7]])
def test_ids_outside_are_no_characters(ids: list[int]) -> None:
    with pytest.raises(IndexError, match="ids run from 0 to 2"):
        Vocabulary("abc").decode(ids)


def test_neighbours_of_known_characters_are_unknown() -> None:
    known = Vocabulary("bdf")
    assert known.unknown("abcdefg") == [("a", 0), ("c", 2), ("e", 4), ("g", 6)]
    for stranger in "aceg\U0010ffff" + "".join(map(chr, range(103, 500))):
        with pytest.raises(VocabularyError):
            known.encode(stranger)
