"""Layer cli: what `charrnn inspect-cells` shows of a network as a whole: --gates, --horizon, --ablate, --compare."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charrnn.errors import SettingsError

if TYPE_CHECKING:
    from charrnn.inspection.cell_statistics import CellName
    from charrnn.inspection.context import ContextUse
    from charrnn.inspection.gates import Gates
    from charrnn.inspection.horizon import Horizon
    from charrnn.inspection.results import Inspection
    from charrnn.model import Model
    from charrnn.render.inspection.style import ReportStyle
    from charrnn.render.plots.panels import Panel
    from charrnn.render.plots.scene import Scene

_HEIGHT = 16  # rows of the drawing of a horizon
_KINDS = (".svg", ".png")
_SMALLEST = 1e-8  # of a gradient's first length: what is left below is not drawn

OPTIONS = (
    click.option("--gates", "gates", is_flag=True, help="show how often each unit's gates stand open and shut"),
    click.option("--horizon", "horizon", is_flag=True, help="show how far back the gradient reaches, and what context "
                                                            "is worth"),
    click.option("--ablate", "ablate", metavar="CELLS", is_flag=False, flag_value="top:16",
                 help="measure what the loss is without a cell: top:16 (which --ablate alone means) takes the 16 that "
                      "matter most, L1:24,L2:3 those two"),
    click.option("-o", "--output", "output", metavar="FILE", help="write the drawing of --gates or --horizon to "
                                                                  "FILE.svg, or FILE.png (needs the extra `plot`)"),
    click.option("--compare", "others", multiple=True, metavar="RUN", help="find each cell's match in another network; "
                                                                          "with --horizon, draw that one's too"),
)


def view_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of the views to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def check_views(options: dict[str, Any]) -> None:
    """Raises SettingsError for what can't be done together, or can't be written, before any work."""
    wanted = [f"--{name}" for name in ("gates", "horizon", "ablate") if options[name]]
    if wanted and options["cells"]:
        wanted.append("--cell")
    if len(wanted) > 1:
        raise SettingsError(f"{' and '.join(wanted)} are two views; give one of them at a time")
    if options["others"] and (options["gates"] or options["ablate"]):
        raise SettingsError(f"--compare goes with --horizon, or by itself; leave out {wanted[0]}")
    if not options["output"]:
        return
    if not (options["gates"] or options["horizon"]):
        raise SettingsError("--output is for the drawing of --gates or --horizon; give one of them with it")
    kind = Path(options["output"]).suffix.lower()
    if kind not in _KINDS:
        raise SettingsError(f"--output {options['output']} should end in {' or '.join(_KINDS)}: these can be written")
    if kind == ".png":
        from charrnn.render.plots.png import check_installed

        check_installed()


def has_view(options: dict[str, Any]) -> bool:
    """Whether one of the views is asked for."""
    return any(options[name] for name in ("gates", "horizon", "ablate", "others"))


def view(done: "Inspection", model: "Model", path: Path, look: "ReportStyle", options: dict[str, Any],
         inspect: "Callable[[str], tuple[Inspection, Model, Path]]") -> Iterator[str]:
    """The lines of the view that is asked for; with --output, its file's name once it is written.

    model, path   the network that `done` looks at, and its checkpoint
    inspect       looks at another run in the same way
    """
    from charrnn.render.inspection.summary import check

    if not options["output"]:
        yield from check(done, look)
        yield ""
    if options["gates"]:
        yield from _gates(done, look, options["output"])
    elif options["horizon"]:
        yield from _horizon([(done, model, path), *map(inspect, options["others"])], look, options["output"])
    elif options["ablate"]:
        yield from _ablation(done, options["ablate"], look)
    else:
        for other in options["others"]:
            yield from _comparison(done, path, other, look, options["top"])


def _gates(done: "Inspection", look: "ReportStyle", output: str | None) -> Iterator[str]:
    from charrnn.render.inspection.gates import gate_report

    found = done.gates
    if output:
        yield _drawn(_gates_scene(found, done.passage.origin), output)
        return
    if found.saturation:
        yield from _gate_fields(found, look.width)
        yield ""
    yield from gate_report(found, look)


def _gate_fields(found: "Gates", width: int) -> Iterator[str]:
    """A field for each gate and layer: layers side by side, of a single layer its gates."""
    from charrnn.render.inspection.gates import NAMES
    from charrnn.render.plots.fields import beside, counts_legend, points_field
    from charrnn.render.screen import style

    gates = list(dict.fromkeys(one.gate for one in found.saturation))
    rows = [[one for one in found.saturation if one.gate == gate] for gate in gates]
    rows = [found.saturation] if found.layers == 1 else rows
    columns = min(40, width // min(3, len(rows[0])) - 3)
    look = style()
    yield "each unit: across, share of the places where its gate is open; up, where shut"
    yield counts_legend(look)
    for row in rows:
        for start in range(0, len(row), 3):
            yield from beside([points_field(f"{NAMES[one.gate]} gate {one.gate}, L{one.layer}", _points(one), columns,
                                            look) for one in row[start:start + 3]])


def _points(one: Any) -> list[tuple[float, float]]:
    return list(zip(one.right.tolist(), one.left.tolist(), strict=True))


def _gates_scene(found: "Gates", origin: str) -> "Scene":
    from charrnn.render.inspection.gates import NAMES, layer_words
    from charrnn.render.plots.panels import Panel, panels_scene
    from charrnn.render.plots.scale import Scale

    if not found.saturation:
        raise SettingsError("a plain RNN has no gates to draw; leave out --output to see its units")
    unit = Scale(-0.02, 1.02)
    gates = list(dict.fromkeys(one.gate for one in found.saturation))
    panels = [Panel(f"{NAMES[gate]} gate {gate}", "open (> 0.9)", "shut (< 0.1)", unit, unit,
                    [_points(one) for one in found.saturation if one.gate == gate], is_line=False) for gate in gates]
    layers = range(1, found.layers + 1)
    return panels_scene(f"Share of {found.places:,} places where each unit's gate is saturated: {origin}", panels,
                        [f"layer {layer}" for layer in layers], [layer_words(found, layer) for layer in layers])


def _horizon(networks: "Sequence[tuple[Inspection, Model, Path]]", look: "ReportStyle",
             output: str | None) -> Iterator[str]:
    from charrnn.render.inspection.horizon import horizon_report
    from charrnn.render.plots.curves import names_of

    names = names_of([path for _, _, path in networks])
    found = [_reach(done) for done, _, _ in networks]
    panel, series = _horizon_panel([(name, reach) for name, (reach, _) in zip(names, found, strict=True)])
    if output:
        words = [f"{done.recording.nats / math.log(2):.2f} bits each; " for done, _, _ in networks]
        yield _drawn(_horizon_scene(panel, series, [reach for reach, _ in found], words), output)
        return
    from charrnn.render.plots.fields import lines_field
    from charrnn.render.screen import style

    yield from lines_field(panel, series, look.width, _HEIGHT, style())
    for name, (_, model, _), (reach, context) in zip(names, networks, found, strict=True):
        yield ""
        yield from [f"{name}:"] if len(networks) > 1 else []
        yield from horizon_report(reach, context, model.settings.windows.window, look)


def _reach(done: "Inspection") -> "tuple[Horizon, ContextUse]":
    from charrnn.inspection.horizon import LAGS, PLACES

    with _bar("gradients", PLACES * (LAGS + 1)) as on_step:
        return done.full_horizon(on_step)


def _horizon_panel(found: "Sequence[tuple[str, Horizon]]") -> "tuple[Panel, list[str]]":
    """The lengths of the gradients over the lags, each as a share of its largest, down to what can be seen."""
    from charrnn.render.plots.panels import Panel
    from charrnn.render.plots.scale import Scale

    names, series = [], []
    for name, horizon in found:
        for reach in horizon.reaches:
            if len(found) > 1 and (reach.layer, reach.signal) != (1, horizon.reaches[0].signal):
                continue  # of several networks, the layer that is farthest from the loss
            names.append(name if len(found) > 1 else f"layer {reach.layer}, {reach.signal}")
            largest = max(float(reach.norms.max()), 1e-300)
            series.append([(float(k), float(norm) / largest) for k, norm in enumerate(reach.norms)])
    lowest = max(_SMALLEST, min(share for places in series for _, share in places if share > 0))
    highest = max(share for places in series for _, share in places)
    shown = []
    for places in series:
        end = next((k for k, (_, share) in enumerate(places) if share < lowest), len(places))
        shown.append(places[:end])
    lags = max(len(places) for places in series) - 1
    return Panel("", "characters back", "length of the gradient, as a share of its largest", Scale(0.0, float(lags)),
                 Scale(lowest, highest, is_log=True), shown), names


def _horizon_scene(panel: "Panel", names: list[str], found: "Sequence[Horizon]", words: Sequence[str]) -> "Scene":
    from charrnn.render.inspection.horizon import gain_words
    from charrnn.render.plots.panels import panels_scene

    if len(found) == 1:
        said = [f"one more character leaves {gain_words(one.gain)}" for one in found[0].reaches]
    else:
        said = [f"{loss}one more character leaves {gain_words(reach.reaches[0].gain)}"
                for loss, reach in zip(words, found, strict=True)]
    return panels_scene("How far back the gradient of a loss reaches", [panel], names, said)


def _ablation(done: "Inspection", wanted: str, look: "ReportStyle") -> Iterator[str]:
    from charrnn.render.inspection.ablation import ablation_report

    cells = None if wanted.startswith("top:") else _named_cells(done, wanted)
    count = _top(wanted) if cells is None else 0
    estimated = done.estimates
    if cells is None:
        cells = done.ablation_candidates(count)
    with _bar("ablation", (len(cells) + 1) * len(done.passage)) as on_step:
        found = done.ablate_fully(cells, on_step)
    yield from ablation_report(found, estimated, look)


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, on a terminal only; gives what is to be told of each stretch that is done."""
    from tqdm import tqdm

    with tqdm(total=total, desc=what, disable=None, leave=False, file=sys.stderr,
              bar_format="{percentage:3.0f}%|{bar}| {desc}") as shown:
        yield shown.update


def _top(wanted: str) -> int:
    """The number behind top:; raises SettingsError for none."""
    words = wanted.removeprefix("top:")
    if not words.isdecimal() or not int(words):
        raise SettingsError(f"--ablate {wanted}: a number above 0 should follow top:, as in top:16")
    return int(words)


def _named_cells(done: "Inspection", wanted: str) -> "list[CellName]":
    from charrnn.inspection.cell_statistics import cell_named

    settings = done.engine.settings
    return list(dict.fromkeys(cell_named(one, settings.layers, settings.hidden) for one in wanted.split(",")))


def _comparison(done: "Inspection", path: Path, other: str, look: "ReportStyle", top: int) -> Iterator[str]:
    from charrnn.inspection.compare import match_cells, same_text
    from charrnn.model import load
    from charrnn.render.inspection.compare import compare_report
    from charrnn.render.plots.curves import names_of
    from charrnn.runs.checkpoint import resolve_checkpoint

    file = resolve_checkpoint(other)
    model = load(file)
    theirs = model.inspect(same_text(done.passage, model.vocabulary, model.mark, other))
    first, second = names_of([path, file])
    yield from compare_report(done, match_cells(done.recording, theirs.recording), (first, second), look, top)


def _drawn(scene: "Scene", output: str) -> str:
    """Writes the picture; its name."""
    from charrnn.storage.files import write_atomic

    if Path(output).suffix.lower() == ".svg":
        from charrnn.render.plots.svg import svg

        write_atomic(output, svg(scene).encode())
    else:
        from charrnn.render.plots.png import png

        write_atomic(output, png(scene))
    return output
