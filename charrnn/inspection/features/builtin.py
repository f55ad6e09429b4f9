"""Layer inspection: the built-in features: those of the current character, of what comes next, and all together."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from charrnn.inspection.features.enclosures import COMMENTS, ENCLOSURES, closing_quotes, looks_like_code
from charrnn.inspection.features.feature import Feature, FeatureRule, bools, numbers
from charrnn.inspection.features.layout import DOCUMENTS, LAYOUT, SENTENCES, has_bars, looks_like_sentences

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


def features(texts: Sequence[str], following: str = "") -> list[Feature]:
    """All of them; `following` is the character after the end of each text, if there is one."""
    return [*causal_features(texts), *_joined(texts, lambda text: anticipating(text, following))]


def causal_features(texts: Sequence[str]) -> list[Feature]:
    """The features that follow from what was read so far, of separate texts, one after the other.

    Which features there are depends on all texts together; their values do not.
    """
    whole = "".join(texts)
    return [*(rule.feature(texts) for rule in _rules(whole, len(texts) > 1)), *characters(whole)]


def _rules(whole: str, are_documents: bool) -> list[FeatureRule]:
    """The rules that mean something for a text like this."""
    layout = [rule for rule in LAYOUT if rule.name != "position in the bar" or has_bars(whole)]
    return [*ENCLOSURES, *([COMMENTS] if looks_like_code(whole) else []), *layout,
            *(SENTENCES if looks_like_sentences(whole) else ()), *(DOCUMENTS if are_documents else ())]


def all_rules() -> list[FeatureRule]:
    """Every rule, for the list of definitions."""
    return [*ENCLOSURES, COMMENTS, *LAYOUT, *SENTENCES, *DOCUMENTS]


def _joined(texts: Sequence[str], features_of: Callable[[str], Iterable[Feature]]) -> Iterator[Feature]:
    """Each feature with its values in every text."""
    for parts in zip(*(features_of(text) for text in texts), strict=True):
        yield parts[0].with_values(np.concatenate([part.values for part in parts]))


def characters(text: str) -> Iterator[Feature]:
    """Features of the current character: its kind, and whether it is one of the commonest."""
    alphabet = sorted(set(text))
    number_of = {character: number for number, character in enumerate(alphabet)}
    ids = np.fromiter((number_of[character] for character in text), np.intp, len(text))

    def where(is_so: Callable[[str], bool]) -> np.ndarray:
        return np.array([is_so(character) for character in alphabet], bool)[ids] if text else np.zeros(0, bool)

    for name, (is_so, definition) in _KINDS.items():
        yield Feature(name, where(is_so), definition, is_plain=True)
    for character in commonest(text):
        yield Feature(f"the letter {character}" if character.isalpha() else f"the character {character}",
                      where(character.__eq__), f"the character {character!r} was read", is_plain=True)


def commonest(text: str) -> list[str]:
    """The commonest characters but for white space, which is a kind of its own; sorted where equally common."""
    counts = Counter(character for character in text if not character.isspace())
    return sorted(counts, key=lambda character: (-counts[character], character))[:COMMONEST]


def anticipating(text: str, following: str) -> Iterator[Feature]:
    """What comes after each place of `text`: no cell can know it; one that follows it has learned to predict it.

    following   the character after the end of `text`, or nothing
    """
    to_come = (text + (following or "\n"))[1:]
    yield Feature("next: a line end", bools(character == "\n" for character in to_come),
                  "the character to come ends the line", is_causal=False)
    yield Feature("next: white space", bools(character in " \t" for character in to_come),
                  "the character to come is a space or a tab", is_causal=False)
    yield Feature("next: a closing quote", closing_quotes(text + (following or " "))[1:],
                  "the character to come closes a double quote, or one of « »", is_causal=False)
    yield Feature("until line end", numbers(_until_line_end(to_come))[::-1], "characters to come before the line ends",
                  is_causal=False)


def _until_line_end(to_come: str) -> Iterator[int]:
    """For each place, the last first."""
    count = 0
    for character in reversed(to_come):
        count = 0 if character == "\n" else count + 1
        yield count
