"""Layer render: the curves of a run: where its losses come from, and what is said of them.

The losses are those in the checkpoint: it has every point, of training between the validations too, and only the way
that the run really took. metrics.jsonl beside it knows the time, which the bytes of a checkpoint must not depend on.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import CheckpointError
from charrnn.runs.checkpoint import Checkpoint, load_checkpoint
from charrnn.runs.metrics import METRICS, is_time, read_metrics
from charrnn.storage.run_folders import BEST, LAST, run_name_of
from charrnn.text.validation_split import cut_at
from charrnn.training.history import History, Point

AXES = ("epochs", "steps", "minutes", "characters")
Place = tuple[float, float]  # x in the unit of the axis, and a loss


@dataclass(frozen=True)
class Curves:
    """The losses of one run, by x: `train` is the mean since the point before, `best` the lowest of `main`."""

    name: str
    train: list[Place]
    val: list[Place]
    best: Place | None

    @property
    def main(self) -> list[Place]:
        """The curve that decides which moment is the best: validation, where there is one."""
        return self.val or self.train

    def words(self, axis: str) -> str:
        """`validation 1.300 at 12.2 epochs (best), 1.310 at the end; training 0.966`."""
        words = []
        if self.val and self.best:
            words.append(f"validation {self.best[1]:.3f} at {quantity(self.best[0])} {axis}"
                        + (f" (best), {self.val[-1][1]:.3f} at the end" if self.val[-1] != self.best else ""))
        if self.train:
            words.append(f"training {self.train[-1][1]:.3f}")
        return "; ".join(words)


def quantity(number: float) -> str:
    """`0.25`, `12.2`, `2,504`, `1.2 million`."""
    if number >= 1e6:
        return f"{number / 1e6:.3g} million"
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def read_curves(paths: Sequence[Path], axis: str = "epochs", in_bits: bool = False) -> tuple[list[Curves], str]:
    """The curves of the runs in the checkpoints at `paths`, by `axis`, one of AXES; and what the losses are in.

    That is nats or bits a character, or a token where all runs read tokens. Where some read other units than the rest,
    all losses are spread over the characters of the texts: only so they can be compared.

    Raises CheckpointError where there is not a checkpoint, and where nobody knows the minutes.
    """
    checkpoints = []
    for path in paths:
        checkpoints.append(load_checkpoint(path))
        checkpoints[-1].arrays.clear()  # many large networks would fill the memory
    units = {loaded.settings.text.unit_name for loaded in checkpoints}
    is_mixed = len(units) > 1
    curves = [curves_of(loaded, name, axis, in_bits, _clock(path) if axis == "minutes" else [], is_mixed)
              for loaded, name, path in zip(checkpoints, names_of(paths), paths, strict=True)]
    return curves, f"{'bits' if in_bits else 'nats'} a {'character' if is_mixed else units.pop()}"


def curves_of(loaded: Checkpoint, name: str, axis: str, in_bits: bool = False, clock: Sequence[Place] = (),
              a_character: bool = False) -> Curves:
    """The curves of a checkpoint in memory; `clock` has (step, seconds) of what was timed.

    a_character   losses of other units are spread over the characters of the text
    """
    settings, history = loaded.settings, History.from_dict(loaded.progress["history"])
    # An epoch predicts as many characters as there are to train on, however the text is cut.
    characters = cut_at(loaded.corpus.characters, settings.windows.val_fraction)
    factor = 1 / math.log(2) if in_bits else 1.0
    if a_character and loaded.corpus.units is not None:
        factor *= loaded.corpus.units / loaded.corpus.characters

    def x(point: Point) -> float:
        if axis == "minutes":
            return _seconds(clock, point.step) / 60
        return {"epochs": point.epoch, "steps": float(point.step), "characters": point.epoch * characters}[axis]

    def places(losses: list[tuple[Point, float | None]]) -> list[Place]:
        return [(x(point), loss * factor) for point, loss in losses if loss is not None and math.isfinite(loss)]

    train = places([(point, point.train) for point in history.points])
    val = places([(point, point.val) for point in history.points])
    best = places([(history.best, history.best.loss)])
    return Curves(name, train, val, best[0] if best else None)


def names_of(paths: Sequence[Path]) -> list[str]:
    """A name for each checkpoint file: its run's, or the whole path where names are not unique."""
    names = [run_name_of(path.resolve()) for path in paths]
    count = Counter(names)
    shown = [name if count[name] == 1 and name else str(path) for name, path in zip(names, paths, strict=True)]
    # what would move a terminal's cursor, or can't be written at all, is no part of a name
    return ["".join(character if character.isprintable() else "?" for character in name) for name in shown]


def _clock(path: Path) -> list[Place]:
    """(step, seconds of training) as in metrics.jsonl beside the checkpoint, (0, 0) first."""
    is_of_a_run = path.name in (BEST, LAST) or path.match("step-*.safetensors")  # and no copy that lies about
    lines = read_metrics(path.parent) if is_of_a_run else []
    timed = [(float(line["step"]), float(line["seconds"])) for line in lines if is_time(line.get("seconds"))]
    if not timed:
        raise CheckpointError(f"how long {path} was trained is not known: no {METRICS} beside it has the times; "
                              "give --x epochs, steps or characters")
    return [(0.0, 0.0), *timed]


def _seconds(clock: Sequence[Place], step: float) -> float:
    """The seconds at `step`, on straight lines between what was timed, and at the last pace after it."""
    after = next((n for n, (timed, _) in enumerate(clock) if timed >= step), len(clock) - 1)
    (step_a, seconds_a), (step_b, seconds_b) = clock[max(after - 1, 0)], clock[max(after, 1)]
    return seconds_a + (seconds_b - seconds_a) * (step - step_a) / (step_b - step_a)
