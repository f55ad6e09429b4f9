"""Layer errors: the kinds of refusal, each with its exit code.

A bug of ours is never one of these: it keeps its traceback.
"""

from typing import Any

_LONGEST = 60  # characters of a value in a message


class CharrnnError(Exception):
    """Something the user can mend; str() is the one line that says what is wrong and what to do."""

    exit_code = 1


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
