"""Where a passage stands: the file, the document and the line are those in which it can be read."""

from pathlib import Path

import pytest

from charrnn.novelty.places import SourcePlace, source_places
from charrnn.runs import training_text as module
from charrnn.runs.training_text import TrainingText
from charrnn.text import validation_split
from charrnn.text.ids import IdRanges
from tests.novelty.texts import text_of, trained_on, trained_on_files

FILES = {
    "one.txt": "\n\nalpha  beta\n\ngamma delta\nend of one",
    "empty.txt": "",
    "folder/two.txt": "Epsilon zeta\n \n   eta theta\niota kappa\n",
    "folder/no text.txt": b"\xff\xfe\xfd",
    "folder/with three.txt": "last\n\n\nLambda",
}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "BLOCK", 7)
    (tmp_path / "folder").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def place_of(word: str, trained: TrainingText) -> SourcePlace:
    """The place of a word that occurs but once."""
    text = text_of(trained)
    assert text.count(word) == 1
    [place] = source_places([text.index(word)], trained)
    assert place.position == text.index(word)
    return place


WORDS = [("alpha", "one.txt", 3), ("beta", "one.txt", 3), ("gamma", "one.txt", 5), ("one", "one.txt", 6),
         ("psilon", "folder/two.txt", 1), ("eta theta", "folder/two.txt", 3), ("kappa", "folder/two.txt", 4),
         ("last", "folder/with three.txt", 1), ("ambda", "folder/with three.txt", 4)]


@pytest.mark.parametrize(("options", "is_alike"), [
    ({}, False), ({"unit": "byte"}, False), ({"unit": "word"}, False), ({"unit": "token"}, False),
    ({"lowercase": True, "normalize": "NFKC"}, True), ({"between": r"--\n--"}, False), ({"between": "--"}, False)])
def test_lines_in_several_files(options: dict[str, object], is_alike: bool) -> None:
    trained = trained_on_files(["one.txt", "empty.txt", "folder"], **options)
    assert [Path(path).name for path in trained.corpus.skipped] == ["no text.txt"]
    for word, source, line in WORDS:
        place = place_of(word, trained)
        assert (Path(place.source), place.document, place.line) == (Path(source), None, line), word


@pytest.mark.parametrize("unit", ["char", "byte", "word", "token"])
def test_documents_in_several_files(unit: str) -> None:
    trained = trained_on_files(["one.txt", "empty.txt", "folder"], documents="blank", unit=unit)
    wanted = {"alpha": ("one.txt", 1, 1), "gamma": ("one.txt", 2, 1), "one": ("one.txt", 2, 2),
              "zeta": ("folder/two.txt", 1, 1), "eta theta": ("folder/two.txt", 2, 1),
              "kappa": ("folder/two.txt", 2, 2), "last": ("folder/with three.txt", 1, 1),
              "Lamb": ("folder/with three.txt", 2, 1)}
    for word, (source, document, line) in wanted.items():
        place = place_of(word, trained)
        assert (Path(place.source), place.document, place.line) == (Path(source), document, line), word


def test_a_file_may_be_a_document() -> None:
    trained = trained_on_files(["one.txt", "folder"], documents="file")
    assert place_of("kappa", trained).line == 4
    assert place_of("gamma", trained).line == 3  # blank lines before a document are not kept
    assert Path(place_of("last", trained).source) == Path("folder/with three.txt")
    assert place_of("last", trained).document == 1


def test_documents_held_out_are_counted_too() -> None:
    Path("names.txt").write_text("".join(f"\n{number:03}" for number in range(200)))
    trained = trained_on_files(["names.txt"], 0.5, documents="line")
    names = text_of(trained).split()
    assert 50 < len(names) < 150
    for name in names:
        place = place_of(name, trained)
        assert (place.source, place.document, place.line) == ("names.txt", int(name) + 1, 1)


def test_one_file_is_not_read_again() -> None:
    trained = trained_on_files(["one.txt"])
    Path("one.txt").unlink()
    assert place_of("delta", trained) == SourcePlace("one.txt", None, 5, 21)


def test_a_text_in_memory_has_lines_and_no_source() -> None:
    trained = trained_on("a\nb\nc\nd\ne\nf\ng\nh", 0.0)
    assert source_places([8, 0, 3, 8], trained) == [
        SourcePlace("", None, 5, 8), SourcePlace("", None, 1, 0), SourcePlace("", None, 2, 3),
        SourcePlace("", None, 5, 8)]
    assert source_places([], trained) == []


def test_standard_input_among_the_sources_is_not_read_again() -> None:
    trained = trained_on_files(["one.txt", "folder/with three.txt"])
    object.__setattr__(trained.corpus, "sources", ("one.txt", "-"))
    assert place_of("last", trained) == SourcePlace("one.txt + standard input", None, 7, 38)


@pytest.mark.parametrize("options", [
    {}, {"unit": "byte"}, {"unit": "word"}, {"unit": "token"}, {"between": "--\n--"}], ids=str)
def test_where_the_end_of_each_file_is_held_out(monkeypatch: pytest.MonkeyPatch, options: dict[str, object]) -> None:
    monkeypatch.setattr(validation_split, "LEAST_HELD_OUT", 5)
    names = [str(Path("folder/two.txt")), "long.txt", "one.txt", "tail.txt"]
    Path("folder/two.txt").write_text("".join(f"two{n}\n" for n in range(30)), encoding="utf-8")
    Path("long.txt").write_text("".join(f"é{n}ü\n\n" for n in range(40)), encoding="utf-8")
    Path("tail.txt").write_text("".join(f"{n}tail \n" for n in range(50)) + "end", encoding="utf-8")
    trained = trained_on_files(names, 0.4, val_from="files", **options)
    assert isinstance(trained.part, IdRanges)
    assert len(trained.part.starts) >= 3
    text, held_out = text_of(trained), "".join(trained.held_out(10**6))
    checked = 0
    for word, name, line in [*((f"two{n}", names[0], n + 1) for n in range(10, 30)),
                             *((f"é{n}ü", "long.txt", 2 * n + 1) for n in range(10, 40)),
                             ("alpha", "one.txt", 3), ("gamma", "one.txt", 5),
                             *((f"{n}tail", "tail.txt", n + 1) for n in range(10, 50))]:
        if word in text:
            place = place_of(word, trained)
            assert (place.source, place.line) == (name, line), word
            checked += 1
        else:
            assert word[1:-1] in held_out, word  # but for what is cut in two
    assert 30 < checked < 80


def test_standard_input_among_files_whose_ends_are_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation_split, "LEAST_HELD_OUT", 5)
    for name in ("a.txt", "b.txt"):
        Path(name).write_text("".join(f"{name}{n}\n" for n in range(10, 30)))
    trained = trained_on_files(["a.txt", "b.txt"], 0.25, val_from="files")
    object.__setattr__(trained.corpus, "sources", ("a.txt", "-"))
    assert place_of("a.txt13", trained).line == 4
    assert place_of("b.txt13", trained) == SourcePlace("a.txt + standard input", None, 24, 144)


@pytest.mark.parametrize("options", [{"unit": "word"}, {"unit": "char"}, {"unit": "token"}])
def test_rare_words_do_not_move_the_places_of_others(options: dict[str, object]) -> None:
    for name, word in (("a.txt", "often"), ("b.txt", "seldom"), ("c.txt", "never")):
        Path(name).write_text(f"{name[0]} extraordinarily{name[0]}\n" + f"{word} rare{name[0]} {word}\n" * 2)
    trained = trained_on_files(["a.txt", "b.txt", "c.txt"], min_count=2, **options)
    text = text_of(trained)
    for name, word in (("a.txt", "often"), ("b.txt", "seldom"), ("c.txt", "never")):
        [place] = source_places([text.index(word)], trained)
        assert (place.source, place.line) == (name, 2)
