"""`charrnn novelty`: what of a sample is copied, as a table, JSON or CSV, and which text it is compared with."""

import csv
import dataclasses
import io
import json
import re
import shutil
from pathlib import Path

import pytest

from charrnn.model import load
from charrnn.novelty.report import Novelty, novelty_of
from charrnn.render.novelty import novelty_lines, short_lines
from charrnn.runs.checkpoint import load_checkpoint, save_checkpoint
from charrnn.runs.corpus_info import CorpusInfo, Parent
from charrnn.settings import TextSettings
from charrnn.text.corpus import Corpus
from tests.cli.conftest import Program
from tests.cli.tiny import SETTINGS, TEXT
from tests.novelty.texts import trained_on

COMPILING = "compiling kernels for the first time on this machine (a few seconds)\n"
TRAINED = TEXT[:int(len(TEXT) * 0.9)]
LONG, SHORT = TRAINED.splitlines()[2][1:19], TRAINED.splitlines()[5][3:14]
SAMPLE = f"z{LONG}zz"


@pytest.fixture
def names_run(run: Path) -> Path:
    """checkpoints/names: the same network, as if it had been trained on the documents of names.txt."""
    loaded = load_checkpoint(run / "best.safetensors")
    names = Path("names.txt")
    names.write_text("".join(f"{word} {other}\n" for word in TEXT.split()[:9] for other in "abc"), encoding="utf-8")
    text = TextSettings(documents="line")
    windows = dataclasses.replace(SETTINGS.windows, val_fraction=0.2)
    loaded.settings = dataclasses.replace(SETTINGS, text=text, windows=windows)
    loaded.corpus = CorpusInfo("names", ("names.txt",), names.stat().st_size,
                               Corpus.of(names.read_text(), settings=text).fingerprint)
    folder = Path("checkpoints/names")
    folder.mkdir()
    save_checkpoint(folder / "best.safetensors", loaded)
    return folder


def record_of(charrnn: Program, *arguments: object, stdin: str = "") -> dict[str, object]:
    done = charrnn("novelty", *arguments, "--json", stdin=stdin.encode())
    assert (done.code, done.err.replace(COMPILING, "")) == (0, "")
    record: dict[str, object] = json.loads(done.out)
    return record


def test_a_table_with_the_longest_passages_and_a_sentence(charrnn: Program, run: Path) -> None:
    copied = TRAINED[200:320]
    Path("sample.txt").write_text(f"zzz zzz\nzz{copied}zz\nthe cat sat zz ", encoding="utf-8")
    done = charrnn("novelty", "sample.txt")
    assert (done.code, done.err.replace(COMPILING, "")) == (0, "")
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(f"148 characters compared with the {len(TRAINED):,} that text was")
    table = [line.split() for line in lines if line[:2].strip().isdigit() and line.endswith("%")]
    assert [row[0] for row in table] == ["1", "2", "3", "5", "8", "10", "15", "20", "30", "40", "50"]
    found = novelty_of(Path("sample.txt").read_text(), trained_on(TEXT, 0.1))
    for n, *shares in table:
        grams = found.grams[int(n) - 1]
        assert [float(share.rstrip("%")) for share in shares] == pytest.approx(
            [100 * (grams.share or 0), 100 * (grams.held_out_share or 0)], abs=0.1)
    at = TRAINED.index(copied)
    assert any(line.startswith(f"longest passage: {len(copied)} characters, line 2 of the sample, line "
                               f"{1 + TRAINED.count(chr(10), 0, at)} of text.txt") for line in lines)
    assert json.dumps(copied[:70])[1:-1] in done.out.replace("\n  ", "")
    assert "pieces of 20 characters stand in the training text, and" in done.out.replace("\n", " ")


def test_the_sample_may_come_through_a_pipe(charrnn: Program, run: Path) -> None:
    Path("sample.txt").write_text("the cat sat\n")
    first = record_of(charrnn, "tiny", "sample.txt")
    for arguments in (("-",), (run, "-")):
        assert record_of(charrnn, *arguments, stdin="the cat sat\n") == first


def test_lines_between_samples_are_no_part_of_them(charrnn: Program, run: Path) -> None:
    sample = f"zzz\n---\nz\nz{SHORT}\n---\n{LONG}z\nz---\n"
    done = charrnn("novelty", "-", stdin=sample.encode())
    assert f"longest passage: {len(LONG)} characters, line 6 of the sample" in done.out
    assert f"next: {len(SHORT)} characters, line 4 of the sample" in done.out
    assert record_of(charrnn, "-", stdin=sample)["characters"] == len(sample) - 8


def test_json_has_it_all(charrnn: Program, run: Path) -> None:
    found = novelty_of(SAMPLE, trained_on(TEXT, 0.1))
    record = record_of(charrnn, "-", stdin=SAMPLE)
    assert [grams["n"] for grams in record["grams"]] == list(range(1, 51))  # type: ignore[attr-defined]
    assert record["grams"][7]["share"] == found.grams[7].share  # type: ignore[index]
    assert record["grams"][49]["share"] is None  # type: ignore[index]
    assert record["passages"][0]["text"] == LONG  # type: ignore[index]
    assert record["passages"][0]["place"]["source"] == "text.txt"  # type: ignore[index]
    assert set(record) == {spec.name for spec in dataclasses.fields(Novelty)}


def test_csv_has_the_shares(charrnn: Program, run: Path) -> None:
    done = charrnn("novelty", "-", "--csv", stdin=SAMPLE.encode())
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [int(row["n"]) for row in rows] == list(range(1, 51))
    grams = novelty_of(SAMPLE, trained_on(TEXT, 0.1)).grams
    for row, wanted in zip(rows, grams, strict=True):
        assert int(row["copied"]) == wanted.copied
        assert row["share"] == ("" if wanted.share is None else str(wanted.share))
        assert int(row["held_out_copied"]) == wanted.held_out_copied


def test_of_documents_the_new_ones_are_counted(charrnn: Program, names_run: Path) -> None:
    trained = trained_on(Path("names.txt").read_text(), 0.2, documents="line")
    copied = "".join(map(chr, next(trained.blocks()))).splitlines()[0]
    held_out = trained.held_out(10**6)[0]
    done = charrnn("novelty", "names", "-", stdin=f"{copied}\nxyz\n{held_out}\n{copied}\n".encode())
    sentence = re.sub(r"(?<=\S)\n(?=\S)", " ", done.out)
    assert (f"2 of 4 documents are new; 2 stand whole in the training text: {copied}. 1 repeats an earlier document of "
            "the sample, and 1 of the new ones stands whole in the held-out text.\n") in sentence
    number = Path("names.txt").read_text().splitlines().index(copied) + 1
    assert f"line 1 of the sample, document {number} of names.txt\n" in done.out
    assert done.code == 0


# Which text it is compared with.


def test_a_text_that_was_moved_can_be_named(charrnn: Program, run: Path, text: Path) -> None:
    before = record_of(charrnn, "-", stdin="the cat sat")
    text.rename("elsewhere.txt")
    done = charrnn("novelty", "-", stdin=b"the cat sat")
    assert done.code == 1
    assert done.err == ("charrnn: the text of this network can't be read again: no file or folder 'text.txt'; check "
                        "the name, or try a built-in text such as @fables (charrnn corpora lists them); name a file "
                        "that has it with --corpus FILE (Python: corpus=)\n")
    record = record_of(charrnn, "-", "--corpus", "elsewhere.txt", stdin="the cat sat")
    assert record["grams"] == before["grams"]
    assert record["passages"][0]["place"]["source"] == "elsewhere.txt"  # type: ignore[index]
    Path("sample.txt").write_text("the cat sat")
    assert record_of(charrnn, "sample.txt", "--corpus", "-", stdin=TEXT)["grams"] == before["grams"]
    assert charrnn("novelty", "-", "--corpus", "nowhere.txt").err.startswith("charrnn: no file or folder 'nowhere.txt'")


def test_a_text_that_has_changed_is_noted(charrnn: Program, run: Path, text: Path) -> None:
    text.write_text("zebra " * 100)
    done = charrnn("novelty", "-", stdin=b"the zebra")
    assert done.code == 0
    assert done.err.replace(COMPILING, "") == (
        f"note: the training text has changed since: 600 characters, it had {len(TEXT):,}; the sample is compared with "
        "what is there now\n")
    assert '  " zebra"' in done.out


def test_a_text_that_is_not_kept_must_be_named(charrnn: Program, run: Path) -> None:
    loaded = load_checkpoint(run / "best.safetensors")
    for sources, origin in (["-"], "standard input"), ([], "a text in memory"):
        loaded.corpus = dataclasses.replace(loaded.corpus, sources=tuple(sources))
        save_checkpoint(run / "best.safetensors", loaded)
        done = charrnn("novelty", "tiny", "-", stdin=b"the cat")
        assert done.code == 1
        assert done.err == (f"charrnn: the text of this network, 'text', came from {origin} and is not kept; name a "
                            "file that has it with --corpus FILE (Python: corpus=)\n")
        assert record_of(charrnn, "-", "--corpus", "text.txt", stdin="the cat")["corpus"] == "text"


def test_what_was_learned_before_is_noted(charrnn: Program, run: Path) -> None:
    loaded = load_checkpoint(run / "best.safetensors")
    for fingerprint, is_noted in (("other", True), (loaded.corpus.fingerprint, False)):
        loaded.corpus = dataclasses.replace(loaded.corpus, parent=Parent("old", 3, "plays", fingerprint))
        save_checkpoint(run / "best.safetensors", loaded)
        done = charrnn("novelty", "-", stdin=b"the cat")
        note = ("note: this network was fine-tuned from old, trained on plays; copies from there are not counted\n"
                if is_noted else "")
        assert done.err.replace(COMPILING, "") == note


@pytest.mark.parametrize(("arguments", "code", "words"), [
    ((), 2, "missing argument"),
    (("tiny",), 2, "'tiny' is a run; name the sample after it, or - for standard input"),
    (("checkpoints/tiny",), 2, "'checkpoints/tiny' is a run"),
    (("a", "b", "c"), 2, "give one sample, after the checkpoint if you name one"),
    (("-", "--json", "--csv"), 2, "--json and --csv contradict each other"),
    (("-", "--corpus", "-"), 2, "can't both come from standard input"),
    (("no.txt",), 1, "no file or folder 'no.txt'"),
    (("tiny", "no.txt"), 1, "no file or folder 'no.txt'"),
    (("nothing", "text.txt"), 1, "no checkpoint at nothing"),
    (("-",), 1, "there is nothing in the sample; give a text with something in it")])
def test_refusals_of_one_line(charrnn: Program, run: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = charrnn("novelty", *arguments)
    assert (done.code, done.out) == (code, "")
    told = done.err.replace(COMPILING, "")
    assert words in told
    assert told.count("\n") == 1


# What is made of the figures.


def sentence(sample: str, text: str, fraction: float = 0.5, **options: object) -> str:
    return " ".join(short_lines(novelty_of(sample, trained_on(text, fraction, **options))))


def words_of(count: int, start: int = 0) -> str:
    """So many words, no three of which have been said before."""
    return " ".join(str((start + number) ** 3 + 1_000_003) for number in range(count))


def test_the_sentence_tells_copies_from_what_is_to_be_expected() -> None:
    one, other = words_of(600), words_of(600, 900)
    assert sentence(one[:1_000], one[:4_000] + other[:4_000]) == (
        "100.0% of the sample's pieces of 20 characters stand in the training text, and 0.0% of held-out text's: more "
        "than is to be expected of new text: passages are copied.")
    assert sentence(words_of(50, 2_000), one[:4_000] + other[:4_000]) == (
        "0.0% of the sample's pieces of 20 characters stand in the training text, and 0.0% of held-out text's: as much "
        "as is to be expected of new text.")
    assert sentence(words_of(50, 2_000), one[:4_000] * 2).endswith(
        ", and 100.0% of held-out text's: less than is to be expected of new text.")
    assert sentence(one[:1_000], one, 0.0) == (
        "100.0% of the sample's pieces of 20 characters stand in the training text; no text was held out to compare "
        "them with.")
    assert sentence(one[:30], one[:4_000] + other[:4_000]) == (
        "100.0% of the sample's pieces of 16 characters stand in the training text, and 0.0% of held-out text's: too "
        "few to judge by.")


def test_what_is_not_all_is_not_called_so() -> None:
    text = words_of(400)
    assert sentence(text[:2_100] + "x", text, 0.0).startswith("99.9% of the sample's pieces of 20 characters")
    lines = novelty_lines(novelty_of("x" + text[:2_500], trained_on(text, 0.0)))
    assert " 1    99.9%               -" in lines
    lines = novelty_lines(novelty_of(text[:1] + "x" * 2_500, trained_on(text, 0.0)))
    assert " 1     0.1%               -" in lines


@pytest.mark.parametrize(("sample", "words"), [
    ("one\ntwo\nsix", "1 of 3 documents is new; 2 stand whole in the training text: one, two."),
    ("one\nsix\n", "1 of 2 documents is new; 1 stands whole in the training text: one."),
    ("six", "1 of 1 document is new: none stands whole in the training text."),
    ("one\n1\n2\n3\n4", "0 of 5 documents are new; 5 stand whole in the training text: one, 1, 2, 3 and 1 more."),
    ("a document that is too long to be named", "0 of 1 document are new; 1 stands whole in the training text.")])
def test_documents_in_words(sample: str, words: str) -> None:
    text = "one\ntwo\n1\n2\n3\n4\na document that is too long to be named"
    assert sentence(sample, text, 0.0, documents="line").startswith(words)


def test_of_short_documents_no_share_is_told() -> None:
    text = "\n".join(words_of(200).split())
    assert sentence(text, text, 0.0, documents="line") == (
        "0 of 200 documents are new; 200 stand whole in the training text: 1000003, 1000004, 1000011, 1000030 and 196 "
        "more.")
    long = words_of(60) + "\n" + words_of(60, 100)
    assert "of the sample's pieces of 20 characters" in sentence(long, long, 0.0, documents="line")


# From Python.


def test_a_model_tells_it_too(charrnn: Program, run: Path, text: Path) -> None:
    model = load("tiny")
    found = model.novelty(SAMPLE)
    assert found == model.novelty([SAMPLE]) == model.novelty(SAMPLE, corpus=Path("text.txt"))
    assert not found.is_changed
    assert found.passages[0].text == LONG
    assert list(dataclasses.asdict(found)["grams"]) == [
        {name: value for name, value in grams.items() if not name.endswith("share")}
        for grams in record_of(charrnn, "-", stdin=SAMPLE)["grams"]]  # type: ignore[attr-defined]
    shutil.move(text, "gone.txt")
    assert model.novelty(SAMPLE, Corpus.of(TEXT)).grams == found.grams
    assert model.novelty("the cat", Corpus.of(TEXT + ".")).is_changed
