"""A run on several files, each with its own validation part: what is said of it, and what can be done with it later."""

import shutil
from pathlib import Path

import pytest

from charrnn.runs.checkpoint import load_checkpoint
from charrnn.runs.run import Run
from charrnn.storage.run_folders import BEST, LAST
from charrnn.text.corpus import read_corpus
from charrnn.training.events import Step
from tests.cli.conftest import Program
from tests.cli.tiny import OPTIONS, TEXT

TRAIN = ("train", "folder", *OPTIONS, "--val-fraction", "0.1", "--val-from", "files")
FILES = {"a.txt": TEXT * 3, "b.txt": TEXT.upper() * 4, "c.txt": TEXT.title() * 3}
LENGTH = sum(map(len, FILES.values())) + 2  # a line end between two
KEPT = LENGTH - int(LENGTH * 0.9)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """folder in the current folder, with three files."""
    path = tmp_path / "folder"
    path.mkdir()
    for name, text in FILES.items():
        (path / name).write_text(text)
    return path


@pytest.fixture
def run(charrnn: Program, folder: Path) -> Path:
    """checkpoints/three, a run on them."""
    done = charrnn(*TRAIN, "--epochs", "0.3", "--name", "three")
    assert done.code == 0, done.err
    return Path("checkpoints/three")


def test_what_is_said_at_the_start(charrnn: Program, folder: Path) -> None:
    words = f"the end of each of 3 files kept for validation, {KEPT:,} characters in all\n"
    assert words in charrnn(*TRAIN, "--epochs", "0.01").err
    (folder / "d.txt").write_text(TEXT)
    words = "the end of each of 3 groups of the 4 files kept for validation, "
    assert words in charrnn(*TRAIN, "--epochs", "0.01").err
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "a.txt").write_text(TEXT)
    (folder / "b.txt").write_text(TEXT)
    assert f"; the last {(2 * len(TEXT) + 1) - int((2 * len(TEXT) + 1) * 0.9):,} kept for validation\n" in charrnn(
        *TRAIN, "--epochs", "0.01").err
    none = charrnn(*TRAIN, "--epochs", "0.01", "--val-fraction", "0")
    assert "; none kept for validation\n" in none.err


def test_without_the_option_it_is_the_end_of_the_whole(charrnn: Program, folder: Path) -> None:
    done = charrnn(*TRAIN, "--epochs", "0.01", "--val-from", "end", "--name", "end")
    assert f"the last {KEPT:,} kept for validation\n" in done.err
    assert "file_starts" not in load_checkpoint(Path("checkpoints/end", LAST)).corpus.to_dict()


def test_it_goes_on_to_the_bit(charrnn: Program, run: Path, folder: Path, tmp_path: Path) -> None:
    settings = load_checkpoint(run / LAST).settings
    with Run.start(read_corpus(["folder"]), settings, "halves", "checkpoints") as begun:
        for event in begun.events():
            if isinstance(event, Step) and event.step == 100:
                begun.trainer.stop()
        assert 100 < load_checkpoint(run / LAST).progress["step"]
    assert charrnn("train", "--resume", "halves").code == 0
    for file in (LAST, BEST):
        assert Path("checkpoints/halves", file).read_bytes() == (run / file).read_bytes()


def test_a_run_on_the_same_text_in_other_files_is_refused(charrnn: Program, run: Path, folder: Path) -> None:
    whole = (folder / "a.txt").read_text() + "\n" + (folder / "b.txt").read_text()
    (folder / "b.txt").unlink()
    (folder / "a.txt").write_text(whole)
    before = {path: path.read_bytes() for path in run.iterdir()}
    resumed = charrnn("train", "--resume", "three", "--epochs", "1")
    assert (resumed.code, resumed.err.count("\n")) == (1, 1)
    assert resumed.err.startswith("charrnn: this is the text that three was trained on, but not in the same files")
    inspected = charrnn("inspect-cells", "three")
    assert inspected.code == 1
    assert "folder has changed since the network was trained on it" in inspected.err
    compared = charrnn("novelty", "three", "-", stdin=b"the cat")
    assert "note: the training text is in other files than it was" in compared.err + compared.out
    assert {path: path.read_bytes() for path in run.iterdir()} == before


def test_a_run_on_the_end_may_have_other_files(charrnn: Program, folder: Path) -> None:
    assert charrnn(*TRAIN, "--epochs", "0.1", "--val-from", "end", "--name", "end").code == 0
    (folder / "a.txt").write_text((folder / "a.txt").read_text() + "\n" + (folder / "b.txt").read_text())
    (folder / "b.txt").unlink()
    assert charrnn("train", "--resume", "end", "--epochs", "0.2").code == 0


def test_what_is_inspected_and_compared_was_held_out(charrnn: Program, run: Path) -> None:
    assert charrnn("inspect-cells", "three").code == 0
    copied = charrnn("novelty", "three", "-", "--json", stdin=TEXT[:200].encode())
    assert f'"training": {LENGTH - KEPT}' in copied.out
    info = charrnn("info", "three").out
    assert ", 10% of the text for validation, from the ends of its files\n" in info
    assert "val_from = \"files\"\n" in charrnn("info", "three", "--config").out
    plotted = charrnn("plot", "three", "--x", "characters")
    assert plotted.code == 0
    assert "validation" in plotted.out


def test_documents_have_a_split_of_their_own(charrnn: Program, folder: Path) -> None:
    done = charrnn(*TRAIN, "--documents", "line")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "--documents and --val-from files contradict each other: whole documents are kept for validation" in done.err
    done = charrnn("train", "folder", *OPTIONS, "--documents", "file", "--epochs", "0.05")
    assert "1 document (" in done.err
