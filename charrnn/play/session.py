"""Layer play: a text that a person and a network write in turn: the text, its history, and the continuations.

The network reads the whole text anew for each continuation, so a continuation is always what Model.sample gives for the
text, the settings and the seed.
"""

import dataclasses
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from charrnn.errors import PlayError
from charrnn.sampling.session import LanguageModel
from charrnn.settings import PlaySettings
from charrnn.text.tokenizers import Tokens

_SEEDS = 2**63


@dataclass(frozen=True)
class Change:
    """From place `at` on, the text was `old` and is `new`.

    is_written   whether the network wrote it
    """

    at: int
    old: str
    new: str
    is_written: bool = False


class TextHistory:
    """A text whose changes can be undone. A change puts something new in place of the text's end."""

    def __init__(self) -> None:
        self.text = ""
        self._done: list[Change] = []
        self._undone: list[Change] = []

    @property
    def last(self) -> Change | None:
        """The change that made the text what it is."""
        return self._done[-1] if self._done else None

    def replace(self, at: int, new: str, is_written: bool = False) -> Change | None:
        """Puts `new` in place of all from `at` on and forgets what was undone; None if that changes nothing."""
        if self.text[at:] == new:
            return None
        self._done.append(Change(at, self.text[at:], new, is_written))
        self._undone.clear()
        return self._put(self._done[-1], new)

    def undo(self) -> Change | None:
        """Undoes the last change; None if there is none."""
        if self._done:
            self._undone.append(self._done.pop())
            return self._put(self._undone[-1], self._undone[-1].old)
        return None

    def redo(self) -> Change | None:
        """Makes the last undone change again; None if there is none."""
        if self._undone:
            self._done.append(self._undone.pop())
            return self._put(self._done[-1], self._done[-1].new)
        return None

    def _put(self, change: Change, end: str) -> Change:
        self.text = self.text[:change.at] + end
        return change


class PlaySession:
    """A text in the making.

    settings   how continuations are drawn; the first has the seed given there, each further one the next number
    choices    continuations to choose from; empty if there are none
    endings    what ended each of them, as in `ending`
    ending     what ended the continuation that was drawn or chosen last: "length", "document", "stop"; None if it was
               not taken to its end
    file       the file that the text was saved to or comes from
    """

    def __init__(self, model: LanguageModel, settings: PlaySettings | None = None, is_watched: bool = True) -> None:
        """is_watched   whether somebody can stop a continuation that never ends

        Raises SettingsError for settings that the model cannot follow.
        """
        self._model, self._history, self._is_watched = model, TextHistory(), is_watched
        self.settings = self._fitting(settings or PlaySettings())
        self.choices: list[str] = []
        self.endings: list[str | None] = []
        self.ending: str | None = None
        self.file: str | None = None
        self._saved, self._drawn = "", 0

    @property
    def text(self) -> str:
        return self._history.text

    @property
    def is_saved(self) -> bool:
        """Whether nothing would be lost; an empty text is no loss."""
        return self.text in (self._saved, "")

    def saved(self, file: str) -> None:
        """Records that the text is in `file`."""
        self.file, self._saved = file, self.text

    def add(self, text: str) -> list[str]:
        """Adds text as it is; returns what was done to make it readable, a note each.

        Raises VocabularyError for characters the model never saw, PlayError for the end of a document; the text stays
        as it was then.
        """
        notes = self._check(text, self.text)
        self._replace(len(self.text), text)
        return notes

    def begin(self, text: str = "") -> list[str]:
        """Replaces the whole text; notes and errors are those of add()."""
        notes = self._check(text)
        self._replace(0, text)
        return notes

    def go_on(self) -> Generator[str, None, None]:
        """A continuation, piece by piece; the pieces that were taken are in the text when the iterator is closed."""
        return self._written(len(self.text))

    def again(self) -> Generator[str, None, None]:
        """Another continuation in place of the last, as go_on() gives it; raises PlayError if the last change was no
        continuation."""
        last = self._history.last
        if last is None or not last.is_written:
            raise PlayError("the last change was no continuation; Enter writes one")
        return self._written(last.at)

    def branch(self) -> Generator[tuple[int, str], None, None]:
        """Pieces of settings.samples continuations, with their numbers from 1; when the iterator is closed, what was
        taken of them is in choices."""
        choices: list[str] = []
        endings: list[str | None] = []
        try:
            for number in range(1, self.settings.samples + 1):
                with closing(self._drawn_after(self.text, must_end=True)) as pieces:
                    for piece in pieces:
                        if len(choices) < number:
                            choices.append("")
                            endings.append(None)
                        choices[-1] += piece
                        yield number, piece
                endings[-1] = self.ending
        finally:
            self.choices, self.endings = choices, endings

    @property
    def before_last(self) -> str:
        """The text without the last change."""
        return self.text[:self._history.last.at] if self._history.last else ""

    def drop_choices(self) -> None:
        """Takes none of the choices."""
        self.choices = []

    def pick(self, number: int) -> str:
        """Adds the continuation of that number, from 1, and returns it; raises PlayError if there is none."""
        if not 1 <= number <= len(self.choices):
            raise PlayError(f"there is no continuation {number}; choose 1 to {len(self.choices)}, or Enter for none")
        chosen, self.ending = self.choices[number - 1], self.endings[number - 1]
        self._replace(len(self.text), chosen, is_written=True)
        return chosen

    def undo(self) -> Change:
        """Undoes the last change; raises PlayError if there is none."""
        return self._moved(self._history.undo(), "there is nothing to take back")

    def redo(self) -> Change:
        """Makes the last undone change again; raises PlayError if there is none."""
        return self._moved(self._history.redo(), "nothing was taken back")

    def set(self, name: str, value: str) -> None:
        """Changes a setting, or adds to a repeatable one; `default` restores its default.

        Raises SettingsError for a value that does not fit; the settings stay as they were then.
        """
        [spec] = [spec for spec in dataclasses.fields(self.settings) if spec.name == name]
        typed = _setting_value(spec, value, getattr(self.settings, name))
        self.settings = self._fitting(dataclasses.replace(self.settings, **{name: typed}))
        if name == "seed":
            self._drawn = 0

    def _check(self, new: str, before: str = "") -> list[str]:
        """The notes on `new`, if it can be read after `before`."""
        mark, vocabulary = self._model.mark, self._model.vocabulary
        if mark is not None and mark in new:
            raise PlayError(f"{mark!r} ends a document here, and a text is one document; /new begins another")
        # only a word or a token may become another one by what is added to it
        begun = self._read(before.split()[-1]) if isinstance(vocabulary, Tokens) and before[-1:].strip() else ""
        readable = self._model.readable(begun + new, self.settings.unknown)
        return [*readable.notes, *(f"too rare in training to be known, and read as \ufffd: {name}"
                                   for name in vocabulary.rare(readable.text))]

    def _read(self, text: str) -> str:
        """The text as the network reads it. What was typed was checked. What is unknown now the network wrote itself:
        half a character where units are bytes, or two words in a row without a space."""
        return self._model.readable(text, "replace" if self.settings.unknown == "replace" else "skip").text

    def _fitting(self, settings: PlaySettings) -> PlaySettings:
        """The settings, if the model can follow them."""
        self._model.session(dataclasses.replace(settings, samples=1, seed=0), "")
        return settings

    def _written(self, at: int) -> Generator[str, None, None]:
        taken: list[str] = []
        try:
            with closing(self._drawn_after(self.text[:at])) as pieces:
                for piece in pieces:
                    taken.append(piece)
                    yield piece
        finally:
            if any(taken):
                self._replace(at, "".join(taken), is_written=True)

    def _drawn_after(self, text: str, must_end: bool = False) -> Generator[str, None, None]:
        """What the network adds to `text`, piece by piece; sets `ending` when all is taken."""
        seed = None if self.settings.seed is None else (self.settings.seed + self._drawn) % _SEEDS
        self.ending = None
        session = self._model.session(dataclasses.replace(self.settings, samples=1, seed=seed), self._read(text))
        if must_end or not self._is_watched:
            session.refuse_endless()
        self._drawn += 1
        for [piece] in session.pieces():
            yield piece.text
        [self.ending] = session.endings

    def _replace(self, at: int, new: str, is_written: bool = False) -> None:
        self._changed(self._history.replace(at, new, is_written))

    def _moved(self, change: Change | None, refusal: str) -> Change:
        if change is None:
            raise PlayError(refusal)
        self._changed(change)
        return change

    def _changed(self, change: Change | None) -> None:
        self.choices = []
        if change is not None and change.at == 0 and self._saved:
            self.file = None  # it is another text now, which must not be saved over that one


def _setting_value(spec: dataclasses.Field[Any], typed: str, now: Any) -> Any:
    """A typed value of a setting; a repeatable one gets the value in addition to those of `now`."""
    value = typed.strip()
    if value == "default":
        return spec.default
    if isinstance(spec.default, tuple):
        return (*now, typed)
    if isinstance(spec.default, bool):
        return {"on": True, "off": False}.get(value, typed)
    if spec.metadata["low"] is None:
        return value if spec.metadata["choices"] else typed
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            pass
    return value  # refused by the settings, in their words
