"""Layer render: what a Novelty looks like: a table, the longest passages, and what it comes to in a sentence."""

import json
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from charrnn.render.wording import counted, note_compiling
from charrnn.settings import Settings

if TYPE_CHECKING:
    from charrnn.novelty.places import SourcePlace
    from charrnn.novelty.report import CopiedPassage, Grams, Novelty
    from charrnn.runs.corpus_info import CorpusInfo
    from charrnn.runs.training_text import TrainingText

_WIDTH = 80
# Characters that are shown of the start and the end of a long passage.
_START, _END = 150, 75
# Documents of up to so many characters are named, a few of them.
_SHORT, _NAMED = 20, 4
_SHOWN = (1, 2, 3, 5, 8, 10, 15, 20, 30, 40, 50)
# The sentence is about n-grams of so many characters, a few words, if there are so many of them.
_TELLING, _ENOUGH = 20, 100
# Shares that differ by no more, or by no such factor, are called the same.
_CLOSE, _CLOSE_FACTOR = 0.01, 1.25


def novelty_with_notes(texts: str | Sequence[str], settings: Settings, known: "CorpusInfo", checkpoint: Path | None,
                       sources: Sequence[str] = ()) -> "Novelty":
    """How much of a text, or of several, is copied, for the `settings` and the corpus of a checkpoint or a model.

    Notes go to stderr.

    checkpoint   the file
    sources      where the training text is now, if it is not where it was
    """
    from charrnn.novelty.matching import KERNELS
    from charrnn.novelty.report import novelty_of
    from charrnn.render.reading import read
    from charrnn.runs.training_text import ELSEWHERE, TrainingText, read_training_text

    corpus = read_training_text(known, settings.text, checkpoint, sources, read, advice=ELSEWHERE)
    trained = TrainingText.of(corpus, settings, known)
    for note in _notes(trained, known):
        print(note, file=sys.stderr)
    note_compiling([], kernels=KERNELS)
    return novelty_of(texts, trained)


def novelty_lines(found: "Novelty", lines: Sequence[int] = (1,)) -> list[str]:
    """All of it, in 80 columns; `lines` are the lines of the file on which its samples begin."""
    head = _wrapped(f"{counted(found.characters, 'character')} compared with the {found.training:,} "
                    f"that {found.corpus} was trained on: share of n-grams (pieces of n characters) that stand there")
    rows = [f"{'n':>2} {'sample':>8} {'held-out text':>15}"]
    for grams in found.grams:
        if grams.n in _SHOWN and (grams.count or grams.held_out):
            rows.append(f"{grams.n:2} {_percent(grams.share):>8} {_percent(grams.held_out_share):>15}")
    passages = [row for number, passage in enumerate(found.passages)
                for row in _passage_lines(passage, number == 0, lines[passage.sample])]
    return [*head, "", *rows, "", *passages, *short_lines(found)]


def short_lines(found: "Novelty") -> list[str]:
    """What it comes to, in a sentence or two."""
    sentences = [_document_words(found)] if found.documents is not None else []
    if not sentences or _telling(found).n == _TELLING:  # of short documents it is enough to know how many are new
        sentences.append(_gram_words(found))
    return [line for sentence in sentences for line in _wrapped(sentence)]


def _notes(trained: "TrainingText", known: "CorpusInfo") -> Iterator[str]:
    """What to bear in mind, from a checkpoint's `corpus`: that the text has changed, or that it is not all."""
    if trained.is_changed and trained.corpus.fingerprint == known.fingerprint:
        yield ("note: the training text is in other files than it was, so other parts of it count as held out; the "
               "sample is compared with the rest")
    elif trained.is_changed:
        yield (f"note: the training text has changed since: {counted(trained.corpus.characters, 'character')}, it had "
               f"{known.characters:,}; the sample is compared with what is there now")
    parent = known.parent
    if parent is not None and parent.fingerprint != known.fingerprint:
        yield (f"note: this network was fine-tuned from {parent.name}, trained on {parent.text}; copies from there are "
               "not counted")


def _gram_words(found: "Novelty") -> str:
    grams = _telling(found)
    own = grams.share or 0.0
    what = f"{_percent(own)} of the sample's pieces of {counted(grams.n, 'character')} stand in the training text"
    other = grams.held_out_share
    if other is None:
        return f"{what}; no text was held out to compare them with."
    if min(grams.count, grams.held_out) < _ENOUGH:
        judgement = "too few to judge by"
    elif abs(own - other) <= _CLOSE or (1 / _CLOSE_FACTOR <= own / max(other, 1e-9) <= _CLOSE_FACTOR):
        judgement = "as much as is to be expected of new text"
    elif own > other:
        judgement = "more than is to be expected of new text: passages are copied"
    else:
        judgement = "less than is to be expected of new text"
    return f"{what}, and {_percent(other)} of held-out text's: {judgement}."


def _telling(found: "Novelty") -> "Grams":
    """The n-grams that the sentence is about: the longest, up to 20 characters, of which there are enough."""
    enough = min(_ENOUGH, found.grams[0].count / 2)
    return [grams for grams in found.grams if grams.n <= _TELLING and grams.count >= enough][-1]


def _document_words(found: "Novelty") -> str:
    number, new = found.documents or 0, found.new_documents or 0
    asides = []
    if repeated := found.repeated_documents:
        asides.append(f"{repeated:,} repeat{'s' * (repeated == 1)} an earlier document of the sample")
    if held_out := found.held_out_documents:
        asides.append(f"{held_out:,} of the new {'one' if new == 1 else 'ones'} stand{'s' * (held_out == 1)} whole in "
                      "the held-out text")
    aside = f" {', and '.join(asides)}." if asides else ""
    what = f"{new:,} of {counted(number, 'document')} {'is' if new == 1 else 'are'} new"
    if new == number:
        return f"{what}: none stands whole in the training text.{aside}"
    short = [repr(text)[1:-1] for text in found.copied_documents if len(text) <= _SHORT][:_NAMED]
    more = len(found.copied_documents) - len(short)
    named = ", ".join(short) + (f" and {more:,} more" if more else "")
    return f"{what}; {number - new:,} stand{'s' if number - new == 1 else ''} whole in the training text" + (
        f": {named}." if short else ".") + aside


def _passage_lines(passage: "CopiedPassage", is_first: bool, line: int) -> list[str]:
    """A passage's length, its places, and on further lines itself, shortened in the middle if it is long."""
    text = passage.text
    if len(text) > _START + _END:
        text = f"{text[:_START]} ... {text[-_END:]}"
    head = (f"{'longest passage' if is_first else 'next'}: {counted(len(passage.text), 'character')}, line "
            f"{line + passage.line - 1:,} of the sample, {_place_words(passage.place)}")
    quoted, size = json.dumps(text, ensure_ascii=False), _WIDTH - 2
    return [*_wrapped(head), *(f"  {quoted[start:start + size]}" for start in range(0, len(quoted), size)), ""]


def _place_words(place: "SourcePlace") -> str:
    source = place.source or "the training text"
    if place.document is None:
        return f"line {place.line:,} of {source}"
    line = f"line {place.line:,} of " if place.line > 1 else ""
    return f"{line}document {place.document:,} of {source}"


def _percent(share: float | None) -> str:
    """`12.3%`; what is not none is not called 0.0%, nor what is not all 100.0%."""
    if share is None:
        return "-"
    return f"{100 * share:.1f}%" if share in (0, 1) else f"{min(max(100 * share, 0.1), 99.9):.1f}%"


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, _WIDTH, break_long_words=False, break_on_hyphens=False)
