"""Layer inspection: features of the character that was just read, and nothing else: what the simplest cells follow."""

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from charrnn.inspection.features.feature import Feature

COMMONEST = 20
_VOWELS = set("aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿаеёиоуыэюяαεηιουω")  # noqa: RUF001
_KINDS: dict[str, tuple[Callable[[str], bool], str]] = {
    "a letter": (str.isalpha, "a letter of any script"),
    "a capital": (str.isupper, "a capital letter"),
    "a vowel": (lambda character: character.lower() in _VOWELS, "a e i o u y and their like, with accents too"),
    "a digit": (str.isdigit, "a digit"),
    "white space": (lambda character: character.isspace() and character != "\n", "a space, a tab or their like"),
    "a line end": (lambda character: character == "\n", "the end of a line"),
    "punctuation": (lambda character: not (character.isalnum() or character.isspace()),
                    "neither letter nor digit nor white space"),
}


def letters(text: str) -> Iterator[Feature]:
    """What kind of character each is, and whether it is one of the commonest."""
    characters = sorted(set(text))
    numbers = {character: number for number, character in enumerate(characters)}
    ids = np.fromiter((numbers[character] for character in text), np.intp, len(text))

    def where(is_so: Callable[[str], bool]) -> np.ndarray:
        return np.array([is_so(character) for character in characters], bool)[ids] if text else np.zeros(0, bool)

    for name, (is_so, definition) in _KINDS.items():
        yield Feature(name, where(is_so), definition, is_plain=True)
    for character in commonest(text):
        yield Feature(f"the letter {character}" if character.isalpha() else f"the character {character}",
                      where(character.__eq__), f"the character {character!r} was read", is_plain=True)


def commonest(text: str) -> list[str]:
    """The commonest characters, white space apart, which is a kind of its own; of equally common ones the first."""
    counts = Counter(character for character in text if not character.isspace())
    return sorted(counts, key=lambda character: (-counts[character], character))[:COMMONEST]
