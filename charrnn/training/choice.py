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
    """A network: what it reads in a minute on two cores that multiply bfloat16, and the shortest text it is for."""

    layers: int
    hidden: int
    pace: float  # characters
    least: int  # characters
    dropout: float


SIZES = (Size(2, 512, 0.95e6, 400_000, 0.5), Size(1, 512, 2.6e6, 400_000, 0.3), Size(1, 384, 4.6e6, 150_000, 0.1),
         Size(1, 256, 9e6, 40_000, 0.1), Size(1, 128, 25e6, 0, 0.1))
# A network is worth its size when it can read so many characters, or a shorter text so many times.
WORTH, PASSES = 1_000_000, 4
# From so many passes on a text is learned by heart unless more is silenced.
MANY_PASSES, MUCH_DROPOUT = 15, 0.5
# Without a limit on time or passes a run lasts a few minutes for a million characters.
UNHURRIED = 4.0
# What cores that multiply only float32 get done, beside those.
FLOAT32_PACE = 0.6


def fitting(given: Mapping[str, Any], characters: int, cores: int,
            has_bf16: bool = HAS_BF16) -> tuple[dict[str, Any], str]:
    """Settings for all that `given` lacks, and why: the network fits time and text, the precision the processor."""
    precision = given.get("precision") or ("bf16" if has_bf16 else "float32")
    minutes = given.get("minutes")
    pace = (minutes or UNHURRIED) * cores / 2 * (1.0 if has_bf16 and precision == "bf16" else FLOAT32_PACE)
    size = next((size for size in SIZES if characters >= size.least
                 and pace * size.pace >= PASSES * min(characters, WORTH)), SIZES[-1])
    passes = given.get("epochs") or pace * size.pace / characters
    dropout = max(size.dropout, MUCH_DROPOUT) if passes > MANY_PASSES else size.dropout
    # even a short text gives some steps an epoch
    window = max(1, min(64, characters // 16))
    batch = max(1, min(16, characters // (4 * given.get("window", window))))
    chosen = {"precision": precision, "batch": batch, "window": window, "layers": size.layers, "hidden": size.hidden,
              "dropout": dropout}
    chosen = {name: value for name, value in chosen.items() if name not in given}
    time = f"{minutes:g} min" if minutes else "no time limit"
    return chosen, f"for {characters:,} characters, {time}, {cores} cores"


def chosen_settings(given: Mapping[str, Any], preset: str, characters: int) -> tuple[Settings, str]:
    """The settings of a run on so many characters, and a line that tells what was chosen for it, and why.

    What is given wins over the preset, and that over the defaults.
    """
    named = layered(given, preset_values(preset))
    if preset != DEFAULT:
        return settings_of(named), f"preset {preset}"
    fitted, reason = fitting(named, characters, physical_cores())
    words = ", ".join(f"{name} {value}" for name, value in sorted(fitted.items()))
    return settings_of(layered(named, fitted)), f"{words}: {reason}" if fitted else ""
