"""Layer play: a session: the text, what the network adds to it, continuations to choose from, and the settings.

The network reads the whole text anew for each continuation, so that what it knows is always what stands there:
a continuation is what Model.sample gives for the text, the settings and the seed.
"""

import dataclasses
from collections.abc import Generator
from contextlib import closing
from typing import Any

from charrnn.errors import PlayError
from charrnn.play.history import Change, History
from charrnn.play.writer import Writer
from charrnn.settings import PlaySettings
from charrnn.text.tokenizers import Tokens

_SEEDS = 2**63


class Session:
    """A text in the making.

    settings   how continuations are drawn; the first has the seed given there, each further one the next number
    choices    continuations to choose from; empty if there are none
    endings    what ended each of them, as in `ending`
    ending     what ended the continuation that was drawn or chosen last: "length", "document", "stop"; None if it was
               not taken to its end
    file       the file that the text was saved to or comes from
    """

    def __init__(self, model: Writer, settings: PlaySettings | None = None, is_watched: bool = True) -> None:
        """is_watched   whether somebody can stop a continuation that never ends

        Raises SettingsError for settings that the model cannot follow.
        """
        self._model, self._history, self._is_watched = model, History(), is_watched
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
        """Takes down that the text lies in `file`."""
        self.file, self._saved = file, self.text

    def add(self, text: str) -> list[str]:
        """Adds text as it is; what was done to make it readable, a note each.

        Raises VocabularyError for what the model never saw, PlayError for what goes past the end of a document; the
        text stays as it was then.
        """
        notes = self._check(text, self.text)
        self._replace(len(self.text), text)
        return notes

    def begin(self, text: str = "") -> list[str]:
        """Puts another text in place of all; notes and refusals are those of add()."""
        notes = self._check(text)
        self._replace(0, text)
        return notes

    def go_on(self) -> Generator[str, None, None]:
        """A continuation, piece by piece; the pieces that were taken are in the text when the iterator is closed."""
        return self._written(len(self.text))

    def again(self) -> Generator[str, None, None]:
        """Another continuation in place of the last, as go_on() gives it; raises PlayError where the last change was
        none."""
        last = self._history.last
        if last is None or not last.is_written:
            raise PlayError("the last change was no continuation; Enter writes one")
        return self._written(last.at)

    def branch(self) -> Generator[tuple[int, str], None, None]:
        """Pieces of settings.samples continuations, with their numbers from 1; they are in choices when the iterator
        is closed, as far as they were taken."""
        choices: list[str] = []
        endings: list[str | None] = []
        try:
            for number in range(1, self.settings.samples + 1):
                with closing(self._drawn_after(self.text, must_end=True)) as drawing:
                    for piece in drawing:
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
        """Takes back the last change; raises PlayError if there is none."""
        return self._moved(self._history.undo(), "there is nothing to take back")

    def redo(self) -> Change:
        """Makes again what was taken back; raises PlayError if there is nothing."""
        return self._moved(self._history.redo(), "nothing was taken back")

    def set(self, name: str, value: str) -> None:
        """Changes a setting, or adds to one that may be given several times; `default` gives it its default.

        Raises SettingsError for what does not fit; the settings stay as they were then.
        """
        spec = next(spec for spec in dataclasses.fields(self.settings) if spec.name == name)
        now = getattr(self.settings, name)
        self.settings = self._fitting(dataclasses.replace(self.settings, **{name: _read(spec, value, now)}))
        if name == "seed":
            self._drawn = 0

    def _check(self, new: str, before: str = "") -> list[str]:
        """The notes on `new`, if it can be read behind `before`."""
        mark, vocabulary = self._model.mark, self._model.vocabulary
        if mark is not None and mark in new:
            raise PlayError(f"{mark!r} ends a document here, and a text is one document; /new begins another")
        # only a word or a token may become another one by what is added to it
        begun = self._read(before.split()[-1]) if isinstance(vocabulary, Tokens) and before[-1:].strip() else ""
        readable = self._model.readable(begun + new, self.settings.unknown)
        return [*readable.notes, *(f"too rare in training to be known, and read as \ufffd: {name}"
                                   for name in vocabulary.rare(readable.text))]

    def _read(self, text: str) -> str:
        """The text as the network reads it. What was typed has been checked: what it does not know now it wrote itself,
        half a character of a network that writes bytes, or two words in a row without a space."""
        return self._model.readable(text, "replace" if self.settings.unknown == "replace" else "skip").text

    def _fitting(self, settings: PlaySettings) -> PlaySettings:
        """The settings, if the model can follow them."""
        self._model.drawing(dataclasses.replace(settings, samples=1, seed=0), "")
        return settings

    def _written(self, at: int) -> Generator[str, None, None]:
        pieces: list[str] = []
        try:
            with closing(self._drawn_after(self.text[:at])) as drawing:
                for piece in drawing:
                    pieces.append(piece)
                    yield piece
        finally:
            if any(pieces):
                self._replace(at, "".join(pieces), is_written=True)

    def _drawn_after(self, text: str, must_end: bool = False) -> Generator[str, None, None]:
        """What the network adds to `text`, piece by piece; sets `ending` when all is taken."""
        seed = None if self.settings.seed is None else (self.settings.seed + self._drawn) % _SEEDS
        self.ending = None
        drawing = self._model.drawing(dataclasses.replace(self.settings, samples=1, seed=seed), self._read(text))
        if must_end or not self._is_watched:
            drawing.refuse_endless()
        self._drawn += 1
        for [piece] in drawing.pieces():
            yield piece.text
        [self.ending] = drawing.endings

    def _replace(self, at: int, new: str, is_written: bool = False) -> None:
        self._changed(self._history.replace(at, new, is_written))

    def _moved(self, change: Change | None, refusal: str) -> Change:
        if change is None:
            raise PlayError(refusal)
        self._changed(change)
        return change

    def _changed(self, change: Change | None) -> None:
        self.choices = []
        if change is not None and change.at == 0:
            self.file = None  # it is another text now, which must not be saved over that one


def _read(spec: Any, value: str, now: Any) -> Any:
    """A typed value of a setting; one that may be given several times gets the value in addition to those of `now`."""
    if value.strip() == "default":
        return spec.default
    if isinstance(spec.default, tuple):
        return (*now, value)
    if isinstance(spec.default, bool):
        return {"on": True, "off": False}.get(value.strip(), value)
    if spec.metadata["low"] is None and not spec.metadata["choices"]:
        return value
    value = value.strip()
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            pass
    return value  # refused by the settings, in their words
