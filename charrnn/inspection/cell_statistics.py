"""Layer inspection: statistics of single cells: how long each remembers, what is unusual about it, what moves it.

They are taken over the places of a recording without its warm-up. Arrays are (L, H), one number for each unit.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from charrnn.errors import SettingsError, shortened
from charrnn.inspection.recording import PINNED, Recording

LOW, HIGH = 0.1, 0.9  # a gate is shut below, open above
FLAGS = {
    "integrator": "its gate that keeps (f, or z of a GRU) is above 0.9 in more than 99 % of the places",
    "feed-forward": "its gate that keeps is below 0.1 in more than 90 % of the places",
    "saturated": "its |tanh c| (or |h|) is above 0.99 in more than 99 % of the places: a pinned memory, which speaks "
                 "through its output gate; its h is ablated, and its c is shown without the tanh",
    "dead": "its h has a standard deviation below 0.01",
    "constant": "it has the same value in all places",
}
# A signal of a cell with one of these flags carries no information, and no feature is credited to it.
_MUTE = {"h": ("dead",), "c": ("dead", "constant")}
# A cell holds until it is reset if its median gate keeps so many times longer than its mean one, and at least 16
# characters.
LEAST_HOLD = 4
LEAST_TIMES = 10  # times that a unit must be read before its mean push is reported
_LEAST_GATE = 1e-7  # the logarithm of a gate that float32 rounds to 0


class CellName(NamedTuple):
    """layer and unit, both from 0, as arrays are indexed. L1:24 is unit 24 (from 0) of layer 1 (from 1, the lowest)."""

    layer: int
    unit: int

    def __str__(self) -> str:
        return f"L{self.layer + 1}:{self.unit}"


def cell_named(argument: str, layers: int, hidden: int) -> CellName:
    """The cell with the name `argument`; raises SettingsError if this network has no such cell."""
    found = re.fullmatch(r"[Ll](\d{1,9}):(\d{1,9})", argument.strip())
    if not found:
        raise SettingsError(f"{shortened(argument)} names no cell; L1:24 is unit 24 of layer 1")
    name = CellName(int(found[1]) - 1, int(found[2]))
    if not (0 <= name.layer < layers and name.unit < hidden):
        which = "one layer, L1" if layers == 1 else f"layers L1 to L{layers}"
        raise SettingsError(f"there is no cell {argument}: this network has {which}, with units 0 to {hidden - 1}"
                            f"{'' if layers == 1 else ' each'}")
    return name


@dataclass(frozen=True)
class CellStatistics:
    """flags       by name
    tau            characters after which 1/e is left of what the cell held
    tau_hold       the same by the median of its gate; NaN where no gate keeps
    resets         places in 1,000 at which the gate that keeps is shut; NaN where no gate keeps
    holds          the cells that keep what they hold until they are reset: tau says how long on average, which is short
    mean, spread   mean and standard deviation of the main signal, c as tanh c
    largest        the largest |c| or |h|, without the tanh
    """

    flags: dict[str, np.ndarray]
    tau: np.ndarray
    tau_hold: np.ndarray
    resets: np.ndarray
    holds: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    largest: np.ndarray

    def is_mute(self, signal: str) -> np.ndarray:
        """(L, H) the cells whose `signal`, h or c, never moves, or never leaves the cell."""
        mute: np.ndarray = np.any([self.flags[name] for name in _MUTE[signal]], axis=0)
        return mute

    @property
    def memory(self) -> np.ndarray:
        """How many characters each cell remembers: tau, or the time from one reset to the next where it holds."""
        memory: np.ndarray = np.where(self.holds, np.fmin(self.tau_hold, 1000 / np.maximum(self.resets, 1e-3)),
                                      self.tau)
        return memory

    def flags_of(self, cell: CellName) -> list[str]:
        return [name for name, mask in self.flags.items() if mask[cell]]


def main_signal(recording: Recording) -> str:
    """The signal that a cell is judged by: its cell state c, or h where it has none."""
    return "c" if "c" in recording.signals else "h"


def cell_statistics(recording: Recording) -> CellStatistics:
    settled = recording.settled()
    h, main = settled.signals["h"], settled.signals[main_signal(settled)]
    shown = np.tanh(main) if "c" in settled.signals else h
    keeps = next((settled.signals[name] for name in "fz" if name in settled.signals), None)
    unknown = np.full((settled.layers, settled.hidden), np.nan)
    tau, tau_hold, resets = (_decay(h), unknown, unknown) if keeps is None else _memory(keeps)
    none = np.zeros(tau.shape, bool)
    flags = {
        "integrator": none if keeps is None else (keeps > HIGH).mean(axis=1) > 0.99,
        "feed-forward": none if keeps is None else (keeps < LOW).mean(axis=1) > 0.9,
        "saturated": settled.pinned if "c" in settled.signals else (np.abs(h) > PINNED).mean(axis=1) > PINNED,
        "dead": h.std(axis=1, dtype=np.float64) < 0.01,
        "constant": np.ptp(main, axis=1) == 0,
    }
    with np.errstate(invalid="ignore"):
        holds = (resets > 0) & (tau_hold >= LEAST_HOLD * np.maximum(tau, LEAST_HOLD))
    return CellStatistics(flags, tau, tau_hold, resets, holds, shown.mean(axis=1, dtype=np.float64),
                          shown.std(axis=1, dtype=np.float64),
                          np.abs(main).max(axis=1))


def _memory(keeps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """tau, tau_hold and resets from the gate that keeps, (L, T, H).

    After n characters the product of n gates is left of what was held, so the logarithms are averaged.
    """
    logs = np.log(np.maximum(keeps, _LEAST_GATE))
    median = np.log(np.maximum(np.median(keeps, axis=1), _LEAST_GATE))
    with np.errstate(divide="ignore"):
        return (-1 / logs.mean(axis=1, dtype=np.float64), -1 / median.astype(np.float64),
                1000 * (keeps < LOW).mean(axis=1))


def _decay(h: np.ndarray) -> np.ndarray:
    """The first lag at which the autocorrelation of h (L, T, H) is below 1/e."""
    L, T, H = h.shape
    centred = h - h.mean(axis=1, keepdims=True)
    size = 1 << (2 * T - 1).bit_length()
    lags = np.empty((L, H))
    for k in range(L):
        power = np.abs(np.fft.rfft(centred[k], size, axis=0)) ** 2
        correlation = np.fft.irfft(power, size, axis=0)[:T]
        below = correlation < np.maximum(correlation[0], 1e-30) / np.e
        lags[k] = np.where(below.any(axis=0), below.argmax(axis=0), T)
    return lags


def bigrams(recording: Recording) -> np.ndarray:
    """A number (T,) for the last two characters at each place."""
    tokens = recording.tokens.astype(np.int64)
    before = np.concatenate([tokens[:1], tokens[:-1]])
    return before * (int(tokens.max()) + 1) + tokens


@dataclass(frozen=True)
class Push:
    """How far a cell moves on average when unit `token` is read, rises and falls apart: they would cancel in a mean."""

    token: int
    times: int
    up: float
    down: float  # 0 or below


def pushes(values: np.ndarray, tokens: np.ndarray) -> list[Push]:
    """Of values (T,), for each unit that is among tokens (T,) often enough, in the order of their ids."""
    steps, read = np.diff(values.astype(np.float64)), tokens[1:]
    times = np.bincount(read, minlength=1)
    up, down = (np.bincount(read, part, len(times)) for part in (np.maximum(steps, 0), np.minimum(steps, 0)))
    return [Push(int(token), int(times[token]), float(up[token] / times[token]), float(down[token] / times[token]))
            for token in np.flatnonzero(times >= LEAST_TIMES)]


def peaks(values: np.ndarray, count: int, apart: int) -> list[int]:
    """The places where values (T,) are highest, the highest first, at least `apart` places from each other."""
    chosen: list[int] = []
    for place in np.argsort(-values, kind="stable"):
        if all(abs(int(place) - other) >= apart for other in chosen):
            chosen.append(int(place))
            if len(chosen) == count:
                break
    return chosen
