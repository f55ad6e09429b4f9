"""Layer inspection: custom features: the matches of a regular expression, or labels from a file.

A file of labels has one symbol for each character of the text (line ends in both are skipped), or lines
START <tab> END <tab> NAME, with characters counted from 0 and END excluded.
"""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from charrnn.errors import CorpusError, SettingsError, shortened
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.features.layout import separator

# Each label is a row of a large matrix; a file with more of them is probably not a file of labels.
_MOST_LABELS = 50


def named_pattern(argument: str) -> tuple[str, str]:
    """NAME and REGEX of --feature NAME=REGEX; raises SettingsError for anything else."""
    name, equals, pattern = argument.partition("=")
    if not (name.strip() and equals and pattern):
        raise SettingsError(f"--feature {argument!r} should be NAME=REGEX, for example --feature "
                            "'year=1[0-9]{3}'")
    return name.strip(), pattern


def regex_feature(text: str, name: str, pattern: str) -> Feature:
    """True on every character of a match of `pattern` (multiline, as Python's re) in `text`.

    The start of a match may depend on later characters. Raises SettingsError for an invalid pattern.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of what later versions of Python may read otherwise
            found = re.compile(pattern, re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        raise SettingsError(f"{shortened(pattern)} is not a regular expression: {error}; correct it, or put \\ "
                             "before a sign that stands for itself") from error

    def matches(text: str) -> np.ndarray:
        values = np.zeros(len(text), bool)
        for match in found.finditer(text):
            values[match.start():match.end()] = True
        return values

    return Feature(name, matches(text), f"inside a match of {pattern}", is_custom=True, of=matches)


def since_feature(text: str, sign: str) -> Feature:
    """Characters since the last `sign`; raises SettingsError for an empty one."""
    if not sign:
        raise SettingsError("--since needs a character, or a few, to count from")
    return replace(separator(sign).feature([text]), is_custom=True)


def label_features(text: str, content: str, file: str) -> Iterator[Feature]:
    """A feature for each label in `content`, the text of `file`.

    Raises CorpusError if the labels do not fit the text.
    """
    lines = content.split("\n")
    rows = {number: line.split("\t") for number, line in enumerate(lines, 1) if line.strip()}
    if rows and all(len(row) == 3 for row in rows.values()):
        yield from _spans(text, rows, file)
    else:
        yield from _symbols(text, "".join(lines), file)


_PLACE = re.compile(r"\d{1,18}")


def _spans(text: str, rows: Mapping[int, Sequence[str]], file: str) -> Iterator[Feature]:
    """rows   by the numbers of their lines"""
    _check(len({name.strip() for _, _, name in rows.values()}), file)
    by_name: dict[str, np.ndarray] = {}
    for number, (start, stop, name) in rows.items():
        if not (_PLACE.fullmatch(start.strip()) and _PLACE.fullmatch(stop.strip()) and int(start) < int(stop)):
            raise CorpusError(f"{file}: line {number} is not START<tab>END<tab>NAME with START before END")
        by_name.setdefault(name.strip(), np.zeros(len(text), bool))[int(start):int(stop)] = True
    for name, values in by_name.items():
        yield Feature(name, values, f"labelled {name} in {file}", is_custom=True)


def _symbols(text: str, symbols: str, file: str) -> Iterator[Feature]:
    places = np.array([t for t, character in enumerate(text) if character != "\n"], np.intp)
    if len(symbols) < len(places):
        raise CorpusError(f"{file} has {len(symbols):,} labels for {len(places):,} characters (line ends not "
                          "counted); give one symbol for each, or lines START<tab>END<tab>NAME")
    kinds = sorted(set(symbols[:len(places)]))
    _check(len(kinds), file)
    for kind in kinds:
        values = np.zeros(len(text), bool)
        values[places] = [symbol == kind for symbol in symbols[:len(places)]]
        yield Feature(f"label {kind}", values, f"labelled {kind!r} in {file}", is_custom=True)


def _check(count: int, file: str) -> None:
    if count > _MOST_LABELS:
        raise CorpusError(f"{file} has {count} different labels; at most {_MOST_LABELS} are allowed; is "
                          "it a file of labels?")
