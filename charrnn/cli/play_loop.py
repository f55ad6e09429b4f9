"""Layer cli: a session of writing at a console: lines in, text and notes out, a draft kept of what is not saved."""

import dataclasses
import os
import re
from collections.abc import Callable, Generator, Iterable
from contextlib import closing

from charrnn.cli.console import Console
from charrnn.cli.play_files import Keeper
from charrnn.errors import CharrnnError, PlayError
from charrnn.play.lines import action_of
from charrnn.play.session import PlaySession
from charrnn.play.words import choice_words, ending_words, help_lines, prompt_of, setting_words, tail_of, undone_words
from charrnn.text.sources import read_file

# What is an option of commands is a command here.
_OPTION = re.compile(r"(?<!\S)--(?=[a-z])")


class Player:
    """Does what the lines of a console ask for."""

    def __init__(self, session: PlaySession, console: Console, keeper: Keeper, ends_line: bool) -> None:
        """ends_line   whether the text that is delivered at the end gets a line end"""
        self._session, self._console, self._keeper, self._ends_line = session, console, keeper, ends_line
        self._settings = [spec.name for spec in dataclasses.fields(session.settings)]
        self._is_leaving, self._delivered = False, ""
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
                self._keeper.keep()
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
        if not is_saved:
            self._keeper.set_aside(before)
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
        self._console.note(choice_words(self._session.endings))

    def _pick(self, number: str) -> None:
        self._tell_end(not self._session.pick(int(number)))

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

    def _save(self, path: str) -> None:
        self._keeper.save(path.strip(), over=False)

    def _save_over(self, path: str) -> None:
        self._keeper.save(path.strip(), over=True)

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
        self._is_leaving = self._keeper.may_leave()

    def _stream(self, pieces: Generator[str, None, None]) -> None:
        """Shows a continuation as it is made."""
        is_empty = True
        with self._console.interruptible() as is_pressed, closing(pieces):
            for piece in pieces:
                is_empty &= not piece
                self._console.show(piece)
                if is_pressed():
                    break
        self._tell_end(is_empty)

    def _tell_end(self, is_empty: bool) -> None:
        if words := ending_words(self._session.ending, is_empty):
            self._console.note(words)

    def _tell_all(self, notes: Iterable[str]) -> None:
        for line in notes:
            self._console.tell(f"note: {line}")

    def _leave(self) -> None:
        """Delivers the text, or says where it is."""
        self._keeper.keep()
        text = self._session.text
        if self._console.wants_result and text != self._delivered:
            self._console.deliver(text, self._ends_line)
        self._keeper.leave()


def _times(count: str) -> int:
    if not count.strip():
        return 1
    try:
        return max(0, int(count))
    except ValueError:
        raise PlayError(f"{count!r} is no number of changes") from None
