"""Layer text: what can be trained on, a text read on and on or a text of documents, cut in the way that fits it."""

from collections.abc import Iterator

import numpy as np

from charrnn.settings import WindowSettings
from charrnn.text.document_windows import Packed, packed_windows
from charrnn.text.documents import Documents
from charrnn.text.ids import Ids
from charrnn.text.windows import Cutter, Snippets, Streams, Window, evaluation_windows, split

Text = Ids | Documents


def size(text: Text) -> int:
    """Its characters, of documents with the end of each."""
    return text.transitions if isinstance(text, Documents) else len(text)


def parts(text: Text, val_fraction: float | None) -> tuple[Text, Text]:
    """What to train on, and what to validate on."""
    return text.split(val_fraction) if isinstance(text, Documents) else split(text, val_fraction)


def training_windows(text: Text, settings: WindowSettings, generator: np.random.Generator) -> Cutter:
    """What cuts the training part, as `settings` say."""
    if isinstance(text, Documents):
        return Packed(text, settings.batch, settings.window, generator)
    if settings.windows == "stream":
        return Streams(text, settings.batch, settings.window, generator)
    return Snippets(text, settings.batch, settings.window, settings.targets, generator)


def measuring_windows(text: Text, rows: int, window: int) -> Iterator[Window]:
    """Windows that predict each character once, always the same."""
    return (packed_windows(text, rows, window) if isinstance(text, Documents)
            else evaluation_windows(text, rows, window))
