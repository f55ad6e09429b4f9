"""Layer cli: `charrnn info`: what a checkpoint is, what it was trained on, how far, and how its loss went."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from charrnn.runs.checkpoint import Checkpoint

_WIDTH, _HEIGHT = 70, 11  # of the curve, which `charrnn plot` draws larger


@click.command()
@click.argument("checkpoint", required=False)
@click.option("--config", "as_config", is_flag=True, help="print its settings as a file for `charrnn train --config`, "
                                                          "and nothing else")
def info(checkpoint: str | None, as_config: bool) -> None:
    """Tell what the network in CHECKPOINT (a file, a run's folder or its name) is and how it was trained.

    Without CHECKPOINT it tells about the newest run in ./checkpoints; of a run, how it stood when last saved.
    """
    from charrnn.render.screen import show
    from charrnn.runs.checkpoint import load_checkpoint, resolve_checkpoint

    path = resolve_checkpoint(checkpoint, "last")
    loaded = load_checkpoint(path)
    if as_config:
        print(_config(loaded, path), end="")
        return
    rows = [("checkpoint", str(path)), *_rows(loaded)]
    width = max(len(name) for name, _ in rows) + 2
    for name, value in rows:
        print(f"{name:{width}}{value}")
    show(_curve(loaded))


def _config(loaded: "Checkpoint", path: Path) -> str:
    from charrnn.cli.config import config_text
    from charrnn.cli.train import train

    sources = list(loaded.corpus.sources)
    if not all(source.isprintable() for source in sources):
        sources = []  # a name that is no text; TOML could not say it
    return config_text(loaded.settings, train, sources,
                       f"The settings of {path.parent.name or path.name}, for charrnn train --config FILE")


def _rows(loaded: "Checkpoint") -> list[tuple[str, str]]:
    from charrnn.render.wording import corpus_words, counted, loss_words, network_words
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
    if parent := loaded.corpus.parent:
        rows.append(("begun from", f"{parent.name}, at step {parent.step:,}"))
    if best.step:
        part = "training" if math.isnan(best.val or 0.0) else "validation"
        loss = loss_words(best.loss, loaded.corpus, settings.text)
        rows.append(("best loss", f"{loss} in {part}, at step {best.step:,}"))
    return rows


def _curve(loaded: "Checkpoint") -> list[str]:
    from charrnn.render.plots.curves import curves_of
    from charrnn.render.plots.terminal import picture
    from charrnn.render.screen import style, width

    curves = curves_of(loaded, "", "epochs")
    if len(curves.train) < 2:
        return []
    unit = f"nats a {loaded.settings.text.unit_name}"
    return ["", *picture([curves], "epochs", unit, min(width(), _WIDTH), _HEIGHT, style())]
