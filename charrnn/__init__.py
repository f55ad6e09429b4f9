"""Character-level recurrent networks, trained and sampled on the CPU.

Names are fetched when they are first used, so that `import charrnn` loads neither NumPy nor numba.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from charrnn.completion.completer import Completer, Completion
    from charrnn.errors import (
        CharrnnError,
        CheckpointError,
        CorpusError,
        MeasurementError,
        PeerError,
        PlayError,
        SettingsError,
        StorageError,
        TrainingError,
        VocabularyError,
    )
    from charrnn.inspection.cell_statistics import CellName
    from charrnn.inspection.features.feature import Feature
    from charrnn.inspection.find import Finding
    from charrnn.inspection.passage import Passage
    from charrnn.inspection.results import Inspection
    from charrnn.model import Ensemble, Model, load, train
    from charrnn.novelty.report import Novelty
    from charrnn.runs.trained_run import TrainedRun
    from charrnn.sampling.session import Sample
    from charrnn.scoring.score import Score, ScoredPart
    from charrnn.settings import (
        CompleteSettings,
        NetworkSettings,
        RunSettings,
        SampleSettings,
        ScoreSettings,
        Settings,
        TextSettings,
        TrainingSettings,
        WindowSettings,
    )
    from charrnn.training.history import Point

__version__ = "0.1.0"

# The module of each public name that is no error and no settings; those are where their names say.
_MODULES = {
    "CellName": "inspection.cell_statistics", "Completer": "completion.completer",
    "Completion": "completion.completer", "Ensemble": "model", "Feature": "inspection.features.feature",
    "Finding": "inspection.find", "Inspection": "inspection.results", "Model": "model", "Novelty": "novelty.report",
    "Passage": "inspection.passage", "Point": "training.history", "Sample": "sampling.session",
    "Score": "scoring.score", "ScoredPart": "scoring.score", "TrainedRun": "runs.trained_run", "load": "model",
    "train": "model"}

# What the library tells is for those who ask logging for it; without this Python would print warnings by itself.
logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = [
    "CellName", "CharrnnError", "CheckpointError", "CompleteSettings", "Completer", "Completion", "CorpusError",
    "Ensemble", "Feature", "Finding", "Inspection", "MeasurementError", "Model", "NetworkSettings", "Novelty",
    "Passage", "PeerError", "PlayError", "Point", "RunSettings", "Sample", "SampleSettings", "Score", "ScoreSettings",
    "ScoredPart", "Settings", "SettingsError", "StorageError", "TextSettings", "TrainedRun", "TrainingError",
    "TrainingSettings", "VocabularyError", "WindowSettings", "__version__", "load", "train"]


if not TYPE_CHECKING:  # a type checker that saw this would take any name for one of ours

    def __getattr__(name: str) -> Any:
        """The public name `name`, from the module that has it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = _MODULES.get(name) or ("settings" if name.endswith("Settings") else "errors")
        value = getattr(import_module(f"{__name__}.{module}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
