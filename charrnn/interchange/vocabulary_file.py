"""Layer interchange: the vocabulary of another program's network, from a JSON or a text file."""

import json
from pathlib import Path
from typing import Any

from charrnn.errors import CorpusError, VocabularyError, shortened

ADVICE = "give a JSON list of characters in the order of their ids, an object of ids by character, or a text"


def read_vocabulary(path: Path, size: int) -> list[str]:
    """The characters in the order of their ids, `size` of them; raises VocabularyError for any other file.

    A .json file holds a list of the characters, a string of them, or an object: ids by character, or characters by
    id. Any other file is a text: with each character once it is in the order of the ids; with repetitions it is a
    training text, whose characters, sorted, are the vocabulary, as most programs for characters make theirs.
    """
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} is not UTF-8; a vocabulary is text or JSON") from error
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    characters = _from_json(path, text) if path.suffix.lower() == ".json" else _from_text(text, size)
    for number, character in enumerate(characters):
        if not isinstance(character, str) or len(character) != 1 or "\ud800" <= character <= "\udfff":
            raise VocabularyError(f"{path}: entry {number} is {shortened(character)}, and charrnn reads networks whose "
                                  "units are single characters")
    if len(characters) != size:
        raise VocabularyError(f"{path} has {len(characters):,} characters, and the network has {size:,}; {ADVICE}")
    if len(set(characters)) < size:
        twice = next(c for number, c in enumerate(characters) if c in characters[:number])
        raise VocabularyError(f"{path} has {twice!r} twice; each character needs one id")
    return characters


def _from_json(path: Path, text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise VocabularyError(f"{path} is not JSON; {ADVICE}") from error
    if isinstance(found, (str, list)):
        return list(found)
    if isinstance(found, dict) and found:
        pairs = list(found.items())
        if all(isinstance(value, str) and key.isdecimal() for key, value in pairs):
            pairs = [(value, int(key)) for key, value in pairs]
        if all(type(number) is int for _, number in pairs):
            pairs.sort(key=lambda pair: pair[1])
            if [number for _, number in pairs] == list(range(len(pairs))):
                return [character for character, _ in pairs]
            raise VocabularyError(f"{path}: the ids are not 0 to {len(pairs) - 1:,}; {ADVICE}")
    raise VocabularyError(f"{path} holds no vocabulary; {ADVICE}")


def _from_text(text: str, size: int) -> list[Any]:
    if len(text) == size + 1 and text.endswith("\n"):  # an editor's, behind the last character
        text = text.removesuffix("\n")
    return list(text) if len(set(text)) == len(text) else sorted(set(text))
