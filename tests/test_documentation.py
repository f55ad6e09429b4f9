"""README and docs speak of the program as it is: commands, options, targets, names and variables exist."""

import re
from pathlib import Path

import click
import pytest

import charrnn
from charrnn.cli.group import COMMANDS
from charrnn.cli.group import charrnn as group
from tests.pages import PAGES, ROOT, calls, command_lines, fences, text_of, tokens

README = ROOT / "README.md"
TEXTS = {page: text_of(page) for page in PAGES}
CALLS = [(page, arguments) for page, text in TEXTS.items() for line in command_lines(text)
         for arguments in calls(line, "charrnn")]


def code(language: str) -> str:
    """All blocks of code in README and docs that are written in `language`."""
    return "".join(fence.content for text in TEXTS.values() for fence in fences(text) if fence.language == language)


def test_the_reference_has_every_command() -> None:
    [names] = re.findall(r"^ *:commands: (.*)$", TEXTS[ROOT / "docs/reference/commands.md"], re.MULTILINE)
    assert names.split(",") == list(COMMANDS)


def test_readme_is_short() -> None:
    assert len(TEXTS[README].splitlines()) <= 150


@pytest.mark.parametrize(("page", "arguments"), CALLS, ids=[
    f"{page.relative_to(ROOT)}: {' '.join(arguments)}" for page, arguments in CALLS])
def test_every_call_shown_is_understood(page: Path, arguments: list[str], tmp_path: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """Each option exists and takes the value that it is given. Nothing is run."""
    monkeypatch.chdir(tmp_path)
    # `for cell in rnn lstm gru`
    arguments = [argument.replace("$cell", "lstm") for argument in arguments]
    if arguments and not arguments[0].startswith("-"):
        command = group.get_command(click.Context(group), arguments[0])
        assert command is not None, f"there is no charrnn {arguments[0]}"
        for argument in arguments:
            if argument.endswith(".toml"):
                Path(argument).write_text("")
        if not {"--help", "-h"} & set(arguments):
            command.make_context(arguments[0], arguments[1:])


# Options of other programs that the pages mention.
FOREIGN = {"--from", "--rounds", "--text", "--trials", "--group"}


def test_options_named_in_the_text_exist() -> None:
    commands = [group.get_command(click.Context(group), name) for name in COMMANDS]
    known = {name for command in commands if command for param in command.params
             for name in (*param.opts, *param.secondary_opts)} | {"--help", "--version"}
    assert known
    for page, text in TEXTS.items():
        if page.name == "CHANGELOG.md":  # it speaks of old names too
            continue
        inline = {child.content for token in tokens(text) for child in token.children or ()
                  if child.type == "code_inline"}
        named = {name for content in inline if content.startswith(("--", "charrnn "))
                 for name in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", content)}
        assert named - known - FOREIGN == set(), page


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    named = {name for text in TEXTS.values() for name in re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)$", text, re.M)}
    assert {first or second for first, second in named} <= targets
    assert ("", "test") in named


def test_names_of_the_python_interface_exist() -> None:
    python = code("python")
    called, attributes = re.findall(r"charrnn\.(\w+)\(", python), re.findall(r"\bmodel\.(\w+)", python)
    assert called
    assert attributes
    assert all(callable(getattr(charrnn, name)) for name in called)
    assert all(hasattr(charrnn.Model, name) or name in ("path", "settings", "vocabulary", "corpus", "progress", "mark")
               for name in attributes)


def test_the_whole_python_interface_is_documented() -> None:
    text = TEXTS[ROOT / "docs/reference/python-api.md"]
    documented = set(re.findall(r"auto\w+:: charrnn\.(\w+)", text))
    assert documented == set(charrnn.__all__) - {"__version__"}


# Set for libraries that we load or for processes that we start; nobody else sets them.
OWN = {"OPENBLAS_NUM_THREADS", "PYTHONIOENCODING"}


def test_environment_variables_are_documented() -> None:
    text = TEXTS[ROOT / "docs/reference/environment.md"]
    read = {name for file in (ROOT / "charrnn").rglob("*.py")
            for name in re.findall(r'environ\b[^\n]*?"([A-Z][A-Z_]+)"', text_of(file))} - OWN
    assert read
    assert {name for name in read if f"`{name}`" not in text} == set()
    assert "`CHARRNN_CACHE_GB`" in text
