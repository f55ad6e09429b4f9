"""Group `pictures`: three pictures of what `--json` kept in results/, written to docs/pictures/.

losses.svg   loss against minutes: the lines of group `quality`, and those of rivals: {"group": "rival-losses",
             "name": "nanoGPT", "minutes": 0.5, "loss": 2.1} for each point measured
speed.svg    characters a second beside PyTorch's four forms: the lines of group `training`
peak.svg     the share of the machine's peak in each precision by shape: the same
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.learning import read_rows
from benchmarks.options import Options
from benchmarks.quality import HEADERS as QUALITY
from benchmarks.table import Table
from charrnn.errors import MeasurementError
from charrnn.render.plots.panels import shaped
from charrnn.render.plots.picture_file import write_picture
from charrnn.render.plots.scale import Scale
from charrnn.render.plots.scene import SIZE, WIDTH, Frame, Mark, Scene, Stroke, Text, text_width
from charrnn.settings.bounded import PRECISIONS

RESULTS, PICTURES = Path(__file__).parent / "results", Path(__file__).parents[1] / "docs/pictures"
MARGIN, TOP, BELOW, ROW, GAP = 26.0, 40.0, 62.0, 24.0, 34.0


def measure(options: Options) -> Iterator[Table]:
    """A table of the pictures that were drawn: each for which there are results."""
    lines = [line for file in sorted(RESULTS.glob("*.jsonl")) for line in read_rows(file) if "group" in line]
    drawn = []
    for name, scene in (("losses", losses(lines)), ("speed", speed(lines)), ("peak", peak(lines))):
        if scene is not None:
            write_picture(scene, str(PICTURES / f"{name}.svg"))
            drawn.append((f"docs/pictures/{name}.svg", scene.title, str(len(scene.marks))))
    if not drawn:
        raise MeasurementError(f"there is nothing to draw in {RESULTS}: measure with --json {RESULTS}/training.jsonl")
    yield Table("Pictures", drawn, (), ("file", "of", "marks"))


def losses(lines: Sequence[Mapping[str, Any]]) -> Scene | None:
    """Loss against minutes: ours after so many minutes each, read in two ways, and the rivals' on their way."""
    series: dict[str, dict[float, float]] = defaultdict(dict)  # the line that was written last counts
    for line in lines:
        if line["group"] == "quality" and line["preset"] == "default":
            for way in (QUALITY[4], QUALITY[6]):
                series[f"charrnn, {way}"][float(line["minutes"])] = float(line[way])
        elif line["group"] == "rival-losses":
            series[line["name"]][line["minutes"]] = line["loss"]
    if not series:
        return None
    places = {name: sorted(points.items()) for name, points in series.items()}
    xs = Scale.around((x for points in places.values() for x, _ in points), is_log=True, margin=0.04)
    ys = Scale.around((y for points in places.values() for _, y in points), margin=0.06)
    drawn, frame = framed("Validation loss against minutes of training", xs, ys, 380.0, 54.0, list(places))
    frame.draw_axes(drawn, "minutes", (10, 8))
    drawn.texts.append(Text(frame.left, TOP - 12, "nats a character", role="faint"))
    for run, points in enumerate(places.values()):
        on_page = [frame.at(point) for point in points]
        drawn.strokes.append(Stroke(on_page, "val", run))
        drawn.marks += [Mark(x, y, shaped(run)) for x, y in on_page]
    return drawn


def speed(lines: Sequence[Mapping[str, Any]]) -> Scene | None:
    """Characters a second in training, ours and PyTorch's in both forms, a row a shape; a field for each precision."""
    fields: dict[str, dict[str, dict[str, float]]] = {precision: defaultdict(dict) for precision in PRECISIONS}
    for line in lines:
        if line["group"] == "training" and line["unit"] == "char/s":
            field = fields["bf16" if line["what"].endswith(", bf16") else "float32"]
            for name, rounds in {"charrnn": line["rounds"], **line["rivals"]}.items():
                field[name][line["what"].removesuffix(", bf16")] = statistics.median(rounds) / 1000
    return by_shape("Characters a second in training", "thousand characters a second", fields, is_log=True)


def peak(lines: Sequence[Mapping[str, Any]]) -> Scene | None:
    """Useful arithmetic in training as a share of the machine's peak, a row a shape; a field for each precision."""
    fields: dict[str, dict[str, float]] = {precision: {} for precision in PRECISIONS}
    for line in lines:
        if line["group"] == "training" and line["unit"] == "GFLOP/s":
            precision = "bf16" if line["what"].endswith(", bf16") else "float32"
            fields[precision][line["what"].removesuffix(", bf16")] = 100 * line["ratio"]
    return by_shape("Share of the processor's peak that is useful arithmetic", "% of the peak in the same numbers",
                    {precision: {"charrnn": shares} for precision, shares in fields.items() if shares}, is_log=False)


def by_shape(title: str, unit: str, fields: Mapping[str, Mapping[str, Mapping[str, float]]],
             is_log: bool) -> Scene | None:
    """Fields side by side; in each a row a shape, with a mark for each series: field -> series -> shape -> value."""
    found = [values for field in fields.values() for values in field.values()]
    shapes = list(dict.fromkeys(shape for values in found for shape in values))
    if not shapes:
        return None
    names = list(dict.fromkeys(name for field in fields.values() for name in field))
    every = [math.log10(value) for values in found for value in values.values()]
    xs = Scale(10.0 ** math.floor(min(every)), 10.0 ** math.ceil(max(every)), True) if is_log else Scale(0.0, 100.0)
    left = max(map(text_width, shapes)) + MARGIN
    drawn, whole = framed(title, xs, Scale(0.0, 1.0), ROW * len(shapes), left, names)
    width = (whole.width - GAP * (len(fields) - 1)) / len(fields)
    for place, (field, series) in enumerate(fields.items()):
        frame = Frame(xs, Scale(len(shapes) - 0.5, -0.5), left + place * (width + GAP), TOP, (width, whole.height))
        drawn.texts.append(Text(frame.left, TOP - 12, field, role="faint"))
        for number, shape in enumerate(shapes):
            _, y = frame.at((xs.low, number))
            drawn.strokes.append(Stroke([(frame.left, y), (frame.left + width, y)], "grid"))
            if not place:
                drawn.texts.append(Text(frame.left - 10, y + 0.35 * SIZE, shape, "end"))
        # No ticks upwards: the shapes' names stand there.
        Frame(xs, Scale(0.0, 1.0), frame.left, TOP, (width, whole.height)).draw_axes(drawn, unit, (8, 0))
        for name, values in series.items():
            drawn.marks += [Mark(*frame.at((value, shapes.index(shape))), shaped(names.index(name)))
                            for shape, value in values.items()]
    return drawn


def framed(title: str, xs: Scale, ys: Scale, height: float, left: float, names: Sequence[str]) -> tuple[Scene, Frame]:
    """A picture with an empty field and, below it, the legend of the series."""
    drawn = Scene(title, WIDTH, TOP + height + BELOW + ROW * len(names) + 6)
    frame = Frame(xs, ys, left, TOP, (WIDTH - left - MARGIN, height))
    for run, name in enumerate(names):
        y = frame.bottom + BELOW + ROW * (run + 0.5)
        drawn.marks.append(Mark(30.0, y, shaped(run)))
        drawn.texts.append(Text(54, y + 0.35 * SIZE, name))
    return drawn, frame
