"""Layer settings: every default, bound and help text, once.

The commands build their options from these classes, checkpoints store them, the README prints them.
"""

from charrnn.settings.bounded import PRECISIONS, UNKNOWN, Bounded, setting
from charrnn.settings.reports import BenchSettings, ColourSettings, InspectSettings, PageSettings, ScoreSettings
from charrnn.settings.sampling import CompleteSettings, PlaySettings, SampleSettings
from charrnn.settings.text import TextSettings
from charrnn.settings.training import (
    NetworkSettings,
    RunSettings,
    Settings,
    TrainingSettings,
    WindowSettings,
    settings_of,
)

__all__ = [
    "PRECISIONS", "UNKNOWN", "BenchSettings", "Bounded", "ColourSettings", "CompleteSettings", "InspectSettings",
    "NetworkSettings", "PageSettings", "PlaySettings", "RunSettings", "SampleSettings", "ScoreSettings", "Settings",
    "TextSettings", "TrainingSettings", "WindowSettings", "setting", "settings_of"]
