"""What a typed line asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import PlayError
from charrnn.play.lines import COMMANDS, Action, action_of

SETTINGS = ("temp", "top_k", "top_p", "length", "seed")


@pytest.mark.parametrize(("line", "text"), [
    ("Once", "Once"), (" upon a ", " upon a "), (" ", " "), ("\t", "\t"), ("7", "7"), (".", "."),
    ("a/b", "a/b"), ("//etc", "/etc"), ("///", "//"), ("//", "/"),
    ("a line\\", "a line\n"), ("\\", "\n"), ("\\\\", "\\"), ("a\\\\\\", "a\\\\"), ("\\new", "\\new"), ("//\\", "/\n"),
])
def test_text(line: str, text: str) -> None:
    assert action_of(line, SETTINGS) == Action("type", text)


@given(st.text(min_size=1))
def test_any_text_can_be_typed(text: str) -> None:
    """With one more / before it and one more \\ behind it, where it has one there."""
    line = ("/" if text.startswith("/") else "") + text + ("\\" if text.endswith("\\") else "")
    assert action_of(line, SETTINGS) == Action("type", text)


def test_an_empty_line() -> None:
    assert action_of("", SETTINGS) == Action("continue")
    assert action_of("", SETTINGS, choices=2) == Action("none")


def test_numbers_choose_where_there_is_something_to_choose() -> None:
    assert action_of("2", SETTINGS, choices=2) == Action("pick", "2")
    assert action_of(" 14 ", SETTINGS, choices=2) == Action("pick", "14")
    for line in ("2nd", "-2", "2.5", "\u00b2"):
        assert action_of(line, SETTINGS, choices=2) == Action("type", line)


@pytest.mark.parametrize(("line", "name", "argument"), [
    *((f"/{command.name}", command.name, "") for command in COMMANDS),
    *((f"/{command.name[0]}", command.name, "") for command in COMMANDS if command.name not in ("save", "settings")),
    ("/sa", "save", ""), ("/set", "settings", ""), ("/save!", "save!", ""), ("/save! a b.txt", "save!", "a b.txt"),
    ("/save a b.txt", "save", "a b.txt"), ("/temp 0.5", "temp", "0.5"), ("/t 0.5", "temp", "0.5"),
    ("/top-k 3", "top_k", "3"), ("/top-p", "top_p", ""), ("/to 4", "top_k", "4"), ("/len 10", "length", "10"),
    ("/seed", "seed", ""),
])
def test_commands_and_settings(line: str, name: str, argument: str) -> None:
    assert action_of(line, SETTINGS) == Action(name, argument)
    assert action_of(line, SETTINGS, choices=3) == Action(name, argument)


def test_a_beginning_means_a_command_before_a_setting() -> None:
    assert action_of("/m", ["min_p"]) == Action("more")
    assert action_of("/mi 0.1", ["min_p"]) == Action("min_p", "0.1")


@pytest.mark.parametrize(("line", "hint"), [
    ("/udno", "perhaps /undo"), ("/tmep 1", "perhaps /temp"), ("/usr/bin", "/help lists"), ("/ x", "/help lists"),
    ("/", "/help lists"), ("/top_k 3", "perhaps /top-k"), ("/type x", "no command /type"), ("/none", "no command"),
])
def test_what_is_no_command(line: str, hint: str) -> None:
    with pytest.raises(PlayError) as caught:
        action_of(line, SETTINGS)
    assert hint in str(caught.value)
    assert str(caught.value).endswith("a line of text that begins with / is typed with //")
    assert "\n" not in str(caught.value)
