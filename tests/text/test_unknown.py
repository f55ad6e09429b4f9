"""What a model never saw is refused with a way out, folded, left out or replaced; everything else stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import SettingsError, VocabularyError
from charrnn.settings import UNKNOWN
from charrnn.text.tokenizers import Bytes, Tokens, Words
from charrnn.text.unknown import readable
from charrnn.text.vocabulary import STAND_IN, Vocabulary

PLAIN = Vocabulary("Caefin \"'-")
STRANGE = st.text("aef ée\u0301ﬁ\u201c\u2019\u2014✓\u0302語\n", max_size=12)


@pytest.mark.parametrize("unknown", UNKNOWN)
@given(text=st.text("aefin ", max_size=12))
def test_what_is_known_stays(unknown: str, text: str) -> None:
    assert readable(text, PLAIN, unknown) == readable(text, PLAIN)
    assert (readable(text, PLAIN).text, readable(text, PLAIN).notes) == (text, [])


@given(text=STRANGE, unknown=st.sampled_from(["skip", "replace"]))
def test_everything_can_be_read_then(text: str, unknown: str) -> None:
    found = readable(text, PLAIN, unknown)
    assert PLAIN.unknown(found.text) == []
    assert bool(found.notes) == bool(PLAIN.unknown(text))


@pytest.mark.parametrize(("text", "read"), [
    ("Café", "Cafe"), ("Cafe\u0301", "Cafe"), ("ﬁne", "fine"), ("“f”", '"f"'), ("a\u2019e", "a'e"), ("a — e", "a - e"),
    ("é\u0302", "e"), ("a\tf", "a f")])
def test_folding(text: str, read: str) -> None:
    assert readable(text, PLAIN, "fold").text == read


def test_a_known_form_is_composed_or_taken_apart() -> None:
    assert readable("e\u0301", Vocabulary("eé"), "fold").text == "é"
    assert readable("é", Vocabulary("e\u0301"), "fold").text == "e\u0301"


def test_only_what_is_strange_is_folded() -> None:
    both = Vocabulary("aée\u0301")
    assert readable("ée\u0301â", both, "fold").text == "ée\u0301a"


def test_the_refusal_offers_folding_first_and_names_all() -> None:
    with pytest.raises(VocabularyError) as refusal:
        readable("Café ✓", PLAIN)
    message = str(refusal.value)
    assert "'é' (U+00E9), '✓' (U+2713), the first at position 3" in message
    assert message.index("--unknown fold would read 'e' for 'é'") < message.index("--unknown skip would leave the rest")


def test_fold_refuses_what_has_no_form() -> None:
    with pytest.raises(VocabularyError, match=r"'✓' .*--unknown skip would leave") as refusal:
        readable("é✓", PLAIN, "fold")
    assert "fold would" not in str(refusal.value)


def test_skip_and_replace() -> None:
    assert readable("fi✓ne", PLAIN, "skip").text == "fine"
    assert readable("fi✓né", PLAIN, "replace").text == "fi ne"
    assert readable("a✓", Vocabulary("a? " + STAND_IN), "replace").text == "a" + STAND_IN
    assert readable("a✓", Vocabulary("a? "), "replace").text == "a?"
    assert readable("a✓", Vocabulary("a"), "replace").text == "a"
    assert readable("✓", PLAIN, "skip").notes == ["the model never saw '✓' (U+2713): it is left out"]


def test_bytes_of_a_character_belong_together() -> None:
    assert readable("né", Bytes("ne"), "fold").text == "ne"
    assert readable("n語e", Bytes("ne\xe8"), "skip").text == "ne"


def test_words_and_tokens_are_folded_whole() -> None:
    assert readable("le  café\tnoir", Words(["le", " ", "  ", "cafe", "\t", "noir"]), "fold").text == "le  cafe\tnoir"
    assert readable("un  café noir", Tokens(["un", "noir"]), "skip").text == "un   noir"
    with pytest.raises(VocabularyError, match="words that the model has never seen: 'thé'"):
        readable("thé", Words(["a"]))


def test_what_is_left_is_read_as_new_units() -> None:
    known = Words(["le", "noir", " "])
    for unknown in ("skip", "replace"):
        found = readable("le giraffe noir", known, unknown)
        assert known.unknown(found.text) == []
        assert found.text.split() == ["le", "noir"]
    assert readable("le giraffe noir", Words(["le", " "]), "skip").notes == [
        "the model never saw '  ': ' ' is read in its place",
        "the model never saw 'giraffe', 'noir': they are left out"]


def test_one_note_for_many_characters() -> None:
    assert readable("Çafé «日本語»", Vocabulary("Caefin \"'-"), "skip").notes == [
        "the model never saw 'Ç' (U+00C7), 'é' (U+00E9), '«' (U+00AB), '»' (U+00BB): read as 'C' for 'Ç', 'e' for 'é', "
        "'\"' for '«', '\"' for '»'",
        "the model never saw '日' (U+65E5), '本' (U+672C), '語' (U+8A9E): they are left out"]
    [note] = readable("abcdefghi", Vocabulary("? "), "replace").notes
    assert note.endswith("'e' (U+0065) and 4 more: '?' is read in their place")


def test_where_rare_units_have_a_stand_in_nothing_is_refused() -> None:
    rare = Words(["a", " ", STAND_IN], stand_in=True)
    assert readable("a b", rare).text == "a b"
    assert readable("a b", rare, "skip").text == "a "


def test_another_way_is_refused() -> None:
    with pytest.raises(SettingsError, match="must be one of error, fold, skip, replace"):
        readable("a", PLAIN, "drop")
