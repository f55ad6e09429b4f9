"""Layer engine: turns gradients into updates. Kernels do the arithmetic; the memory and constants of each rule are
here."""

import math
from collections.abc import Callable

import numpy as np

from charrnn.engine.compiled.network import Network
from charrnn.engine.interface import EPSILON, RMSPROP_DECAY, named, refuse_norm
from charrnn.engine.threads import Member
from charrnn.kernels import updates
from charrnn.kernels.cpu import zeros
from charrnn.settings import TrainingSettings


class Optimizer:
    """An update rule, and its memory of each parameter: flat buffers, whose names are in `memory`."""

    memory: tuple[str, ...] = ()

    def __init__(self, network: Network, training: TrainingSettings | None = None) -> None:
        self.network, self.training = network, training or TrainingSettings()
        self.steps = 0
        self.buffers = [zeros(network.parameters.flat.size) for _ in self.memory]

    def update(self, gradients: np.ndarray, lr: float, clip: float,
               after: Callable[[int, int], None] = lambda start, stop: None) -> float:
        """One step along gradients (shards, P), clipped first by their norm and then by value; the norm before that.

        after   is told of each thread's share [start:stop) of the parameters when it is done

        Raises TrainingError, with nothing changed, if the norm is not finite: a bad gradient must never reach a weight.
        """
        network, pieces, rule = self.network, self.network.pieces(), self.rule(lr, self.steps + 1)
        limit, squares = np.float32(self.training.clip_value or math.inf), np.zeros(len(pieces) - 1)

        def one(member: Member) -> float:
            thread, threads = member.thread, member.threads
            first, last = (len(squares) * end // threads for end in (thread, thread + 1))
            updates.sum_gradients(gradients, pieces[first:last + 1], squares[first:last])
            member.barrier()
            norm = math.sqrt(sum(squares))
            if not math.isfinite(norm):
                return norm
            scale = np.float32(clip / norm if 0 < clip < norm else 1.0)
            start, stop = int(pieces[first]), int(pieces[last])
            rule(network.parameters.flat, gradients[0], *self.buffers, start, stop, scale, limit)
            after(start, stop)
            member.barrier()
            network.weights.refresh_part(thread, threads)
            return norm

        norm = network.workers.together(one)[0]
        refuse_norm(norm, self.steps)
        self.steps += 1
        network.weights.refresh_table()
        return norm

    def rule(self, lr: float, step: int) -> Callable[..., None]:
        """The kernel with the constants of a step, counted from 1."""
        raise NotImplementedError

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The memory by parameter: adam_mean.{name}, adam_square.{name} and so on."""
        to_arrays = self.network.parameters.to_arrays
        return {f"{kind}.{name}": array for kind, flat in zip(self.memory, self.buffers, strict=True)
                for name, array in to_arrays(flat).items()}

    def from_arrays(self, arrays: dict[str, np.ndarray], steps: int) -> None:
        """Takes back what to_arrays() gave after `steps` steps."""
        for kind, flat in zip(self.memory, self.buffers, strict=True):
            self.network.parameters.from_arrays(named(arrays, f"{kind}."), flat)
        self.steps = steps


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015); with `decays` AdamW: weights shrink by themselves (Loshchilov & Hutter 2019)."""

    memory = ("adam_mean", "adam_square")
    decays = False

    def rule(self, lr: float, step: int) -> Callable[..., None]:
        decay = lr * self.training.weight_decay if self.decays else 0.0
        beta1, beta2 = self.training.beta1, self.training.beta2
        return _with(updates.adam, lr, beta1, beta2, EPSILON, 1 - beta1**step, 1 - beta2**step, decay)


class AdamW(Adam):
    decays = True


class RMSprop(Optimizer):
    """RMSprop (Tieleman & Hinton 2012)."""

    memory = ("rmsprop_square",)

    def rule(self, lr: float, step: int) -> Callable[..., None]:
        return _with(updates.rmsprop, lr, RMSPROP_DECAY, EPSILON)


class Adagrad(Optimizer):
    """Adagrad (Duchi, Hazan & Singer 2011): its steps only ever become smaller."""

    memory = ("adagrad_total",)

    def rule(self, lr: float, step: int) -> Callable[..., None]:
        return _with(updates.adagrad, lr, EPSILON)


class SGD(Optimizer):
    """Gradient descent with momentum, as PyTorch writes it: the rate multiplies the velocity."""

    memory = ("sgd_velocity",)

    def rule(self, lr: float, step: int) -> Callable[..., None]:
        return _with(updates.sgd, lr, self.training.momentum)


RULES: dict[str, type[Optimizer]] = {"adam": Adam, "adamw": AdamW, "rmsprop": RMSprop, "adagrad": Adagrad, "sgd": SGD}


def optimizer_of(network: Network, training: TrainingSettings) -> Optimizer:
    """The optimizer that the settings name."""
    return RULES[training.optimizer](network, training)


def _with(kernel: Callable[..., None], *constants: float) -> Callable[..., None]:
    """The kernel, with float32 constants behind its other arguments."""
    numbers = tuple(np.float32(value) for value in constants)
    return lambda *arguments: kernel(*arguments, *numbers)
