"""Layer play: what a typed line means. Everything is text, except an empty line and what begins with /."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.errors import PlayError


@dataclass(frozen=True)
class Command:
    """A command that is typed after a /."""

    name: str
    argument: str
    help: str


# In the order of help; a beginning that several names share means the first of them.
COMMANDS = (
    Command("again", "", "write another continuation in place of the last"),
    Command("branch", "[N]", "show N continuations to choose from: type a number, or Enter for none"),
    Command("more", "", "show as many others to choose from"),
    Command("undo", "[N]", "take back the last change, or the last N"),
    Command("redo", "[N]", "make it again"),
    Command("show", "", "show the whole text"),
    Command("save", "[FILE]", "save the text; /save! writes over a file that is there"),
    Command("open", "FILE", "go on with the text in a file"),
    Command("new", "", "begin an empty text"),
    Command("settings", "", "show all settings"),
    Command("help", "", "show this"),
    Command("quit", "", "leave"),
)


@dataclass(frozen=True)
class Action:
    """What to do: a command, a setting by its name, or one of the words below; and its argument."""

    name: str
    argument: str = ""


TYPE, CONTINUE, PICK, NONE = "type", "continue", "pick", "none"


def action_of(line: str, settings: Sequence[str] = (), choices: int = 0) -> Action:
    """What `line`, without its line end, means.

    settings   names of settings that can be changed, each a command of its own
    choices    how many continuations there are to choose from

    Raises PlayError for a command that does not exist.
    """
    if not line:
        return Action(NONE if choices else CONTINUE)
    if choices and line.strip().isdecimal():
        return Action(PICK, line.strip())
    if line.startswith("/") and not line.startswith("//"):
        word, _, argument = line[1:].partition(" ")
        return Action(_command(word, settings), argument)
    return Action(TYPE, typed(line.removeprefix("/") if line.startswith("//") else line))


def typed(line: str) -> str:
    """The text of a line: one \\ at its end is a line end, of several the last is dropped."""
    if not line.endswith("\\"):
        return line
    return line[:-1] + ("" if line.endswith("\\\\") else "\n")


def _command(word: str, settings: Sequence[str]) -> str:
    """The command that `word` names or begins; of several the first."""
    names = {command.name: command.name for command in COMMANDS} | {"save!": "save!"}
    names |= {name.replace("_", "-"): name for name in settings}
    if word in names:
        return names[word]
    for name in names:
        if word and name.startswith(word):
            return names[name]
    near = difflib.get_close_matches(word, names, 3)
    meant = f"perhaps /{' or /'.join(near)}" if near else "/help lists what there is"
    raise PlayError(f"no command /{word}; {meant}; a line of text that begins with / is typed with //")
