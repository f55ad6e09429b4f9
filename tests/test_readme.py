"""The README speaks of the program as it is: its help texts are generated, its commands and names exist."""

import re

import pytest
from cogapp import Cog

import charrnn
from charrnn.cli.group import COMMANDS
from tests.pages import PAGES, ROOT, fences, headings, text_of

README = ROOT / "README.md"
CALLED = re.compile(r"^(?:\S+ \S+ \| )?charrnn (\w[\w-]*)", re.MULTILINE)


def code(language: str) -> str:
    """All blocks of code in the README that are written in `language`."""
    return "".join(fence.content for fence in fences(text_of(README)) if fence.language == language)


def test_help_texts_are_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert Cog().main(["cog", "--check", str(README)]) == 0, "run `make readme`"


def test_every_command_has_its_page() -> None:
    assert {heading.text for heading in headings(text_of(README)) if heading.level == 3} >= {
        f"charrnn {name}" for name in COMMANDS}


def test_every_command_shown_exists() -> None:
    assert set(CALLED.findall(code(""))) == set(COMMANDS)


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)$", text_of(page), re.M)}
    assert {first or second for first, second in named} <= targets
    assert ("", "test") in named


def test_names_of_the_python_interface_exist() -> None:
    python = code("python")
    called, attributes = re.findall(r"charrnn\.(\w+)\(", python), re.findall(r"model\.(\w+)", python)
    assert called
    assert attributes
    assert all(callable(getattr(charrnn, name)) for name in called)
    assert all(hasattr(charrnn.Model, name) for name in attributes)
