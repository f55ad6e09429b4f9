"""The texts written for this project are in the form that their README promises."""

import re
from collections import Counter
from fractions import Fraction
from itertools import combinations, pairwise

import pytest

from tests.cli.tiny import ROOT
from tests.corpora import notation, prose

FOLDER = ROOT / "corpora"
ORIGINALS = ("fables.txt", "colours.txt", "tunes.abc")
DANCES = {"jig", "reel", "hornpipe", "waltz", "polka", "slip jig", "march", "air"}
METRES = {"jig": {"6/8"}, "slip jig": {"9/8"}, "reel": {"4/4", "C", "C|"}, "hornpipe": {"4/4", "C"}, "waltz": {"3/4"},
          "polka": {"2/4"}, "march": {"4/4", "6/8"}, "air": {"3/4", "4/4"}}


def read(name: str) -> str:
    return (FOLDER / name).read_bytes().decode("ascii")


def twice(things: "list[str]") -> list[str]:
    return [thing for thing, count in Counter(things).items() if count > 1]


FABLES = prose.fables_of(read("fables.txt"))
PARAGRAPHS = [paragraph for _, rest in FABLES for paragraph in rest]
COLOURS = read("colours.txt").splitlines()
TUNES = read("tunes.abc").removesuffix("\n").split("\n\n")


@pytest.mark.parametrize("name", ORIGINALS)
def test_plain_lines(name: str) -> None:
    text = read(name)
    assert set(text) <= {"\n", *map(chr, range(32, 127))}
    assert text == text.strip() + "\n"
    assert not re.search(r" $", text, re.MULTILINE)
    assert max(map(len, text.split("\n"))) <= (100 if name == "tunes.abc" else 76)


def test_the_readme_tells_of_each_text() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    texts = {path.name for path in FOLDER.iterdir()} - {"README.md", "LICENSE"}
    assert set(re.findall(r"^\| `(\w+\.\w+)`", readme, re.MULTILINE)) == texts
    assert set(re.findall(r"corpora/(\w+\.\w+)", readme)) == texts


@pytest.mark.slow
class TestFables:
    def test_size(self) -> None:
        assert 95_000 <= len(read("fables.txt")) <= 110_000
        assert len(FABLES) == 50
        assert all(900 <= sum(map(len, rest)) <= 3_000 for _, rest in FABLES)

    def test_titles(self) -> None:
        titles = [title for title, _ in FABLES]
        assert all(re.fullmatch(r"[A-Z][A-Z' ,-]+", title) for title in titles)
        assert not twice(titles)

    def test_quotes_and_parentheses(self) -> None:
        assert {paragraph: found for paragraph in PARAGRAPHS if (found := prose.faults(paragraph))} == {}

    def test_no_paragraph_twice(self) -> None:
        assert not twice([paragraph for paragraph in PARAGRAPHS if paragraph.strip() != "*"])

    def test_no_line_of_some_length_twice(self) -> None:
        assert not twice([line for line in read("fables.txt").split("\n") if len(line) > 40])

    def test_paragraphs_fill_their_lines(self) -> None:
        """A line of prose ends where the next word had no room; an item begins a line of its own."""
        for paragraph in PARAGRAPHS:
            if prose.is_stanza(paragraph):
                continue
            lines = paragraph.split("\n")
            for line, following in pairwise(lines):
                assert re.match(r"\d+\. |Item\. ", following) or len(line) + 1 + len(following.split()[0]) > 76, line

    def test_stanzas_are_even(self) -> None:
        stanzas = [[line.strip() for line in paragraph.split("\n")]
                   for paragraph in PARAGRAPHS if prose.is_stanza(paragraph)]
        assert len(stanzas) >= 35
        for lines in stanzas:
            assert len(lines) % 2 == 0
            assert max(map(len, lines)) - min(map(len, lines)) <= 16, lines

    def test_there_is_something_to_remember(self) -> None:
        text = read("fables.txt")
        assert text.count('"') > 500
        assert re.search(r"\([^()]*\([^()]*\([^()]*\)", text)
        assert sum(bool(re.match(r"1\. ", paragraph)) for paragraph in PARAGRAPHS) >= 5
        assert any("'" in re.sub(r"\w'\w", "", paragraph) for paragraph in PARAGRAPHS)

    @pytest.mark.parametrize("paragraph", [
        'He said "no."', '"I heard \'no,\'" he said, "and (being who I am (a crow)) left."', "(He didn't.)",
        '("No.")', '"\'No,\' he said."',
    ])
    def test_the_checker_passes(self, paragraph: str) -> None:
        assert prose.faults(paragraph) == []

    @pytest.mark.parametrize("paragraph", [
        'He said "no.', 'He said no."', '"I heard \'no," he said.', "(He (did) not.", "He did) not(.", '"(No")',
        "The 'cat' sat.", '"No ," he said, " yes."', "The dogs' bowl.", 'No"yes".',
    ])
    def test_the_checker_sees(self, paragraph: str) -> None:
        assert prose.faults(paragraph)


@pytest.mark.slow
class TestColours:
    def test_a_thousand_different(self) -> None:
        assert len(COLOURS) == 1_000
        assert not twice([colour.lower() for colour in COLOURS])

    @pytest.mark.parametrize("place", range(4))
    def test_form(self, place: int) -> None:
        small = r"at|in|of|on|the|and|for|from|over|before|with|under|around"
        word = r"(?:[A-Z][a-z]*(?:'s)?(?:-[A-Z][a-z]+)?)"
        for colour in COLOURS[place::4]:
            words = colour.split(" ")
            assert 1 <= len(words) <= 4
            assert all(re.fullmatch(word, each) for each in (words[0], words[-1])), colour
            assert all(re.fullmatch(rf"{word}|{small}|a", each) for each in words[1:-1]), colour

    def test_last_words_recur_with_measure(self) -> None:
        last = Counter(colour.split(" ")[-1] for colour in COLOURS)
        assert sum(count >= 10 for count in last.values()) >= 10
        assert max(last.values()) <= 60

    def test_shuffled(self) -> None:
        """Validation is the end of a text: no letter may be left for it alone."""
        assert {colour[0] for colour in COLOURS[900:]} - {colour[0] for colour in COLOURS[:900]} == set()
        assert sum(one < two for one, two in pairwise(COLOURS)) in range(450, 550)


@pytest.mark.slow
class TestTunes:
    def test_fields(self) -> None:
        fields = [notation.fields_of(tune) for tune in TUNES]
        assert [field["X"] for field in fields] == [str(number) for number in range(1, 61)]
        assert {field["R"] for field in fields} == DANCES
        assert all(field["M"] in METRES[field["R"]] for field in fields)
        assert all(field["L"] in ("1/4", "1/8", "1/16") for field in fields)
        assert all(re.fullmatch(r"[A-G]b?(m|dor|mix)?", field["K"]) for field in fields)
        assert len({field["K"] for field in fields}) >= 10
        assert not twice([field["T"] for field in fields])

    @pytest.mark.parametrize("tune", TUNES, ids=lambda tune: tune.split("\n")[0])
    def test_every_bar_is_as_long_as_it_should_be(self, tune: str) -> None:
        assert notation.faults(tune) == []
        assert tune.count("|:") == 2

    @pytest.mark.parametrize("tune", TUNES, ids=lambda tune: tune.split("\n")[0])
    def test_every_part_comes_home(self, tune: str) -> None:
        """The last note, the lowest of a chord, is the tonic; only a first ending leads back instead."""
        tonic = notation.fields_of(tune)["K"][0]
        passes = notation.passes_of(tune)
        for bars in passes[1:] if "|1" in tune else passes:
            assert re.findall(r"[A-Ga-g]", re.sub(r"\[([A-G])[^]]*\]", r"\1", bars[-1]))[-1].upper() == tonic

    def test_they_differ(self) -> None:
        bars = [{bar for part in notation.passes_of(tune) for bar in part if len(bar) > 2} for tune in TUNES]
        assert all(len(one) >= 9 for one in bars)
        assert max(len(one & two) for one, two in combinations(bars, 2)) <= 3
        pairs = [set().union(*map(notation.neighbours, notation.passes_of(tune))) for tune in TUNES]
        assert not any(one & two for one, two in combinations(pairs, 2))

    @pytest.mark.parametrize(("bar", "eighths"), [
        ("ABc d2ef", 7), ("A/B/ c/2d3/2", 3), ("A//B3/4", 1), ("^f'2 _B,, =c", 4), ("A>B c<d", 4), ("A>>B", 2),
        ("(3ABc d", 3), ("(3A2B2c2", 4), ("(3A>Bc", 2), ("{ag}A2 z3", 5), ("[FA]2 [F2A]3", 8), ("z/ z/", 1),
        ("A2>B2", 4),
    ])
    def test_lengths(self, bar: str, eighths: int) -> None:
        assert notation.bar_length(bar, Fraction(1, 8)) == Fraction(eighths, 8)

    @pytest.mark.parametrize("bar", ["A>", ">A", "(3AB", "A0", "H", "{A", "[AB", "A>>", "A><B", "(3A(3BAA", "A2/0"])
    def test_bars_that_cannot_be_read(self, bar: str) -> None:
        with pytest.raises(notation.ABCError):
            notation.bar_length(bar, Fraction(1, 8))

    @pytest.mark.parametrize(("old", "new"), [
        ("GAG BcB |", "GAG Bc |"), ("GAG BcB |", "GAG BcB2 |"), ("GAG BcB |", "GAG B>cB/ |"), ("|: D |", "|: DE |"),
        ("GAG BcB |", "GAG | BcB |"), ("G2F G2 :|", "G2F G3 :|"), ("GAG BcB |", "GAG BcB"), ("GAG BcB |", ""),
        ("GAG BcB", "GA(3GBc B"), ("M:6/8", "M:9/8"), ("L:1/8", "L:1/4"),
    ])
    def test_a_broken_bar_is_seen(self, old: str, new: str) -> None:
        assert old in TUNES[0]
        assert notation.faults(TUNES[0].replace(old, new, 1))

    @pytest.mark.parametrize(("old", "new"), [("R:", "M:"), ("|: ", "| "), (" :|", " |")])
    def test_a_broken_tune_is_refused(self, old: str, new: str) -> None:
        with pytest.raises(notation.ABCError):
            notation.faults(TUNES[0].replace(old, new, 1))

    def test_a_broken_ending_is_seen(self) -> None:
        tune = next(tune for tune in TUNES if "|1" in tune)
        assert notation.faults(re.sub(r"\|1 \S+", "|1", tune))
        assert notation.faults(re.sub(r":\|2 \S+", ":|2", tune))
