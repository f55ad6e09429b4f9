"""Layer cli: `charrnn play`: a person and a network write a text in turn."""

import dataclasses
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.checkpoints import find_checkpoint, offer_checkpoints
from charrnn.cli.options import GroupedCommand, label_option, option, settings_from, settings_options
from charrnn.errors import CharrnnError, PlayError, speaking
from charrnn.play.lines import action_of
from charrnn.play.words import choice_words, ending_words, help_lines, prompt_of, setting_words, tail_of, undone_words
from charrnn.settings import PlaySettings
from charrnn.text.sources import read_file

if TYPE_CHECKING:
    from charrnn.play.files import SessionFiles
    from charrnn.play.session import PlaySession
    from charrnn.render.console import Console


@click.command(cls=GroupedCommand, talks=True)
@click.argument("checkpoint", required=False, shell_complete=offer_checkpoints)
@option("--prime", metavar="TEXT", default="", group="Your text", help="text to begin with")
@option("--open", "file", metavar="FILE", group="Your text", help="begin with the text in FILE; /save saves it there")
@option("--resume", is_flag=True, group="Your text", help="begin with the last text that was not saved")
@label_option
@settings_options(PlaySettings)
def play(checkpoint: str | None, prime: str, file: str | None, resume: bool, label: str | None, **options: Any) -> None:
    """Write a text together with the network in CHECKPOINT, in turns: a file, a run's folder or its name.

    What you type is added to the text as it is. Enter on an empty line lets the network go on; /undo takes that back,
    /branch shows several continuations to choose from, /temp 0.5 changes a setting, /save FILE saves the text, /help
    lists the rest. Ctrl-C stops a continuation, Ctrl-D leaves.

    Without CHECKPOINT the newest run in ./checkpoints is used; if there is none, @shakespeare, which comes with
    charrnn. Lines may come from a pipe too: then only the final text is printed, on standard output.
    """
    if sum((bool(prime), file is not None, resume)) > 1:
        raise click.UsageError("a session begins with one text: give only one of --prime, --open and --resume")
    settings = settings_from(PlaySettings, options)
    from charrnn.model import load
    from charrnn.play.files import SessionFiles
    from charrnn.play.session import PlaySession
    from charrnn.render.console import Console
    from charrnn.render.reading import read_text
    from charrnn.render.wording import network_words, note_compiling, note_label, shell_quoted
    from charrnn.storage.drafts import Draft, latest_draft

    path = latest_draft() if resume else None
    if resume and path is None:
        raise PlayError("there is no unsaved text; leave out --resume")
    model = load(find_checkpoint(checkpoint), label)
    note_label(model.corpus.labels, label)
    console = Console()
    note_compiling([model.settings.network], "generate")
    session = PlaySession(model, settings, is_watched=console.is_talking)
    resume_call = " ".join(["charrnn play", *([shell_quoted(checkpoint)] if checkpoint else []), "--resume"])
    files = SessionFiles(session, Draft(path) if console.is_talking else None, resume_call, console.wants_result)
    player = _Player(session, console, files, model.mark is not None)
    console.note(f"{model.corpus.name or 'a text'}: {network_words(model.settings.network)}")
    console.note("type; Enter on an empty line lets the network continue; /help lists the commands")
    if file is not None:
        player.open(file)
    elif path is not None:
        player.begin(read_text(str(path)))
    elif prime:
        player.begin(prime)
    player.run()


class _Player:
    """Does what the lines of a console ask for: lines in, text and notes out, a draft kept of what is not saved."""

    def __init__(self, session: "PlaySession", console: "Console", files: "SessionFiles", ends_line: bool) -> None:
        """ends_line   whether the text that is delivered at the end gets a line end"""
        self._session, self._console, self._files, self._ends_line = session, console, files, ends_line
        self._settings = [spec.name for spec in dataclasses.fields(session.settings)]
        self._is_leaving, self._delivered = False, ""
        self._actions: dict[str, Callable[[str], None]] = {
            "type": lambda text: self._note_text(session.add(text)),
            "continue": lambda _: self._stream(session.go_on()),
            "pick": lambda number: self._note_end(not session.pick(int(number))),
            "none": lambda _: session.drop_choices(),
            "again": self._again, "branch": self._branch, "more": self._branch, "undo": self._undo, "redo": self._redo,
            "show": self._show,
            "save": lambda path: self._note(files.save(path.strip(), over=False)),
            "save!": lambda path: self._note(files.save(path.strip(), over=True)),
            "open": self.open, "new": lambda _: self.begin(""),
            "settings": self._show_settings, "help": self._help, "quit": self._quit}

    def run(self) -> None:
        """Until the person leaves, or the script is over."""
        number = 0
        try:
            self._note(self._files.keep())
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
                    with speaking("play"):
                        words = str(error)
                    if not self._console.is_talking:
                        raise type(error)(f"line {number:,} of standard input: {words}") from error
                    self._console.note(words)
                self._note(self._files.keep())
        finally:
            self._leave()

    def open(self, path: str) -> None:
        """Goes on with the text in a file; raises CorpusError where it cannot be read."""
        path = path.strip()
        if not path:
            raise PlayError("/open needs the name of a file")
        self.begin("".join(read_file(os.path.expanduser(path), lambda size: None)))
        self._session.saved(path)
        if not self._session.text:
            self._console.note(f"{path} is empty")

    def begin(self, text: str) -> None:
        """Goes on with `text`; one that was not saved stays in its draft."""
        is_saved, before = self._session.is_saved, self._session.text
        notes = self._session.begin(text)
        if not is_saved:
            self._note(self._files.set_aside(before))
        self._note_text(notes)

    def _step(self) -> None:
        session = self._session
        try:
            line = self._console.ask(prompt_of(session.text, len(session.choices)))
        except EOFError:
            self._console.show("\n")
            self._quit()
            return
        action = action_of(line, self._settings, len(session.choices))
        if action.name not in self._settings:
            self._actions[action.name](action.argument)
            return
        if action.argument:
            session.set(action.name, action.argument)
        self._console.note(setting_words(session.settings, action.name))

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

    def _show_settings(self, _: str) -> None:
        self._note(setting_words(self._session.settings, name) for name in self._settings)

    def _help(self, _: str) -> None:
        for line in help_lines(self._session.settings):
            self._console.tell(line)

    def _quit(self, _: str = "") -> None:
        objections = self._files.objections()
        self._note(objections)
        self._is_leaving = not objections

    def _stream(self, pieces: Generator[str, None, None]) -> None:
        """Shows a continuation as it is made."""
        is_empty = True
        with self._console.interruptible() as is_pressed, closing(pieces):
            for piece in pieces:
                is_empty &= not piece
                self._console.show(piece)
                if is_pressed():
                    break
        self._note_end(is_empty)

    def _note(self, notes: Iterable[str]) -> None:
        for note in notes:
            self._console.note(note)

    def _note_end(self, is_empty: bool) -> None:
        if words := ending_words(self._session.ending, is_empty):
            self._console.note(words)

    def _note_text(self, notes: Iterable[str]) -> None:
        """Says how a text was read, to a script too."""
        for note in notes:
            self._console.tell(f"note: {note}")

    def _leave(self) -> None:
        """Delivers the text, or says where it is."""
        self._note(self._files.keep())
        text = self._session.text
        if self._console.wants_result and text != self._delivered:
            self._console.deliver(text, self._ends_line)
        self._note(self._files.leave())


def _times(count: str) -> int:
    if not count.strip():
        return 1
    try:
        return max(0, int(count))
    except ValueError:
        raise PlayError(f"{count!r} is not a number of changes") from None
