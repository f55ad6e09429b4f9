"""Layer errors: the kinds of refusal, each with its exit code.

A bug of ours is never one of these: it keeps its traceback.

Messages are written for the command line: `--unknown fold would read ...`. str() gives them to each reader in his own
terms: `unknown='fold' would read ...` in Python, `/unknown fold would read ...` in play.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LONGEST = 60  # characters of a value in a message
# An option, and a number, a quoted text, a NAME or one of CHOICES behind it. What stands in quotes is a user's own.
_OPTION = re.compile(r"""(?<![\w'"/-])--(?P<no>no-)?(?P<name>[a-z][a-z-]*)"""
                     r"""(?: (?P<value>[+-]?\d[\d.]*(?!\w)|'[^']*'|[A-Z]{2,}\b|[a-z][\w-]*))?""")
CHOICES: set[str] = set()  # the words that settings can be


def _in_python(found: re.Match[str]) -> str:
    name, value, rest = found["name"].replace("-", "_"), found["value"], ""
    if value and value[0].islower() and value not in CHOICES:
        value, rest = None, f" {value}"
    if found["no"]:
        value = "False"
    elif value and value in CHOICES:
        value = repr(value)
    return f"{name}={value}{rest}" if value else f"{name}{rest}"


def _in_play(found: re.Match[str]) -> str:
    return f"/{found[0][2:]}"


_SPEAKERS: dict[str, Callable[[re.Match[str]], str]] = {
    "command": lambda found: found[0], "python": _in_python, "play": _in_play}
_speaking = ["python"]


@contextmanager
def speaking(to: str) -> Iterator[None]:
    """Has messages name settings as the reader does: "command" `--top-k 5`, "play" `/top-k 5`, "python" `top_k=5`."""
    _speaking.append(to)
    try:
        yield
    finally:
        _speaking.pop()


class CharrnnError(Exception):
    """Something the user can mend; str() is the one line that says what is wrong and what to do."""

    exit_code = 1

    def __str__(self) -> str:
        return _OPTION.sub(_SPEAKERS[_speaking[-1]], super().__str__())


class SettingsError(CharrnnError):
    """A setting outside its bounds, or two that contradict each other."""

    exit_code = 2


class CorpusError(CharrnnError):
    """A text that cannot be read, or that is too short to train on."""


class VocabularyError(CharrnnError):
    """A character that the model has never seen."""


class CheckpointError(CharrnnError):
    """A file that is not a checkpoint of ours, is damaged, or comes from a newer version."""


class StorageError(CharrnnError):
    """The disk refused a write: full, read-only, or failing."""


class TrainingError(CharrnnError):
    """Training cannot go on: the loss is no longer a number."""


class PeerError(TrainingError):
    """Another of the processes that train together has ended."""


class MeasurementError(CharrnnError):
    """Something that was to be measured failed, or is not there."""


class PlayError(CharrnnError):
    """A line of a session that asks for what can't be done."""


def shortened(value: Any) -> str:
    """A value as a message shows it: as Python writes it, and its beginning if that is long."""
    if isinstance(value, int) and abs(value) >= 10**_LONGEST:  # Python refuses to write very long ones
        return "a number of very many digits"
    try:
        shown = repr(value[:_LONGEST + 1] if isinstance(value, (str, list, tuple)) else value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__}"
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
