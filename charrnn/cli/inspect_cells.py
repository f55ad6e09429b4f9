"""Layer cli: `charrnn inspect-cells`: what the cells of a network track, and the proof."""

import hashlib
import math
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.options import settings_from, settings_options
from charrnn.cli.views import check_views, has_view, view, view_options
from charrnn.errors import SettingsError
from charrnn.settings import UNKNOWN, ColourSettings, InspectSettings, PageSettings
from charrnn.storage.files import write_atomic

if TYPE_CHECKING:
    from charrnn.inspection.cell_statistics import CellName
    from charrnn.inspection.features.feature import Feature
    from charrnn.inspection.passage import Passage
    from charrnn.inspection.results import Inspection
    from charrnn.model import Model
    from charrnn.render.inspection.style import ReportStyle


_FILES = ("json_file", "csv_file", "chars_file", "npz_file")


@click.command(name="inspect-cells")
@click.argument("checkpoint", required=False)
@click.option("--cell", "cells", multiple=True, metavar="L1:24", help="show everything about a cell (unit 24, from 0, "
                                                                      "of layer 1, the lowest); may be repeated")
@click.option("--find", "patterns", multiple=True, metavar="REGEX", help="which cells follow the matches of REGEX")
@click.option("--feature", "named", multiple=True, metavar="NAME=REGEX", help="the same, under a name of yours")
@click.option("--labels", metavar="FILE", help="which cells follow the labels in FILE: one sign for each character of "
                                               "the text, line ends left out, or lines START<tab>END<tab>NAME")
@click.option("--text", metavar="FILE", help="read FILE, - for standard input, instead of the corpus's held-out part")
@click.option("--unknown", type=click.Choice(UNKNOWN), default=UNKNOWN[0], show_default=True,
              help="what becomes of characters of FILE that the network never saw")
@settings_options(InspectSettings, ColourSettings)
@click.option("--html", "html_file", metavar="FILE", help="write a page to look at all of it in a browser: one file, "
                                                          "which needs no network")
@settings_options(PageSettings)
@click.option("--json", "json_file", metavar="FILE", help="write all numbers to FILE, - for standard output")
@click.option("--csv", "csv_file", metavar="FILE", help="write a line for each cell")
@click.option("--csv-chars", "chars_file", metavar="FILE", help="write a line for each character: surprise, rank, "
                                                                "entropy, guesses")
@click.option("--npz", "npz_file", metavar="FILE", help="write text, states, losses, guesses and features as arrays")
@view_options
@click.option("--explain", is_flag=True, help="say what every number and every feature means, and nothing else")
def inspect_cells(checkpoint: str | None, explain: bool, **options: Any) -> None:
    """Name what the cells of the network in CHECKPOINT track, on text that it never saw.

    Without CHECKPOINT it is the newest run in ./checkpoints. Every cell is compared with some fifty features of the
    text on one half of it; the best is scored on the other half, beside what chance would give.
    """
    settings, colours = settings_from(InspectSettings, options), settings_from(ColourSettings, options)
    page = settings_from(PageSettings, options)
    # Thousands of small products: threads of NumPy's library would spin for each other, on a busy machine for minutes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from charrnn.render.colours import colours_for

    shown = colours_for(colours)
    look = _look(shown)
    if explain:
        from charrnn.render.inspection.definitions import explained

        _say(explained(look), shown)
        return
    if settings.sample and options["text"]:
        raise SettingsError("--text and --sample contradict each other; give one of them")
    check_views(options)
    files = [options[name] for name in _FILES if options[name]]
    if files.count("-") > 1 or options["npz_file"] == "-":
        raise SettingsError("one file may be -, standard output, and --npz none; give the others names")
    done, model, where = _inspection(checkpoint, settings, options)
    if options["html_file"]:
        from charrnn.cli.page import write_page

        write_page(done, model, where, options["html_file"], page)
    if has_view(options):
        # all of it before any of it is shown: an error then stands alone
        lines = list(view(done, model, where, look, {**options, "top": settings.top},
                          lambda other: _inspection(other, settings, options)))
        if not _written(done, where, options):
            _say(lines, shown)
        return
    cells = [_cell(argument, done) for argument in options["cells"]]
    if not _written(done, where, options):
        title = f"{where.parent.name}/{where.name}  {_network_words(model)}"
        _say(_report(done, look, settings, cells, options, title, model.settings.windows.window), shown)


def _network_words(model: "Model") -> str:
    from charrnn.render.wording import network_words

    return f"{network_words(model.settings.network)}, {len(model.vocabulary):,} {model.vocabulary.kind}s"


def _look(shown: Any) -> "ReportStyle":
    from charrnn.render.inspection.style import ReportStyle
    from charrnn.render.screen import width

    return ReportStyle(min(width(), 80), shown.diverging, shown.depth, shown.plain)


def _say(lines: Iterable[str], shown: Any) -> None:
    for line in lines:
        shown.say(line)


def _inspection(checkpoint: str | None, settings: InspectSettings,
                options: dict[str, Any]) -> "tuple[Inspection, Model, Path]":
    """The inspection, the model, and the checkpoint's file."""
    from charrnn.cells.registry import is_compiled
    from charrnn.inspection.recording import default_signals, signals_of
    from charrnn.model import load
    from charrnn.render.wording import compiling_words
    from charrnn.runs.checkpoint import resolve_checkpoint

    path = resolve_checkpoint(checkpoint)
    model = load(path)
    cell = model.settings.network.cell
    passage = _passage(model, path, settings, options)
    own = _own_features(passage, options)
    if not is_compiled(cell, "forward"):
        print(compiling_words(), file=sys.stderr)
    is_whole = any(options[name] for name in ("json_file", "csv_file", "npz_file"))
    signals = signals_of(cell) if is_whole else default_signals(cell)
    return model.inspect(passage, own, (*signals, *([settings.signal] if settings.signal else []))), model, path


def _passage(model: "Model", path: Path, settings: InspectSettings, options: dict[str, Any]) -> "Passage":
    if options["text"]:
        return _given_passage(model, options["text"], options["unknown"], settings.chars)
    if settings.sample:
        return model.passage(_own_text(model, settings.sample), settings.sample, "text of its own")
    from charrnn.inspection.passage import held_out
    from charrnn.render.reading import read
    from charrnn.runs.training_text import read_training_text

    corpus = read_training_text(model.corpus, model.settings.text, path, (), read,
                                advice="give another text with --text FILE")
    return held_out(corpus, model.corpus, model.settings, model.vocabulary, settings.chars or 10**9)


def _given_passage(model: "Model", name: str, unknown: str, count: int) -> "Passage":
    from charrnn.text.sources import read_source

    text = "".join(read_source(name, sys.stdin.buffer if sys.stdin else None, lambda size: None))
    readable = model.readable(text, unknown)
    for note in readable.notes:
        print(f"note: {note}", file=sys.stderr)
    return model.passage(readable.text, count, "standard input" if name == "-" else name)


def _own_text(model: "Model", count: int) -> list[str]:
    """What the network writes, the same every time: one text, or about as many documents as make up so much."""
    known = model.corpus.documents
    usual = model.corpus.characters / known if known and model.mark is not None else count
    number = max(1, math.ceil(1.2 * count / max(1.0, usual)))
    return model.samples(number, count, seed=model.settings.training.seed)


def _own_features(passage: "Passage", options: dict[str, Any]) -> "list[Feature]":
    from charrnn.inspection.features.custom import label_features, named_pattern, regex_feature
    from charrnn.text.sources import read_source

    text = passage.text
    made = [regex_feature(text, pattern, pattern) for pattern in options["patterns"]]
    made += [regex_feature(text, *named_pattern("--feature", argument)) for argument in options["named"]]
    if options["labels"]:
        content = "".join(read_source(options["labels"], sys.stdin.buffer if sys.stdin else None, lambda size: None))
        made += label_features(text, content, options["labels"])
    return passage.at_places(made)


def _cell(argument: str, done: "Inspection") -> "CellName":
    from charrnn.inspection.cell_statistics import cell_named

    return cell_named(argument, done.engine.settings.layers, done.engine.settings.hidden)


def _report(done: "Inspection", look: "ReportStyle", settings: InspectSettings, cells: "Sequence[CellName]",
            options: dict[str, Any], title: str, window: int) -> Iterable[str]:
    from charrnn.render.inspection.cell import cell_report
    from charrnn.render.inspection.findings import custom_report
    from charrnn.render.inspection.summary import check, summary

    if cells:
        for number, cell in enumerate(cells):
            yield from [""] if number else []
            yield from cell_report(done, cell, look, settings.signal, settings.lines)
    elif options["patterns"] or options["named"] or options["labels"]:
        yield from check(done, look)
        yield from custom_report(done, look, settings.top)
    else:
        yield from look.wrapped("", [title])
        yield from summary(done, look, settings.top, window)
        first = done.context[0].cell if done.context else "L1:0"
        yield f"next: --cell {first} | --html FILE | --ablate | --find REGEX | --explain"


def _written(done: "Inspection", where: Path, options: dict[str, Any]) -> bool:
    """Writes the files that are asked for; whether one of them is standard output."""
    from charrnn.inspection.export import arrays, as_dict, as_json, cell_rows, place_rows

    makers: dict[str, Callable[[], str | bytes]] = {
        "json_file": lambda: as_json(as_dict(done, str(where), hashlib.sha256(where.read_bytes()).hexdigest())),
        "csv_file": lambda: cell_rows(done), "chars_file": lambda: place_rows(done),
        "npz_file": lambda: arrays(done)}
    wanted = {option: options[option] for option in _FILES if options[option]}
    for option, name in wanted.items():
        content = makers[option]()
        if isinstance(content, str) and name == "-":
            print(content, end="")
            continue
        write_atomic(name, content if isinstance(content, bytes) else content.encode(errors="surrogatepass"))
        print(f"written: {name}", file=sys.stderr)
    return "-" in wanted.values()
