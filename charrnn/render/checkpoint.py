"""Layer render: what a checkpoint is and how it was trained, in a few lines, and the curve of its losses."""

import math

from charrnn.render.plots.curves import curves_of
from charrnn.render.plots.terminal import picture
from charrnn.render.screen import Screen
from charrnn.render.wording import corpus_words, counted, loss_words, network_words
from charrnn.runs.checkpoint import Checkpoint
from charrnn.runs.trained_network import not_finite
from charrnn.text.labels import LabelScheme
from charrnn.text.vocabulary import listed
from charrnn.training.history import History

_WIDTH, _HEIGHT = 70, 11  # of the curve, which `charrnn plot` draws larger
_LABELS = 12  # that are named


def checkpoint_rows(loaded: Checkpoint) -> list[tuple[str, str]]:
    """Names and values."""
    settings, windows, training = loaded.settings, loaded.settings.windows, loaded.settings.training
    parameters = sum(array.size for name, array in loaded.arrays.items() if "." not in name)
    plan = " or ".join(counted(length, name) for length, name in ((training.minutes, "minute"),
                                                                  (training.epochs, "epoch")) if length is not None)
    clip = f"clipped at {training.clip:g}" if training.clip else "not clipped"
    rate = "rate that fits the network" if training.lr is None else f"rate {training.lr:g}"
    precision = f", {training.precision}" if training.precision != "float32" else ""
    best = History.from_dict(loaded.progress["history"]).best
    kind = windows.windows if settings.text.documents is None else "whole documents in windows"
    rows = [
        ("network", f"{network_words(settings.network)}: {parameters:,} parameters"),
        ("text", corpus_words(loaded.corpus, len(loaded.vocabulary), settings.text)),
        ("windows", f"{kind} of {counted(windows.window, settings.text.unit_name)}, {windows.batch} side by side, "
                    f"{100 * (windows.val_fraction or 0.0):.2g}% of the text for validation"
                    + (", from the ends of its files" if windows.val_from == "files" else "")),
        ("training", f"{training.optimizer}, {rate} ({training.decay}), {clip}, planned for {plan}, "
                     f"seed {training.seed}, {counted(training.shards, 'shard')}{precision}"),
        ("progress", f"{counted(loaded.progress['step'], 'step')}, {loaded.progress['epoch']:.2f} epochs"),
    ]
    if loaded.corpus.labels is not None:
        rows.insert(2, ("labels", _label_words(loaded.corpus.labels)))
    if longest := loaded.corpus.longest_source:
        rows.insert(2, ("pairs", f"source and target, sources of up to {counted(longest, settings.text.unit_name)}"))
    if parent := loaded.corpus.parent:
        rows.append(("begun from", f"{parent.name}, at step {parent.step:,}"))
    if best.step:
        part = "training" if math.isnan(best.val or 0.0) else "validation"
        loss = loss_words(best.loss, loaded.corpus, settings.text)
        rows.append(("best loss", f"{loss} in {part}, at step {best.step:,}"))
    if names := not_finite(loaded):
        rows.append(("not usable", f"values that are NaN or too large in {listed(names)}"))
    return rows


def _label_words(scheme: LabelScheme) -> str:
    if not scheme.names:
        return f"{counted(scheme.width, 'number')}, on average {', '.join(f'{mean:.4g}' for mean in scheme.means)}"
    shown = [f"{name} {share:.0%}" for name, share in zip(scheme.names, scheme.shares, strict=True)][:_LABELS]
    more = f" and {scheme.width - _LABELS:,} more" if scheme.width > _LABELS else ""
    return f"{scheme.width:,}: {', '.join(shown)}{more}"


def checkpoint_curve(loaded: Checkpoint, screen: Screen) -> list[str]:
    """The losses so far; nothing where there are less than two."""
    curves = curves_of(loaded, "", "epochs")
    if len(curves.train) < 2:
        return []
    unit = f"nats a {loaded.settings.text.unit_name}"
    return ["", *picture([curves], "epochs", unit, min(screen.width, _WIDTH), _HEIGHT, screen.style)]
