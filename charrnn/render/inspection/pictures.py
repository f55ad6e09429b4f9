"""Layer render: pictures of a network as a whole: its gates, and how far back the gradient reaches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from charrnn.errors import SettingsError
from charrnn.inspection.context import ContextUse
from charrnn.inspection.gates import Gates
from charrnn.inspection.horizon import Horizon
from charrnn.render.inspection.gates import NAMES, layer_words
from charrnn.render.inspection.horizon import gain_words
from charrnn.render.plots.fields import beside, counts_legend, lines_field, points_field
from charrnn.render.plots.panels import Panel, panels_scene
from charrnn.render.plots.scale import Scale
from charrnn.render.plots.scene import Scene
from charrnn.render.plots.terminal import Style

_HEIGHT = 16  # rows of the drawing of a horizon
_SMALLEST = 1e-8  # of a gradient's first norm: what is left below is not drawn


def gate_fields(found: Gates, width: int, style: Style) -> Iterator[str]:
    """A field for each gate and layer: layers side by side, of a single layer its gates."""
    rows = [[one for one in found.saturation if one.gate == gate] for gate in _gates(found)]
    rows = [found.saturation] if found.layers == 1 else rows
    columns = min(40, width // min(3, len(rows[0])) - 3)
    yield "each unit: across, share of the places where its gate is open; up, where shut"
    yield counts_legend(style)
    for row in rows:
        for start in range(0, len(row), 3):
            yield from beside([points_field(f"{NAMES[one.gate]} gate {one.gate}, L{one.layer}", _points(one), columns,
                                            style) for one in row[start:start + 3]])


def gates_scene(found: Gates, origin: str) -> Scene:
    """The same as a scene: a panel for each gate, a series for each layer."""
    if not found.saturation:
        raise SettingsError("a plain RNN has no gates to draw; leave out --output to see its units")
    unit = Scale(-0.02, 1.02)
    panels = [Panel(f"{NAMES[gate]} gate {gate}", "open (> 0.9)", "shut (< 0.1)", unit, unit,
                    [_points(one) for one in found.saturation if one.gate == gate], is_line=False)
              for gate in _gates(found)]
    layers = range(1, found.layers + 1)
    return panels_scene(f"Share of {found.places:,} places where each unit's gate is saturated: {origin}", panels,
                        [f"layer {layer}" for layer in layers], [layer_words(found, layer) for layer in layers])


def _gates(found: Gates) -> list[str]:
    return list(dict.fromkeys(one.gate for one in found.saturation))


def _points(one: Any) -> list[tuple[float, float]]:
    return list(zip(one.right.tolist(), one.left.tolist(), strict=True))


@dataclass(frozen=True)
class NetworkHorizon:
    """How far back the gradient and the predictions of a network reach.

    bits   its loss a character
    """

    name: str
    horizon: Horizon
    context: ContextUse
    window: int
    bits: float


def horizon_field(networks: Sequence[NetworkHorizon], width: int, style: Style) -> list[str]:
    """The norms of the gradients in characters."""
    panel, series = _horizon_panel(networks)
    return lines_field(panel, series, width, _HEIGHT, style)


def horizon_scene(networks: Sequence[NetworkHorizon]) -> Scene:
    """The same as a scene."""
    panel, series = _horizon_panel(networks)
    if len(networks) == 1:
        words = [f"one more character leaves {gain_words(one.gain)}" for one in networks[0].horizon.reaches]
    else:
        words = [f"{one.bits:.2f} bits each; one more character leaves {gain_words(one.horizon.reaches[0].gain)}"
                 for one in networks]
    return panels_scene("How far back the gradient of a loss reaches", [panel], series, words)


def _horizon_panel(networks: Sequence[NetworkHorizon]) -> tuple[Panel, list[str]]:
    """The norms of the gradients over the lags, each as a share of its largest, down to what can be seen."""
    names, series = [], []
    for network in networks:
        reaches = network.horizon.reaches
        for reach in reaches:
            if len(networks) > 1 and (reach.layer, reach.signal) != (1, reaches[0].signal):
                continue  # of several networks, the layer that is farthest from the loss
            names.append(network.name if len(networks) > 1 else f"layer {reach.layer}, {reach.signal}")
            largest = max(float(reach.norms.max()), 1e-300)
            series.append([(float(k), float(norm) / largest) for k, norm in enumerate(reach.norms)])
    shares = [share for places in series for _, share in places if share > 0]
    highest = max(shares, default=1.0)
    lowest = max(_SMALLEST, min(shares, default=highest))
    if lowest == highest:  # of a text that is too short to look back
        lowest /= 10
    shown = []
    for places in series:
        end = next((k for k, (_, share) in enumerate(places) if share < lowest), len(places))
        shown.append(places[:end])
    lags = max(len(places) for places in series) - 1
    return Panel("", "characters back", "norm of the gradient, as a share of its largest",
                 Scale(0.0, max(1.0, float(lags))), Scale(lowest, highest, is_log=True), shown), names
