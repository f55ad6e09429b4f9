"""Layer text: text normalized: brought into one Unicode form, and into lower case.

Chunks come in; chunks go out. Where they are cut makes no difference: what the next character might still change is
held back.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial

from charrnn.errors import CorpusError, shortened
from charrnn.settings import TextSettings

SIGMA = "Σ"
_LEADING_JAMO_END, _LAST_JAMO = "\u1160", "\u11ff"


def normalized(text: str, settings: TextSettings) -> str:
    """`text` in the Unicode form and the case that `settings` ask for; raises CorpusError for what is no string."""
    if not isinstance(text, str):
        raise CorpusError(f"{shortened(text)} is no text; give a string")
    return "".join(normalized_chunks([text] if text else [], settings))


def normalized_chunks(chunks: Iterable[str], settings: TextSettings) -> Iterator[str]:
    """The text in `chunks`, normalized; none of the chunks is empty, neither before nor after."""
    normalize = partial(unicodedata.normalize, settings.normalize)  # type: ignore[arg-type]  # one of its choices
    if settings.normalize != "none":
        chunks = _changed(chunks, normalize, _normalizes_apart)
    if settings.lowercase:
        chunks = _changed(chunks, str.lower, _lowers_apart)
        if settings.normalize != "none":  # a small letter may have a form that its capital has not
            chunks = _changed(chunks, normalize, _normalizes_apart)
    return iter(chunks)


def _changed(chunks: Iterable[str], change: Callable[[str], str], is_apart: Callable[[str, str], bool]
             ) -> Iterator[str]:
    """What `change` makes of the text in `chunks`, which is cut only between characters that change apart."""
    held: list[str] = []
    last = ""
    for chunk in chunks:
        pairs = ((place, chunk[place - 1] if place else last) for place in range(len(chunk) - 1, -1, -1))
        cut = next((place for place, before in pairs if is_apart(before, chunk[place])), None)
        if cut is None:
            held.append(chunk)
        else:
            if text := "".join(held) + chunk[:cut]:
                yield change(text)
            held = [chunk[cut:]]
        last = chunk[-1]
    if held:
        yield change("".join(held))


def _normalizes_apart(before: str, after: str) -> bool:
    """Whether `after`, and all behind it, is normalised without regard to what stands before it."""
    return _begins_anew(after)


@lru_cache(maxsize=1 << 12)
def _begins_anew(character: str) -> bool:
    first = unicodedata.normalize("NFKD", character)[0]
    is_later_jamo = _LEADING_JAMO_END <= first <= _LAST_JAMO
    return not (unicodedata.combining(first) or is_later_jamo or first in _seconds())


@lru_cache(maxsize=1)
def _seconds() -> frozenset[str]:
    """The characters that may become one with the character before them, as Unicode's own table has it."""
    pairs = (unicodedata.decomposition(chr(code)).split() for code in range(0x20000))  # beyond there are no pairs
    return frozenset(chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and not pair[0].startswith("<"))


def _lowers_apart(before: str, after: str) -> bool:
    """Whether no capital sigma has to look from one to the other for whether it ends a word."""
    return _stops_sigma(before) and _stops_sigma(after)


@lru_cache(maxsize=1 << 12)
def _stops_sigma(character: str) -> bool:
    """Whether a sigma looks no further than `character`; it looks past what belongs to a letter, and to no word."""
    is_passed = ("A" + character + SIGMA).lower()[-1] == "ς" and (character + SIGMA).lower()[-1] != "ς"
    return character != SIGMA and not is_passed
