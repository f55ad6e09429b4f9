"""Layer render: the list of texts that have a name of their own."""

import dataclasses
import json
from collections.abc import Iterator, Sequence

from charrnn.render.wording import size_words
from charrnn.text.measures import TextMeasures

_TITLES = {"charrnn": "with charrnn", "toy": "toy tasks", "Python": "with this Python",
           "fetched": "fetched", "to fetch": "to fetch, with `charrnn corpora fetch NAME`"}


def corpora_table(texts: Sequence[TextMeasures]) -> Iterator[str]:
    """A line for each text, under a title for each place that texts come from."""
    width = max(len(text.name) for text in texts)
    yield f"{'':{width}} {'characters':>10} {'different':>9}  1-gram 2-gram 3-gram"
    for origin, title in _TITLES.items():
        own = [text for text in texts if text.origin == origin]
        if own:
            yield f"{title}:"
        yield from (f"{text.name:{width}} {_numbers(text)}  {text.trouble or text.description}" for text in own)


def corpora_json(texts: Sequence[TextMeasures]) -> str:
    """Everything in one object."""
    return json.dumps({"format": "charrnn-corpora/1", "texts": [dataclasses.asdict(text) for text in texts]},
                      ensure_ascii=False)


def _numbers(text: TextMeasures) -> str:
    if text.entropies is None:
        return f"{size_words(text.size) if text.size else '-':>10} {'':31}"
    entropies = " ".join(f"{bits:6.3f}" for bits in text.entropies)
    return f"{text.characters:10,} {text.different:9,}  {entropies}"
