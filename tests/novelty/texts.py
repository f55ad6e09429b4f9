"""Texts that a network could have been trained on, and what it was trained on, told in plain Python."""

from collections.abc import Sequence

from charrnn.runs.training_text import TrainingText
from charrnn.settings import Settings, TextSettings, WindowSettings
from charrnn.text.corpus import Corpus, read_corpus


def settings_of(val_fraction: float = 0.25, val_from: str = "end", **text: object) -> Settings:
    windows = WindowSettings(val_fraction=val_fraction, val_from=val_from)
    return Settings(windows=windows, text=TextSettings(**text))  # type: ignore[arg-type]


def trained_on(text: str, val_fraction: float = 0.25, **options: object) -> TrainingText:
    settings = settings_of(val_fraction, **options)
    return TrainingText(Corpus.of(text, settings=settings.text), settings)


def trained_on_files(files: Sequence[str], val_fraction: float = 0.0, **options: object) -> TrainingText:
    settings = settings_of(val_fraction, **options)
    return TrainingText(read_corpus(files, settings=settings.text), settings)


def text_of(trained: TrainingText) -> str:
    """The part that was trained on."""
    return "".join(block.tobytes().decode("utf-32-le") for block in trained.blocks())
