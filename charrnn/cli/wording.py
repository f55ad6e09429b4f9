"""Floor 7: how numbers and things are worded, the same in every command."""

import math
from collections.abc import Mapping
from typing import Any

from charrnn.settings import NetworkSettings


def bits(nats: float) -> float:
    """A loss in bits, from one in nats."""
    return nats / math.log(2)


def loss_words(nats: float) -> str:
    """`1.523 nats (2.197 bits) a character`."""
    return f"{nats:.3f} nats ({bits(nats):.3f} bits) a character"


def network_words(network: NetworkSettings) -> str:
    """`lstm, 2 layers of 256, one-hot input, dropout 0.5`."""
    layers = f"{network.layers} layer{'s' if network.layers > 1 else ''} of {network.hidden}"
    given = f"embedding of {network.embedding}" if network.embedding else "one-hot input"
    dropout = f", dropout {network.dropout:g}" if network.dropout else ""
    return f"{network.cell}, {layers}, {given}{dropout}"


def corpus_words(corpus: Mapping[str, Any]) -> str:
    """`alice.txt + notes, 164,762 characters`."""
    sources = " + ".join(corpus.get("sources", [])) or corpus.get("name", "a text")
    return f"{sources}, {corpus.get('characters', 0):,} characters"


def duration_words(seconds: float) -> str:
    """`0:07`, `12:30`, `3:05:09`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
