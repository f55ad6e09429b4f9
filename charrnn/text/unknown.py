"""Layer text: units that a model never saw are refused, folded, skipped or replaced, so that it can read a text.

Folding tries another Unicode form (NFC, NFKD), the letter without its accents, a plain quote for a typographer's, or a
plain space for any other. A character is taken together with the accents behind it, a word or a token as a whole.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from charrnn.errors import SettingsError, VocabularyError
from charrnn.settings import UNKNOWN
from charrnn.text.tokenizers import Tokens, piece_pattern
from charrnn.text.vocabulary import NAMED, STAND_IN, Vocabulary, listed

# No Unicode form has these as plain characters.
_PLAIN = str.maketrans({**dict.fromkeys("\u2018\u2019\u201a", "'"), **dict.fromkeys("\u201c\u201d\u201e\xab\xbb", '"'),
                        **dict.fromkeys("\u2010\u2011\u2013\u2014\u2212", "-")})
_REPLACEMENTS = (STAND_IN, "?", " ")


@dataclass(frozen=True)
class Readable:
    """A text that has only units the model knows, and what was done for it: a note on what is read as something else,
    and one on what is left out or replaced."""

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
    other = next((sign for sign in _REPLACEMENTS if not vocabulary.unknown(sign)), "") if unknown == "replace" else ""
    read, before, strange = text, "", dict[str, str | None]()
    while read != before and vocabulary.unknown(read):  # without a word between them, two spaces become one new unit
        found = {piece: _folded(piece, vocabulary) for piece in _strangers(read, vocabulary, pattern)}
        if unknown == "error" or (unknown == "fold" and None in found.values()):
            raise VocabularyError(_refusal(read, vocabulary, found, unknown))
        strange = {**strange, **found}
        read, before = _put(read, pattern, found, other), read
    return Readable(read, list(_notes(strange, other)))


def _put(text: str, pattern: re.Pattern[str], strange: dict[str, str | None], other: str) -> str:
    """The text with the form of each strange piece, or `other`, in its place."""
    put = {piece: other if form is None else form for piece, form in strange.items()}
    return pattern.sub(lambda found: put.get(found[0], found[0]), text)


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


def _notes(strange: dict[str, str | None], other: str) -> Iterator[str]:
    """A note on what is read in another form, and one on what has none."""
    folded = [piece for piece, form in strange.items() if form is not None]
    if len(folded) == 1:
        yield f"the model never saw {_name(folded[0])}: {strange[folded[0]]!r} is read in its place"
    elif folded:
        forms = listed([f"{strange[piece]!r} for {piece!r}" for piece in folded])
        yield f"the model never saw {listed([_name(piece) for piece in folded])}: read as {forms}"
    rest = [_name(piece) for piece, form in strange.items() if form is None]
    if rest:
        it, its, is_ = ("it", "its", "is") if len(rest) == 1 else ("they", "their", "are")
        what = f"{other!r} is read in {its} place" if other else f"{it} {is_} left out"
        yield f"the model never saw {listed(rest)}: {what}"


def _name(piece: str) -> str:
    return f"{piece!r} (U+{ord(piece):04X})" if len(piece) == 1 else repr(piece)
