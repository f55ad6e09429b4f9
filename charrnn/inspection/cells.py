"""Layer inspection: what is said of a cell by itself: how long it remembers, how much the last characters explain,
what is odd.

Everything is taken over the settled places of a recording. Arrays are (L, H), one number for each unit.
"""

from dataclasses import dataclass

import numpy as np

from charrnn.inspection.recording import Recording

LOW, HIGH = 0.1, 0.9  # a gate is shut below, open above
FLAGS = {
    "integrator": "its gate that keeps (f, or z of a GRU) is above 0.9 in more than 99 % of the places",
    "feed-forward": "its gate that keeps is below 0.1 in more than 90 % of the places",
    "railed": "its |tanh c| (or |h|) is above 0.99 in more than 99 % of the places",
    "dead": "its h has a standard deviation below 0.01",
    "constant": "it has the same value in all places",
}
# Cells of which nothing can be read, and which no feature may be credited to.
MUTE = ("railed", "dead", "constant")
_LEAST_GATE = 1e-7  # the logarithm of a gate that float32 rounds to 0


@dataclass(frozen=True)
class CellFacts:
    """flags by name, and tau, tau_hold (characters), resets (in 1,000 characters), mean, spread of the signal that is
    shown, and largest, of |c| or |h| as it is. resets and tau_hold are NaN where no gate keeps."""

    flags: dict[str, np.ndarray]
    tau: np.ndarray
    tau_hold: np.ndarray
    resets: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    largest: np.ndarray

    @property
    def is_mute(self) -> np.ndarray:
        mute: np.ndarray = np.any([self.flags[name] for name in MUTE], axis=0)
        return mute


def main_signal(recording: Recording) -> str:
    """What a cell is read by: its memory, or where it has none its output."""
    return "c" if "c" in recording.signals else "h"


def facts(recording: Recording) -> CellFacts:
    """What is said of each unit."""
    settled = recording.settled()
    shown, h = settled.shown(main_signal(settled)), settled.signals["h"]
    keeps = next((settled.signals[name] for name in "fz" if name in settled.signals), None)
    tau, tau_hold, resets = _memory(keeps) if keeps is not None else (_fading(h), *_none(h))
    none = np.zeros(tau.shape, bool)
    flags = {
        "integrator": none if keeps is None else (keeps > HIGH).mean(axis=1) > 0.99,
        "feed-forward": none if keeps is None else (keeps < LOW).mean(axis=1) > 0.9,
        "railed": (np.abs(shown) > 0.99).mean(axis=1) > 0.99,
        "dead": h.std(axis=1, dtype=np.float64) < 0.01,
        "constant": np.ptp(shown, axis=1) == 0,
    }
    return CellFacts(flags, tau, tau_hold, resets, shown.mean(axis=1, dtype=np.float64),
                     shown.std(axis=1, dtype=np.float64), np.abs(settled.signals[main_signal(settled)]).max(axis=1))


def _none(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    nothing = np.full((h.shape[0], h.shape[2]), np.nan)
    return nothing, nothing


def _memory(keeps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How long what is written lasts, by the gate (L, T, H): over all, while it is held, and how often it is wiped.

    What is left of it after n characters is the product of n gates, so its logarithm is what may be averaged.
    """
    logs = np.log(np.maximum(keeps, _LEAST_GATE))
    median = np.log(np.maximum(np.median(keeps, axis=1), _LEAST_GATE))
    with np.errstate(divide="ignore"):
        return (-1 / logs.mean(axis=1, dtype=np.float64), -1 / median.astype(np.float64),
                1000 * (keeps < LOW).mean(axis=1))


def _fading(h: np.ndarray) -> np.ndarray:
    """The first lag at which the autocorrelation of h (L, T, H) is below 1 / e."""
    L, T, H = h.shape
    centred = h - h.mean(axis=1, keepdims=True)
    size = 1 << (2 * T - 1).bit_length()
    lags = np.empty((L, H))
    for k in range(L):
        power = np.abs(np.fft.rfft(centred[k], size, axis=0)) ** 2
        together = np.fft.irfft(power, size, axis=0)[:T]
        faded = together < np.maximum(together[0], 1e-30) / np.e
        lags[k] = np.where(faded.any(axis=0), faded.argmax(axis=0), T)
    return lags


def explained(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """eta^2 (U,): the share of the variance of values (U, T) that lies between the `groups` (T,) and not within them.
    """
    order = np.argsort(groups, kind="stable")
    begins = np.flatnonzero(np.concatenate([[True], np.diff(groups[order]) != 0]))
    sizes = np.diff(begins, append=len(groups))
    eta = np.zeros(len(values))
    for u, row in enumerate(values):
        centred = row.astype(np.float64) - row.mean(dtype=np.float64)
        total = centred @ centred
        if total > 0:
            sums = np.add.reduceat(centred[order], begins)
            eta[u] = (sums**2 / sizes).sum() / total
    return eta


def pairs(recording: Recording) -> np.ndarray:
    """A number (T,) for the last two characters at each place."""
    tokens = recording.tokens.astype(np.int64)
    before = np.concatenate([tokens[:1], tokens[:-1]])
    return before * (int(tokens.max()) + 1) + tokens
