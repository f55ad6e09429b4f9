"""Documents from the command line: what is said of them, what is refused, and that samples end where they do."""

import re
from pathlib import Path

import pytest

import charrnn as package
from charrnn.runs.checkpoint import load_checkpoint
from tests.cli.conftest import Program
from tests.cli.tiny import OPTIONS

NAMES = ["Ada", "Bo", "Cleo", "Dora", "Eva", "Finn", "Gus", "Hanna", "Ida", "Jo", "Kai", "Lea", "Mo", "Nils", "Ole"]
TUNES = "".join(f"X:{n}\nT:{name}\n|: {name[0]}2 {name[-1]}2 :|\n\n\n" for n, name in enumerate(NAMES))


@pytest.fixture
def names() -> Path:
    path = Path("names.txt")
    path.write_text("\n".join([*NAMES, "", "Bo", "", "Ada", "", ""]))
    return path


def test_what_is_said_of_documents(charrnn: Program, names: Path) -> None:
    done = charrnn("train", "names.txt", "--documents", "line", *OPTIONS)
    assert done.code == 0, done.err
    characters, different = sum(len(name) + 1 for name in [*NAMES, "Bo", "Ada"]), len({*"".join(NAMES), "\n"})
    [line] = [line for line in done.err.splitlines() if line.startswith("text")]
    found = re.fullmatch(rf"text     names.txt, 17 documents \(15 different\), {characters} characters, {different} "
                         r"different; (\d+) documents? \((\d+) characters\) kept for validation", line)
    assert found, line
    assert int(found[2]) == pytest.approx(0.1 * characters, abs=6)
    told = charrnn("info").out
    assert "names.txt, 17 documents (15 different), " in told
    assert "whole documents in windows of 10 characters, 2 side by side" in told


def test_rows_that_stay_empty_are_told_of(charrnn: Program) -> None:
    Path("few.txt").write_text("abc\nbca\ncab\nbac\n")
    done = charrnn("train", "few.txt", "--documents", "line", *OPTIONS, "--batch", "7")
    assert done.code == 0
    assert ("note: 3 documents to train on for 7 rows side by side, and a row reads whole documents: the others "
            "stay empty; --batch 3 learns the same in less time\n") in done.err


@pytest.mark.parametrize(("text", "documents", "words"), [
    ("abc", "line", "'text.txt' is one line, and so one document; leave --documents out"),
    ("abc\nabd", "blank", "no blank line stands between documents in 'text.txt'; try --documents line, or leave it "
                          "out"),
    ("abc", "file", "'text.txt' is one file, and so one document; name a folder or more files, or leave --documents "
                    "out"),
    ("abc", r"\n%\n", r"'\n%\n' never stands between documents in 'text.txt'; look up what does, or leave --documents "
                      "out"),
    (" \n\n", "line", "'text.txt' holds no document, nothing but white space; give a text with something in it"),
    ("", "line", "'text.txt' holds no document, nothing but white space; give a text with something in it"),
    ("a\n\nb\x1e", "blank", "'text.txt' holds the character U+001E, which is to stand for the end of a document; take "
                            r"it out first, for example with tr -d '\036'"),
    ("a\na\na", "line", "all 3 documents are equal: none can be kept for validation that is not trained on; give "
                        "--val-fraction 0, or a text with different ones"),
])
def test_what_is_refused(charrnn: Program, text: str, documents: str, words: str) -> None:
    Path("text.txt").write_text(text)
    done = charrnn("train", "text.txt", "--documents", documents)
    assert (done.code, done.out, done.err.splitlines()[-1]) == (1, "", f"charrnn: {words}")
    assert not Path("checkpoints").exists()


def test_what_contradicts_documents(charrnn: Program, names: Path) -> None:
    done = charrnn("train", "names.txt", "--documents", "line", "--windows", "snippets")
    assert (done.code, done.err) == (2, "charrnn: --documents and --windows snippets contradict each other: a document "
                                        "is read whole, from its start; leave one of them out\n")


@pytest.fixture
def of_lines(charrnn: Program, names: Path) -> None:
    assert charrnn("train", "names.txt", "--documents", "line", *OPTIONS, "--epochs", "30", "--name", "names").code == 0


@pytest.mark.usefixtures("of_lines")
def test_samples_of_lines_are_lines(charrnn: Program) -> None:
    done = charrnn("sample", "-n", "20", "--seed", "3")
    assert done.code == 0
    assert len(done.out.splitlines()) == 20
    assert "---" not in done.out
    one = charrnn("sample", "--seed", "3").out
    assert one == done.out.splitlines(keepends=True)[0]
    primed = charrnn("sample", "-n", "5", "--prime", "Ha").out.splitlines()
    assert len(primed) == 5
    assert all(line.startswith("Ha") for line in primed)
    bounded = charrnn("sample", "-n", "9", "--length", "2").out.splitlines()
    assert max(map(len, bounded)) == 2
    refused = charrnn("sample", "--prime", "Ha\nN")
    assert refused.err == ("charrnn: the prime goes past the end of a document: it holds '\\n'; give what one document "
                           "begins with\n")


@pytest.mark.usefixtures("of_lines")
def test_resume_splits_the_text_as_before(charrnn: Program, names: Path) -> None:
    done = charrnn("train", "--resume", "--epochs", "31")
    assert done.code == 0, done.err
    assert "names.txt, 17 documents (15 different)" in done.err
    assert charrnn("train", "--resume", "--documents", "blank").err == (
        "charrnn: --documents can't change when a run is resumed; leave it out, or start a new run\n")
    names.write_text("\n".join(NAMES))
    assert "this is not the text that names was trained on" in charrnn("train", "--resume", "--epochs", "32").err


def test_tunes(charrnn: Program) -> None:
    Path("tunes.abc").write_text(TUNES)
    assert charrnn("train", "tunes.abc", "--documents", "blank", *OPTIONS, "--epochs", "40", "--show-samples").code == 0
    assert load_checkpoint(Path("checkpoints/tunes-gru-1x8/last.safetensors")).vocabulary[1] == "\x1e"
    done = charrnn("sample", "-n", "3", "--length", "60", "--seed", "1")
    assert done.out.count("---\n") == 2
    assert "\x1e" not in done.out
    assert done.out.endswith("\n")
    model = package.load()
    assert done.out.replace("\n---\n", "|") == "|".join(model.samples(3, 60, seed=1)) + "\n"


def test_files_are_documents(charrnn: Program) -> None:
    Path("notes").mkdir()
    for name in NAMES:
        Path(f"notes/{name}.txt").write_text(f"{name}\n\nwas here\n")
    Path("notes/picture").write_bytes(b"\x1e" + b"a" * 300_000 + b"\0\1")  # the mark in it is no matter
    done = charrnn("train", "notes", "--documents", "file", *OPTIONS)
    assert done.code == 0
    assert "notes, 15 documents, " in done.err
    assert done.err.startswith(f"note: skipped: {str(Path('notes/picture'))!r} is binary")


def test_a_handful_of_documents_needs_no_settings(charrnn: Program) -> None:
    Path("few.txt").write_text("abc\nbca\ncab\n")
    done = charrnn("train", "few.txt", "--documents", "line", "--hidden", "4", "--epochs", "3")
    assert done.code == 0, done.err
    assert "note: 2 documents to train on for 16 rows side by side" in done.err
    assert charrnn("info").out.count("whole documents in windows of 64 characters, 16 side by side") == 1
