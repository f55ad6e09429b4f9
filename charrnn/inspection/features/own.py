"""Layer inspection: features that the user asks for: the matches of a regular expression, or labels from a file.

A file of labels has one symbol for each character of the text (line ends in both are passed over), or lines
START <tab> END <tab> NAME, which count characters from 0 and leave out the one at END.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from charrnn.errors import CorpusError, SettingsError
from charrnn.inspection.features.feature import Feature

# A feature takes a column of a large matrix: more symbols than this are no labels.
_MOST_LABELS = 50


def named_pattern(option: str, argument: str) -> tuple[str, str]:
    """NAME and REGEX of --feature NAME=REGEX; raises SettingsError for what is no such thing."""
    name, equals, pattern = argument.partition("=")
    if not (name.strip() and equals and pattern):
        raise SettingsError(f"{option} {argument!r} should be NAME=REGEX, for example {option} 'year=1[0-9]{{3}}'")
    return name.strip(), pattern


def matches(text: str, name: str, pattern: str) -> Feature:
    """True on every character of a match of `pattern` (multiline, as Python's re) in `text`.

    It looks at whole matches, so it may know what a cell can't yet. Raises SettingsError for a pattern that is none.
    """
    try:
        found = re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise SettingsError(f"{pattern!r} is no regular expression: {error}") from error
    values = np.zeros(len(text), bool)
    for match in found.finditer(text):
        values[match.start():match.end()] = True
    return Feature(name, values, f"inside a match of {pattern}", is_own=True)


def labels(text: str, content: str, origin: str) -> Iterator[Feature]:
    """A feature for each label in `content`, the text of the file `origin`.

    Raises CorpusError where it does not fit the text.
    """
    lines = content.split("\n")
    rows = [line.split("\t") for line in lines if line.strip()]
    if rows and all(len(row) == 3 for row in rows):
        yield from _spans(text, rows, origin)
    else:
        yield from _symbols(text, "".join(lines), origin)


def _spans(text: str, rows: Sequence[Sequence[str]], origin: str) -> Iterator[Feature]:
    by_name: dict[str, np.ndarray] = {}
    for number, (start, stop, name) in enumerate(rows, 1):
        if not (start.strip().isdigit() and stop.strip().isdigit() and int(start) < int(stop)):
            raise CorpusError(f"{origin}: line {number} is no START<tab>END<tab>NAME with START before END")
        by_name.setdefault(name.strip(), np.zeros(len(text), bool))[int(start):int(stop)] = True
    _check(len(by_name), origin)
    for name, values in by_name.items():
        yield Feature(name, values, f"labelled {name} in {origin}", is_own=True)


def _symbols(text: str, symbols: str, origin: str) -> Iterator[Feature]:
    places = np.array([t for t, character in enumerate(text) if character != "\n"], np.intp)
    if len(symbols) < len(places):
        raise CorpusError(f"{origin} has {len(symbols):,} labels for {len(places):,} characters (line ends not "
                          "counted); give one symbol for each, or lines START<tab>END<tab>NAME")
    kinds = sorted(set(symbols[:len(places)]))
    _check(len(kinds), origin)
    for kind in kinds:
        values = np.zeros(len(text), bool)
        values[places] = [symbol == kind for symbol in symbols[:len(places)]]
        yield Feature(f"label {kind}", values, f"labelled {kind!r} in {origin}", is_own=True)


def _check(count: int, origin: str) -> None:
    if count > _MOST_LABELS:
        raise CorpusError(f"{origin} has {count} different labels; at most {_MOST_LABELS} can be looked "
                          "for; is it a file of labels?")
