"""Layer play: a text whose changes can be taken back. A change puts something new in place of the text's end."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """From place `at` on, the text was `old` and is `new`.

    is_written   whether the network wrote it
    """

    at: int
    old: str
    new: str
    is_written: bool = False


class History:
    """The text as it is now, and the changes before and after it."""

    def __init__(self) -> None:
        self.text = ""
        self._done: list[Change] = []
        self._undone: list[Change] = []

    @property
    def last(self) -> Change | None:
        """The change that made the text what it is."""
        return self._done[-1] if self._done else None

    def replace(self, at: int, new: str, is_written: bool = False) -> Change | None:
        """Puts `new` in place of all from `at` on; what was undone is forgotten. None if that changes nothing."""
        old = self.text[at:]
        if old == new:
            return None
        change = Change(at, old, new, is_written)
        self.text = self.text[:at] + new
        self._done.append(change)
        self._undone.clear()
        return change

    def undo(self) -> Change | None:
        """Takes back the last change; None if there is none."""
        if not self._done:
            return None
        change = self._done.pop()
        self.text = self.text[:change.at] + change.old
        self._undone.append(change)
        return change

    def redo(self) -> Change | None:
        """Makes the last change that was taken back once more; None if there is none."""
        if not self._undone:
            return None
        change = self._undone.pop()
        self.text = self.text[:change.at] + change.new
        self._done.append(change)
        return change
