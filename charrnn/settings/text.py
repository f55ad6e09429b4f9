"""Layer settings: how a text is read: its documents, its units, its normal form, and characters a model never saw."""

from dataclasses import dataclass
from typing import Any

from charrnn.errors import SettingsError
from charrnn.settings.bounded import Bounded, setting

UNKNOWN = ("error", "fold", "skip", "replace")


def unknown_setting(note: str = "", group: str = "") -> Any:
    """The field of --unknown, the same in every class that has it; text/unknown.py does what it says."""
    return setting("error", "what to do with characters that the model never saw: stop with an error; fold them into "
                            f"another Unicode form or a letter without accents; skip or replace what is left{note}",
                   choices=UNKNOWN, group=group)


@dataclass(frozen=True)
class UnknownSettings(Bounded):
    """What is done with a text that a trained model can't read as it stands."""

    unknown: str = unknown_setting()


@dataclass(frozen=True)
class TextSettings(Bounded):
    """How a training text is read: what is one document, what is one unit, and how it is normalized."""

    documents: str | None = setting(
        None, "the text is a collection of documents: lines, blocks with blank lines between them, files, or pieces "
              "with any other TEXT between them (\\n and \\t: line end and tab); each is read from the initial state",
        metavar="[line|blank|file|TEXT]", group="Text")
    labels: str | None = setting(
        None, "generate by label; column: a name before a tab in each line; numbers: numbers there, with commas "
              "between them; path: the name of the file", choices=("column", "path", "numbers"))
    pairs: bool = setting(False, "each line is a source, a tab and a target: only the target is predicted")
    unit: str = setting("char", "unit of text to read and predict: a character, a byte of UTF-8, a token between "
                                "spaces, or a word (or what stands between words)",
                        choices=("char", "byte", "token", "word"))
    normalize: str = setting("none", "Unicode form to normalize the text to", choices=("none", "NFC", "NFKC"))
    lowercase: bool = setting(False, "convert all letters to lower case")
    between: str | None = setting(
        None, "put TEXT between files, in folders too (default: a line end, unless the file before ends with one); "
              "\\n and \\t: line end and tab", metavar="TEXT")
    min_count: int = setting(1, "read units that occur fewer times than this as one, U+FFFD, which is never written",
                              low=1, high=10**9)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.documents is None and (self.labels is not None or self.pairs):
            object.__setattr__(self, "documents", "line")
        if self.labels is not None and self.pairs:
            raise SettingsError("--labels and --pairs contradict each other; give one of them")
        if self.documents != "line" and (self.pairs or self.labels in ("column", "numbers")):
            raise SettingsError(f"--{'pairs' if self.pairs else 'labels'} reads one document a line, with a tab in it; "
                                "leave --documents out")
        if self.pairs and self.unit in ("token", "word"):
            raise SettingsError(f"--pairs and --unit {self.unit} contradict each other: the tab has to be a unit of "
                                "its own; leave one of them out")
        if self.documents == "":
            raise SettingsError("--documents needs line, blank, file, or the text that stands between documents")
        if any("\ud800" <= character <= "\udfff" for character in self.between or ""):
            raise SettingsError(f"between is {self.between!r}, which is not valid UTF-8; give other text")
        if self.documents is not None and self.between is not None:
            raise SettingsError("--documents and --between contradict each other: a document ends where its file ends, "
                                "and nothing stands between; leave one of them out")
        if self.unit == "byte" and self.min_count > 1:
            raise SettingsError("--min-count has no effect with --unit byte: there are only 256 bytes; leave it "
                                "out")

    @property
    def unit_name(self) -> str:
        """What one unit is called."""
        return "character" if self.unit == "char" else self.unit
