"""`charrnn plot`: pictures on standard output and in files."""

import os
import re
import shutil
import struct
from pathlib import Path

import pytest

from charrnn.runs.checkpoint import load_checkpoint, save_checkpoint
from tests.cli.conftest import Program
from tests.cli.tiny import finish, start


@pytest.fixture
def other(run: Path) -> Path:
    """A second run, checkpoints/other."""
    return Path(shutil.copytree(run, run.parent / "other"))


def test_the_newest_run(charrnn: Program, run: Path) -> None:
    done = charrnn("plot")
    assert (done.code, done.err) == (0, "")
    head, *_, names, legend = done.out.splitlines()
    assert head == "nats a character: ⠒o⠒ validation, ⠂⠐⠂ training"
    assert names.split() == ["run", "best", "validation", "epochs", "last", "training"]
    best, epochs, *_ = map(float, legend.removeprefix("o  tiny ").split())
    history = load_checkpoint(run / "last.safetensors").progress["history"]["points"]
    assert (best, epochs) == min((round(point["val"], 3), float(f"{point['epoch']:.3g}")) for point in history
                                 if point["val"] is not None)
    assert max(map(len, done.out.splitlines())) <= 100
    assert charrnn("plot", "tiny").out == charrnn("plot", "checkpoints/tiny/last.safetensors").out == done.out


def test_several_runs_over_each_axis(charrnn: Program, run: Path, other: Path) -> None:
    for axis in ("epochs", "steps", "minutes", "characters"):
        done = charrnn("plot", "tiny", "other", "--x", axis)
        assert done.code == 0, done.err
        assert f" {axis}\n\n   run    best validation " in done.out
    assert [line.split()[:2] for line in done.out.splitlines()[-2:]] == [["a", "tiny"], ["b", "other"]]


def test_bits_and_log(charrnn: Program, run: Path) -> None:
    nats, bits, logs = charrnn("plot").out, charrnn("plot", "--bits").out, charrnn("plot", "--log").out
    assert bits.startswith("bits a character")
    loss = [float(text.splitlines()[-1].split()[2]) for text in (nats, bits)]
    assert loss[1] / loss[0] == pytest.approx(1.4427, abs=1e-3)
    assert logs.splitlines()[-1] == nats.splitlines()[-1]
    assert logs != nats


@pytest.mark.parametrize("kind", ["svg", "png", "SVG"])
def test_files(charrnn: Program, run: Path, other: Path, kind: str) -> None:
    done = charrnn("plot", "tiny", "other", "--output", f"losses.{kind}")
    assert (done.code, done.out, done.err) == (0, f"losses.{kind}\n", "")
    data = Path(f"losses.{kind}").read_bytes()
    assert data.startswith(b"\x89PNG" if kind == "png" else b"<svg ")
    assert charrnn("plot", "tiny", "other", "-o", f"losses.{kind}").code == 0
    assert Path(f"losses.{kind}").read_bytes() == data


def test_a_run_that_goes_on(charrnn: Program, run: Path) -> None:
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 99, "se')
    (run / ".charrnn-0.tmp").write_bytes(b"half a checkpoint")
    assert charrnn("plot", "--x", "minutes").code == 0


def test_a_file_without_a_folder(charrnn: Program, run: Path) -> None:
    shutil.move(run / "best.safetensors", "lone.safetensors")
    shutil.rmtree("checkpoints")
    done = charrnn("plot", "lone.safetensors")
    assert done.code == 0
    assert "o  lone  " in done.out


def test_refusals(charrnn: Program, run: Path) -> None:
    empty = load_checkpoint(run / "last.safetensors")
    empty.progress["history"]["points"] = []
    save_checkpoint("empty.safetensors", empty)
    shutil.copy(run / "last.safetensors", "lone.safetensors")
    before = sorted(os.listdir())
    for line, code, words in [
            ("nosuch", 1, "no checkpoint at nosuch, and no such run in checkpoints; runs there: tiny"),
            ("tiny empty.safetensors", 1, "empty.safetensors has no losses to draw yet; wait for the first validation"),
            ("lone.safetensors --x minutes", 1, "how long lone.safetensors was trained is not known: "),
            ("-o losses.pdf", 2, "--output losses.pdf should end in .svg or .png: these can be written"),
            ("-o losses", 2, "--output losses should end in .svg or .png"),
            ("-o nowhere/losses.svg", 1, f"cannot write {Path('nowhere/losses.svg').resolve()}: folder "),
            ("--x hours", 2, "invalid value for '--x': 'hours' is not one of ")]:
        done = charrnn("plot", *line.split())
        assert done.err.startswith(f"charrnn: {words}")
        assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert sorted(os.listdir()) == before


def test_too_many_runs(charrnn: Program, run: Path) -> None:
    for n in range(27):
        shutil.copy(run / "last.safetensors", f"{n}.safetensors")
    names = [f"{n}.safetensors" for n in range(27)]
    assert charrnn("plot", *names).err == "charrnn: 27 runs are too many for one picture; name at most 26\n"
    assert charrnn("plot", *names[:26]).out.splitlines()[-1].startswith("z  25  ")
    assert len(charrnn("plot", *["tiny"] * 30).out.splitlines()) == len(charrnn("plot").out.splitlines())


def test_a_loss_of_nothing_has_no_logarithm(charrnn: Program, run: Path) -> None:
    loaded = load_checkpoint(run / "last.safetensors")
    loaded.progress["history"]["points"][-1]["train"] = 0.0
    save_checkpoint("zero.safetensors", loaded)
    assert charrnn("plot", "zero.safetensors").code == 0
    assert charrnn("plot", "zero.safetensors", "--log").err.startswith("charrnn: zero.safetensors has a loss of 0")


@pytest.mark.few(2)
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo terminal")
@pytest.mark.parametrize(("environment", "has_colour", "is_braille"), [
    ({"TERM": "xterm"}, True, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False, True),
    ({"TERM": "dumb"}, False, False), ({"TERM": "linux"}, True, False),
    ({"TERM": "xterm", "PYTHONIOENCODING": "ascii"}, True, False)])
def test_terminals(run: Path, tmp_path: Path, environment: dict[str, str], has_colour: bool, is_braille: bool) -> None:
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 62, 0, 0))
    clean = {"COLUMNS": "", "NO_COLOR": "", "PYTHONIOENCODING": "utf-8", **environment}
    code, _, err = finish(start("-m", "charrnn", "plot", folder=tmp_path, stdout=slave, env=clean))
    os.close(slave)
    seen = b""
    while b"training\r\n" not in seen.rpartition(b"epochs\r\n")[2]:  # of the legend
        seen += os.read(master, 65_536)
    os.close(master)
    assert (code, err) == (0, "")
    assert (b"\x1b[36m" in seen) == has_colour
    assert ("⠒".encode() in seen) == is_braille
    plain = re.sub("\x1b\\[[0-9]*m", "", seen.decode())
    assert max(map(len, plain.partition("epochs")[0].splitlines())) <= 62


def test_a_pipe_gets_utf8_without_colours(run: Path, tmp_path: Path) -> None:
    code, out, err = finish(start("-m", "charrnn", "plot", folder=tmp_path, encoding="utf-8",
                                  env={"PYTHONIOENCODING": "ascii", "TERM": "xterm"}))
    assert (code, err) == (0, "")
    assert "⠒" in out
    assert "\x1b" not in out
