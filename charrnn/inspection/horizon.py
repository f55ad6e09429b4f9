"""Layer inspection: the gradient horizon: how far back the gradient of a loss reaches, layer by layer.

    G(k) = mean over t of | d loss_t / d state(t - k) |      state(t) is the state that predicts the target of loss_t

A text that started less than k characters ago has no state there, and does not count in the mean.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.cells.numpy_step import Array
from charrnn.engine.threads import Workers
from charrnn.inspection.backward import steps_back
from charrnn.inspection.one_thread import one_blas_thread
from charrnn.inspection.stack import Stack, Trace, refuse_overflow

PLACES, LAGS = 100, 150  # losses that are backpropagated, and how far at most
GAIN_LAGS = (20, 100)  # where the slope is taken: beyond the nearest lags, before the gradient underflows
# Losses backpropagated together, and the longest stretch of text they lie in, whose tapes are in memory.
_GROUP, _STRETCH = 100, 2000
_LEAST = 1e-30  # a smaller gradient is rounding error

DEFINITIONS = {
    "gradient": "G(k) = mean over t of |d loss_t / d state(t - k)|: the length of the gradient of single losses by "
                "the state k characters before, for each layer's h, and for its c with h = o tanh(c) following it",
    "K1%": "the first k at which G(k) is below 1 % of its largest value",
    "gain": "exp of the slope of ln G(k) over k = 20 to 100: what is left of the gradient after one more character; "
            "below 1 it vanishes, above 1 it explodes",
    "K50, K90, K99": "the least k such that 50, 90, 99 % of the sum over k of mean |d loss_t / d input(t - k)| lie "
                     "within k characters",
}


@dataclass(frozen=True)
class Reach:
    """How far the gradient reaches into one layer's (from 1) h or c.

    norms   (K + 1,) G(k) for k = 0 .. K
    near    K1%, None if G stays above
    gain    None if too little of the gradient is left to measure it
    """

    layer: int
    signal: str
    norms: Array
    near: int | None
    gain: float | None


@dataclass(frozen=True)
class Horizon:
    """The gradients of `places` losses, backpropagated over `lags` characters.

    inputs    (K + 1,) the same as norms for the input of the first layer
    within    by share, 50, 90 and 99: K50, K90, K99
    settled   whether the gradient fell to 1 % of its largest value before the lags ended
    """

    places: int
    reaches: list[Reach]
    inputs: Array
    within: dict[int, int]
    settled: bool

    @property
    def lags(self) -> int:
        return len(self.inputs) - 1

    @property
    def gain(self) -> float | None:
        """The largest gain of any layer: the slowest decay decides in the end."""
        return max((reach.gain for reach in self.reaches if reach.gain is not None), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for a file or a page."""
        return {"places": self.places, "lags": self.lags, "inputs": [_digits(norm) for norm in self.inputs],
                "within": {f"{share}": k for share, k in self.within.items()}, "settled": self.settled,
                "layers": [{"layer": reach.layer, "signal": reach.signal, "near": reach.near,
                            "gain": None if reach.gain is None else round(reach.gain, 4),
                            "norms": [_digits(norm) for norm in reach.norms]} for reach in self.reaches]}


@one_blas_thread
def horizon(stack: Stack, trace: Trace, places: int = PLACES, lags: int = LAGS,
            on_step: Callable[[int], None] = lambda steps: None, threads: int = 1) -> Horizon:
    """Backpropagates the losses at up to `places` places of `trace`, up to `lags` characters.

    The places are evenly spread over one stretch of the text for each hundred of them. Where the text is too short,
    lags are fewer: no place is asked for more than lies before it.

    on_step   is told after each step how many losses it was for
    threads   compute several groups of losses at once
    """
    lags = min(lags, (len(trace) - trace.warm_up) // 2)
    groups = _groups(max(trace.warm_up, lags), len(trace), places)
    followed = sum(map(len, groups))
    shape = len(stack.layers), len(stack.initial[0]), lags + 1

    @refuse_overflow()
    def sums(n: int) -> tuple[Array, Array, Array]:
        """Of one group at each lag: the lengths for states and input, and how many losses there were."""
        norms, inputs, alive = np.zeros(shape), np.zeros(lags + 1), np.zeros(lags + 1)
        for lag, step in enumerate(steps_back(stack, trace, groups[n], lags)):
            alive[lag] = step.alive.sum()
            inputs[lag] = _lengths(step.inputs[step.alive])
            for k, layer in enumerate(step.states):
                for s, gradient in enumerate(layer):
                    norms[k, s, lag] = _lengths(gradient[step.alive])
            on_step(len(groups[n]))
        return norms, inputs, alive

    of_groups = Workers(threads).map(sums, len(groups))
    norms, inputs, alive = (np.sum(one, axis=0) for one in zip(*of_groups, strict=True))
    # lags that only a few texts are long enough for are left out
    known = alive >= max(1, followed // 10)
    inputs = inputs[known] / alive[known]
    reaches = [_reach(k + 1, letter, norms[k, s, known] / alive[known])
               for k in range(shape[0]) for s, letter in enumerate("hc"[:shape[1]])]
    shares = np.cumsum(inputs) / inputs.sum() if inputs.any() else np.ones_like(inputs)
    within = {share: int(np.argmax(shares >= share / 100 - 1e-9)) for share in (50, 90, 99)}
    return Horizon(followed, reaches, inputs, within, bool(inputs[-1] <= 0.01 * inputs.max()))


def _groups(start: int, stop: int, count: int) -> list[Array]:
    """Up to `count` places from start to stop - 1, in groups of near ones."""
    groups = -(-count // _GROUP)
    edges = [start + (stop - start) * i // groups for i in range(groups + 1)]
    return [spread(a, min(b, a + _STRETCH), -(-count // groups)) for a, b in itertools.pairwise(edges) if a < b]


def spread(start: int, stop: int, count: int) -> Array:
    """Up to `count` places from start to stop - 1, evenly spread."""
    return np.unique(np.linspace(start, stop - 1, min(count, stop - start)).round().astype(np.int64))


def gain_of(norms: Array) -> float | None:
    """The factor by which the gradient changes per character; None with fewer than 5 lags above rounding error."""
    last = len(norms) - 1
    first = min(GAIN_LAGS[0], last // 4)
    lags = np.arange(first, min(GAIN_LAGS[1], last) + 1)
    lags = lags[norms[lags] > _LEAST]
    if len(lags) < 5:
        return None
    return float(np.exp(np.polyfit(lags, np.log(norms[lags]), 1)[0]))


def _reach(layer: int, signal: str, norms: Array) -> Reach:
    below = norms < 0.01 * norms.max()
    return Reach(layer, signal, norms, int(np.argmax(below)) if below.any() else None, gain_of(norms))


def _lengths(gradients: Array) -> float:
    """The sum of the lengths of the rows, in float64: squares would underflow in float32."""
    return float(np.sqrt(np.square(gradients, dtype=np.float64).sum(axis=1)).sum())


def _digits(number: float) -> float:
    return float(f"{number:.4g}")
