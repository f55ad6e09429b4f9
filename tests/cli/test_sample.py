"""`charrnn sample`: only the text on stdout, as it is made, and no other text than the options ask for."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from charrnn.runs.checkpoint import load_checkpoint
from tests.cli.conftest import Program
from tests.cli.tiny import ROOT, finish, start

TINY = ROOT / "tests" / "golden" / "tiny.safetensors"
LINE = "the quick brown fox jumps over the lazy dog.\n"
POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX pipes")


def sampled(charrnn: Program, *options: str) -> str:
    """What a sample of the finished run writes."""
    done = charrnn("sample", "tiny", *options)
    assert done.code == 0, done.err
    assert done.err in ("", "compiling kernels for the first time on this machine (a few seconds)\n")
    return done.out


def test_golden_text(charrnn: Program) -> None:
    done = charrnn("sample", TINY, "--temp", "0", "--length", "120", "--prime", LINE[:16])
    assert (done.code, done.out) == (0, (LINE * 4)[:136])


def test_the_prime_and_so_many_characters(charrnn: Program, run: Path) -> None:
    known = load_checkpoint(run / "best.safetensors").vocabulary
    for length in (1, 2, 16, 17, 300):
        text = sampled(charrnn, "--prime", "the cat", "--length", str(length))
        assert text.startswith("the cat")
        assert len(text) == len("the cat") + length
        assert set(text) <= set(known)


def test_a_seed_repeats_a_sample(charrnn: Program, run: Path) -> None:
    one = sampled(charrnn, "--seed", "1")
    assert one == sampled(charrnn, "--seed", "1")
    assert one != sampled(charrnn, "--seed", "2")
    assert sampled(charrnn) != sampled(charrnn)


def test_several_samples_side_by_side(charrnn: Program, run: Path) -> None:
    options = ("--seed", "1", "--length", "40", "--prime", "the cat")
    first = sampled(charrnn, *options)
    texts = sampled(charrnn, *options, "-n", "20").split("---\n")
    assert len(texts) == 20
    assert len(set(texts)) > 15
    assert texts[0].removesuffix("\n") == first.removesuffix("\n")
    assert all(len(text.removesuffix("\n")) >= 46 and text.startswith("the cat") for text in texts)
    assert sampled(charrnn, *options, "--samples", "3").split("---\n")[:2] == texts[:2]


def test_bf16_writes_too(charrnn: Program, run: Path) -> None:
    text = sampled(charrnn, "--precision", "bf16", "--seed", "1", "--length", "300")
    assert len(text) == 300
    assert text == sampled(charrnn, "--precision", "bf16", "--seed", "1", "--length", "300", "-n", "1")


def test_options_that_change_nothing_and_some_that_do(charrnn: Program, run: Path) -> None:
    greedy = sampled(charrnn, "--temp", "0")
    assert sampled(charrnn, "--top-k", "1", "--temp", "5") == greedy
    wild = sampled(charrnn, "--temp", "2", "--seed", "1")
    assert sampled(charrnn, "--temp", "2", "--seed", "1", "--top-k", "1000") == wild
    assert sampled(charrnn, "--temp", "2", "--seed", "1", "--top-k", "3") != wild != greedy


@pytest.mark.parametrize("name", ["tiny", "checkpoints/tiny", "checkpoints/tiny/best.safetensors", None])
def test_every_way_to_name_a_checkpoint(charrnn: Program, run: Path, name: str | None) -> None:
    done = charrnn("sample", *([name] if name else []), "--temp", "0")
    assert (done.code, done.out) == (0, sampled(charrnn, "--temp", "0"))


@pytest.mark.slow
def test_into_a_file_goes_the_text_and_nothing_else(run: Path, tmp_path: Path) -> None:
    with open("out.txt", "w") as out:
        process = start("-m", "charrnn", "sample", str(TINY), "--temp", "0", "--length", "29", "--prime", LINE[:16],
                        folder=tmp_path, stdout=out)
        code, _, err = finish(process)
    assert (code, err) == (0, "")
    assert Path("out.txt").read_bytes().replace(b"\r\n", b"\n") == LINE.encode()


@pytest.mark.slow
@POSIX
def test_it_streams_and_a_reader_may_leave(run: Path, tmp_path: Path) -> None:
    process = start("-m", "charrnn", "sample", "tiny", "--length", str(10**12), folder=tmp_path)
    assert process.stdout is not None
    assert len(process.stdout.read(100)) == 100  # long before the end
    process.stdout.close()
    assert process.wait(300) == 141
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == ""


def test_every_piece_is_on_its_way_at_once(charrnn: Program, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Recorder(io.StringIO):
        waiting = 0

        def write(self, text: str) -> int:
            assert not self.waiting
            self.waiting = len(text)
            return super().write(text)

        def flush(self) -> None:
            self.waiting = 0

    recorder = Recorder()
    monkeypatch.setattr(sys, "stdout", recorder)
    charrnn("sample", "tiny", "--length", "200")
    assert (recorder.waiting, len(recorder.getvalue())) == (0, 200)


@pytest.mark.slow
@POSIX
def test_head(run: Path, tmp_path: Path) -> None:
    line = f"{sys.executable} -m charrnn sample tiny --length 9999999 | head -c 100; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, timeout=300,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert (done.returncode, len(done.stdout), done.stderr) == (141, 100, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk(run: Path, tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        code, _, err = finish(start("-m", "charrnn", "sample", "tiny", folder=tmp_path, stdout=full))
    assert (code, err) == (1, "charrnn: no space left for the output; free some, or send it elsewhere\n")


@pytest.mark.few(1)
@POSIX
@pytest.mark.parametrize("command", ["sample", "info"])
def test_any_locale_will_do(run: Path, tmp_path: Path, command: str) -> None:
    odd = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    process = start("-m", "charrnn", command, "tiny", folder=tmp_path, env=odd, encoding="utf-8")
    code, out, err = finish(process)
    assert (code, err) == (0, "")
    assert ("⠒" in out) == (command == "info")


@pytest.mark.slow
@POSIX
def test_without_standard_input(run: Path, tmp_path: Path) -> None:
    line = f"{sys.executable} -m charrnn sample tiny --length 5 <&-"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, timeout=300,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert (done.returncode, len(done.stdout), done.stderr) == (0, 5, b"")


@pytest.mark.parametrize(("text", "ends"), [("one line", "\n"), ("", "\n")])
def test_on_a_terminal_the_last_line_is_ended(charrnn: Program, run: Path, monkeypatch: pytest.MonkeyPatch, text: str,
                                              ends: str) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    done = charrnn("sample", "tiny", "--length", "8", "--temp", "0")
    assert done.out.endswith(ends)
    assert len(done.out) in (8, 9)
