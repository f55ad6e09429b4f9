"""Layer completion: the target of a source: what a network that was trained on pairs most probably writes after it."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from charrnn.completion.completer import Completer, Completion
from charrnn.errors import SettingsError
from charrnn.sampling.session import LanguageModel
from charrnn.settings import TranslateSettings
from charrnn.text.labels import TAB


class TargetErrors(NamedTuple):
    """How far targets are from their references.

    pairs        how many were compared
    exact        how many are equal to their reference
    edits        characters to insert, delete or replace, in all (Levenshtein 1966)
    characters   of all references
    """

    pairs: int
    exact: int
    edits: int
    characters: int

    @property
    def accuracy(self) -> float:
        """The share of targets that are right from end to end."""
        return self.exact / self.pairs

    @property
    def character_error_rate(self) -> float:
        return self.edits / self.characters


class LengthErrors(NamedTuple):
    """How far the targets of sources of about one length are from their references.

    length   of the sources, the mean of `errors.pairs`
    """

    length: float
    errors: TargetErrors


class Translator:
    """Finds the targets of sources, one after the other, by beam search; for one thread."""

    def __init__(self, model: LanguageModel) -> None:
        """Raises SettingsError for a model that was not trained on pairs."""
        if not model.settings.text.pairs:
            raise SettingsError("this network was not trained on pairs of source and target; train one with --pairs")
        self._completer = Completer(model)

    def translate(self, source: str, k: int = 1, *, unknown: str = "error", **options: Any) -> list[Completion]:
        """The `k` most probable targets of `source`, the most probable first.

        unknown   as in Completer.complete()
        options   any other field of TranslateSettings: length=50, beams=64, prove=0

        Raises SettingsError for a source with a tab, or without anything, and what Completer.complete() raises.
        """
        if not source:
            raise SettingsError("a source is empty; give something to translate")
        if TAB in source:
            raise SettingsError("a source holds a tab, which stands between source and target; give the source alone")
        settings = TranslateSettings.from_dict({"count": k, **options})
        return self._completer.complete(source + TAB, k, unknown=unknown, until=settings.until, length=settings.length,
                                        beams=settings.beams, prove=settings.prove)


def target_errors(targets: Sequence[str], references: Sequence[str]) -> TargetErrors:
    """How far the targets are from their references; raises ValueError where there are none."""
    pairs = list(zip(targets, references, strict=True))
    if not pairs:
        raise ValueError("there is nothing to compare")
    return TargetErrors(len(pairs), sum(one == other for one, other in pairs),
                        sum(edit_distance(one, other) for one, other in pairs),
                        max(1, sum(len(other) for _, other in pairs)))


def errors_by_length(sources: Sequence[str], targets: Sequence[str], references: Sequence[str],
                     least: int = 20) -> list[LengthErrors]:
    """The same by the characters of the source, the shortest first; lengths with fewer than `least` pairs are joined
    with the next."""
    pairs: dict[int, list[tuple[str, str]]] = {}
    for source, target, reference in zip(sources, targets, references, strict=True):
        pairs.setdefault(len(source), []).append((target, reference))
    groups: list[tuple[list[int], list[tuple[str, str]]]] = []
    for length in sorted(pairs):
        if not groups or len(groups[-1][1]) >= least:
            groups.append(([], []))
        groups[-1][0].extend([length] * len(pairs[length]))
        groups[-1][1].extend(pairs[length])
    if len(groups) > 1 and len(groups[-1][1]) < least:
        lengths, rest = groups.pop()
        groups[-1][0].extend(lengths)
        groups[-1][1].extend(rest)
    return [LengthErrors(sum(lengths) / len(lengths), target_errors(*zip(*group, strict=True)))
            for lengths, group in groups]


def edit_distance(one: Iterable[str], other: Sequence[str]) -> int:
    """How many items to insert, delete or replace to make one sequence of the other."""
    row = list(range(len(other) + 1))
    for number, item in enumerate(one, 1):
        before, row = row, [number]
        for place, wanted in enumerate(other):
            row.append(min(before[place] + (item != wanted), before[place + 1] + 1, row[place] + 1))
    return row[-1]
