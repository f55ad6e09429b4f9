"""Layer training: automatic settings: what fits the text and the time, for every setting that was not given, and why.

The numbers were measured (benchmarks/results/; python -m benchmarks search).
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from charrnn.engine.threads import physical_cores
from charrnn.kernels.cpu import HAS_BF16
from charrnn.settings import NetworkSettings, Settings, TextSettings, settings_of
from charrnn.settings.presets import OURS, merge_settings, preset_values
from charrnn.text.validation_split import decided_fraction
from charrnn.training.schedules import fitting_rate

# Rows in a shard, about: with fewer, reading the weights takes longer than using them.
SHARD_ROWS = 4
# The length of a run when it is not given: so many passes, and for a short text as many as make so many steps.
DEFAULT_EPOCHS, DEFAULT_STEPS = 10, 1500


class Size(NamedTuple):
    """A network: how much it reads in a minute on two cores with bfloat16 products, and the shortest text it is for."""

    layers: int
    hidden: int
    pace: float  # characters
    least: int  # characters
    dropout: float


SIZES = (Size(1, 512, 2.6e6, 400_000, 0.3), Size(1, 384, 4.6e6, 150_000, 0.1), Size(1, 256, 9e6, 40_000, 0.1),
         Size(1, 128, 25e6, 0, 0.1))
# A network is worth its size when it can read so many characters, or a shorter text so many times.
WORTH, PASSES = 1_000_000, 4
# From so many passes on a network overfits without more dropout, above all recurrent dropout.
MANY_PASSES, MUCH_DROPOUT, RECURRENT_DROPOUT = 12, 0.5, 0.25
# A smaller network does not overfit, and would only learn less.
OVERFITS_FROM = 128
# With so much dropout long runs need a lower rate: by the square root of their steps beyond so many.
UNSLOWED_STEPS = 5000
# Weights are averaged over about such a share of the run.
AVERAGED = 1 / 20
# Without a limit on time or passes a run lasts a few minutes for a million characters.
UNHURRIED = 4.0
# The pace of cores without bfloat16 products, beside those.
FLOAT32_PACE = 0.6


def fitting(given: Mapping[str, Any], characters: int, cores: int,
            has_bf16: bool = HAS_BF16) -> tuple[dict[str, Any], str]:
    """Settings for all that `given` lacks, and why: the network fits time and text, the precision fits the hardware."""
    precision = given.get("precision") or ("bf16" if has_bf16 else "float32")
    minutes = given.get("minutes")
    pace = (minutes or UNHURRIED) * cores / 2 * (1.0 if has_bf16 and precision == "bf16" else FLOAT32_PACE)
    size = next((size for size in SIZES if characters >= size.least
                 and pace * size.pace >= PASSES * min(characters, WORTH)), SIZES[-1])
    # even a short text gives some steps an epoch; documents are packed, and give some at any length
    room = characters if given.get("documents") is None else math.inf
    window = int(given.get("window") or max(1, min(64, room // 16)))
    batch = int(given.get("batch") or max(1, min(16, room // (4 * window))))
    usual = max(DEFAULT_EPOCHS, DEFAULT_STEPS * window * batch / characters)
    passes = given.get("epochs") or (pace * size.pace / characters if minutes else usual)
    steps = passes * characters / (window * batch)
    chosen = {"precision": precision, "batch": batch, "window": window, "layers": size.layers, "hidden": size.hidden,
              "dropout": size.dropout, "averaging": round(max(0.0, min(0.999, 1 - 1 / (AVERAGED * steps))), 4)}
    if passes > MANY_PASSES and given.get("hidden", size.hidden) >= OVERFITS_FROM:
        chosen |= {"dropout": MUCH_DROPOUT, "recurrent_dropout": RECURRENT_DROPOUT}
        shape = {name: given.get(name, chosen.get(name)) for name in ("hidden", "layers", "cell")}
        rate = fitting_rate(NetworkSettings(**{name: value for name, value in shape.items() if value is not None}),
                            given.get("optimizer", "adam"))
        chosen["lr"] = float(f"{rate * min(1.0, math.sqrt(UNSLOWED_STEPS / steps)):.2g}")
    chosen = {name: value for name, value in chosen.items() if name not in given}
    time = f"{minutes:g} min on" if minutes else "no time limit, and"
    unit = TextSettings(unit=given.get("unit", "char")).unit_name
    return chosen, f"to fit {characters:,} {unit}s, {time} {cores} core{'' if cores == 1 else 's'}"


def automatic_settings(given: Mapping[str, Any], preset: str, characters: int,
                       inherited: Mapping[str, Any] | None = None, engine: str = "compiled") -> tuple[Settings, str]:
    """The settings of a run on so many characters; and two lines for the user: why, and what was set automatically.

    What is given wins over what is inherited from another run, that over the preset, and that over the defaults.
    """
    named = merge_settings(given, inherited or {}, preset_values(preset))
    if preset not in OURS:
        return settings_of(named), f"preset {preset}"
    fitted, reason = fitting(named, characters, physical_cores(), HAS_BF16 and engine == "compiled")
    words = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in sorted(fitted.items()))
    return settings_of(merge_settings(named, fitted)), f"{reason}:\n{words}" if fitted else ""


def with_automatic_settings(settings: Settings, characters: int, windows_per_epoch: int) -> Settings:
    """The settings with what was left open filled in: validation part, learning rate, length and shards."""
    training, windows = settings.training, settings.windows
    windows = dataclasses.replace(windows, val_fraction=decided_fraction(characters, windows.val_fraction))
    if training.lr is None:
        training = dataclasses.replace(training, lr=fitting_rate(settings.network, training.optimizer))
    if training.epochs is None and training.minutes is None:
        training = dataclasses.replace(
            training, epochs=float(max(DEFAULT_EPOCHS, math.ceil(DEFAULT_STEPS / windows_per_epoch))))
    if training.shards == 0:
        training = dataclasses.replace(training, shards=fitting_shards(windows.batch, physical_cores()))
    return dataclasses.replace(settings, windows=windows, training=training)


def fitting_shards(batch: int, cores: int) -> int:
    """How many shards a batch is best cut into: one a core, but none of too few rows."""
    return min(cores, math.ceil(batch / SHARD_ROWS))
