"""Every built-in feature: by examples written out by hand, and that no causal one looks ahead."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import CorpusError, SettingsError
from charrnn.inspection.features.builtin import all_rules, causal_features, features
from charrnn.inspection.features.custom import label_features, named_pattern, regex_feature, since_feature
from charrnn.inspection.features.enclosures import looks_like_code

# Texts in which everything opens, closes and ends often.
TEXT = st.text(st.sampled_from("ab C\n\n\t\"'“”„«»—-|‘’()[]{}<>/*#.!?:w79é;"), max_size=60)  # noqa: RUF001


def named(text, name, following=""):
    """The values of one feature, booleans as a line of 0 and 1."""
    [values] = [one.values for one in features([text], following) if one.name == name]
    return "".join("01"[int(value)] for value in values) if values.dtype == bool else values.astype(int).tolist()


@given(TEXT, st.integers(0, 60))
def test_no_causal_feature_looks_ahead(text, cut):
    whole = {one.name: one.values for one in causal_features([text])}
    for one in causal_features([text[:cut]]):
        if one.name in whole:
            assert one.values.tolist() == whole[one.name][:cut].tolist(), one.name


@given(TEXT, TEXT)
def test_texts_know_nothing_of_each_other(first, second):
    joined = {one.name: one for one in features([first, second], "\n")}
    for text, part in ((first, slice(0, len(first))), (second, slice(len(first), None))):
        for one in features([text], "\n"):
            if one.name in joined and (not one.is_plain or text == first + second):
                assert one.values.tolist() == joined[one.name].values[part].tolist(), one.name
    assert all(len(one.values) == len(first + second) for one in joined.values())


def test_there_are_many_and_each_is_defined_once():
    found = features(["The cat sat.\n\n  \"Oh, (well)\" it said: 42!\n" * 20])
    names = [one.name for one in found]
    assert len(names) == len(set(names)) > 45
    assert all(one.definition and one.values.dtype in (bool, np.float32) for one in found)
    assert sum(not one.is_causal for one in found) == 4


@pytest.mark.parametrize(("name", "text", "expected"), [
    ("inside \"double quotes\"", 'a "b" c\n"d\n\ne', "0011000011100"),
    ("inside \"double quotes\"", "“a” b”", "110000"),
    ("inside \"double quotes\"", "„a“ b „c” d", "110000" + "11000"),
    ("inside « »", "a «b» c", "0011000"),
    ("inside « »", "»b« c «d", "11000011"),
    ("inside « »", "«a\n\nb", "11100"),
    ("in dialogue after a dash", "— a — b\nc — d", "11111110" + "00000"),
    ("in dialogue after a dash", "- a\n-b\n  - c", "0110" + "000" + "00011"),
    ("position in the bar", "ab|c|\nd|", [1, 2, 0, 1, 0, 0, 1, 0]),
    ("inside 'single quotes'", "it's 'so' x", "00000111000"),
    ("inside 'single quotes'", "'don't' x", "111101000"),
    ("inside 'single quotes'", "'a\n\nb", "11100"),
    ("inside ( )", "(a(b)c)d)(", "1111110001"),
    ("inside [ ]", "a[b]c", "01100"),
    ("inside { }", "{a\n\nb}c", "1111100"),
    ("inside ( )", "(a\n\nb)c", "1110000"),
    ("inside < >", "a<b>c<d\ne", "011001100"),
    ("inside [[ ]]", "a[[b]]c", "0011100"),
    ("in a web address", "x http://a b www.c", "000000001100000011"),
    ("bracket depth", "([{}])x", [1, 2, 3, 2, 1, 0, 0]),
    ("first letter of a word", "ab c3 .d", "10010001"),
    ("a capitalised word", "Ab cD E", "1100001"),
    ("a word in CAPITALS", "AB CDe F", "01001000"),
    ("between sentences", 'a. B?" \nC', "001000110"),
    ("first in a line", "ab\n\nc", "10011"),
    ("after a blank line", "a\n\nb\n", "00100"),
    ("first line of a paragraph", "a\n\nbc\nd", "0011100"),
    ("column", "ab\nc", [1, 2, 0, 1]),
    ("indentation", "  a b\n\tc\n", [1, 2, 2, 2, 2, 0, 4, 4, 0]),
    ("length of line before", "abc\nd\n", [0, 0, 0, 3, 3, 1]),
    ("position in the word", "ab c", [1, 2, 0, 1]),
    ("digits in a row", "a12b3", [0, 1, 2, 0, 1]),
    ("since sentence start", "ab. c", [1, 2, 0, 1, 2]),
    ("since sentence start", "a. b\n\nc", [1, 0, 1, 2, 3, 0, 1]),
    ("since paragraph start", "a\n\nb", [1, 2, 0, 1]),
    ("a letter", "aZ1 é", "11001"),
    ("a capital", "aZ1 ", "0100"),
    ("a vowel", "aZéy", "1011"),
    ("a digit", "a1", "01"),
    ("white space", "a \n\t", "0101"),
    ("a line end", "a \n\t", "0010"),
    ("punctuation", "a.1 -", "01001"),
    ("the letter b", "abcb", "0101"),
    ("the character .", "a.b", "010"),
    ("next: white space", "ab c", "0100"),
    ("until line end", "ab\nc", [1, 0, 1, 0]),
])
def test_by_hand(name, text, expected):
    assert named(text, name) == expected


def test_what_follows_the_end_counts_for_anticipation():
    assert named("ab", "next: a line end", "\n") == "01"
    assert named("ab", "next: white space", " ") == "01"
    assert named("a\"b", "next: a closing quote", '"') == "001"
    assert named("a\"b", "next: a closing quote", "c") == "000"


def test_comments_only_in_programs():
    code = 'x = "a // b"; // c\n/* d */ y;\n# e\nhttp://f\n'
    assert looks_like_code(code)
    values = named(code, "in a comment")
    assert "".join(c for c, inside in zip(code, values, strict=True) if inside == "1") == "/ c" + "* d *" + "# e"
    prose = "He said // and # so.\n" * 9
    assert not looks_like_code(prose)
    assert "in a comment" not in {one.name for one in features([prose])}


def test_what_a_text_does_not_have_is_no_feature_of_it():
    """A full stop in a tune ends no sentence; there are bars only in tunes, and documents only where there are many."""
    tune = "T: No. 4\nA2Bc|d3e|f2ed|c4|\n" * 9
    names = {one.name for one in features([tune])}
    assert "position in the bar" in names
    assert "since sentence start" in names  # a title of one word in four has a full stop
    names = {one.name for one in features([tune + "A2Bc|d3e|f2ed|c4|\n" * 200])}
    assert not names & {"since sentence start", "between sentences", "since document start"}
    documents = {one.name: one for one in features(["ab", "cde"])}
    assert documents["since document start"].values.tolist() == [0, 1, 0, 1, 2]
    assert "position in the bar" not in documents


def test_a_separator_of_ones_own():
    found = since_feature("a--b-c--", "--")
    assert found.values.tolist() == [1, 2, 0, 1, 2, 3, 4, 0]
    assert found.is_custom
    assert found.of("--a").tolist() == [1, 0, 1]
    with pytest.raises(SettingsError, match="to count from"):
        since_feature("a", "")


def test_rules_say_the_same_of_any_text():
    for rule in all_rules():
        assert rule.feature(["A b.", "C"]).of("(x) y").tolist() == rule.of("(x) y").tolist()
    assert len({rule.name for rule in all_rules()}) == len(all_rules())


def test_matches():
    found = regex_feature("a12\nb34", "number", r"\d+$")
    assert found.values.tolist() == [False, True, True, False, False, True, True]
    assert found.is_custom
    with pytest.raises(SettingsError, match="not a regular expression: missing"):
        regex_feature("a", "x", "(")


@pytest.mark.parametrize("argument", ["name", "=x", "name=", " =x"])
def test_a_pattern_needs_a_name(argument):
    with pytest.raises(SettingsError, match="NAME=REGEX"):
        named_pattern(argument)
    assert named_pattern("a b=c=d") == ("a b", "c=d")


def test_labels_by_symbol():
    found = {one.name: one.values.tolist() for one in label_features("ab\ncd", "NV\nVN\n", "tags")}
    assert found == {"label N": [True, False, False, False, True], "label V": [False, True, False, True, False]}
    with pytest.raises(CorpusError, match="3 labels for 4 characters"):
        list(label_features("ab\ncd", "NVN", "tags"))


def test_labels_by_span():
    found = {one.name: one.values.tolist() for one in label_features("abcd", "0\t2\tx\n\n3\t9\ty\n1\t2\ty\n", "tags")}
    assert found == {"x": [True, True, False, False], "y": [False, True, False, True]}
    with pytest.raises(CorpusError, match="line 1 is not START"):
        list(label_features("abcd", "2\t2\tx\n", "tags"))
    with pytest.raises(CorpusError, match="line 4 is not START"):
        list(label_features("abcd", "\n\n0\t2\tx\n2\t2\tx\n", "tags"))
    for number in ("\u00b2", "9" * 5000):
        with pytest.raises(CorpusError, match="line 1 is not START"):
            list(label_features("abcd", f"0\t{number}\tx\n", "tags"))


def test_a_text_is_no_file_of_labels():
    text = "".join(map(chr, range(200, 300)))
    with pytest.raises(CorpusError, match="100 different labels"):
        list(label_features(text, text, "tags"))


def test_a_pattern_that_may_change_its_meaning_is_no_warning() -> None:
    assert regex_feature("a&c", "x", "[a&&b]").values.tolist() == [True, True, False]
