"""Other units from the command line: what is said of them, and what they write."""

from collections.abc import Callable
from pathlib import Path

import pytest

import charrnn as package
from charrnn.runs.checkpoint import load_checkpoint
from charrnn.text.shape import TextShape
from charrnn.text.tokenizers import tokens_of, words_of
from charrnn.training.auto_settings import Machine, fitting
from tests.cli.conftest import Program
from tests.cli.tiny import OPTIONS, TEXT


def trained(charrnn: Program, unit: str, *options: str) -> str:
    """What was said on stderr; the run is checkpoints/mine."""
    done = charrnn("train", "text.txt", "--unit", unit, *OPTIONS, "--name", "mine", *options)
    assert done.code == 0, done.err
    assert f"a {unit}, about " in done.out
    return done.err


@pytest.mark.parametrize(("unit", "split"), [("token", tokens_of), ("word", words_of)])
def test_tokens_and_words(charrnn: Program, text: Path, unit: str, split: Callable[[str], list[str]]) -> None:
    said = trained(charrnn, unit)
    units = split(TEXT)
    kept = len(units) - int(len(units) * 0.9)
    assert (f"text     text.txt, {len(TEXT):,} characters, {len(units):,} {unit}s, {len(set(units))} different; "
            f"the last {kept:,} kept for validation\n") in said
    told = charrnn("info", "mine").out
    assert f"stream of 10 {unit}s, 2 side by side" in told
    assert f"\nnats a {unit}: " in told
    saved = load_checkpoint(Path("checkpoints/mine/last.safetensors"))
    assert saved.vocabulary == tuple(sorted(set(units)))
    assert saved.corpus.units == len(units)
    done = charrnn("sample", "mine", "--prime", "the cat", "--length", "30", "--seed", "1")
    assert done.out.startswith("the cat")
    assert done.out == "the cat" + package.load("mine").sample(30, prime="the cat", seed=1)
    if unit == "token":
        assert len(split(done.out)) == 32
        assert not any(double in done.out for double in ("  ", " \n", "\n "))
    refused = charrnn("sample", "mine", "--prime", "the giraffe")
    assert refused.code == 1
    assert refused.err.startswith(f"charrnn: the text has {unit}s that the model has never seen: 'giraffe', the first ")
    assert charrnn("train", "--resume", "--epochs", "1.2").code == 0
    with pytest.raises(package.CorpusError, match=f"too short: a loss needs at least 2 {unit}s"):
        package.load("mine").loss("the")


def test_bytes(charrnn: Program) -> None:
    many = "zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich\n" * 20
    Path("text.txt").write_text(many, encoding="utf-8")
    said = trained(charrnn, "byte")
    size = len(many.encode())
    assert f"text.txt, {len(many):,} characters, {size:,} bytes, {len(set(many.encode()))} different;" in said
    for samples in ((), ("-n", "3")):
        assert "ö" in charrnn("sample", "--length", "900", "--prime", "zwö", "--seed", "1", *samples).out[:4]
    refused = charrnn("sample", "--prime", "€")
    assert refused.err.startswith("charrnn: the text has bytes that the model has never seen: 0xE2, 0x82, 0xAC, the ")


def test_rare_characters_have_a_stand_in(charrnn: Program) -> None:
    Path("text.txt").write_text(TEXT + "ßü")
    done = charrnn("train", "text.txt", "--min-count", "2", *OPTIONS)
    assert done.code == 0
    assert "a character, at step" in done.out
    common = {c for c in TEXT if TEXT.count(c) > 1}
    rare = len(set(TEXT) - common) + 2
    assert f", {len(common)} different, {rare} rarer ones as \ufffd; the last " in done.err
    sampled = charrnn("sample", "--prime", "the ßat", "--length", "20")
    assert sampled.code == 0
    assert sampled.err.startswith("note: too rare in training to be known, and read as \ufffd: 'ß' (U+00DF)\n")
    assert sampled.out.startswith("the ßat")
    for options in ((), ("--json",)):  # half a surrogate is what a byte that is no UTF-8 becomes
        done = charrnn("sample", "--prime", "the \udcff", "--length", "5", "-o", "kept.txt", *options)
        assert (done.code, done.out) == (0, "")
        assert "the ?" in Path("kept.txt").read_text() or options
        Path("kept.txt").unlink()


def test_the_stand_in_is_read_and_never_written(charrnn: Program) -> None:
    Path("text.txt").write_text("".join(f"ab{chr(0x4E00 + n)}" for n in range(400)))
    done = charrnn("train", "text.txt", "--min-count", "2", *OPTIONS, "--epochs", "3", "--show-samples")
    assert "3 different, " not in done.err
    assert ", 2 different, 400 rarer ones as \ufffd;" in done.err
    assert done.err.count("\ufffd") == 1  # in no sample on the way
    for options in ((), ("--precision", "bf16"), ("--top-k", "2"), ("--temp", "0"), ("-n", "20")):
        out = charrnn("sample", "--prime", "ab", "--length", "300", *options).out
        assert set(out.replace("---", "").replace("\n", "")) == {"a", "b"}
    assert package.load().loss("ab" + "\u5fff") < package.load().loss("abb")  # but it is expected where it stands


def test_words_that_run_together_in_what_it_writes(charrnn: Program, text: Path) -> None:
    trained(charrnn, "word", "--epochs", "0.01")
    done = charrnn("sample", "--length", "300", "--seed", str(package.load().settings.training.seed))
    assert set(words_of(done.out)) - set(words_of(TEXT))
    done = charrnn("inspect-cells", "--sample", "300")
    assert done.code == 0, done.err


def test_words_of_documents(charrnn: Program) -> None:
    Path("lines.txt").write_text("\n".join(["the cat sat", "a dog ran", "the dog sat", "a cat ran", "the cat ran"] * 3))
    done = charrnn("train", "lines.txt", "--unit", "word", "--documents", "line", *OPTIONS, "--epochs", "60")
    assert done.code == 0, done.err
    assert ("lines.txt, 15 documents (5 different), 168 characters, 90 words, 8 different; 3 documents (18 words) kept "
            "for validation") in done.err
    lines = charrnn("sample", "-n", "30").out.splitlines()
    assert len(lines) == 30
    assert {"cat", "dog"} & set(" ".join(lines).split())


def test_one_unit_again_and_again(charrnn: Program) -> None:
    Path("text.txt").write_text("so so so so")
    assert charrnn("train", "text.txt", "--unit", "token").err.endswith(
        "charrnn: the text is one token, 'so', again and again: there is nothing to learn; give another text\n")


def test_what_looks_wrong_is_told_before_training(charrnn: Program) -> None:
    Path("text.txt").write_text(TEXT * 6 + "é\f", encoding="utf-8")
    done = charrnn("train", "text.txt", *OPTIONS, "--epochs", "0.01")
    assert done.err.startswith(
        "note: the text has control characters: U+000C; they are learned like letters, if they stay in it\n"
        "note: 1 character occurs 3 times at most, too rarely to be learned: U+00E9 é; --min-count 4 reads it as "
        "U+FFFD\n")
    assert "note" not in charrnn("train", "@python-docs", *OPTIONS, "--epochs", "0.0001").err


def test_what_is_chosen_is_told_in_units() -> None:
    text = TextShape(4_300, vocabulary=90)
    machine = Machine.here(text)
    assert fitting({}, text, machine)[1].startswith("to fit 4,300 characters, ")
    assert fitting({"unit": "token"}, text, machine)[1].startswith("to fit 4,300 tokens, ")
