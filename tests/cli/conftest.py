"""Commands run in this process, in a folder of their own, as the program itself runs them."""

import io
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from charrnn.cli.main import _exit_code, _run
from tests.cli.tiny import TEXT, train_tiny


@dataclass
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


Program = Callable[..., Result]


@pytest.fixture
def charrnn(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Program:
    """charrnn(*arguments, stdin=b""): runs a command in an empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        try:
            code = _run([str(argument) for argument in arguments])
        except BaseException as error:
            code = _exit_code(error)
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that came to its end."""
    return train_tiny(tmp_path_factory.mktemp("finished"))


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """text.txt in the current folder."""
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def run(charrnn: Program, text: Path, tmp_path: Path, finished_run: Path) -> Path:
    """checkpoints/tiny in the current folder: a copy of the finished run."""
    return Path(shutil.copytree(finished_run, tmp_path / "checkpoints" / "tiny"))
