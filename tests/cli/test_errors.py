"""Bad input: one clear line on stderr, the right exit code, nothing half written."""

import errno
import gzip
import os
import stat
from pathlib import Path

import pytest

from charrnn.engine.compiled.engine import CompiledEngine
from charrnn.runs.run import Run
from charrnn.storage import files
from tests.cli.conftest import Program
from tests.cli.tiny import OPTIONS, TEXT

TEXT_WORDS = "a built-in text such as @fables (charrnn corpora lists them)"

# The command line -> exit code, the line on stderr or how it begins.
TABLE: list[tuple[str, int, str]] = [
    ("train", 2,
     f"name a text to train on: a file, a folder, - or {TEXT_WORDS}. Usage: charrnn train --help"),
    ("train missing.txt", 1, f"no file or folder 'missing.txt'; check the name, or try {TEXT_WORDS}"),
    ("train empty.txt", 1, "'empty.txt' is empty; give a text with something in it"),
    ("train binary", 1, "'binary' is binary, not text: NUL byte at offset 3; give a text file"),
    ("train latin.txt", 1, "'latin.txt' is not UTF-8: byte 0xe9 at offset 6; convert it first"),
    ("train folder", 1, "folder 'folder' holds no UTF-8 text: no files in it; name a folder"),
    ("train packed.gz", 1, "'packed.gz' is cut off: it ends after 100 bytes, in the middle of its compressed data"),
    ("train damaged", 1, "'damaged' is damaged: it can't be decompressed"),
    ("train short.txt --documents line --between x", 2, "--documents and --between contradict each other"),
    ("train @python-doc", 1, "no built-in text is called '@python-doc'; did you mean @python-docs?"),
    ("train -", 1, "standard input is empty"),
    ("train one.txt", 1, "the text is one character, 'a', again and again: there is nothing to learn"),
    ("train two.txt", 1, "a text of 2 characters leaves 1 for training and 1 for validation, and both need at least 2"),
    ("train text.txt --val-fraction 0.0005", 1, "a text of 1,910 characters leaves 1,909 for training and 1 for"),
    ("train short.txt --batch 32 --window 100", 1,
     "the text is too short: 270 characters for training, and 3,201 are needed (--batch 32 x --window 100 + 1); "
     "--batch 4 --window 16 will do"),
    ("train short.txt --windows snippets --window 300", 1,
     "the text is too short: 270 characters for training, and 301 are needed (--window 300 + 1); "),
    ("train text.txt --cell transformer", 2,
     "invalid value for '--cell': 'transformer' is not one of 'rnn', 'lstm', 'gru', 'mogrifier', 'peephole', "
     "'gru-original'. "
     "Usage: charrnn train --help"),
    ("train text.txt --hidden 0", 2,
     "invalid value for '--hidden': 0 is out of bounds: 1 to 8192. Usage: charrnn train --help"),
    ("train text.txt --hidden 1.5", 2, "invalid value for '--hidden': '1.5' is not a whole number."),
    ("train text.txt --lr nan", 2, "invalid value for '--lr': nan is out of bounds: 0 to 10."),
    ("train text.txt --seed -1", 2, "invalid value for '--seed': -1 is out of bounds: at least 0."),
    ("train text.txt --epochs 1e300", 2,
     "invalid value for '--epochs': 1e+300 is out of bounds: at most 1,000,000,000."),
    (f"train text.txt --seed {10**99}", 2,
     "invalid value for '--seed': a number of very many digits is out of bounds: at most 9,223,372,036,854,775,807."),
    ("train text.txt --config digits.toml", 2, "digits.toml is not valid TOML: "),
    ("train text.txt --config large.toml", 2, "large.toml: lr in [training]: inf is out of bounds: 0 to 10"),
    ("train text.txt --config=", 2, "--config '' can't name a file; give the name of one, or leave --config out"),
    ("train text.txt --config nowhere.toml", 2, "cannot read nowhere.toml: no such file or directory; check the name"),
    ("train text.txt --init-from=", 1, "'' can't name a checkpoint; give the name of a run, its folder or its file"),
    ("train text.txt --config nul.toml", 2, "'a\\x00b' can't name a folder"),
    (f"novelty {'x' * 300}", 1, "cannot read 'xxx"),
    ("inspect-cells tiny --json=", 2, "a file needs a name; give one after --html, --json, --csv"),
    ("inspect-cells tiny --html=", 2, "a file needs a name"),
    ("inspect-cells tiny --json a --csv ./a", 2, "two of --html, --json, --csv, --csv-chars and --npz name one file"),
    ("inspect-cells tiny --html a\0b", 2, "'a\\x00b' can't name a file: it has a NUL character"),
    ("inspect-cells tiny --text=", 2, "a file needs a name; give one after --text and --labels"),
    ("inspect-cells tiny --labels=", 2, "a file needs a name; give one after --text and --labels"),
    ("inspect-cells tiny --ablate=", 2, "--ablate needs cells: top:16 takes the 16 that matter most"),
    ("inspect-cells tiny --html-cells 3", 2, "--html-cells, --html-precision, --html-max-mb and --no-compress have no "
                                             "effect without --html"),
    ("inspect-cells tiny --find a{99999999999}", 2, "'a{99999999999}' is not a regular expression: "),
    ("train text.txt --threads 0", 2, "invalid value for '--threads': 0 is out of bounds: 1 to 1024."),
    ("train text.txt --epochs 0", 2, "a run of length 0 trains nothing; give a longer --epochs or --minutes"),
    ("train text.txt --minutes 0", 2, "a run of length 0 trains nothing; give a longer --epochs or --minutes"),
    ("train text.txt --targets last", 2, "--targets last needs --windows snippets: a stream predicts every character"),
    ("train text.txt --nosuch", 2, "no such option '--nosuch'. Usage: "),
    ("train text.txt --minute 1", 2, "no such option '--minute'; did you mean --minutes? Usage: "),
    ("inspect-cells tiny text.txt", 2, "got unexpected extra argument (text.txt); --text names a text. Usage: "),
    ("train text.txt --name a/b --batch 2", 2, "'a/b' can't name a folder; use letters, digits, '-' and '_'"),
    ("train text.txt --name= --batch 2", 2, "'' can't name a folder; use letters, digits, '-' and '_'"),
    ("train text.txt --name=-x --batch 2", 2, "'-x' can't name a folder; use letters, digits, '-' and '_'"),
    ("train text.txt --folder text.txt/runs --layers 1 --hidden 256", 1,
     "cannot write text.txt/runs/text-gru-1x256: not a directory; nothing was changed"),
    ("train --resume nosuch", 1, "no checkpoint at nosuch, and no such run in checkpoints; runs there: tiny"),
    ("train --resume tiny --hidden 9", 2,
     "--hidden can't change when a run is resumed; leave it out, or start a new run"),
    ("train --resume tiny --name new", 2, "--name can't change when a run is resumed"),
    ("train --resume tiny --epochs 1 --minutes 1", 2,
     "tiny is measured in epochs, and its schedule with it; give --epochs, the new total, to train it longer"),
    ("train short.txt --resume tiny", 1,
     "this is not the text that tiny was trained on (300 characters, it had 1,910); "),
    ("train --resume checkpoints/tiny/best.safetensors", 1,
     "checkpoints/tiny/best.safetensors is not where tiny ended; to continue from there, name "
     "checkpoints/tiny/last.safetensors"),
    ("train --resume text.txt", 1, "text.txt is not a checkpoint: it does not begin as a safetensors file does"),
    ("train --resume --folder nowhere", 1, "no checkpoint in nowhere; run `charrnn train` to make one, or name a file"),
    ("sample tiny --prime-file=", 2, "a file needs a name; give one after --prime-file and --output"),
    ("sample tiny --output=", 2, "a file needs a name; give one after --prime-file and --output"),
    ("sample nosuch", 1, "no checkpoint at nosuch, and no such run in checkpoints; runs there: tiny"),
    ("sample cut.safetensors", 1, "cut.safetensors is cut off: it has 1,000 bytes, its header alone takes "),
    ("sample torn.safetensors", 1, "torn.safetensors is damaged or cut off: its arrays can't be read ("),
    ("sample flipped.safetensors", 1, "flipped.safetensors is damaged: its content does not match its checksum"),
    ("sample empty.txt", 1, "empty.txt is empty; it is not a checkpoint"),
    ("sample tiny --prime Zürich", 1,
     "the text has characters that the model has never seen: 'Z' (U+005A), 'ü' (U+00FC), the first at position 0; "
     "--unknown skip would leave them out"),
    ("sample tiny --temp -1", 2, "invalid value for '--temp': -1.0 is out of bounds: 0 to 100."),
    (f"sample tiny --top-k {'x' * 5000}", 2, "invalid value for '--top-k': 'xxx"),
    ("sample tiny --top-k -1", 2, "invalid value for '--top-k': -1 is out of bounds: 0 to 1114112."),
    ("sample tiny --length x", 2, "invalid value for '--length': 'x' is not a whole number."),
    ("sample tiny text.txt", 2, "got unexpected extra argument (text.txt). Usage: charrnn sample --help"),
    ("info text.txt", 1, "text.txt is not a checkpoint: it does not begin as a safetensors file does"),
    ("info nosuch", 1, "no checkpoint at nosuch"),
    ("bench --shape tanh-1x8", 2, "invalid value for '--shape': cell is 'tanh'; it must be one of rnn, lstm, gru, "
                                  "mogrifier, peephole, gru-original. Usage: charrnn bench --help"),
    ("bench --shape lstm256", 2, "invalid value for '--shape': 'lstm256' is not a shape; write one as "
                                 "lstm-2x256-64x100: cell, layers x hidden, batch x window. Usage: charrnn bench "
                                 "--help"),
    ("bench --shape lstm-1x0", 2, "invalid value for '--shape': hidden is 0; it must be at least 1."),
    ("bench --seconds 0", 2, "invalid value for '--seconds': 0.0 is out of bounds: 0.001 to 600."),
    ("bench --rounds 1.5", 2, "invalid value for '--rounds': '1.5' is not a whole number."),
    ("bench --threads 0", 2, "invalid value for '--threads': 0 is out of bounds: 1 to 1024."),
    ("bench --against jax", 2, "invalid value for '--against': 'jax' is not one of 'torch', 'onnx'."),
    ("bench tiny", 2, "got unexpected extra argument (tiny). Usage: charrnn bench --help"),
    ("nosuch", 2, "no such command 'nosuch'. Usage: charrnn --help"),
    ("smaple tiny", 2, "no such command 'smaple'; did you mean sample? Usage: charrnn --help"),
    ("inspect", 2, "no such command 'inspect'; did you mean inspect-cells? Usage: charrnn --help"),
]


@pytest.fixture
def folder(run: Path, tmp_path: Path) -> Path:
    """The current folder, with everything that the table speaks of."""
    last = (run / "last.safetensors").read_bytes()
    flipped = last[:-1] + bytes([last[-1] ^ 1])
    contents = {"empty.txt": b"", "binary": b"abc\0def", "latin.txt": b"hello \xe9", "one.txt": b"a" * 500,
                "two.txt": b"ab", "short.txt": TEXT[:300].encode(), "cut.safetensors": last[:1000],
                "packed.gz": gzip.compress(TEXT.encode())[:100], "damaged": gzip.compress(b"") + b"no more",
                "torn.safetensors": last[:-1], "flipped.safetensors": flipped}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder").mkdir()
    (tmp_path / "digits.toml").write_text(f"seed = {'9' * 5000}")
    (tmp_path / "large.toml").write_text(f"[training]\nlr = 1{'0' * 400}")
    (tmp_path / "nul.toml").write_text('name = "a\\u0000b"\nbatch = 2')
    return tmp_path


def everything(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize(("line", "words"), [
    ("inspect-cells tiny --cell L1:{}", "names no cell; L1:24 is unit 24 of layer 1"),
    ("inspect-cells tiny --ablate top:{}", "a number of up to nine digits, above 0, should follow top:"),
    ("inspect-cells tiny --html x.html --html-cells {}", "it is a number of cells, all, or network"),
    ("sample tiny --clamp L1:{}=1", "is not understood"), ("bench --shape lstm-1x{}", "is not a shape")])
def test_a_number_of_thousands_of_digits(charrnn: Program, folder: Path, line: str, words: str) -> None:
    done = charrnn(*line.format("9" * 5000).split())
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(("line", "code", "words"), TABLE, ids=[line for line, _, _ in TABLE])
def test_bad_input(charrnn: Program, folder: Path, line: str, code: int, words: str) -> None:
    before = everything(folder)
    done = charrnn(*line.split())
    assert done.err.startswith(f"charrnn: {words}")
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert everything(folder) == before


def test_no_command_at_all_shows_the_help(charrnn: Program) -> None:
    done = charrnn()
    assert done.code == 2
    assert done.err.startswith("Usage: charrnn [OPTIONS] COMMAND")


@pytest.mark.parametrize("saves", [0, 1, 3])
def test_a_disk_that_fills_up(charrnn: Program, text: Path, monkeypatch: pytest.MonkeyPatch, saves: int) -> None:
    left = [saves]

    def flush(handle: int) -> None:
        left[0] -= stat.S_ISREG(os.fstat(handle).st_mode)  # folders are flushed too
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", flush)
    done = charrnn("train", "text.txt", *OPTIONS)
    assert (done.code, done.out) == (1, "")
    refusal = done.err.splitlines()[-1]
    assert refusal.startswith("charrnn: no space left on the disk that holds ")
    kept = Path("checkpoints/text-gru-1x8")
    if saves:
        assert refusal.endswith("; resume from what was saved with: charrnn train --resume text-gru-1x8")
        assert not [path for path in kept.iterdir() if path.suffix == ".tmp"]
        monkeypatch.undo()
        os.chdir(text.parent)
        assert charrnn("train", "--resume", "text-gru-1x8").code == 0
    else:
        assert not kept.exists()


def test_memory_that_runs_out(charrnn: Program, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*given: object) -> None:
        raise MemoryError

    monkeypatch.setattr(CompiledEngine, "streams", no_memory)
    done = charrnn("train", "text.txt", *OPTIONS)
    assert (done.code, done.out) == (1, "")
    assert done.err == "charrnn: not enough memory; close other programs, or use a smaller network, batch or window\n"
    assert not Path("checkpoints").exists()


def test_a_run_that_fails_at_once_leaves_no_folder(charrnn: Program, text: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(run: Run) -> None:
        assert run.folder.is_dir()
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "events", interrupted)
    assert charrnn("train", "text.txt", *OPTIONS).code == 130
    assert os.listdir("checkpoints") == []
