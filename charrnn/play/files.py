"""Layer play: what a session leaves on disk: files that are asked for, and a draft of what is not saved."""

import os
from pathlib import Path

from charrnn.errors import PlayError, StorageError
from charrnn.play.session import PlaySession
from charrnn.storage.drafts import Draft
from charrnn.storage.files import write_atomic


class SessionFiles:
    """Keeps the text of a session from being lost. What is to be said of it is returned, a line each."""

    def __init__(self, session: PlaySession, draft: Draft | None, resume_call: str, is_delivered: bool) -> None:
        """draft          None keeps no drafts: with a script there is nobody to lose the text
        resume_call    the command that goes on with a draft
        is_delivered   whether the text at the end goes to somebody, so that a draft need not outlive the session
        """
        self._session, self._draft, self._resume_call, self._is_delivered = session, draft, resume_call, is_delivered
        self._aside: dict[str, Draft] = {}  # texts that others took the place of, and their drafts
        self._kept, self._refusal, self._is_warned = ("", True), "", False

    def keep(self) -> list[str]:
        """Brings the draft up to date; that the disk refuses is said once."""
        text, is_saved = now = self._session.text, self._session.is_saved
        if self._draft is None or now == self._kept:
            return []
        if text in self._aside:
            self._draft.drop()
            self._draft = self._aside.pop(text)
        try:
            if is_saved:
                self._draft.drop()
            else:
                self._draft.keep(text)
        except StorageError as error:
            is_told, self._refusal = bool(self._refusal), str(error)
            return [] if is_told else [f"no draft of this session is kept: {error}"]
        self._kept, self._refusal, self._is_warned = now, "", False
        return []

    def set_aside(self, text: str) -> list[str]:
        """Leaves the draft with `text`, which was not saved; the next text gets a draft of its own."""
        if self._draft is None or self._refusal:
            return []
        path = self._draft.path
        self._aside[text], self._draft = self._draft, Draft()
        return [f"what was not saved is kept in {path}; /undo brings it back"]

    def save(self, path: str, over: bool) -> list[str]:
        """Puts the text into a file, the one it has if `path` is empty.

        Raises PlayError if there is none, or if another file is there that must not be overwritten; StorageError where
        the disk refuses.
        """
        session = self._session
        name = path or session.file
        if name is None:
            raise PlayError("the text has no file yet; /save FILE gives it one")
        target = Path(os.path.expanduser(name))
        # exists() of a path raises where the system refuses to look
        if os.path.exists(target) and name != session.file and not over:
            raise PlayError(f"{name} already exists; /save! {name} writes over it")
        # a half surrogate, which no file holds, can only be what a keyboard sent by mistake
        write_atomic(target, session.text.encode(errors="replace"))
        session.saved(name)
        return [f"{len(session.text):,} character{'' if len(session.text) == 1 else 's'} saved in {name}"]

    def objections(self) -> list[str]:
        """What would be lost by leaving now; asked a second time, nothing: the person wants to lose it."""
        notes = self.keep()
        if self._is_warned or not self._refusal or self._session.is_saved or self._is_delivered:
            return []
        self._is_warned = True
        return [*notes, f"not saved, and {self._refusal}; /save FILE, or leave once more to lose it"]

    def leave(self) -> list[str]:
        """Where the text is, unless it is saved or was delivered."""
        if self._draft is None:
            return []
        if self._session.is_saved or self._is_delivered:
            self._draft.drop()
        elif not self._refusal:
            return [f"not saved, but kept in {self._draft.path}; {self._resume_call} goes on with it"]
        return []
