"""Layer play: messages: the prompt, how a continuation ended, what a setting does, what one can type."""

import dataclasses
import textwrap
from collections.abc import Sequence

from charrnn.play.lines import COMMANDS
from charrnn.play.session import Change
from charrnn.settings import PlaySettings

_TAIL = 30
_HELP = (
    ("text", "is added to the end as it is, spaces too"),
    ("text\\", "a \\ at its end, or alone, is a new line (\\\\ for a \\ itself)"),
    ("//text", "text that begins with /"),
    ("Enter", "on an empty line: the network goes on"),
    ("Ctrl-C", "stops it; what it has written stays"),
)
_NAMES_END = 16


def prompt_of(text: str, choices: int = 0) -> str:
    """The end of the text, where a typed line is added; with choices, the numbers to choose from."""
    if choices:
        return "1> " if choices == 1 else f"1-{choices}> "
    return tail_of(text) + ">"


def tail_of(text: str) -> str:
    """The end of the text's last line, from the beginning of a word where one is near."""
    line = text[-4 * _TAIL:].rpartition("\n")[2]
    if len(line) > _TAIL:
        line = line[-_TAIL:]
        word = line.partition(" ")[2] or line
        line = "..." + (word if word.strip() else line)
    return "".join(c if c.isprintable() else " " for c in line)


def ending_words(ending: str | None, is_empty: bool) -> str | None:
    """What ended a continuation before its length, and what to do then; is_empty: it ended at once."""
    again = "Enter tries again" if is_empty else "/again writes another"
    if ending == "document":
        return f"the network ends the document here; type on, {again}, /new begins the next"
    if ending == "stop":
        return f"stopped before what /stop names; type on, {again}"
    return None


def choice_words(endings: Sequence[str | None]) -> str:
    """How to choose among continuations with these endings."""
    over = [str(number) for number, ending in enumerate(endings, 1) if ending == "document"]
    ends = f" (the document ends with {', '.join(over)})" if over else ""
    return f"a number takes that one{ends}, Enter none, /more shows others"


def undone_words(change: Change) -> str:
    """What was undone."""
    size = len(change.new)
    if not size:
        return "the text is back"
    return f"took back {size:,} character{'' if size == 1 else 's'}; /redo makes them again"


def setting_words(settings: PlaySettings, name: str) -> str:
    """`/temp 0.8: below 1 plays safe ...`"""
    value = getattr(settings, name)
    if isinstance(value, tuple):
        value = " ".join(map(str, value)) or None
    [help_text] = [spec.metadata["help"] for spec in dataclasses.fields(settings) if spec.name == name]
    return f"/{name.replace('_', '-')} {'(none)' if value is None else value}: {help_text}"


def help_lines(settings: PlaySettings) -> list[str]:
    """Everything one can type, a line each."""
    names = " ".join("/" + spec.name.replace("_", "-") for spec in dataclasses.fields(settings))
    return [
        *(f"{what:<{_NAMES_END}}{does}" for what, does in _HELP),
        *(f"{f'/{command.name} {command.argument}':<{_NAMES_END}}{command.help}" for command in COMMANDS),
        "Settings, each with a value; default resets one, repeatable ones add up:",
        *textwrap.wrap(names, 80, break_on_hyphens=False),
        "The beginning of a name will do: /u, /t 0.5.",
    ]
