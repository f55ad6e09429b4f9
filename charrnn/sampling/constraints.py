"""Layer sampling: what was asked of a sample, by names and characters, as numbers for the network at hand.

In come the settings of a sample; out come the rules that its characters are chosen by.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from charrnn.errors import SettingsError
from charrnn.kernels.softmax import NEVER
from charrnn.sampling.rule import Clamp, Rule, Rules
from charrnn.settings import NetworkSettings, SampleSettings
from charrnn.text.documents import unescaped
from charrnn.text.vocabulary import Vocabulary

_CLAMP = re.compile(r"L(?P<layer>\d+):(?P<unit>\d+)=(?P<value>[+-]?(?:\d+\.?\d*|\.\d+))(?P<sd>sd)?"
                    r"(?:@(?P<start>\d*):(?P<stop>\d*))?")
# Beyond that a bias is a ban, or an order.
_STRONGEST = 1000.0


class Spread(NamedTuple):
    """Mean and standard deviation of a cell's tanh(c), or h."""

    mean: float
    deviation: float


def rules_of(settings: SampleSettings, network: NetworkSettings, vocabulary: Vocabulary, mark: int,
             spread_of: Callable[[int, int], Spread]) -> Rules:
    """The rules that a sample's characters are chosen by.

    mark        the id that ends a document; -1 if there is none
    spread_of   how the cell (layer, unit) behaves, both from 0; asked only for clamps in standard deviations

    Raises SettingsError for what the network has not, or where nothing is left to be written.
    """
    adjustment = _adjustment(settings, vocabulary)
    clamps = tuple(_clamp(text, network, spread_of) for text in settings.clamp)
    rule = Rule(settings.temp, settings.top_k, settings.top_p, settings.min_p, adjustment, clamps)
    rules = Rules(rule, settings.min_length, (mark,) if mark >= 0 else ())
    first, _ = rules.at(0, len(vocabulary))
    if first.adjustment is not None and first.adjustment.max() <= NEVER / 2:
        raise SettingsError(f"--ban leaves no {vocabulary.kind} to write; ban fewer")
    return rules


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
        # what the model does not know it can't write: there is nothing to ban
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
        raise SettingsError(f"--bias {text!r}: the model never saw {vocabulary.named(units[0])} and can't write it")
    return int(vocabulary.encode(unit)[0]), strength


def _clamp(text: str, network: NetworkSettings, spread_of: Callable[[int, int], Spread]) -> Clamp:
    """The clamp in `L1:24=-1`, `L1:24=+2sd` or `L2:0=0.5@100:200`."""
    found = _CLAMP.fullmatch(text)
    if not found:
        raise SettingsError(f"--clamp {text!r} is not understood; give layer, unit and value: L1:24=-1, L1:24=+2sd, or "
                            "L1:24=1@100:200 for a part of the text")
    layer, unit, value = int(found["layer"]), int(found["unit"]), float(found["value"])
    if not 1 <= layer <= network.layers or unit >= network.hidden:
        raise SettingsError(f"--clamp {text!r}: there is no such cell; layers are L1 to L{network.layers}, units 0 to "
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
