"""Floor 7: a session of writing at a console: lines in, text and notes out, a draft kept of what is not saved."""

import dataclasses
import os
import re
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from pathlib import Path

from charrnn.cli.console import Console
from charrnn.cli.wording import counted
from charrnn.drafts import Draft
from charrnn.errors import CharrnnError, PlayError, StorageError
from charrnn.files import write_atomic
from charrnn.play.lines import action_of
from charrnn.play.session import Session
from charrnn.play.words import ending_words, help_lines, prompt_of, setting_words, tail_of, undone_words
from charrnn.text.sources import read_file

# What is an option of commands is a command here.
_OPTION = re.compile(r"(?<!\S)--(?=[a-z])")


class Player:
    """Does what the lines of a console ask for."""

    def __init__(self, session: Session, console: Console, draft: Draft, ends_line: bool) -> None:
        """ends_line   whether the text that is delivered at the end gets a line end"""
        self._session, self._console, self._draft, self._ends_line = session, console, draft, ends_line
        self._settings = [spec.name for spec in dataclasses.fields(session.settings)]
        self._is_leaving = self._is_warned = False
        self._kept, self._delivered, self._refusal = "", "", ""
        self._aside: dict[str, Draft] = {}  # texts that others took the place of, and their drafts
        self._actions: dict[str, Callable[[str], None]] = {
            "type": self._type, "continue": self._continue, "pick": self._pick, "none": self._none,
            "again": self._again, "branch": self._branch, "more": self._branch, "undo": self._undo, "redo": self._redo,
            "show": self._show, "save": self._save, "save!": self._save_over, "open": self.open, "new": self._new,
            "settings": self._show_settings, "help": self._help, "quit": self._quit}

    def run(self) -> None:
        """Until the person leaves, or the script is over."""
        number = 0
        try:
            while not self._is_leaving:
                number += 1
                try:
                    self._step()
                except KeyboardInterrupt:
                    if not self._console.is_talking:
                        raise
                    self._console.show("\n")
                    self._console.note("the text is still here; /quit or Ctrl-D leaves")
                except CharrnnError as error:
                    words = _OPTION.sub("/", str(error))
                    if not self._console.is_talking:
                        raise type(error)(f"line {number:,} of standard input: {words}") from error
                    self._console.note(words)
                self._keep()
        finally:
            self._leave()

    def open(self, path: str) -> None:
        """Goes on with the text in a file; raises CorpusError where it cannot be read."""
        path = path.strip()
        if not path:
            raise PlayError("/open needs the name of a file")
        self.begin("".join(read_file(os.path.expanduser(path), lambda size: None)))
        self._session.saved(path)

    def begin(self, text: str) -> None:
        """Goes on with `text`; one that was not saved stays in its draft."""
        is_saved, before = self._session.is_saved, self._session.text
        notes = self._session.begin(text)
        if self._console.is_talking and not is_saved and not self._refusal:
            self._console.note(f"what was not saved is kept in {self._draft.path}; /undo brings it back")
            self._aside[before], self._draft = self._draft, Draft()
        self._tell_all(notes)

    def _step(self) -> None:
        session = self._session
        try:
            line = self._console.ask(prompt_of(session.text, len(session.choices)))
        except EOFError:
            self._console.show("\n")
            self._quit()
            return
        action = action_of(line, self._settings, len(session.choices))
        if action.name in self._settings:
            self._set(action.name, action.argument)
        else:
            self._actions[action.name](action.argument)

    def _type(self, text: str) -> None:
        self._tell_all(self._session.add(text))

    def _continue(self, _: str) -> None:
        self._stream(self._session.go_on())

    def _again(self, _: str) -> None:
        if self._session.choices:
            self._branch()
            return
        pieces = self._session.again()
        self._console.show(tail_of(self._session.before_last))
        self._stream(pieces)

    def _branch(self, count: str = "") -> None:
        if count.strip():
            self._session.set("samples", count)
        shown = 0
        with self._console.interruptible() as is_pressed, closing(self._session.branch()) as pieces:
            for number, piece in pieces:
                if number > shown:
                    self._console.end_line()
                    self._console.show(f"{number}: ")
                shown = number
                self._console.show(piece.replace("\n", "\n   "))
                if is_pressed():
                    break
        self._console.note("a number takes that one, Enter none, /more shows others")

    def _pick(self, number: str) -> None:
        self._session.pick(int(number))
        self._tell_end()

    def _none(self, _: str) -> None:
        self._session.drop_choices()

    def _undo(self, count: str) -> None:
        for _ in range(_times(count)):
            self._console.note(undone_words(self._session.undo()))

    def _redo(self, count: str) -> None:
        for _ in range(_times(count)):
            self._session.redo()

    def _show(self, _: str) -> None:
        text = self._session.text
        if self._console.wants_result:
            self._console.deliver(text, self._ends_line)
            self._delivered = text
        else:
            self._console.show(text)

    def _save(self, path: str, over: bool = False) -> None:
        session = self._session
        name = path.strip() or session.file
        if name is None:
            raise PlayError("the text has no file yet; /save FILE gives it one")
        target = Path(os.path.expanduser(name))
        if target.exists() and name != session.file and not over:
            raise PlayError(f"{name} is there already; /save! {name} writes over it")
        write_atomic(target, session.text.encode(errors="replace"))
        session.saved(name)
        self._console.note(f"{counted(len(session.text), 'character')} saved in {name}")

    def _save_over(self, path: str) -> None:
        self._save(path, over=True)

    def _new(self, _: str) -> None:
        self.begin("")

    def _set(self, name: str, value: str) -> None:
        if value:
            self._session.set(name, value)
        self._console.note(setting_words(self._session.settings, name))

    def _show_settings(self, _: str) -> None:
        for name in self._settings:
            self._console.note(setting_words(self._session.settings, name))

    def _help(self, _: str) -> None:
        for line in help_lines(self._session.settings):
            self._console.tell(line)

    def _quit(self, _: str = "") -> None:
        """Leaves, unless the text would be lost by it; asked a second time, it leaves all the same."""
        self._keep()
        is_kept = self._session.is_saved or self._console.wants_result or not self._refusal
        if not is_kept and not self._is_warned:
            self._is_warned = True
            self._console.note(f"not saved, and {self._refusal}; /save FILE, or leave once more to lose it")
            return
        self._is_leaving = True

    def _stream(self, pieces: Generator[str, None, None]) -> None:
        """Shows a continuation as it is made."""
        with self._console.interruptible() as is_pressed, closing(pieces):
            for piece in pieces:
                self._console.show(piece)
                if is_pressed():
                    break
        self._tell_end()

    def _tell_end(self) -> None:
        if words := ending_words(self._session.ending):
            self._console.note(words)

    def _tell_all(self, notes: Iterable[str]) -> None:
        for line in notes:
            self._console.tell(f"note: {line}")

    def _keep(self) -> None:
        """Keeps what a person has not saved in the draft, as it is now."""
        text = self._session.text
        if not self._console.is_talking or text == self._kept:
            return
        if text in self._aside:
            self._draft.drop()
            self._draft = self._aside.pop(text)
        try:
            if self._session.is_saved:
                self._draft.drop()
            else:
                self._draft.keep(text)
            self._kept, self._refusal, self._is_warned = text, "", False
        except StorageError as error:
            if not self._refusal:
                self._console.note(f"no draft of this session is kept: {error}")
            self._refusal = str(error)

    def _leave(self) -> None:
        """Delivers the text, or says where it is."""
        self._keep()
        text = self._session.text
        if self._console.wants_result and text != self._delivered:
            self._console.deliver(text, self._ends_line)
        if not self._console.is_talking:
            return
        if self._session.is_saved or self._console.wants_result:
            self._draft.drop()
        elif not self._refusal:
            self._console.note(f"not saved, but kept in {self._draft.path}; charrnn play --resume goes on with it")


def _times(count: str) -> int:
    if not count.strip():
        return 1
    try:
        return max(0, int(count))
    except ValueError:
        raise PlayError(f"{count!r} is no number of changes") from None
