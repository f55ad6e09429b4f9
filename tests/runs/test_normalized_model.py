"""A network trained on normalized text: what it is asked later is normalized in the same way."""

from pathlib import Path

import pytest

import charrnn
from charrnn.cli.group import charrnn as command
from tests.cli.tiny import OPTIONS, TEXT
from tests.test_model import TINY

TITLE = "É".join(TEXT.title().split("e"))  # capitals, and letters that two forms write in two ways


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def decomposed(text: str) -> str:
    return text.replace("É", "E\u0301")


def test_primes_and_losses() -> None:
    model = charrnn.train(text=decomposed(TITLE), normalize="NFC", lowercase=True, name="low", **TINY)
    assert not any(c.isupper() or c == "\u0301" for c in model.vocabulary.characters)
    assert "é" in model.vocabulary.characters
    assert model.loss(decomposed(TITLE[:200])) == model.loss(TITLE[:200].lower()) != model.loss(TITLE[200:400])
    assert (model.sample(50, prime="CAÉ", seed=1) == model.sample(50, prime="cae\u0301", seed=1)
            != model.sample(50, prime="mat", seed=1))
    assert charrnn.load("low").settings.text == charrnn.TextSettings(normalize="NFC", lowercase=True)


def test_separators_are_found_in_a_loss() -> None:
    model = charrnn.train(text=TITLE.replace(".\n", "<Aa>"), documents="<Aa>", lowercase=True,
                          name="low", **TINY)
    assert model.loss("Mat Cat<Aa>Sat") == model.loss("mat cat<aa>sat") != model.loss("Mat Cat Sat")


def test_resume_and_sample(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.txt").write_text(decomposed(TITLE), encoding="utf-8")
    Path("b.txt").write_text("Second", encoding="utf-8")

    def run(*arguments: str) -> str:
        try:
            command(arguments, standalone_mode=False)
        finally:
            said = capsys.readouterr()
        return said.out + said.err

    run("train", "a.txt", "b.txt", *OPTIONS, "--name", "low", "--lowercase", "--normalize", "NFC",
        "--between", r"\n##\n")
    assert "#" in charrnn.load("low").vocabulary.characters
    assert ", lowercase, NFC, " in run("info", "low")
    assert "trained for" in run("train", "--resume", "low", "--epochs", "2")
    with pytest.raises(charrnn.CorpusError, match="not the text"):
        run("train", "a.txt", "--resume", "low", "--epochs", "3")
    assert run("sample", "low", "--prime", "CAÉ", "--length", "9", "--seed", "1").startswith("CAÉ")
