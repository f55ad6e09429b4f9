"""The wheel, installed without this checkout and without tools for developers, does what it should."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.tiny import OPTIONS, ROOT, TEXT

pytestmark = pytest.mark.slow
ANNOUNCED = "compiling kernels for the first time on this machine (a few seconds)"


def run(*arguments: str | Path, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A program in `folder`, with an environment of little more than what is given."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR")}
    return subprocess.run([str(argument) for argument in arguments], cwd=folder, env=kept | environment, text=True,
                          capture_output=True, timeout=600)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """charrnn, from a wheel built of this checkout, in an environment of its own."""
    folder = tmp_path_factory.mktemp("install")
    source = folder / "source"
    shutil.copytree(ROOT / "charrnn", source / "charrnn", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "corpora", source / "corpora")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    for command in ((sys.executable, *pip, "wheel", "--no-deps", "--wheel-dir", folder, source),
                    (sys.executable, "-m", "venv", folder / "venv")):
        subprocess.run(command, check=True, timeout=600)
    shutil.rmtree(source)
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([scripts / "python", *pip, "install", *folder.glob("*.whl")], check=True, timeout=600)
    return scripts / "charrnn"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a text and nothing of this checkout."""
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "file").touch()
    return tmp_path


def test_it_has_no_tools_for_developers(program: Path, place: Path) -> None:
    listed = run(program.with_name("python"), "-m", "pip", "list", folder=place).stdout.lower()
    assert "charrnn-numba" in listed
    assert not {"pytest", "hypothesis", "ruff", "mypy", "torch", "scipy"} & set(listed.split())


def test_help_training_and_sampling(program: Path, place: Path) -> None:
    home = {"HOME": str(place), "XDG_CACHE_HOME": str(place / "cache"), "LOCALAPPDATA": str(place / "cache")}
    shown = run(program, "--help", folder=place, **home)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert not (place / "cache").exists()  # help has compiled nothing
    trained = run(program, "train", "text.txt", *OPTIONS, "--name", "first", folder=place, **home)
    assert trained.returncode == 0, trained.stderr
    assert trained.stderr.count(ANNOUNCED) == 1
    again = run(program, "train", "text.txt", *OPTIONS, folder=place, **home)
    assert (again.returncode, again.stderr.count("compiling")) == (0, 0)
    sampled = [run(program, "sample", "first", "--length", "50", "--seed", "1", folder=place, **home) for _ in range(2)]
    assert [done.stderr for done in sampled] == [f"{ANNOUNCED}\n", ""]
    assert sampled[0].stdout == sampled[1].stdout
    assert len(sampled[0].stdout) == 50


def test_texts_with_a_name(program: Path, place: Path) -> None:
    done = run(program, "corpora", "--json", folder=place, HOME=str(place))
    assert (done.returncode, done.stderr) == (0, "")
    texts = {text["name"]: text for text in json.loads(done.stdout)["texts"]}
    shipped = {f"@{path.stem}": len(path.read_bytes()) for path in (ROOT / "corpora").iterdir() if path.suffix in
               (".txt", ".abc")}
    assert {name: text["characters"] for name, text in texts.items() if text["origin"] == "charrnn"} == shipped


def test_it_works_before_anything_was_trained(program: Path, place: Path) -> None:
    home = {"HOME": str(place), "XDG_CACHE_HOME": str(place / "cache"), "LOCALAPPDATA": str(place / "cache")}
    for command in (("sample", "--length", "50"), ("complete", "My lord, "), ("score", "@hamlet"), ("inspect-cells",)):
        done = run(program, *command, folder=place, **home)
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith("note: no run in ./checkpoints: this is @shakespeare")
        assert done.stdout


def test_measuring(program: Path, place: Path) -> None:
    (place / "numpy.py").write_text("raise SystemExit('not the one')")  # what a user keeps here must not matter
    done = run(program, "bench", "--shape", "rnn-1x8-4x5", "--seconds", "0.001", "--rounds", "1", "--json",
               folder=place, XDG_CACHE_HOME=str(place / "cache"), LOCALAPPDATA=str(place / "cache"), HOME=str(place))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["shapes"][0]["network"] == "rnn 1x8"


@pytest.mark.skipif(sys.platform != "linux", reason="the cache's place is named by XDG_CACHE_HOME")
def test_without_any_place_for_a_cache(program: Path, place: Path) -> None:
    nowhere = {"XDG_CACHE_HOME": str(place / "file" / "cache")}  # and no HOME
    for command in (("train", "text.txt", *OPTIONS), ("sample", "--length", "5"), ("info",)):
        done = run(program, *command, folder=place, **nowhere)
        assert done.returncode == 0, done.stderr
        notes = [line for line in done.stderr.splitlines() if line.startswith("note: ")]
        assert len(notes) == (command[0] != "info")
        assert "Warning" not in done.stderr
        assert "compiling" not in done.stderr.replace("note: compiling", "")
    assert len(list((place / "checkpoints").iterdir())) == 1
