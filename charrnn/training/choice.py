"""Floor 4: the settings that fit a text and the time there is, for all that nobody has chosen; and why.

The numbers come from trials whose results are kept (python -m benchmarks sweep).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from charrnn.kernels.target import HAS_BF16
from charrnn.network.workers import physical_cores
from charrnn.presets import DEFAULT, layered, preset_values
from charrnn.settings import Settings, settings_of


class Size(NamedTuple):
    """A network for runs of up to so many minutes on two cores that multiply bfloat16."""

    minutes: float
    layers: int
    hidden: int
    dropout: float


SIZES = (Size(0.4, 1, 128, 0.0), Size(1.7, 1, 384, 0.1), Size(5.0, 1, 512, 0.3), Size(1e9, 2, 512, 0.5))
# Without a limit the run lasts a few minutes for a million characters.
UNHURRIED = SIZES[2]
# What two cores that multiply only float32 get done, beside those.
FLOAT32_PACE = 0.6


def fitting(given: Mapping[str, Any], characters: int, cores: int, has_bf16: bool = HAS_BF16) -> dict[str, Any]:
    """Settings that fit: the network to the time and to the length of the text, the precision to the processor."""
    precision = given.get("precision") or ("bf16" if has_bf16 else "float32")
    pace = cores / 2 * (1.0 if has_bf16 and precision == "bf16" else FLOAT32_PACE)
    minutes = given.get("minutes")
    # even a short text gives some steps an epoch
    window = max(1, min(64, characters // 16))
    batch = max(1, min(16, characters // (4 * given.get("window", window))))
    size = UNHURRIED if minutes is None else next(size for size in SIZES if minutes * pace <= size.minutes)
    return {"precision": precision, "batch": batch, "window": window, "layers": size.layers, "hidden": size.hidden,
            "dropout": size.dropout}


def chosen_settings(given: Mapping[str, Any], preset: str, characters: int) -> tuple[Settings, str]:
    """The settings of a run on so many characters, and a line that tells what was chosen for it, and why.

    What is given wins over the preset, and that over the defaults.
    """
    named = layered(given, preset_values(preset))
    if preset != DEFAULT:
        return settings_of(named), f"preset {preset}"
    fitted = fitting(named, characters, physical_cores())
    return settings_of(layered(named, fitted)), ""
