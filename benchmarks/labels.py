"""Group `labels`: last names by country: which country a name is from, beside a classifier made for that, and names
written for a country, judged by it.

The names are those of the package faker, the classifier is logistic regression on up to three letters in a row, from
scikit-learn: `pip install --group labels`.
"""

import importlib
import random
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import charrnn
from benchmarks.options import Options
from benchmarks.table import Table

COUNTRIES = {"Italian": "it_IT", "German": "de_DE", "French": "fr_FR", "Spanish": "es_ES", "Polish": "pl_PL",
             "Finnish": "fi_FI", "Dutch": "nl_NL", "Czech": "cs_CZ", "Hungarian": "hu_HU", "Irish": "en_IE"}
HELD_OUT, WRITTEN, EPOCHS = 0.2, 100, 15
HEADERS = ("who", "accuracy", "lowest", "highest", "calibration error")
Pair = tuple[str, str]


def measure(options: Options) -> Iterator[Table]:
    """One table: accuracy on held-out names, the mean of a split and a seed a round."""
    ours, theirs, errors, written, chance = [], [], [], [], []
    for seed in range(1, options.rounds + 1):
        options.tell("labels, names by country", seed, options.rounds)
        train, test = split(names(), seed)
        model = trained(train, seed)
        found = model.classify([name for _, name in test], unknown="fold")  # a letter may be in no name to train on
        ours.append(statistics.mean(one.label == label for one, (label, _) in zip(found, test, strict=True)))
        errors.append(agreement_error(found, test))
        judge = classifier(train)
        theirs.append(float(judge.score([name for _, name in test], [label for label, _ in test])))
        texts = [(label, text.strip()) for label in COUNTRIES
                 for text in model.with_label(label).samples(WRITTEN, 0, seed=seed)]
        written.append(float(judge.score([text for _, text in texts], [label for label, _ in texts])))
        chance.append(max(sum(label == other for other, _ in test) for label in COUNTRIES) / len(test))
    rows = [_row("charrnn classify", ours, f"{statistics.mean(errors):.3f}"),
            _row("logistic regression on 1 to 3 letters", theirs), _row("always the largest country", chance),
            _row("names written for a country, judged by the regression", written)]
    title = f"Last names of {len(COUNTRIES)} countries, {len(train):,} to train on and {len(test):,} held out"
    yield Table(title, rows,
                [f"{EPOCHS} epochs with automatic settings; no name is on both sides. {WRITTEN} names are written for "
                 "each country, so that chance is one in ten."], HEADERS)


def names() -> list[Pair]:
    """Country and name, each name of a country once; names of several countries stand in each."""
    pairs: list[Pair] = []
    for country, locale in COUNTRIES.items():
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        found: set[str] = set()
        for attribute in dir(provider):
            if "last_names" in attribute and isinstance(values := getattr(provider, attribute), (list, tuple, dict)):
                found |= {name for name in values if name.isprintable() and name.strip()}
        pairs += [(country, name) for name in sorted(found)]
    return pairs


def split(pairs: Sequence[Pair], seed: int) -> tuple[list[Pair], list[Pair]]:
    """To train on and held out; all countries of a name are on one side."""
    different = sorted({name for _, name in pairs})
    random.Random(seed).shuffle(different)
    held_out = set(different[:int(HELD_OUT * len(different))])
    return [pair for pair in pairs if pair[1] not in held_out], [pair for pair in pairs if pair[1] in held_out]


def trained(pairs: Sequence[Pair], seed: int) -> charrnn.Model:
    lines = [f"{label}\t{name}\n" for label, name in pairs]
    random.Random(seed).shuffle(lines)
    with tempfile.TemporaryDirectory() as folder:
        return charrnn.train(text="".join(lines), labels="column", epochs=EPOCHS, seed=seed, folder=folder)


def classifier(pairs: Sequence[Pair]) -> Any:
    """The judge, trained on the same names."""
    linear = importlib.import_module("sklearn.linear_model")
    text = importlib.import_module("sklearn.feature_extraction.text")
    pipeline = importlib.import_module("sklearn.pipeline")
    counts = text.CountVectorizer(analyzer="char_wb", ngram_range=(1, 3), lowercase=True)
    judge = pipeline.make_pipeline(counts, linear.LogisticRegression(max_iter=2000, C=3.0))
    return judge.fit([name for _, name in pairs], [label for label, _ in pairs])


def agreement_error(found: Sequence[Any], test: Sequence[Pair]) -> float:
    from charrnn.scoring.classify import agreement

    return agreement(found, [label for label, _ in test]).calibration


def _row(who: str, values: Sequence[float], error: str = "") -> tuple[str, ...]:
    return who, f"{statistics.mean(values):.1%}", f"{min(values):.1%}", f"{max(values):.1%}", error
