"""Layer training: automatic settings: what fits the text, the machine and the time, for every setting that was not
given, and why.

The numbers were measured (docs/benchmarks.md; python -m benchmarks search).
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from charrnn.engine.initial import parameter_shapes
from charrnn.engine.ranks import this_rank
from charrnn.engine.threads import physical_cores
from charrnn.kernels.cpu import HAS_BF16
from charrnn.settings import (
    NetworkSettings,
    RunSettings,
    Settings,
    TextSettings,
    settings_of,
)
from charrnn.settings.presets import OPTIMIZER, OURS, merge_settings, preset_values
from charrnn.settings.training import PARTS
from charrnn.text.corpus import Corpus
from charrnn.text.shape import TextShape
from charrnn.text.validation_split import decided_fraction
from charrnn.training.pace import Pace, expected_pace, measured_pace
from charrnn.training.schedules import fitting_rate

# Rows in a shard, about: with fewer, reading the weights takes longer than using them.
SHARD_ROWS = 4
# The length of a run when it is not given: so many passes, and for a short text as many as make so many steps.
DEFAULT_EPOCHS, DEFAULT_STEPS = 10, 1500


class Size(NamedTuple):
    """A network, and what it is for: texts of `least` units and more, in a run that can read `worth` units for each of
    its parameters."""

    cell: str
    layers: int
    hidden: int
    least: int
    worth: float = 5.0


# A Mogrifier, with more to learn of each character, learns more of a text unless that is short.
SIZES = (Size("mogrifier", 1, 512, 400_000, 4.5), Size("mogrifier", 1, 384, 150_000, 6.5),
         Size("mogrifier", 1, 256, 80_000), Size("gru", 1, 256, 40_000), Size("gru", 1, 128, 0))
# PyTorch has layers of its own for these, and a slow loop for others. A GRU trains a third faster than an LSTM of its
# size; read many times, a text is learned better by an LSTM.
TORCH_SIZES = (Size("lstm", 1, 512, 400_000), Size("gru", 1, 384, 150_000), Size("gru", 1, 256, 40_000),
               Size("gru", 1, 128, 0))
# A size is not even timed if a usual machine would read less than this share of what makes it worth its time; its
# kernels are then not compiled.
HOPELESS = 0.5
# A network learns a text by heart the sooner, the more often it reads it and the more parameters it has for each unit
# of it. Dropout and recurrent dropout up to so many passes, or up to such a product of both. And the size below which
# there is none.
DROPOUTS = ((3.5, 5, 0.0, 0.0), (7, 12, 0.2, 0.0), (10, 40, 0.3, 0.0), (0, 80, 0.4, 0.1), (0, 250, 0.4, 0.15),
            (math.inf, math.inf, 0.5, 0.25))
OVERFITS_FROM = 128
# The share of a weight that its decay takes away while a text is read once, at the highest rate; and the highest decay.
# With hardly any, a GRU learns less at its rate even of a text that is not read to its end; an LSTM does not.
DECAY_A_PASS, MOST_DECAY, LEAST_GRU_DECAY = 0.5, 0.1, 0.03
# Weights are averaged over about such a share of the run.
AVERAGED = 1 / 20
# With more passes than this a short text is learned by heart; a very short one needs so many steps all the same.
MOST_PASSES, MOST_STEPS = 120, 2000
# Without a limit on time or passes a run lasts a few minutes for a million characters.
UNHURRIED = 4.0
# Words and tokens that a vocabulary keeps, at most: the rarest of more are read as one. So many units and more are
# read through an embedding of such a width.
MOST_UNITS, EMBEDDED_FROM, EMBEDDING = 5000, 500, 128
# With fewer steps a network has hardly begun to learn.
FEW_STEPS = 500
# Sequences side by side, and units in a window. From windows of two lines more is learned of a line, but fewer of them
# fit into the time: they pay only where so many steps are left.
BATCH, WINDOW, LINES, LONGEST_WINDOW, MANY_STEPS = 16, 64, 2, 200, 10_000


@dataclass(frozen=True)
class Machine:
    """What settings are fitted to, beside the text: its cores, and how fast it trains."""

    cores: int
    pace: Pace
    has_bf16: bool = HAS_BF16
    sizes: tuple[Size, ...] = SIZES

    @classmethod
    def here(cls, text: TextShape, run: RunSettings | None = None, threads: int | None = None,
             pace: Pace | None = None) -> "Machine":
        """This one; without a pace as fast as a usual machine with its cores."""
        cores, run = physical_cores(), run or RunSettings()
        pace = pace or expected_pace(min(cores, threads or cores), text.vocabulary)
        return cls(cores, pace, HAS_BF16 and run.engine == "compiled", TORCH_SIZES if run.engine == "torch" else SIZES)


def fitting(given: Mapping[str, Any], text: TextShape, machine: Machine) -> tuple[dict[str, Any], str]:
    """Settings for all that `given` lacks, and why."""
    chosen: dict[str, Any] = {"precision": "bf16" if machine.has_bf16 else "float32", "optimizer": OPTIMIZER,
                              **_fitting_windows(given, text)}
    if text.files > 1:
        chosen["val_from"] = "files"
    if text.vocabulary >= EMBEDDED_FROM:
        chosen["embedding"] = EMBEDDING
    names = (spec.name for kind in PARTS.values() for spec in fields(kind))
    wanted = {name: given[name] for name in names if given.get(name) is not None}
    minutes = given.get("minutes") or UNHURRIED
    expected = expected_pace(machine.cores, text.vocabulary)
    for size in machine.sizes:
        chosen |= {"cell": size.cell, "layers": size.layers, "hidden": size.hidden}
        settings = settings_of({**chosen, **wanted})
        needed = size.worth * _parameters(settings.network, text.vocabulary)
        is_too_large = text.length < size.least or expected(settings) * minutes < HOPELESS * needed
        if is_too_large and size != machine.sizes[-1]:
            continue
        readable = machine.pace(settings) * minutes
        if readable >= needed:
            break
    read, enough = _planned(settings, text, readable)
    chosen |= enough
    batch = settings.windows.batch
    lines = min(LINES * (text.line or 0), LONGEST_WINDOW, text.length // (4 * batch))
    chosen["window"] = max(chosen["window"], min(lines, int(read / (batch * MANY_STEPS))))
    settings = settings_of({**chosen, **wanted})
    steps = max(1.0, read / (settings.windows.window * batch))
    chosen |= _fitting_training(settings, text, read)
    chosen = {name: value for name, value in chosen.items() if given.get(name) is None}
    time = f"{given['minutes']:g} min on" if given.get("minutes") else "no time limit, and"
    unit, cores = TextSettings(unit=given.get("unit", "char")).unit_name, machine.cores
    reason = f"to fit {text.length:,} {unit}s, {time} {cores} core{'' if cores == 1 else 's'}"
    if "epochs" in chosen:
        reason += f"; more than {chosen['epochs']:g} epochs would learn so short a text by heart"
    if steps < FEW_STEPS and given.get("minutes") and read == readable:
        reason += f"; only about {steps:,.0f} steps fit, so give more time, or a smaller network or vocabulary"
    return chosen, reason


def _parameters(network: NetworkSettings, vocabulary: int) -> int:
    return sum(math.prod(shape) for shape in parameter_shapes(network, vocabulary).values())


def _fitting_windows(given: Mapping[str, Any], text: TextShape) -> dict[str, int]:
    """Window and batch: of a short text little enough for some steps an epoch."""
    # documents are packed, and give some steps at any length
    room = text.length if given.get("documents") is None else math.inf
    window = int(given.get("window") or max(1, min(WINDOW, room // 16)))
    batch = int(given.get("batch") or max(1, min(BATCH, room // (4 * window))))
    return {"window": window, "batch": batch}


def _planned(settings: Settings, text: TextShape, readable: float) -> tuple[float, dict[str, float]]:
    """The units that a run reads, where it has time for `readable`; and its epochs, where time would be left."""
    training, step = settings.training, settings.windows.window * settings.windows.batch
    planned = (training.epochs or 0.0) * text.length
    if not training.minutes:
        return planned or max(DEFAULT_EPOCHS * text.length, DEFAULT_STEPS * step), {}
    enough = math.ceil(max(MOST_PASSES, MOST_STEPS * step / text.length))
    if planned or settings.network.hidden < OVERFITS_FROM or readable <= enough * text.length:
        return min(planned or math.inf, readable), {}
    return float(enough * text.length), {"epochs": float(enough)}


def _fitting_training(settings: Settings, text: TextShape, read: float) -> dict[str, Any]:
    """How a network is trained on so many units: the sooner it learns the text by heart, the more is dropped."""
    network, training, windows = settings.network, settings.training, settings.windows
    passes, steps = read / text.length, max(1.0, read / (windows.window * windows.batch))
    by_heart = passes * _parameters(network, text.vocabulary) / text.length
    averaging = max(0.0, min(0.999, 1 - 1 / (AVERAGED * steps)))
    chosen: dict[str, Any] = {"averaging": math.floor(1e4 * averaging) / 1e4}  # never longer than that share
    is_large = network.hidden >= OVERFITS_FROM
    chosen["dropout"], recurrent = next(
        rates for most_passes, most, *rates in DROPOUTS if passes <= most_passes or by_heart <= most
    ) if is_large else (0.0, 0.0)
    if recurrent:
        chosen["recurrent_dropout"] = recurrent
    if training.optimizer in ("adam", "adamw"):
        chosen |= {"beta1": 0.8, "beta2": 0.99}
    if training.optimizer == "adamw":
        rate = training.lr or fitting_rate(network, training.optimizer)
        least = LEAST_GRU_DECAY if network.cell in ("gru", "mogrifier") else 0.0
        decay = min(MOST_DECAY, max(least, DECAY_A_PASS * passes / (rate * steps))) if is_large else 0.0
        chosen["weight_decay"] = float(f"{decay:.1g}")
    return chosen


class Automatic(NamedTuple):
    """What a run is to be: its corpus, from which rare words may have been taken; its settings; and two lines for the
    user: why, and what was set automatically."""

    corpus: Corpus
    settings: Settings
    why: str


def automatic_settings(given: Mapping[str, Any], preset: str, corpus: Corpus,
                       inherited: Mapping[str, Any] | None = None, run: RunSettings | None = None,
                       threads: int | None = None, on_compile: Callable[[], None] = lambda: None) -> Automatic:
    """The settings of a run on a corpus.

    What is given wins over what is inherited from another run, that over the preset, and that over the defaults.
    `on_compile` is called before each wait for the compiler.
    """
    named = merge_settings(given, inherited or {}, preset_values(preset))
    if preset not in OURS:
        return Automatic(corpus, settings_of(named), f"preset {preset}")
    rare = _fitting_min_count(named, corpus)
    if rare:
        corpus = corpus.without_rare(settings_of({**named, **rare}).text)
    text = TextShape.of(corpus)
    # processes that train together would not measure the same
    is_timed = named.get("minutes") is not None and this_rank().size == 1
    pace = measured_pace(run or RunSettings(), text.vocabulary, lambda batch: fitting_shards(batch, physical_cores()),
                         threads, on_compile) if is_timed else None
    machine = Machine.here(text, run, threads, pace)
    fitted, reason = fitting({**named, **rare}, text, machine)
    fitted |= rare
    words = " ".join(f"--{name.replace('_', '-')} {f'{value:g}' if isinstance(value, float) else value}"
                     for name, value in sorted(fitted.items()))
    return Automatic(corpus, settings_of({**named, **fitted}), f"{reason}:\n{words}" if fitted else "")


def _fitting_min_count(given: Mapping[str, Any], corpus: Corpus) -> dict[str, int]:
    """The lowest --min-count that leaves not too many words or tokens, where there are too many."""
    if given.get("unit", "char") not in ("word", "token") or "min_count" in given or len(corpus.counts) <= MOST_UNITS:
        return {}
    return {"min_count": sorted(corpus.counts.values(), reverse=True)[MOST_UNITS] + 1}


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
