"""Before anything was trained every command takes the model that comes with charrnn, and says so; then one's own."""

import json
from pathlib import Path

import pytest

import charrnn as package
from charrnn.runs.pretrained import PRETRAINED, Pretrained, pretrained_at
from charrnn.text.builtin import BUILTINS, Builtin
from tests.cli.conftest import Program
from tests.cli.tiny import OPTIONS, TEXT

NOTE = ("note: no run in ./checkpoints: this is @shakespeare, the model that comes with charrnn; train your own with: "
        "charrnn train FILE\n")


@pytest.fixture
def shipped(finished_run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A tiny model in place of the one that comes with charrnn."""
    file = package.load(finished_run).save(tmp_path / "shipped.safetensors", dtype="float16")
    monkeypatch.setitem(PRETRAINED, "@shakespeare", Pretrained(file, "@unseen"))
    monkeypatch.setitem(BUILTINS, "@unseen", Builtin("", "charrnn", lambda: TEXT[300:1300]))
    return file


@pytest.mark.parametrize("line", [
    "sample --length 5", "complete the", "score @unseen", "info", "plot", "play", "inspect-cells --top 1"])
def test_every_command_works_before_anything_was_trained(charrnn: Program, shipped: Path, line: str) -> None:
    done = charrnn(*line.split())
    assert done.code == 0, done.err
    assert bool(done.out) == (line != "play")  # where nothing was typed
    assert done.err.startswith(NOTE)
    named = charrnn(*line.replace(" ", " @shakespeare ", 1).split() if " " in line else [line, "@shakespeare"])
    assert named.code == 0, named.err
    assert NOTE not in named.err  # it was asked for


def test_a_run_of_ones_own_wins(charrnn: Program, shipped: Path, run: Path) -> None:
    done = charrnn("info")
    assert done.err == ""
    assert "checkpoints/tiny/last.safetensors" in done.out
    assert charrnn("sample", "--seed", "1").out == charrnn("sample", "tiny", "--seed", "1").out


def test_novelty_says_how_to_get_the_text(charrnn: Program, shipped: Path) -> None:
    assert charrnn("novelty", "-", stdin=b"the cat").err.startswith(NOTE + "charrnn: the text of this network can't be")
    Path("text.txt").write_text(TEXT)
    assert charrnn("novelty", "-", "--json", stdin=b"the cat").code == 0


def test_inspection_reads_a_text_that_it_never_saw(charrnn: Program, shipped: Path, text: Path) -> None:
    assert "@unseen: " in charrnn("inspect-cells", "--top", "1").out
    assert "text of its own: " in charrnn("inspect-cells", "--top", "1", "--sample", "500").out
    assert "text.txt: " in charrnn("inspect-cells", "--top", "1", "--text", "text.txt").out


def test_training_from_it(charrnn: Program, shipped: Path, text: Path) -> None:
    done = charrnn("train", "text.txt", *OPTIONS, "--init-from", "@shakespeare", "--name", "mine")
    assert done.code == 0, done.err
    assert charrnn("info").out.startswith("checkpoint  checkpoints/mine/last.safetensors\n")


@pytest.mark.parametrize(("line", "code", "words"), [
    ("train --resume @shakespeare", 2, "@shakespeare comes with charrnn and is not a run that can be resumed; start a "
                                       "new one from it with --init-from '@shakespeare'"),
    ("train --resume @fables", 2, "@fables is a text, and --resume takes the name of a run; leave it out to resume the "
                                  "newest, or put the text first: charrnn train @fables --resume RUN"),
    ("train --resume", 1, "no checkpoint in checkpoints; run `charrnn train` to make one"),
    ("sample @shakspeare", 1, "no model that comes with charrnn is called @shakspeare; there is @shakespeare"),
    ("sample demo", 1, "no checkpoint at demo, and no such run in checkpoints; runs there: none yet")])
def test_refusals(charrnn: Program, shipped: Path, line: str, code: int, words: str) -> None:
    done = charrnn(*line.split())
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"charrnn: {words}")


def test_without_a_file_the_old_advice_is_given(charrnn: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRETRAINED, "@shakespeare", Pretrained(Path("nowhere"), "@unseen"))
    assert charrnn("sample").err.startswith("charrnn: no checkpoint in checkpoints; run `charrnn train` to make one")


def test_the_place_of_a_checkpoint_says_whether_it_came_along(shipped: Path, tmp_path: Path) -> None:
    assert pretrained_at(shipped) is PRETRAINED["@shakespeare"]
    assert pretrained_at(tmp_path / "best.safetensors") is None


def test_json_stays_clean(charrnn: Program, shipped: Path) -> None:
    assert json.loads(charrnn("sample", "--json", "--length", "5").out)["text"]
