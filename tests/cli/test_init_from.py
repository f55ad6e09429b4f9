"""`charrnn train --init-from`: what it says at the start, what `charrnn info` tells of it later, what it refuses."""

from pathlib import Path

import pytest

from charrnn.runs.checkpoint import load_checkpoint
from charrnn.runs.corpus_info import Parent
from charrnn.storage.run_folders import BEST, LAST
from tests.cli.conftest import Program
from tests.cli.tiny import TEXT

TRAIN = ("train", "new.txt", "--init-from", "tiny", "--epochs", "0.5", "--batch", "2", "--window", "10",
         "--precision", "float32")


@pytest.fixture(autouse=True)
def new(tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text(TEXT.replace("the", "€é").replace("mat", "ΩΨΦλ"), encoding="utf-8")


def test_it_says_what_it_takes_and_what_it_adds(charrnn: Program, run: Path) -> None:
    result = charrnn(*TRAIN, "--name", "tuned")
    assert result.code == 0
    before, after = (load_checkpoint(Path("checkpoints", name, BEST)) for name in ("tiny", "tuned"))
    known, step = len(before.vocabulary), before.progress["step"]
    # in the order of their code points, which the new ids have too
    assert (f"from     tiny, at step {step:,}: {known} different characters known, 6 added: 'é' (U+00E9), "
            "'Φ' (U+03A6), 'Ψ' (U+03A8), 'Ω' (U+03A9), 'λ' (U+03BB) and 1 more\n") in result.err
    assert after.corpus.parent == Parent("tiny", step, before.corpus.name, before.corpus.fingerprint)
    assert after.settings.network.hidden == before.settings.network.hidden
    told = charrnn("info", "tuned").out
    assert f"begun from  tiny, at step {step:,}\n" in told
    assert "begun from" not in charrnn("info", "tiny").out
    charrnn("train", "text.txt", "--init-from", "tiny", *TRAIN[4:], "--name", "same")
    assert load_checkpoint(Path("checkpoints/same", BEST)).vocabulary == before.vocabulary


def test_a_text_without_new_characters_adds_none(charrnn: Program, run: Path) -> None:
    result = charrnn("train", "text.txt", *TRAIN[2:])
    assert "different characters known, none added\n" in result.err


def test_a_resumed_one_goes_on_and_keeps_its_origin(charrnn: Program, run: Path) -> None:
    charrnn(*TRAIN, "--name", "tuned")
    result = charrnn("train", "--resume", "tuned", "--epochs", "0.7")
    assert result.code == 0, result.err
    assert load_checkpoint(Path("checkpoints/tuned", LAST)).corpus.parent.name == "tiny"


@pytest.mark.parametrize(("arguments", "code", "words"), [
    (("--resume", "tiny"), 2, "--init-from can't change when a run is resumed"),
    (("--hidden", "9"), 2, "--hidden 9 contradicts tiny, which has --hidden 8; leave --hidden out, or --init-from"),
    (("--lowercase",), 2, "--lowercase contradicts tiny, which has --no-lowercase"),
    (("--init-from", "nothing"), 1, "no checkpoint at nothing, and no such run in checkpoints; runs there: tiny"),
    (("--init-from", "new.txt"), 1, "new.txt is not a checkpoint"),
    (("--init-from", "torn.safetensors"), 1, "torn.safetensors is cut off")])
def test_what_it_refuses_it_refuses_in_a_line(charrnn: Program, run: Path, arguments: tuple[str, ...], code: int,
                                             words: str) -> None:
    Path("torn.safetensors").write_bytes((run / BEST).read_bytes()[:99])
    result = charrnn(*TRAIN, *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (code, "", 1)
    assert words in result.err
    assert [path.name for path in Path("checkpoints").iterdir()] == ["tiny"]
