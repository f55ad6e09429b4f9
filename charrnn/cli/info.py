"""Floor 7: `charrnn info`: what a checkpoint is, what it was trained on, how far, and how its loss went."""

import math
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from charrnn.checkpoint import Checkpoint


@click.command()
@click.argument("checkpoint", required=False)
def info(checkpoint: str | None) -> None:
    """Tell what the network in CHECKPOINT (a file, a run's folder or its name) is and how it was trained.

    Without CHECKPOINT it tells about the newest run in ./checkpoints; of a run, how it stood when last saved.
    """
    from charrnn.checkpoint import load_checkpoint, resolve_checkpoint

    path = resolve_checkpoint(checkpoint, "last")
    loaded = load_checkpoint(path)
    rows = [("checkpoint", str(path)), *_rows(loaded)]
    width = max(len(name) for name, _ in rows) + 2
    for name, value in rows:
        print(f"{name:{width}}{value}")
    for line in _curve(loaded):
        print(line)


def _rows(loaded: "Checkpoint") -> list[tuple[str, str]]:
    from charrnn.cli.wording import corpus_words, counted, loss_words, network_words
    from charrnn.training.history import History

    settings, windows, training = loaded.settings, loaded.settings.windows, loaded.settings.training
    parameters = sum(array.size for name, array in loaded.arrays.items() if "." not in name)
    plan = (counted(training.minutes, "minute") if training.minutes is not None
            else counted(training.epochs or 0.0, "epoch"))
    clip = f"clipped at {training.clip:g}" if training.clip else "not clipped"
    precision = f", {training.precision}" if training.precision != "float32" else ""
    best = History.from_dict(loaded.progress["history"]).best
    kind = windows.windows if settings.text.documents is None else "whole documents in windows"
    rows = [
        ("network", f"{network_words(settings.network)}: {parameters:,} parameters"),
        ("text", corpus_words(loaded.corpus, len(loaded.vocabulary), settings.text)),
        ("windows", f"{kind} of {counted(windows.window, settings.text.unit_name)}, {windows.batch} side by side, "
                    f"{100 * (windows.val_fraction or 0.0):.2g}% of the text for validation"),
        ("training", f"{training.optimizer}, rate {training.lr:g} ({training.decay}), {clip}, planned for {plan}, "
                     f"seed {training.seed}, {counted(training.shards, 'shard')}{precision}"),
        ("progress", f"{counted(loaded.progress['step'], 'step')}, {loaded.progress['epoch']:.2f} epochs"),
    ]
    if best.step:
        part = "training" if math.isnan(best.val or 0.0) else "validation"
        loss = loss_words(best.loss, loaded.corpus, settings.text)
        rows.append(("best loss", f"{loss} in {part}, at step {best.step:,}"))
    return rows


def _curve(loaded: "Checkpoint") -> list[str]:
    from charrnn.cli.curve import curve
    from charrnn.training.history import History

    points = History.from_dict(loaded.progress["history"]).points
    # a point that followed another without a step has no training loss
    train = [(point.epoch, point.train) for point in points if not math.isnan(point.train)]
    val = [(point.epoch, point.val) for point in points if point.val is not None and not math.isnan(point.val)]
    if len(train) < 2:
        return []
    unit = loaded.settings.text.unit_name
    return ["", *curve({"·": train, "o": val}, "epochs"), f"nats a {unit}: · training, o validation"]
