"""Every way to end has its exit code and its words, and help loads nothing heavy."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from charrnn import __version__
from charrnn.cli import group
from charrnn.cli.main import main
from tests.cli.fakes import register

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX pipes and signals")
HEAVY = {"numpy", "numba", "llvmlite", "tqdm", "safetensors"}


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Adds the fake commands, and puts the table and the signal handler back afterwards."""
    handler, table, hook = signal.getsignal(signal.SIGTERM), dict(group.COMMANDS), sys.unraisablehook
    register()
    yield
    sys.unraisablehook = hook
    signal.signal(signal.SIGTERM, handler)
    group.COMMANDS.clear()
    group.COMMANDS.update(table)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["charrnn", *arguments])
    with pytest.raises(SystemExit) as leave:
        main()
    return leave.value.code


def python(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Runs Python as people do: with buffered output."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment, **options}
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, text=True, timeout=300, **options)


def process(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Runs a fake command in a process of its own."""
    return python("-m", "tests.cli.fakes", *arguments, **options)


@pytest.mark.parametrize(("kind", "code", "words"), [
    ("refusal", 1, "charrnn: nothing here; train first\n"),
    ("settings", 2, "charrnn: hidden is 0; it must be at least 1\n"),
    ("click", 1, "Error: click's own\n"),
    ("abort", 130, ""),
    ("interrupt", 130, ""),
    ("pipe", 141, ""),
    ("full", 1, "charrnn: no space left for the output; free some, or send it elsewhere\n"),
    ("leave", 143, ""),
])
def test_errors_become_codes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str,
                             code: int, words: str) -> None:
    assert run(monkeypatch, "fails", kind) == code
    captured = capsys.readouterr()
    assert captured.err == words
    assert captured.out == "before\n"


@pytest.mark.parametrize("arguments", [
    ["fails", "usage"], ["fails"], ["nosuch"], ["--nosuch"], ["writes", "--lines=x"]])
def test_wrong_usage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
                     arguments: list[str]) -> None:
    assert run(monkeypatch, *arguments) == 2
    assert "Usage: charrnn" in capsys.readouterr().err


@pytest.mark.parametrize(("kind", "error"), [
    ("bug", ZeroDivisionError), ("system-bug", FileNotFoundError), ("end-of-file", EOFError)])
def test_bugs_keep_their_traceback(monkeypatch: pytest.MonkeyPatch, kind: str,
                                   error: type[Exception]) -> None:
    monkeypatch.setattr(sys, "argv", ["charrnn", "fails", kind])
    with pytest.raises(error) as caught:
        main()
    assert "fails" in [entry.name for entry in caught.traceback]


@pytest.mark.parametrize(("arguments", "code"), [
    (["leaves", "0"], 0), (["leaves", "7"], 7), (["writes"], 0), (["--version"], 0),
    (["--help"], 0), (["-h"], 0), (["writes", "-h"], 0), (["writes", "--help"], 0)])
def test_codes_of_commands_that_end_well(monkeypatch: pytest.MonkeyPatch, arguments: list[str],
                                         code: int) -> None:
    assert run(monkeypatch, *arguments) == code


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, "--version")
    assert capsys.readouterr().out == f"charrnn {__version__}\n"


def test_interrupt_while_importing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(group, "import_module", interrupted)
    assert run(monkeypatch, "writes") == 130


def test_the_way_in_imports_click_only_where_ctrl_c_is_caught() -> None:
    code = "import sys, charrnn.cli.main; sys.exit('click' in sys.modules)"
    assert python("-c", code).returncode == 0


@POSIX
@pytest.mark.parametrize(("lines", "then", "code"), [
    pytest.param("1", "0", 141, id="at the end"),
    pytest.param("1", "1", 1, id="after a refusal"),
    pytest.param("100000", "0", 141, id="in the middle")])
def test_a_closed_pipe_is_quiet(lines: str, then: str, code: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = process("writes", "--lines", lines, "--then", then, stdout=writer)
    os.close(writer)
    assert done.returncode == code
    assert done.stderr == ("charrnn: refused after all\n" if then == "1" else "")


@POSIX
def test_both_streams_in_a_closed_pipe() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = process("writes", "--then", "1", stdout=writer, stderr=writer)
    os.close(writer)
    assert done.returncode == 1


@POSIX
def test_a_real_reader_that_leaves() -> None:
    line = f"{sys.executable} -m tests.cli.fakes writes --lines 100000 | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (141, "text\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("lines", ["1", "100000"])
def test_a_full_disk_behind_the_output(lines: str) -> None:
    with open("/dev/full", "w") as full:
        done = process("writes", "--lines", lines, stdout=full)
    assert done.returncode == 1
    assert done.stderr == "charrnn: no space left for the output; free some, or send it elsewhere\n"


@POSIX
def test_no_output_at_all() -> None:
    line = f"{sys.executable} -m tests.cli.fakes leaves 3 >&- 2>&-"
    assert subprocess.run(["bash", "-c", line], cwd=ROOT).returncode == 3


@POSIX
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_signals_clean_up(name: str, code: int) -> None:
    done = process("stops", name)
    assert (done.returncode, done.stderr) == (code, "cleaned up\n")


@pytest.mark.parametrize("name", ["charrnn", "charrnn train", "charrnn sample", "charrnn info", "charrnn bench"])
def test_help_loads_nothing_heavy(name: str) -> None:
    arguments = [*name.split()[1:], "--help"]
    code = ("import sys; from charrnn.cli.main import main\n"
            f"sys.argv = ['charrnn', *{arguments}]\n"
            "try: main()\n"
            "finally: print(*sys.modules, file=sys.stderr)")
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Usage: {name} ")
    loaded = set(done.stderr.split())
    assert not HEAVY & loaded
    if name == "charrnn":
        ours = {module for module in loaded if module.startswith("charrnn.cli.")}
        assert ours == {"charrnn.cli.main", "charrnn.cli.group"}


def test_python_m_charrnn() -> None:
    done = python("-m", "charrnn", "--version")
    assert (done.returncode, done.stdout) == (0, f"charrnn {__version__}\n")


@pytest.mark.parametrize("name", ["train", "sample", "info", "plot", "bench"])
def test_every_command_in_the_table_exists_and_has_help(name: str) -> None:
    command = group.charrnn.get_command(click.Context(group.charrnn), name)
    assert command is not None
    assert command.name == name
    assert command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_shell_completion_knows_the_commands() -> None:
    done = python("-m", "charrnn", env={**os.environ, "_CHARRNN_COMPLETE": "bash_source"})
    assert done.returncode == 0
    assert "_CHARRNN_COMPLETE=bash_complete" in done.stdout


def test_too_many_open_files(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "fails", "open-files") == 1
    assert capsys.readouterr().err == ("charrnn: too many open files; allow more (ulimit -n), or close other "
                                       "programs\n")


@POSIX
def test_a_current_folder_that_was_removed(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = "import os, sys; os.rmdir(os.getcwd()); sys.argv = ['charrnn', 'fails', 'system-bug']\n" \
           "from tests.cli.fakes import register; register()\nfrom charrnn.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=gone, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stderr) == (1, "charrnn: the current folder was removed; change to another one\n")


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_in_a_finalizer_is_not_lost(name: str, code: int) -> None:
    done = process("finalizes", name)
    assert (done.returncode, done.stderr) == (code, "")
