"""`charrnn sample`: where a prime comes from, where a text goes to, and what may be asked of it."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charrnn.cli.sample import _write
from charrnn.render import samples
from charrnn.render.colour.glyphs import columns
from tests.cli.conftest import Program
from tests.cli.tiny import OPTIONS, TEXT, finish, start

POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX pipes and signals")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def sampled(charrnn: Program, *options: str) -> str:
    done = charrnn("sample", "tiny", *options)
    assert done.code == 0, done.err
    return done.out


def piped(folder: Path, text: str, *options: str) -> tuple[int, str, str]:
    """What `charrnn sample tiny` does with `text` on its standard input."""
    process = start("-m", "charrnn", "sample", "tiny", *options, folder=folder, stdin=subprocess.PIPE)
    out, err = process.communicate(text, timeout=300)
    return process.returncode, out, err


def test_a_prime_from_a_file(charrnn: Program, run: Path) -> None:
    expected = sampled(charrnn, "--prime", "the cat", "--seed", "1")
    for content in ("the cat", "the cat\n", "the cat\r\n"):
        Path("prime.txt").write_bytes(content.encode())
        assert sampled(charrnn, "--prime-file", "prime.txt", "--seed", "1") == expected
    Path("prime.txt").write_text("the cat\n\n")
    assert sampled(charrnn, "--prime-file", "prime.txt", "--seed", "1").startswith("the cat\n")


@pytest.mark.slow
@POSIX
def test_a_prime_from_a_pipe(charrnn: Program, run: Path, tmp_path: Path) -> None:
    expected = sampled(charrnn, "--prime", "the cat", "--seed", "1", "--length", "20")
    assert piped(tmp_path, "the cat\n", "--seed", "1", "--length", "20") == (0, expected, "")
    assert piped(tmp_path, "the cat\n", "--seed", "1", "--length", "20", "--prime-file", "-") == (0, expected, "")
    # what is said in the command goes first
    other = sampled(charrnn, "--prime", "on", "--seed", "1", "--length", "20")
    assert piped(tmp_path, "the cat\n", "--seed", "1", "--length", "20", "--prime", "on") == (0, other, "")
    assert piped(tmp_path, "", "--seed", "1") == (0, sampled(charrnn, "--seed", "1"), "")


@pytest.mark.slow
@POSIX
def test_waiting_for_a_pipe_is_told(run: Path, tmp_path: Path) -> None:
    process = start("-m", "charrnn", "sample", "tiny", "--length", "5", folder=tmp_path, stdin=subprocess.PIPE)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("waiting for the prime on standard input; --prime")
    out, _ = process.communicate("the", timeout=300)
    assert (process.returncode, out[:3], len(out)) == (0, "the", 8)


def test_hide_prime(charrnn: Program, run: Path) -> None:
    whole = sampled(charrnn, "--prime", "the cat", "--seed", "1")
    assert "the cat" + sampled(charrnn, "--prime", "the cat", "--seed", "1", "--hide-prime") == whole


def test_unknown_characters(charrnn: Program, run: Path) -> None:
    refused = charrnn("sample", "tiny", "--prime", "thé ✓")
    assert (refused.code, refused.out) == (1, "")
    assert "'é' (U+00E9), '✓' (U+2713)" in refused.err
    assert "--unknown fold would read 'e' for 'é', --unknown skip would leave the rest out" in refused.err
    done = charrnn("sample", "tiny", "--prime", "thé ✓", "--unknown", "skip", "--seed", "1")
    assert (done.code, done.out) == (0, sampled(charrnn, "--prime", "the ", "--seed", "1"))
    assert done.err.splitlines() == ["note: the model never saw 'é' (U+00E9): 'e' is read in its place",
                                     "note: the model never saw '✓' (U+2713): it is left out"]


def test_json(charrnn: Program, run: Path) -> None:
    text = sampled(charrnn, "--seed", "4", "--length", "30", "--prime", "the ", "--hide-prime")
    lines = [json.loads(line) for line in sampled(
        charrnn, "--seed", "4", "--length", "30", "--prime", "the ", "-n", "3", "--json").splitlines()]
    assert [line["sample"] for line in lines] == [0, 1, 2]
    assert lines[0]["text"] == text
    for line in lines:
        assert (line["seed"], line["prime"], line["temp"], line["stop"]) == (4, "the ", 0.8, "length")
        assert len(line["probabilities"]) == 30
        assert all(0 < probability <= 1 for probability in line["probabilities"])
    [alone] = sampled(charrnn, "--json", "--length", "30").splitlines()
    again = sampled(charrnn, "--seed", str(json.loads(alone)["seed"]), "--length", "30")
    assert json.loads(alone)["text"] == again


def test_temperatures_one_below_the_other(charrnn: Program, run: Path) -> None:
    parts = sampled(charrnn, "--temps", "0.5, 0.8", "--seed", "1", "--length", "40").split("--- temp ")
    assert [part.partition("\n")[0] for part in parts[1:]] == ["0.5 ---", "0.8 ---"]
    text = sampled(charrnn, "--seed", "1", "--length", "40")
    assert parts[2].partition("\n")[2].removesuffix("\n") == text.removesuffix("\n")


def test_temperatures_side_by_side(charrnn: Program, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    shown = sampled(charrnn, "--temps", "0.5,0.8", "--seed", "1", "--length", "120", "-n", "2").splitlines()
    assert shown[0].split() == ["temp", "0.5", "temp", "0.8"]
    assert max(map(len, shown)) <= 80
    middle = shown.index("---")
    texts = [sampled(charrnn, "--temp", temp, "--seed", "1", "--length", "120") for temp in ("0.5", "0.8")]
    for column, text in zip((slice(0, 39), slice(41, 80)), texts, strict=True):
        words = " ".join(line[column].strip() for line in shown[2:middle]).split()
        assert words == text.split()


def test_a_temperature_may_come_twice(charrnn: Program, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    shown = sampled(charrnn, "--temps", "0.5,0.5", "--seed", "1", "--length", "60").splitlines()
    assert shown[0].split() == ["temp", "0.5", "temp", "0.5"]
    assert all(line[:39].rstrip() == line[41:80].rstrip() for line in shown)


def test_stop_and_lengths(charrnn: Program, run: Path) -> None:
    plain = sampled(charrnn, "--seed", "1", "--length", "200")
    line = plain.partition("\n")[0]
    assert sampled(charrnn, "--seed", "1", "--stop", r"\n", "--length", "0") == line
    assert sampled(charrnn, "--seed", "1", "--stop", "zzz", "--stop", line[5:8]) == plain[:plain.index(line[5:8])]


@POSIX
def test_without_end_until_it_is_stopped(run: Path, tmp_path: Path) -> None:
    process = start("-m", "charrnn", "sample", "tiny", "--length", "0", folder=tmp_path)
    assert process.stdout is not None
    assert len(process.stdout.read(20_000)) == 20_000
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=300)
    assert process.returncode == 130


def test_into_a_file(charrnn: Program, run: Path) -> None:
    done = charrnn("sample", "tiny", "--seed", "1", "--length", "50", "--output", "out.txt")
    assert (done.code, done.out, done.err) == (0, "", "")
    text = Path("out.txt").read_text(encoding="utf-8")
    assert text.removesuffix("\n") == sampled(charrnn, "--seed", "1", "--length", "50").removesuffix("\n")
    assert charrnn("sample", "tiny", "--output", "no/such/folder/out.txt").code == 1


def test_ctrl_c_keeps_what_is_written(charrnn: Program, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    streamed = samples.streamed

    def interrupted(*arguments: Any) -> Iterator[str]:
        yield from itertools.islice(streamed(*arguments), 1)
        raise KeyboardInterrupt

    monkeypatch.setattr(samples, "streamed", interrupted)
    done = charrnn("sample", "tiny", "--seed", "1", "-o", "out.txt")
    kept = Path("out.txt").read_text(encoding="utf-8")
    assert (done.code, done.out, done.err) == (130, "", f"stopped; {len(kept)} characters are in out.txt\n")
    assert 0 < len(kept) < 500
    monkeypatch.setattr(samples, "streamed", streamed)
    assert sampled(charrnn, "--seed", "1").startswith(kept)


@pytest.mark.slow
@POSIX
def test_ctrl_c_leaves_nothing_half_written(run: Path, tmp_path: Path) -> None:
    process = start("-m", "charrnn", "sample", "tiny", "--length", "0", "-o", "out.txt", folder=tmp_path)
    time.sleep(4)  # nothing tells from outside that it has begun
    process.send_signal(signal.SIGINT)
    code, out, _ = finish(process)
    assert (code, out) == (130, "")
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]


def test_colours_add_nothing_but_colours(charrnn: Program, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = [sampled(charrnn, "--seed", "1", *more) for more in ((), ("-n", "3"))]
    assert sampled(charrnn, "--seed", "1", "--surprisal") == plain[0]  # this is no terminal
    monkeypatch.setenv("FORCE_COLOR", "1")
    for more, text in zip(((), ("-n", "3")), plain, strict=True):
        done = charrnn("sample", "tiny", "--seed", "1", "--surprisal", *more)
        assert done.code == 0
        assert "\x1b[" in done.out
        assert ESCAPE.sub("", done.out) == text
        assert done.out.endswith(("\x1b[0m", "\n"))
        assert "bits of surprisal" in done.err
    for more, codes in (("--color-depth=24bit",), "38;2;"), (("--color-depth=256",), "38;5;"):
        first, other = (charrnn("sample", "tiny", "--seed", "1", "--surprisal", *more, "--palette", palette).out
                        for palette in ("gray", "purple-green"))
        assert codes in first
        assert first != other
        assert ESCAPE.sub("", first) == ESCAPE.sub("", other) == plain[0]
    done = charrnn("sample", "tiny", "--seed", "1", "--surprisal", "--color", "never")
    assert done.out == plain[0]
    assert done.err == ("note: no colours are shown here, and so no surprisal; --color always shows them, and --json "
                        "has the numbers\n")
    monkeypatch.setenv("NO_COLOR", "1")
    assert sampled(charrnn, "--seed", "1", "--surprisal") == plain[0]


def test_novelty_is_told_behind_the_text(charrnn: Program, run: Path) -> None:
    from tests.cli.tiny import TEXT

    Path("text.txt").write_text(TEXT, encoding="utf-8")
    done = charrnn("sample", "tiny", "--seed", "1", "--novelty")
    assert (done.code, done.out) == (0, sampled(charrnn, "--seed", "1"))
    sentence = "of the sample's pieces of 20 characters stand in the training text"
    assert sentence in " ".join(done.err.split())
    Path("text.txt").rename("moved.txt")
    gone = charrnn("sample", "tiny", "--seed", "1", "--novelty")
    assert (gone.code, gone.out) == (1, done.out)  # the text is not lost
    assert "name a file that has it with --corpus FILE" in gone.err
    found = charrnn("sample", "tiny", "--seed", "1", "--novelty", "--corpus", "moved.txt")
    assert (found.code, found.out) == (0, done.out)
    assert sentence in " ".join(found.err.split())


@pytest.mark.parametrize(("options", "code", "words"), [
    ("--prime a --prime-file b", 2, "--prime and --prime-file contradict each other"),
    ("--prime-file nowhere.txt", 1, "no file or folder 'nowhere.txt'"),
    ("--temp 1 --temps 1,2", 2, "--temp and --temps contradict each other"),
    ("--temps 1,x", 2, "invalid value for '--temps': 'x' is not a number"),
    ("--temps 1,101", 2, "invalid value for '--temps': 101.0 is out of bounds: 0 to 100."),
    ("--top-p 1.1", 2, "invalid value for '--top-p': 1.1 is out of bounds: 0 to 1."),
    ("--min-length 600", 2, "--min-length 600 is more than --length 500"),
    ("--length 0 -n 2", 2, "a text of length 0 never ends"),
    ("--length 0 --json", 2, "a text of length 0 never ends"),
    ("--corpus text.txt", 2, "--corpus has no effect without --novelty"),
    ("--surprisal --json", 2, "--surprisal and --json contradict each other"),
    ("--clamp L9:0=1", 2, "--clamp 'L9:0=1': there is no such cell; its layer is L1, units are 0 to 7"),
    ("--bias e", 2, "--bias 'e' is not understood"),
    ("--unknown drop", 2, "invalid value for '--unknown'")])
def test_refusals(charrnn: Program, run: Path, options: str, code: int, words: str) -> None:
    done = charrnn("sample", "tiny", *options.split())
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"charrnn: {words}")
    assert done.err.count("\n") == 1


def test_columns_of_temperatures_are_columns_of_the_terminal() -> None:
    texts = [samples.Sample(text, "", 0, 1, temp, "length", (), np.zeros(0))
             for text, temp in (("漢字 " * 20, 0.5), ("abc " * 20, 0.8))]
    _, _, *lines = "".join(samples.beside(texts, "", 60)).splitlines()
    assert {columns(line.partition("a")[0]) for line in lines if "a" in line} == {31}
    assert sum(line.count("漢字") for line in lines) == 20


@POSIX
@pytest.mark.parametrize("more", [(), ("--surprisal",)])
def test_a_colour_in_the_prime_is_none_on_a_terminal(run: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
    """Not even one that we could have painted with."""
    from tests.torture.commands import answer_on_terminal

    prime = "the \x1b[36mcat"
    (tmp_path / "other.txt").write_text(TEXT + "\x1b[36m" * 40, encoding="utf-8")
    answer_on_terminal("train", "other.txt", *OPTIONS, "--name", "other")
    done = answer_on_terminal("sample", "other", "--length", "5", "--prime", prime, *more)
    assert done.out.startswith("the ␛[36mcat"), done


@pytest.mark.skipif(os.name != "posix", reason="FIFOs")
def test_a_fifo_gets_each_piece_as_it_is_made(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    has_first, got = threading.Event(), []

    def read() -> None:
        with open(tmp_path / "fifo", "rb", buffering=0) as fifo:
            got.append(fifo.read(100))
            has_first.set()
            got.append(fifo.read(100))

    def pieces() -> Iterator[str]:
        yield "first"
        assert has_first.wait(300)
        yield "second"

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    _write(pieces(), str(tmp_path / "fifo"))
    reader.join(20)
    assert got == [b"first", b"second"]
