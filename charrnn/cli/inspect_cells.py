"""Layer cli: `charrnn inspect-cells`: what the cells of a network track, and the proof."""

import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from charrnn.cli.checkpoints import find_checkpoint, offer_checkpoints
from charrnn.cli.options import GroupedCommand, is_default, label_option, option, settings_from, settings_options
from charrnn.errors import SettingsError, shortened
from charrnn.settings import ColourSettings, EngineSettings, InspectSettings, PageSettings, UnknownSettings

if TYPE_CHECKING:
    from charrnn.inspection.cell_statistics import CellName
    from charrnn.inspection.features.feature import Feature
    from charrnn.inspection.passage import Passage
    from charrnn.inspection.results import Inspection
    from charrnn.model import Model
    from charrnn.render.inspection.pictures import NetworkHorizon
    from charrnn.render.inspection.style import ReportStyle
    from charrnn.render.plots.scene import Scene
    from charrnn.render.plots.terminal import Style

# A rare feature of the user's own may need more text: so many characters at most, and values of all cells in memory.
_MOST_CHARACTERS, _MOST_VALUES = 200_000, 50_000_000
_TEXT, _FEATURES, _VIEWS, _FILES = "Text", "Features of your own", "Views", "Files"


@dataclass(frozen=True)
class InputArguments:
    """The text, and features of the user's own on it."""

    text: str | None
    unknown: str
    patterns: tuple[str, ...]
    named: tuple[str, ...]
    since: tuple[str, ...]
    labels: str | None
    label: str | None

    def __post_init__(self) -> None:
        if "" in (self.text, self.labels):
            raise SettingsError("a file needs a name; give one after --text and --labels, or leave them out")

    @property
    def has_features(self) -> bool:
        return bool(self.patterns or self.named or self.since or self.labels)


@dataclass(frozen=True)
class FileArguments:
    """Files to write."""

    html_file: str | None
    json_file: str | None
    csv_file: str | None
    chars_file: str | None
    npz_file: str | None

    def __post_init__(self) -> None:
        names = [self.html_file, self.json_file, self.csv_file, self.chars_file, self.npz_file]
        if "" in names:
            raise SettingsError("a file needs a name; give one after --html, --json, --csv, --csv-chars or --npz")
        if wrong := [name for name in names if name and "\0" in name]:
            raise SettingsError(f"{wrong[0]!r} can't name a file: it has a NUL character; give another name")
        files = [os.path.realpath(name) for name in names if name and name != "-"]
        if len(set(files)) < len(files):
            raise SettingsError("two of --html, --json, --csv, --csv-chars and --npz name one file; give each its own")
        if names[1:].count("-") > 1 or self.npz_file == "-":
            raise SettingsError("one file may be -, standard output, and --npz none; give the others names")

    @property
    def need_every_signal(self) -> bool:
        return bool(self.json_file or self.csv_file or self.npz_file)


@dataclass(frozen=True)
class ViewArguments:
    """What is shown of the network, in place of the summary."""

    cells: tuple[str, ...]
    gates: bool
    horizon: bool
    ablate: str | None
    errors: bool
    others: tuple[str, ...]
    output: str | None

    def __post_init__(self) -> None:
        """Raises SettingsError for what can't be done together, or can't be written, before any work."""
        if self.ablate == "":
            raise SettingsError("--ablate needs cells: top:16 takes the 16 that matter most, L1:24,L2:3 those two")
        wanted = [f"--{name}" for name in ("gates", "horizon", "ablate", "errors") if getattr(self, name)]
        if wanted and self.cells:
            wanted.append("--cell")
        if len(wanted) > 1:
            raise SettingsError(f"{' and '.join(wanted)} are two views; give one of them at a time")
        if self.others and (self.gates or self.ablate or self.errors):
            raise SettingsError(f"--compare goes with --horizon, or by itself; leave out {wanted[0]}")
        if self.output and not (self.gates or self.horizon):
            raise SettingsError("--output is for the drawing of --gates or --horizon; give one of them with it")

    @property
    def is_network(self) -> bool:
        """Whether it is a view of the network as a whole."""
        return bool(self.gates or self.horizon or self.ablate or self.errors or self.others)


class Inspected(NamedTuple):
    """An inspection, its model, the checkpoint's file, and what computes the network."""

    done: "Inspection"
    model: "Model"
    path: Path
    on: EngineSettings


@click.command(name="inspect-cells", cls=GroupedCommand)
@click.argument("checkpoint", required=False, shell_complete=offer_checkpoints)
@option("--text", metavar="FILE", group=_TEXT, help="read FILE, - for standard input, instead of the corpus's held-out "
                                                    "part")
@settings_options(UnknownSettings, group=_TEXT)
@label_option
@settings_options(InspectSettings)
@option("--find", "patterns", multiple=True, metavar="REGEX", group=_FEATURES,
        help="which cells follow the matches of REGEX")
@option("--feature", "named", multiple=True, metavar="NAME=REGEX", group=_FEATURES,
        help="the same, under a name of yours")
@option("--since", multiple=True, metavar="TEXT", group=_FEATURES,
        help="which cells count the characters since the last TEXT, for example a separator")
@option("--labels", metavar="FILE", group=_FEATURES, help="which cells follow the labels in FILE: one symbol for each "
        "character of the text, line ends left out, or lines START<tab>END<tab>NAME")
@option("--cell", "cells", multiple=True, metavar="L1:24", group=_VIEWS, help="show everything about a cell (unit 24, "
        "from 0, of layer 1, the lowest); repeatable")
@option("--gates", is_flag=True, group=_VIEWS, help="show how often each unit's gates are open and shut")
@option("--horizon", is_flag=True, group=_VIEWS, help="show how far back the gradient reaches, and how much context is "
                                                      "worth")
@option("--ablate", metavar="CELLS", is_flag=False, flag_value="top:16", group=_VIEWS,
        help="measure the loss without a cell: top:16 (the default) takes the 16 that matter most, L1:24,L2:3 those "
             "two")
@option("--errors", is_flag=True, group=_VIEWS, help="show which errors an n-gram model, a longer memory or other "
                                                     "oracles would not make")
@option("--compare", "others", multiple=True, metavar="RUN", group=_VIEWS,
        help="find each cell's match in another network; with --horizon, draw that one's too")
@option("-o", "--output", metavar="FILE", group=_VIEWS, help="write the drawing of --gates or --horizon to FILE.svg, "
                                                             "or FILE.png (needs the extra `plot`)")
@option("--explain", is_flag=True, group=_VIEWS, help="print what every number and every feature means, and exit")
@option("--html", "html_file", metavar="FILE", group="Page", help="write a page to explore all of it in a browser: one "
        "file, which needs no network connection")
@settings_options(PageSettings)
@option("--json", "json_file", metavar="FILE", group=_FILES, help="write all numbers to FILE, - for standard output")
@option("--csv", "csv_file", metavar="FILE", group=_FILES, help="write a line for each cell")
@option("--csv-chars", "chars_file", metavar="FILE", group=_FILES,
        help="write a line for each character: surprisal, rank, entropy, predictions")
@option("--npz", "npz_file", metavar="FILE", group=_FILES,
        help="write text, states, losses, predictions and features as arrays")
@settings_options(EngineSettings, group="Speed")
@settings_options(ColourSettings)
def inspect_cells(checkpoint: str | None, explain: bool, **options: Any) -> None:
    """Name what the cells of the network in CHECKPOINT track, on text that it never saw.

    Without CHECKPOINT the newest run in ./checkpoints is used; if there is none, @shakespeare, which comes with
    charrnn. Every cell is compared with some fifty features of the text on one half of it; the best is tested on the
    other half and compared with chance.
    """
    settings = settings_from(InspectSettings, options)
    # inspection/one_thread.py says why; before NumPy is loaded it can be said for the whole command
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from charrnn.render.inspection.files import write_page
    from charrnn.render.inspection.style import ReportStyle
    from charrnn.render.screen import screen_for

    screen = screen_for(settings_from(ColourSettings, options))
    style = ReportStyle(min(screen.width, 80), screen.diverging, screen.depth, screen.plain)
    if explain:
        from charrnn.render.inspection.definitions import explained

        screen.show(explained(style))
        return
    given, views = settings_from(InputArguments, options), settings_from(ViewArguments, options)
    if settings.sample and given.text:
        raise SettingsError("--text and --sample contradict each other; give one of them")
    if views.output:
        from charrnn.render.plots.picture_file import check_picture_name

        check_picture_name(views.output)
    files, page = settings_from(FileArguments, options), settings_from(PageSettings, options)
    on = settings_from(EngineSettings, options)
    if page != PageSettings() and not files.html_file:
        raise SettingsError("--html-cells, --html-precision, --html-max-mb and --no-compress have no effect without "
                            "--html; leave them out, or give --html FILE")

    def inspect(name: str | None) -> Inspected:
        return _inspected(name, settings, given, files.need_every_signal, on)

    found = inspect(checkpoint)
    if files.html_file:
        write_page(found.done, found.model, found.path, found.model.corpus.name, files.html_file, page)
    if views.is_network:
        # all of it before any of it is shown: an error then stands alone
        lines = list(_view(found, views, style, screen.style, settings.top, inspect))
        if not _written(found, files):
            screen.show(lines)
        return
    cells = [_cell(name, found.done) for name in views.cells]
    if not _written(found, files):
        screen.show(_report(found, style, settings, cells, given.has_features))


def _inspected(checkpoint: str | None, settings: InspectSettings, given: InputArguments, every_signal: bool,
               on: EngineSettings) -> Inspected:
    from charrnn.cells.registry import CELLS
    from charrnn.inspection.recording import default_signals, signals_of
    from charrnn.model import load
    from charrnn.render.wording import note_compiling, note_label

    path = find_checkpoint(checkpoint)
    model = load(path, given.label, on.engine, on.device)
    note_label(model.corpus.labels, given.label)
    cell = model.settings.network.cell
    read = _reader(model, path, settings, given)
    passage = read(settings.chars)
    own = _own_features(passage, given)
    if own and not settings.sample and is_default("chars"):
        passage, own = _more_of(read, model, passage, own, given)
    if on.engine == "compiled":
        note_compiling([model.settings.network], "forward")
    signals = signals_of(cell) if every_signal else default_signals(cell)
    if settings.signals:  # the state is what everything else is computed from
        signals = (*CELLS[cell].letters, *(name.strip() for name in settings.signals.split(",")))
    wanted = (*signals, *([settings.signal] if settings.signal else []))
    return Inspected(model.inspect(passage, own, wanted, settings.ablate_chars), model, path, on)


def _reader(model: "Model", path: Path, settings: InspectSettings,
            given: InputArguments) -> "Callable[[int], Passage]":
    """What gives the first so many characters (0: all) of the text that is given, of one that the network writes
    itself, or of what was held out in training.

    Of a model that comes with charrnn the training text need not be here; a text like it is.
    """
    from charrnn.inspection.passage import held_out
    from charrnn.model import load
    from charrnn.render.reading import read, read_text
    from charrnn.runs.pretrained import pretrained_at
    from charrnn.runs.training_text import read_training_text

    pretrained = pretrained_at(path)
    source = given.text or (pretrained.unseen if pretrained and not settings.sample else None)
    if source:
        name, whole = "standard input" if source == "-" else source, read_text(source)
        return lambda count: _beginning(model, whole, count, given.unknown, name)
    if settings.sample:
        writer = load(path, given.label)  # the same text on every engine
        return lambda count: model.passage(_own_text(writer, settings.sample), settings.sample, "text of its own")
    corpus = read_training_text(model.corpus, model.settings.text, path, (), read,
                                advice="give another text with --text FILE")
    return lambda count: held_out(corpus, model.corpus, model.settings, model.vocabulary, count or 10**9)


def _beginning(model: "Model", text: str, count: int, unknown: str, name: str) -> "Passage":
    """The first `count` characters of a text. Unknown characters behind them do not matter."""
    is_one_text = model.mark is None and model.vocabulary.kind in ("character", "byte")
    part = count + 1 if count and is_one_text else len(text)
    while True:
        readable = model.readable(text[:part], unknown)
        passage = model.passage(readable.text, count, name) if len(readable.text) > 1 or part >= len(text) else None
        if part >= len(text) or (passage and len(passage) >= count):
            break
        part = 2 * part  # some were left out
    for note in readable.notes:
        print(f"note: {note}", file=sys.stderr)
    assert passage is not None
    return passage


def _more_of(read: "Callable[[int], Passage]", model: "Model", passage: "Passage", own: "list[Feature]",
             given: InputArguments) -> "tuple[Passage, list[Feature]]":
    """More of the text where a feature of the user's own is too rare in what was read, as far as memory allows."""
    from charrnn.inspection.find import why_untested
    from charrnn.inspection.recording import WARM_UP

    network, name = model.settings.network, ""
    most = min(_MOST_CHARACTERS, _MOST_VALUES // (network.layers * network.hidden))
    read_at_first = len(passage)
    while rare := [one.name for one in own if why_untested(one, WARM_UP) in ("too rare", "absent")]:
        more = read(min(3 * len(passage), most))
        if len(more) <= len(passage):
            break
        passage, own, name = more, _own_features(more, given), rare[0]
    if len(passage) > read_at_first:
        print(f"note: read {len(passage):,} characters instead of {read_at_first:,}, because {name!r} is rare",
              file=sys.stderr)
    return passage, own


def _own_text(model: "Model", count: int) -> list[str]:
    """What the network writes, the same every time: one text, or about as many documents as make up so much.

    Two words that it wrote without a space read as one, which it may not know: such words are left out.
    """
    known = model.corpus.documents
    usual = model.corpus.characters / known if known and model.mark is not None else count
    number = max(1, math.ceil(1.2 * count / max(1.0, usual)))
    written = model.samples(number, count, seed=model.settings.training.seed)
    return [model.readable(text, "skip").text for text in written]


def _own_features(passage: "Passage", given: InputArguments) -> "list[Feature]":
    from charrnn.inspection.features.custom import label_features, named_pattern, regex_feature, since_feature
    from charrnn.render.reading import read_text

    text = passage.text
    made = [regex_feature(text, pattern, pattern) for pattern in given.patterns]
    made += [regex_feature(text, *named_pattern(argument)) for argument in given.named]
    made += [since_feature(text, sign) for sign in given.since]
    if given.labels:
        made += label_features(text, read_text(given.labels), given.labels)
    return passage.at_places(made)


def _cell(name: str, done: "Inspection") -> "CellName":
    from charrnn.inspection.cell_statistics import cell_named

    return cell_named(name, done.engine.settings.layers, done.engine.settings.hidden)


def _report(found: Inspected, style: "ReportStyle", settings: InspectSettings, cells: "Sequence[CellName]",
            has_features: bool) -> Iterator[str]:
    from charrnn.render.inspection.cell import cell_report
    from charrnn.render.inspection.findings import custom_report
    from charrnn.render.inspection.summary import check, summary
    from charrnn.render.wording import network_words

    done, model, path, _ = found
    if cells:
        for number, cell in enumerate(cells):
            yield from [""] if number else []
            yield from cell_report(done, cell, style, settings.signal, settings.lines)
    elif has_features:
        yield from check(done, style)
        yield from custom_report(done, style, settings.top)
    else:
        yield from style.wrapped("", [f"{path.parent.name}/{path.name}  {network_words(model.settings.network)}, "
                                      f"{len(model.vocabulary):,} {model.vocabulary.kind}s"])
        yield from summary(done, style, settings.top, model.settings.windows.window)
        first = done.context[0].cell if done.context else "L1:0"
        yield f"next: --cell {first} | --html FILE | --ablate | --errors | --find REGEX | --explain"


def _view(found: Inspected, views: ViewArguments, style: "ReportStyle", pictures: "Style", top: int,
          inspect: Callable[[str], Inspected]) -> Iterator[str]:
    """The lines of the view that is asked for; with --output, its file's name once it is written."""
    from charrnn.render.inspection.gates import gate_report
    from charrnn.render.inspection.pictures import gate_fields, gates_scene
    from charrnn.render.inspection.summary import check

    if not views.output:
        yield from check(found.done, style)
        yield ""
    if views.gates:
        gates = found.done.gates
        if views.output:
            yield _drawn(gates_scene(gates, found.done.passage.origin), views.output)
            return
        if gates.saturation:
            yield from [*gate_fields(gates, style.width, pictures), ""]
        yield from gate_report(gates, style)
    elif views.horizon:
        yield from _horizon_view([found, *map(inspect, views.others)], style, pictures, views.output)
    elif views.errors:
        from charrnn.render.inspection.errors import errors_report

        yield from errors_report(found.done, style)
    elif views.ablate:
        yield from _ablation_view(found.done, views.ablate, style)
    else:
        for other in views.others:
            yield from _comparison_view(found, other, style, top)


def _horizon_view(networks: Sequence[Inspected], style: "ReportStyle", pictures: "Style",
                  output: str | None) -> Iterator[str]:
    from charrnn.render.inspection.horizon import horizon_report
    from charrnn.render.inspection.pictures import horizon_field, horizon_scene
    from charrnn.render.plots.curves import names_of

    names = names_of([network.path for network in networks])
    found = [_horizon(network, name) for network, name in zip(networks, names, strict=True)]
    if output:
        yield _drawn(horizon_scene(found), output)
        return
    yield from horizon_field(found, style.width, pictures)
    for one in found:
        yield from ["", *([f"{one.name}:"] if len(found) > 1 else [])]
        yield from horizon_report(one.horizon, one.context, one.window, style)


def _horizon(network: Inspected, name: str) -> "NetworkHorizon":
    from charrnn.render.inspection.pictures import NetworkHorizon

    done = network.done
    return NetworkHorizon(name, done.horizon, done.context_use, network.model.settings.windows.window,
                          network.done.recording.nats / math.log(2))


def _ablation_view(done: "Inspection", wanted: str, style: "ReportStyle") -> Iterator[str]:
    from charrnn.render.inspection.ablation import ablation_report
    from charrnn.render.progress import ProgressBar

    if wanted.startswith("top:"):
        count = wanted.removeprefix("top:")
        if not re.fullmatch(r"\d{1,9}", count) or not int(count):
            raise SettingsError(f"--ablate {shortened(wanted)}: a number of up to nine digits, above 0, should follow "
                                "top:, as in top:16")
        most = int(count)
        cells = done.most_costly(most + max(8, most // 2))  # the estimate is not exact
    else:
        cells = list(dict.fromkeys(_cell(name, done) for name in wanted.split(",")))
        most = len(cells)
    with ProgressBar((len(cells) + 1) * done.ablated, "ablation") as bar:
        found = sorted(done.costs(cells, bar.advance), key=lambda one: -one.overall.bits)[:most]
    yield from ablation_report(found, done.estimates, style)


def _comparison_view(found: Inspected, other: str, style: "ReportStyle", top: int) -> Iterator[str]:
    from charrnn.inspection.compare import match_cells, same_text
    from charrnn.model import load
    from charrnn.render.inspection.compare import compare_report
    from charrnn.render.plots.curves import names_of

    file = find_checkpoint(other)
    model = load(file, None, found.on.engine, found.on.device)
    theirs = model.inspect(same_text(found.done.passage, model.vocabulary, model.mark, other))
    first, second = names_of([found.path, file])
    yield from compare_report(found.done, match_cells(found.done.recording, theirs.recording), (first, second), style,
                              top)


def _written(found: Inspected, files: FileArguments) -> bool:
    """Writes the files that are asked for; whether one of them is standard output."""
    from charrnn.render.inspection.files import write_numbers

    return write_numbers(found.done, found.path, {"json": files.json_file, "csv": files.csv_file,
                                                  "csv-chars": files.chars_file, "npz": files.npz_file})


def _drawn(scene: "Scene", output: str) -> str:
    """Writes the picture; its name."""
    from charrnn.render.plots.picture_file import write_picture

    write_picture(scene, output)
    return output
