"""The README speaks of the program as it is: its help texts are generated, its commands and names exist."""

import re
from pathlib import Path

import pytest
from cogapp import Cog

import charrnn
from charrnn.cli.group import COMMANDS

README = Path(__file__).parent.parent / "README.md"


def test_help_texts_are_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert Cog().main(["cog", "--check", str(README)]) == 0, "run `make readme`"


def test_nothing_is_left_to_fill_in() -> None:
    for page in (README, README.parent / "benchmarks" / "README.md"):
        assert not re.search(r"@@|TODO|to be filled", page.read_text(encoding="utf-8"))


def test_every_command_has_its_page() -> None:
    text = README.read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"### charrnn {name}\n" in text


def test_every_command_shown_exists() -> None:
    blocks = re.findall(r"```\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    called = re.compile(r"^(?:\S+ \S+ \| )?charrnn (\w[\w-]*)", re.MULTILINE)
    shown = {name for block in blocks for name in called.findall(block)}
    assert shown == set(COMMANDS)


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (README.parent / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)", README.read_text(encoding="utf-8"))) <= targets | {"there"}


def test_names_of_the_python_interface_exist() -> None:
    python = "".join(re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL))
    for name in re.findall(r"charrnn\.(\w+)\(", python):
        assert callable(getattr(charrnn, name))
    for name in re.findall(r"model\.(\w+)", python):
        assert hasattr(charrnn.Model, name)
