"""Layer engine: clipping and the update rules, one parameter array at a time; the same constants as the kernels'.

Each rule changes the parameter w and its memory in place, from the gradient g.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from charrnn.engine.interface import EPSILON, RMSPROP_DECAY, Arrays
from charrnn.settings import TrainingSettings

Array = np.ndarray


class Moment(NamedTuple):
    """An update under way: the learning rate, the number of the step from 1, and the settings."""

    rate: float
    step: int
    training: TrainingSettings


def clip_gradients(gradients: Arrays, norm_limit: float, value_limit: float = math.inf) -> float:
    """The norm of all gradients together; scales them in place to norm_limit if it is larger (0: no limit).

    Then no single number is left beyond value_limit.
    """
    norm = math.sqrt(sum(float((array * array).sum()) for array in gradients.values()))
    for array in gradients.values():
        if 0 < norm_limit < norm:
            array *= norm_limit / norm
        np.clip(array, -value_limit, value_limit, out=array)
    return norm


def adam(now: Moment, w: Array, g: Array, mean: Array, square: Array) -> None:
    """Adam (Kingma & Ba 2015): a step along the mean gradient, over the root of its mean square."""
    beta1, beta2 = now.training.beta1, now.training.beta2
    mean += (1 - beta1) * (g - mean)
    square += (1 - beta2) * (g * g - square)
    unbiased_mean = mean / (1 - beta1**now.step)  # both started at 0: correct for it
    unbiased_square = square / (1 - beta2**now.step)
    w -= now.rate * unbiased_mean / (np.sqrt(unbiased_square) + EPSILON)


def adamw(now: Moment, w: Array, g: Array, mean: Array, square: Array) -> None:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019)."""
    w *= 1 - now.rate * now.training.weight_decay
    adam(now, w, g, mean, square)


def rmsprop(now: Moment, w: Array, g: Array, square: Array) -> None:
    """RMSprop (Tieleman & Hinton 2012): a step along the gradient, over the root of its running mean square."""
    square += (1 - RMSPROP_DECAY) * (g * g - square)
    w -= now.rate * g / (np.sqrt(square) + EPSILON)


def adagrad(now: Moment, w: Array, g: Array, total: Array) -> None:
    """Adagrad (Duchi, Hazan & Singer 2011): over the root of the sum of all squares so far."""
    total += g * g
    w -= now.rate * g / (np.sqrt(total) + EPSILON)


def sgd(now: Moment, w: Array, g: Array, velocity: Array) -> None:
    """Gradient descent with momentum, as in PyTorch."""
    velocity *= now.training.momentum
    velocity += g
    w -= now.rate * velocity


# Each rule, and the names of its memory in checkpoints.
RULES: dict[str, tuple[Callable[..., None], tuple[str, ...]]] = {
    "adam": (adam, ("adam_mean", "adam_square")), "adamw": (adamw, ("adam_mean", "adam_square")),
    "rmsprop": (rmsprop, ("rmsprop_square",)), "adagrad": (adagrad, ("adagrad_total",)),
    "sgd": (sgd, ("sgd_velocity",))}
