"""Layer training: the learning rate over a run, from its progress: 0 to 1, whether the run is measured in epochs or
minutes."""

import math

from charrnn.cells.registry import CELLS
from charrnn.settings import NetworkSettings, TrainingSettings

# Other optimizers' share of Adam's rate; Adagrad and SGD have rates of their own, whatever the network. Measured at
# 1x128 (benchmarks/results/sweep.jsonl); 3 was better for SGD there, but may be too high for larger ones.
_SHARES = {"adam": 1.0, "adamw": 1.0, "rmsprop": 0.5}
_OWN_RATES = {"adagrad": 0.1, "sgd": 1.0}


def fitting_rate(network: NetworkSettings, optimizer: str) -> float:
    """A highest rate for Adam that fits the network: the more units in all layers, the lower, by the square root.

    It gives 1.1e-2 for an LSTM of 1 x 512 and 8e-3 for 2 x 512, where 1.6e-2 diverges; small networks get up to half as
    much again. A plain RNN of several layers learns nothing at such rates (3 x 256 stayed at 3.33 nats): its rate is
    divided by the number of layers too.
    """
    if optimizer in _OWN_RATES:
        return _OWN_RATES[optimizer]
    units = network.hidden * network.layers
    cell = CELLS[network.cell]
    rate = cell.learning_rate * min(1.5, math.sqrt(256 / units)) * _SHARES[optimizer]
    if cell.rate_per_layer:
        rate /= network.layers
    return float(f"{rate:.2g}")


def learning_rate(training: TrainingSettings, progress: float, epoch: float) -> float:
    """The rate at `progress`: a straight climb to `lr` over `warmup`, then down by `decay`.

    cosine and linear reach `lr` * `lr_end` at the end of the run; step and exponential count epochs and not the run.
    """
    assert training.lr is not None  # set when the run began
    progress = min(max(progress, 0.0), 1.0)
    if progress < training.warmup:
        # a first step at rate 0 would change nothing
        return training.lr * max(progress / training.warmup, 0.01)
    if training.decay == "constant" or training.warmup >= 1.0:
        return training.lr
    if training.decay in ("step", "exponential"):
        return training.lr * math.pow(training.decay_factor, _times(training, epoch))
    fallen = (progress - training.warmup) / (1.0 - training.warmup)
    share = 1.0 - fallen if training.decay == "linear" else 0.5 * (1.0 + math.cos(math.pi * fallen))
    return training.lr * (training.lr_end + (1.0 - training.lr_end) * share)


def _times(training: TrainingSettings, epoch: float) -> float:
    """How often the factor was applied by `epoch`: step counts at decay_after and then every decay_every epochs."""
    passed = (epoch - training.decay_after) / training.decay_every
    if training.decay == "step":
        return max(0, math.floor(passed) + 1)
    return max(0.0, passed)
