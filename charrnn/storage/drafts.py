"""Layer storage: drafts: texts that the user has not saved yet, kept in case of a crash or a lost connection.

They lie in the user's own folder for program state; only the latest are kept.
"""

import contextlib
import secrets
import time
from pathlib import Path

import platformdirs

from charrnn.errors import StorageError
from charrnn.storage.cache import in_home
from charrnn.storage.files import refusals, write_atomic

_KEPT = 20


def draft_folder() -> Path:
    """The folder for drafts (in XDG_STATE_HOME); raises RuntimeError where there is no home folder."""
    return in_home(platformdirs.user_state_path("charrnn", appauthor=False)) / "drafts"


class Draft:
    """The draft of one session; it has no file before keep()."""

    def __init__(self, path: Path | None = None) -> None:
        """path   an earlier draft to continue; None begins a new one"""
        self.path = path

    def keep(self, text: str) -> None:
        """Puts the text into the draft's file; raises StorageError where the disk refuses, or there is no folder."""
        if self.path is None:
            self.path = _new_path()
        # a half surrogate, which no file holds, can only be what a keyboard sent by mistake
        write_atomic(self.path, text.encode(errors="replace"))

    def drop(self) -> None:
        """Removes the file, if there is one."""
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)


def latest_draft() -> Path | None:
    """The file of the draft that was kept last; None if there is none."""
    return max(_drafts(), key=lambda path: (path.stat().st_mtime_ns, path.name), default=None)


def _new_path() -> Path:
    """A file for one more draft; the oldest makes room for it."""
    try:
        folder = draft_folder()
    except RuntimeError as error:
        raise StorageError("no draft is kept: there is no home folder") from error
    with refusals(folder, "no draft is kept"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in sorted(_drafts(), key=lambda path: path.name)[:-(_KEPT - 1)]:
        with contextlib.suppress(OSError):
            old.unlink()
    return folder / f"{time.strftime('%Y-%m-%d-%H%M%S')}-{secrets.token_hex(2)}.txt"


def _drafts() -> list[Path]:
    try:
        return [path for path in draft_folder().iterdir() if path.suffix == ".txt" and not path.name.startswith(".")]
    except (OSError, RuntimeError):
        return []
