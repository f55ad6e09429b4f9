"""Character-level recurrent networks, trained and sampled on the CPU.

Names are fetched when they are first used, so that `import charrnn` loads neither NumPy nor numba.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from charrnn.errors import (
        CharrnnError,
        CheckpointError,
        CorpusError,
        SettingsError,
        StorageError,
        TrainingError,
        VocabularyError,
    )
    from charrnn.model import Ensemble, Model, load, train
    from charrnn.settings import (
        CompleteSettings,
        NetworkSettings,
        SampleSettings,
        Settings,
        TextSettings,
        TrainingSettings,
        WindowSettings,
    )

__version__ = "0.1.0"

__all__ = [
    "CharrnnError", "CheckpointError", "CompleteSettings", "CorpusError", "Ensemble", "Model", "NetworkSettings",
    "SampleSettings", "Settings", "SettingsError", "StorageError", "TextSettings", "TrainingError", "TrainingSettings",
    "VocabularyError", "WindowSettings", "__version__", "load", "train"]

# What the library tells is for those who ask logging for it; without this Python would print warnings by itself.
logging.getLogger(__name__).addHandler(logging.NullHandler())

# Everything not listed here is an error class or a settings class, as its name says.
_MODEL = ("Ensemble", "Model", "load", "train")


if not TYPE_CHECKING:  # a type checker that saw this would take any name for one of ours

    def __getattr__(name: str) -> Any:
        """The public name `name`, from the module that has it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = "model" if name in _MODEL else "settings" if name.endswith("Settings") else "errors"
        value = getattr(import_module(f"{__name__}.{module}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
