"""Layer settings: every default, bound and help text, once.

The commands build their options from these classes, checkpoints store them, docs/reference/settings.md prints them.
"""

from charrnn.settings.bench import BenchSettings
from charrnn.settings.bounded import PRECISIONS, Bounded, setting
from charrnn.settings.colour import ColourSettings
from charrnn.settings.inspection import InspectSettings, PageSettings
from charrnn.settings.live import LivePageSettings
from charrnn.settings.sampling import CompleteSettings, PlaySettings, SampleSettings, TranslateSettings
from charrnn.settings.scoring import ScoreSettings
from charrnn.settings.serving import ServeSettings
from charrnn.settings.text import UNKNOWN, TextSettings, UnknownSettings
from charrnn.settings.training import (
    EngineSettings,
    NetworkSettings,
    RunSettings,
    Settings,
    TrainingSettings,
    WindowSettings,
    settings_of,
)

__all__ = [
    "PRECISIONS", "UNKNOWN", "BenchSettings", "Bounded", "ColourSettings", "CompleteSettings", "EngineSettings",
    "InspectSettings", "LivePageSettings", "NetworkSettings", "PageSettings", "PlaySettings", "RunSettings",
    "SampleSettings", "ScoreSettings", "ServeSettings", "Settings", "TextSettings", "TrainingSettings",
    "TranslateSettings", "UnknownSettings", "WindowSettings", "setting",
    "settings_of"]
