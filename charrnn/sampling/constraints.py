"""Layer sampling: constraints on what is written: clamp, bias, ban, minimum length, temperature, top-k, top-p, min-p.

Settings name characters and cells. Here they become numbers for the network at hand, a SamplingRule. A character is
chosen in this order: clamped cells are held at their values, biases and bans are added to the logits, the logits are
divided by the temperature, and the limits (top-k, top-p, min-p) cut them.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from charrnn.cells.generate import Constraints
from charrnn.errors import SettingsError, shortened
from charrnn.kernels.cpu import padded
from charrnn.kernels.sample_logits import Limits
from charrnn.kernels.softmax import NEVER
from charrnn.settings import NetworkSettings, SampleSettings
from charrnn.text.documents import unescaped
from charrnn.text.vocabulary import Vocabulary

_CLAMP = re.compile(r"L(?P<layer>\d{1,9}):(?P<unit>\d{1,9})=(?P<value>[+-]?(?:\d+\.?\d*|\.\d+))(?P<sd>sd)?"
                    r"(?:@(?P<start>\d{0,18}):(?P<stop>\d{0,18}))?")
# A stronger bias would be a ban, or would leave nothing else.
_STRONGEST = 1000.0
# tanh of this is 1 in float32: the memory of a cell that is held at 1 or -1.
_FAR = 10.0
_NO_LIMITS = Limits()


class Spread(NamedTuple):
    """Mean and standard deviation of a cell's tanh(c), or h."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class Clamp:
    """A cell held at a value while characters start..stop (from 0) are written.

    layer, unit   both from 0
    value         of tanh(c), or of h for a cell without memory, -1 to 1
    stop          None holds it to the end
    """

    layer: int
    unit: int
    value: float
    start: int = 0
    stop: int | None = None

    def state(self, has_memory: bool) -> tuple[float, float]:
        """What the kernel sets: c and tanh c, or h twice."""
        if not has_memory:
            return self.value, self.value
        if abs(self.value) >= math.tanh(_FAR):
            return math.copysign(_FAR, self.value), self.value
        return math.atanh(self.value), self.value


@dataclass(frozen=True)
class SamplingRule:
    """How characters are chosen.

    temp         one number, or one a stream (N,); 0 takes the most likely
    adjustment   what is added to the logits, (V,); None adds nothing
    endings      ids that are not written before there are min_length others
    """

    temp: float | np.ndarray = 1.0
    limits: Limits = _NO_LIMITS
    adjustment: np.ndarray | None = None
    clamps: tuple[Clamp, ...] = ()
    min_length: int = 0
    endings: tuple[int, ...] = ()

    def at(self, written: int) -> tuple["SamplingRule", int | None]:
        """The rule for the character after `written` others, and from how many on another one applies."""
        edges = [self.min_length] if self.endings else []
        edges += [edge for clamp in self.clamps for edge in (clamp.start, clamp.stop) if edge is not None]
        clamps = tuple(clamp for clamp in self.clamps
                       if clamp.start <= written and (clamp.stop is None or written < clamp.stop))
        endings = self.endings if written < self.min_length else ()
        return (replace(self, clamps=clamps, endings=endings),
                min((edge for edge in edges if edge > written), default=None))

    def of_streams(self, part: slice) -> "SamplingRule":
        """The rule of some of the streams."""
        return replace(self, temp=self.temp[part]) if isinstance(self.temp, np.ndarray) else self

    def added(self, vocabulary: int) -> np.ndarray:
        """What is added to the logits, as the kernel takes it, (V padded,) float32."""
        row = np.zeros(padded(vocabulary), np.float32)
        if self.adjustment is not None:
            row[:vocabulary] = self.adjustment
        row[list(self.endings)] = NEVER
        return row

    def constraints(self, streams: int, vocabulary: int, has_memory: bool) -> Constraints:
        """The rule as the kernel takes it, with all of its clamps and endings."""
        return Constraints(
            # a copy: to the kernel a read-only array would be another type, and compile it anew
            np.array(np.broadcast_to(self.temp, streams), np.float64), self.limits, self.added(vocabulary),
            np.array([(clamp.layer, clamp.unit) for clamp in self.clamps], np.int32).reshape(-1, 2),
            np.array([clamp.state(has_memory) for clamp in self.clamps], np.float32).reshape(-1, 2))


def sampling_rule(settings: SampleSettings, network: NetworkSettings, vocabulary: Vocabulary, mark: int,
                  spread_of: Callable[[int, int], Spread]) -> SamplingRule:
    """The rule that `settings` ask for; a sample at several temperatures gets its temp later.

    mark        the id that ends a document; -1 if there is none
    spread_of   mean and deviation of the cell (layer, unit), both from 0; called only for clamps in deviations

    Raises SettingsError for what the network does not have, or where nothing is left to be written.
    """
    rule = SamplingRule(
        settings.temp, Limits(*(getattr(settings, name) for name in Limits._fields)),
        _adjustment(settings, vocabulary), tuple(_clamp(text, network, spread_of) for text in settings.clamp),
        settings.min_length, (mark,) if mark >= 0 else ())
    if rule.at(0)[0].added(len(vocabulary))[: len(vocabulary)].max() <= NEVER / 2:
        raise SettingsError(f"--ban leaves no {vocabulary.kind} to write; ban fewer")
    return rule


def _adjustment(settings: SampleSettings, vocabulary: Vocabulary) -> np.ndarray | None:
    """What is added to the logits, (V,); None for nothing. What stands for rare units is never written."""
    if not (settings.bias or settings.ban or vocabulary.stand_in >= 0):
        return None
    adjustment = np.zeros(len(vocabulary), np.float32)
    for text in settings.bias:
        unit, strength = _bias(text, vocabulary)
        adjustment[unit] += strength
    known = {unit: number for number, unit in enumerate(vocabulary.units)}
    for text in settings.ban:
        # the model can't write what it does not know: there is nothing to ban
        adjustment[[known[unit] for unit in vocabulary.units_of(unescaped(text)) if unit in known]] = NEVER
    if vocabulary.stand_in >= 0:
        adjustment[vocabulary.stand_in] = NEVER
    return adjustment


def _bias(text: str, vocabulary: Vocabulary) -> tuple[int, float]:
    """The id and the strength in `e=+1.5`."""
    unit, _, number = text.rpartition("=")
    try:
        strength = float(number)
    except ValueError:
        strength = np.nan
    if not unit or not abs(strength) <= _STRONGEST:
        raise SettingsError(f"--bias {text!r} is not understood; give a {vocabulary.kind} and a number up to "
                            f"{_STRONGEST:g}: 'e=+1.5'")
    unit = unescaped(unit)
    units = vocabulary.units_of(unit)
    if len(units) != 1:
        raise SettingsError(f"--bias {text!r} names {len(units)} {vocabulary.kind}s; give one bias for each")
    if vocabulary.unknown(unit):
        raise SettingsError(f"--bias {text!r}: the model never saw {vocabulary.named(units[0])} and can't write it; "
                            "leave it out")
    return int(vocabulary.encode(unit)[0]), strength


def _layer_words(layers: int) -> str:
    return "its layer is L1" if layers == 1 else f"layers are L1 to L{layers}"


def _clamp(text: str, network: NetworkSettings, spread_of: Callable[[int, int], Spread]) -> Clamp:
    """The clamp in `L1:24=-1`, `L1:24=+2sd` or `L2:0=0.5@100:200`."""
    found = _CLAMP.fullmatch(text)
    if not found:
        raise SettingsError(f"--clamp {shortened(text)} is not understood; give layer, unit and value: L1:24=-1, "
                            "L1:24=+2sd, or L1:24=1@100:200 for a part of the text")
    layer, unit, value = int(found["layer"]), int(found["unit"]), float(found["value"])
    if not 1 <= layer <= network.layers or unit >= network.hidden:
        raise SettingsError(f"--clamp {text!r}: there is no such cell; {_layer_words(network.layers)}, units are 0 to "
                            f"{network.hidden - 1}")
    if found["sd"]:
        spread = spread_of(layer - 1, unit)
        value = min(1.0, max(-1.0, spread.mean + value * spread.deviation))
    elif not -1 <= value <= 1:
        raise SettingsError(f"--clamp {text!r}: a cell is between -1 and 1; give such a value, or +2sd")
    start, stop = int(found["start"] or 0), int(found["stop"]) if found["stop"] else None
    if stop is not None and stop <= start:
        raise SettingsError(f"--clamp {text!r} ends before it begins; give @FROM:TO with TO after FROM")
    return Clamp(layer - 1, unit, value, start, stop)
