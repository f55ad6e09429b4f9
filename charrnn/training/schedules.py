"""Floor 4: the learning rate over a run. Progress comes in, from 0 to 1 whatever the run is measured in (epochs or
minutes); a rate goes out."""

import math

from charrnn.settings import TrainingSettings


def learning_rate(training: TrainingSettings, progress: float) -> float:
    """The rate at `progress`: a straight climb to `lr` over `warmup`, then down to `lr` * `lr_end` by `decay`."""
    progress = min(max(progress, 0.0), 1.0)
    if progress < training.warmup:
        # a first step at rate 0 would teach nothing
        return training.lr * max(progress / training.warmup, 0.01)
    if training.decay == "constant" or training.warmup >= 1.0:
        return training.lr
    fallen = (progress - training.warmup) / (1.0 - training.warmup)
    share = 1.0 - fallen if training.decay == "linear" else 0.5 * (1.0 + math.cos(math.pi * fallen))
    return training.lr * (training.lr_end + (1.0 - training.lr_end) * share)
