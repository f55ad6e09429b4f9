"""Layer render: how numbers and things are worded, the same in every command."""

import math
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence

from charrnn.errors import shortened
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.settings import NetworkSettings, TextSettings
from charrnn.text.labels import LabelScheme
from charrnn.text.sources import STDIN
from charrnn.text.unknown import Readable
from charrnn.text.vocabulary import Vocabulary

_NAMED = 5  # sources that are named one by one


def bits(nats: float) -> float:
    """A loss in bits, from one in nats."""
    return nats / math.log(2)


def counted(number: float, thing: str) -> str:
    """`1 epoch`, `2.5 minutes`, `4,823 characters`."""
    digits = f"{number:,}" if isinstance(number, int) else f"{number:g}"
    return f"{digits} {thing}{'' if number == 1 else 's'}"


def loss_words(nats: float, corpus: CorpusInfo, text: TextSettings) -> str:
    """`1.523 nats (2.197 bits) a character`, `4.2 nats (6.059 bits) a word, about 1.05 nats (1.515 bits) a character`.

    The second is the first, spread over the characters of the whole text.
    """
    words = f"{nats:.3f} nats ({bits(nats):.3f} bits) a {text.unit_name}"
    if corpus.units is None or corpus.rare_units is not None:  # U+FFFD is none of the text's characters
        return words
    spread = nats * corpus.units / max(1, corpus.characters)
    return f"{words}, about {spread:.3f} nats ({bits(spread):.3f} bits) a character"


def network_words(network: NetworkSettings) -> str:
    """`lstm, 2 layers of 256, one-hot input, dropout 0.5, encoder own`."""
    layers = f"{counted(network.layers, 'layer')} of {network.hidden}"
    given = f"embedding of {network.embedding}" if network.embedding else "one-hot input"
    dropout = f", dropout {network.dropout:g}" if network.dropout else ""
    initial = ", learned initial state" if network.learn_initial_state else ""
    encoder = ", encoder own" if network.has_encoder else ""
    return f"{network.cell}, {layers}, {given}{dropout}{initial}{encoder}"


def corpus_words(corpus: CorpusInfo, different: int, text: TextSettings) -> str:
    """`alice.txt + notes, 164,762 characters, 85 different`, and what else is known of the text: of how many documents
    and units it is, and how it was normalized."""
    parts = [source_words(corpus.sources), counted(corpus.characters, "character")]
    if (number := corpus.documents) is not None:
        others = number if corpus.different_documents is None else corpus.different_documents
        parts.insert(1, counted(number, "document") + (f" ({others:,} different)" if others < number else ""))
    if corpus.units is not None:
        parts.append(counted(corpus.units, text.unit_name))
    if text.lowercase:
        parts.append("lowercase")
    if text.normalize != "none":
        parts.append(text.normalize)
    if number := corpus.rare_units:
        different, stand_in = different - 1, f", {counted(number, 'rarer one')} as \ufffd"
    else:
        stand_in = ""
    return f"{', '.join(parts)}, {different:,} different{stand_in}"


def source_words(sources: Sequence[str]) -> str:
    """`alice.txt + standard input`, `1.txt + 2.txt + 98 more`."""
    names = ["standard input" if source == STDIN else source for source in sources]
    if len(names) > _NAMED:
        names[_NAMED - 1:] = [f"{len(names) - _NAMED + 1:,} more"]
    return " + ".join(names) or "a text"


def shell_quoted(argument: str) -> str:
    """An argument as the shell wants it."""
    return subprocess.list2cmdline([argument]) if os.name == "nt" else shlex.quote(argument)


def size_words(size: int) -> str:
    """`812 bytes`, `60.2 MB`, `1.0 GB`."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return counted(size, "byte")


def duration_words(seconds: float) -> str:
    """`0:07`, `12:30`, `3:05:09`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def note_readable(readable: Readable, vocabulary: Vocabulary) -> None:
    """Says on stderr what of a text is not read as it stands."""
    rare = [f"too rare in training to be known, and read as \ufffd: {name}" for name in vocabulary.rare(readable.text)]
    for note in [*readable.notes, *rare]:
        print(f"note: {note}", file=sys.stderr, flush=True)


def note_label(scheme: LabelScheme | None, label: str | None) -> None:
    """Says on stderr that no label was chosen for a network that has labels, and which there are."""
    if scheme is None or label is not None:
        return
    known = ", ".join(scheme.names[:6]) + ", ..." * (len(scheme.names) > 6) or f"{scheme.width} numbers with commas"
    print(f"note: this is the average of all labels; choose one with --label ({known})", file=sys.stderr, flush=True)


def note_long_sources(sources: Sequence[str], vocabulary: Vocabulary, known: int | None) -> None:
    """Says on stderr which source, or of several how many, are longer than the longest one in training, of `known`
    units; None where nobody knows it."""
    long = [source for source in sources if known is not None and len(vocabulary.units_of(source)) > known]
    if known is None or not long:
        return
    what = shortened(long[0]) if len(sources) == 1 else f"{len(long):,} of {counted(len(sources), 'source')}"
    print(f"note: longer than any source in training ({counted(known, vocabulary.kind)}), and so less certain: {what}",
          file=sys.stderr, flush=True)


def note_compiling(networks: Sequence[NetworkSettings], *parts: str, kernels: Sequence[str] = ()) -> None:
    """Says on stderr that the compiler will take a while, if these parts of networks and these kernels need it."""
    from charrnn.cells import registry
    from charrnn.kernels import jit

    are_compiled = all(registry.is_compiled(network, *parts) for network in networks)
    if not (are_compiled and all(map(jit.is_compiled, kernels))):
        print(compiling_words(), file=sys.stderr, flush=True)


def compiling_words() -> str:
    """What is said before the wait for the compiler."""
    from charrnn.kernels.jit import CACHE_FOLDER

    if CACHE_FOLDER is None:
        return ("note: compiling kernels (a few seconds), at every start: no cache folder can be written; "
                "NUMBA_CACHE_DIR may name one")
    return "compiling kernels for the first time on this machine (a few seconds)"
