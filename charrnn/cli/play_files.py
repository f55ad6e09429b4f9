"""Layer cli: what a session of writing leaves on disk: files that a person asks for, and a draft of what is not
saved."""

import os
from pathlib import Path

from charrnn.cli.console import Console
from charrnn.errors import PlayError, StorageError
from charrnn.play.session import PlaySession
from charrnn.render.wording import counted
from charrnn.storage.drafts import Draft
from charrnn.storage.files import write_atomic


class Keeper:
    """Keeps the text of a session from being lost. With a script there is nobody to lose it: no draft is kept."""

    def __init__(self, session: PlaySession, console: Console, draft: Draft, resume: str) -> None:
        """resume   the command that goes on with a draft"""
        self._session, self._console, self._draft, self._resume = session, console, draft, resume
        self._aside: dict[str, Draft] = {}  # texts that others took the place of, and their drafts
        self._kept, self._refusal, self._is_warned = ("", True), "", False

    def keep(self) -> None:
        """Brings the draft to what the text is now; where the disk refuses, that is told once."""
        text, is_saved = now = self._session.text, self._session.is_saved
        if not self._console.is_talking or now == self._kept:
            return
        if text in self._aside:
            self._draft.drop()
            self._draft = self._aside.pop(text)
        try:
            if is_saved:
                self._draft.drop()
            else:
                self._draft.keep(text)
            self._kept, self._refusal, self._is_warned = now, "", False
        except StorageError as error:
            if not self._refusal:
                self._console.note(f"no draft of this session is kept: {error}")
            self._refusal = str(error)

    def set_aside(self, text: str) -> None:
        """Leaves the draft with `text`, which was not saved; the next text gets one of its own."""
        if self._console.is_talking and not self._refusal:
            self._console.note(f"what was not saved is kept in {self._draft.path}; /undo brings it back")
            self._aside[text], self._draft = self._draft, Draft()

    def save(self, path: str, over: bool) -> None:
        """Puts the text into a file, the one it has if `path` is empty.

        Raises PlayError if there is none, or if another is in its place and not to be written over, StorageError where
        the disk refuses.
        """
        session = self._session
        name = path or session.file
        if name is None:
            raise PlayError("the text has no file yet; /save FILE gives it one")
        target = Path(os.path.expanduser(name))
        if target.exists() and name != session.file and not over:
            raise PlayError(f"{name} is there already; /save! {name} writes over it")
        # a half surrogate, which no file holds, can only be what a keyboard sent by mistake
        write_atomic(target, session.text.encode(errors="replace"))
        session.saved(name)
        self._console.note(f"{counted(len(session.text), 'character')} saved in {name}")

    def may_leave(self) -> bool:
        """Whether nothing is lost by leaving; asked a second time, the person wants to lose it."""
        self.keep()
        if self._is_warned or not self._refusal or self._session.is_saved or self._console.wants_result:
            return True
        self._console.note(f"not saved, and {self._refusal}; /save FILE, or leave once more to lose it")
        self._is_warned = True
        return False

    def leave(self) -> None:
        """Says where the text is, unless it is saved or was delivered."""
        if not self._console.is_talking:
            return
        if self._session.is_saved or self._console.wants_result:
            self._draft.drop()
        elif not self._refusal:
            self._console.note(f"not saved, but kept in {self._draft.path}; {self._resume} goes on with it")
