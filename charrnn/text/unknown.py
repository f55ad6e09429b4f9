"""Layer text: units that a model never saw are refused, folded, skipped or replaced, so that it can read a text.

Folding tries another Unicode form (NFC, NFKD), the letter without its accents, a plain quote for a typographer's, or a
plain space for any other. A character is taken together with the accents behind it, a word or a token as a whole.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from charrnn.errors import SettingsError, VocabularyError
from charrnn.settings import UNKNOWN
from charrnn.text.tokenizers import Tokens, piece_pattern
from charrnn.text.vocabulary import NAMED, STAND_IN, Vocabulary

# No Unicode form has these as plain characters.
_PLAIN = str.maketrans({**dict.fromkeys("\u2018\u2019\u201a", "'"), **dict.fromkeys("\u201c\u201d\u201e\xab\xbb", '"'),
                        **dict.fromkeys("\u2010\u2011\u2013\u2014\u2212", "-")})
_REPLACEMENTS = (STAND_IN, "?", " ")


@dataclass(frozen=True)
class Readable:
    """A text that has only units the model knows, and what was done for it, one note each."""

    text: str
    notes: list[str]


def readable(text: str, vocabulary: Vocabulary, unknown: str = "error") -> Readable:
    """`text` as a model of `vocabulary` can read it.

    unknown   "error" refuses what the model never saw; "fold" reads another form of it, and refuses what has none;
              "skip" leaves out what has none, "replace" puts U+FFFD, a question mark or a space in its place

    A model that reads everything rare as U+FFFD refuses nothing. Raises VocabularyError, and SettingsError for another
    value of unknown.
    """
    if unknown not in UNKNOWN:
        raise SettingsError(f"unknown is {unknown!r}; it must be one of {', '.join(UNKNOWN)}")
    if not vocabulary.unknown(text) or (unknown in ("error", "fold") and vocabulary.stand_in >= 0):
        return Readable(text, [])
    pattern = _pattern(text, vocabulary)
    strange = {piece: _folded(piece, vocabulary) for piece in _strangers(text, vocabulary, pattern)}
    if unknown == "error" or (unknown == "fold" and None in strange.values()):
        raise VocabularyError(_refusal(text, vocabulary, strange, unknown))
    other = next((sign for sign in _REPLACEMENTS if not vocabulary.unknown(sign)), "") if unknown == "replace" else ""
    put = {piece: other if form is None else form for piece, form in strange.items()}
    notes = [_note(piece, form, other) for piece, form in strange.items()]
    done = pattern.sub(lambda found: put.get(found[0], found[0]), text)
    if done != text and vocabulary.unknown(done):  # without a word between them, two spaces have become one unit
        done, more = dataclasses.astuple(readable(done, vocabulary, unknown))
        notes += [note for note in more if note not in notes]
    return Readable(done, notes)


def _pattern(text: str, vocabulary: Vocabulary) -> re.Pattern[str]:
    """What one piece of the text is: a token, a word, or a character with the marks behind it."""
    if isinstance(vocabulary, Tokens):
        return piece_pattern(vocabulary)
    marks = "".join(c for c in set(text) if unicodedata.category(c)[0] == "M")
    return re.compile(rf".[{marks}]*" if marks else ".", re.DOTALL)


def _strangers(text: str, vocabulary: Vocabulary, pattern: re.Pattern[str]) -> Iterator[str]:
    """Each piece that the vocabulary lacks, or lacks a part of, in the order of the text."""
    return (piece for piece in dict.fromkeys(pattern.findall(text)) if vocabulary.unknown(piece))


def _folded(piece: str, vocabulary: Vocabulary) -> str | None:
    """Another form of `piece` that is known; None if there is none."""
    apart = unicodedata.normalize("NFKD", piece)
    bare = "".join(c for c in apart if unicodedata.category(c)[0] != "M")
    for form in (unicodedata.normalize("NFC", piece), unicodedata.normalize("NFD", piece),
                 unicodedata.normalize("NFKC", piece), apart, bare, bare.translate(_PLAIN),
                 " " if piece.isspace() else ""):
        if form and not vocabulary.unknown(form):
            return form
    return None


def _refusal(text: str, vocabulary: Vocabulary, strange: dict[str, str | None], unknown: str) -> str:
    """The one line that names what is unknown, and what can be done."""
    folds = [f"{form!r} for {piece!r}" for piece, form in strange.items() if form is not None]
    ways = []
    if folds and unknown == "error":
        rest = " and others" if len(folds) > NAMED else ""
        ways.append(f"--unknown fold would read {', '.join(folds[:NAMED])}{rest}")
    if None in strange.values():
        what = "the rest" if folds else "it" if len(vocabulary.unknown(text)) == 1 else "them"
        ways.append(f"--unknown skip would leave {what} out")
    return f"{vocabulary.unknown_words(text)}; {', '.join(ways)}"


def _note(piece: str, form: str | None, other: str) -> str:
    name = f"{piece!r} (U+{ord(piece):04X})" if len(piece) == 1 else repr(piece)
    if form is not None:
        return f"the model never saw {name}: {form!r} is read in its place"
    return f"the model never saw {name}: " + (f"{other!r} is read in its place" if other else "it is left out")
