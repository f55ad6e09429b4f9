"""Layer cli: `charrnn score`: how well a network foretells a text."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.options import SettingOption, Whole, settings_from, settings_options
from charrnn.settings import UNKNOWN, ColourSettings, ScoreSettings

if TYPE_CHECKING:
    from tqdm import tqdm

    from charrnn.scoring.score import Score, ScoredPart

_LISTED, _SHORTEST = 10, 20  # parts that are listed, and characters in a line, where nobody says
_NOTES = 5
_PATIENCE = 1.0  # seconds before progress is shown


@click.command()
@click.argument("names", nargs=-1, metavar="[CHECKPOINT] FILE")
@click.option("--by", "kind", type=click.Choice(["line", "document"]),
              help="list lines or documents, each with its numbers, the most surprising first")
@click.option("--top", cls=SettingOption, type=Whole(0, 10**12), metavar="INTEGER",
              help="list so many of them; 0 lists all (default: 10; all with --json and --csv)")
@click.option("--min-length", cls=SettingOption, type=Whole(0, 10**12), metavar="INTEGER",
              help="leave out those with fewer characters, which surprise easily (default: 20 for lines; 0 with "
                   "--json and --csv)")
@click.option("--show", is_flag=True, help="show the text, each character in the colour of its surprise, and under it "
                                           "its rank and what the model held for the likeliest")
@click.option("--table", is_flag=True, help="a line for each character: surprise, rank, expected surprise, the "
                                            "likeliest characters with their probabilities")
@click.option("--json", "in_json", is_flag=True, help="one object of JSON: the whole; with --by its parts; with --show "
                                                      "or --table each character")
@click.option("--csv", "in_csv", is_flag=True, help="rows of CSV: one for each character, or with --by for each part")
@click.option("--unknown", type=click.Choice(UNKNOWN), default=UNKNOWN[0], show_default=True,
              help="what becomes of characters that the model never saw: fold reads them in another Unicode form or "
                   "without accents, skip and replace do what they say with those that have none")
@settings_options(ScoreSettings, ColourSettings)
def score(names: tuple[str, ...], kind: str | None, top: int | None, min_length: int | None, show: bool, table: bool,
          in_json: bool, in_csv: bool, unknown: str, **options: Any) -> None:
    """Tell how well the network in CHECKPOINT (a file, a run's folder or its name) foretells the text in FILE, - for
    standard input.

    Without CHECKPOINT the newest run in ./checkpoints is asked. The loss is what validation in training would find: a
    long text is read in 16 parts side by side, each without a past, unless --rows says otherwise.
    """
    checkpoint, file = _named(names)
    _refuse_together(in_json=in_json, in_csv=in_csv, show=show, table=table)
    if kind is None and not (top is None and min_length is None):
        raise click.UsageError("--top and --min-length have no use without --by line or --by document.")
    how, colours = settings_from(ScoreSettings, options), settings_from(ColourSettings, options)
    from charrnn.render.records import print_json, print_parts, print_units
    from charrnn.runs.checkpoint import resolve_checkpoint

    path = resolve_checkpoint(checkpoint)
    wants_units = show or table or (in_csv and kind is None)
    is_for_people = not (in_json or in_csv)
    if top is None:
        top = _LISTED if is_for_people else 0
    if min_length is None:
        min_length = _SHORTEST if is_for_people and kind == "line" else 0
    found = _scored(str(path), file, how if wants_units else ScoreSettings(how.rows, 0), unknown, kind)
    parts = _parts(found, kind, top, min_length)
    _note(found, wants_units or kind is not None)
    if in_json:
        print_json(found, {"checkpoint": str(path), "source": file}, kind, parts, show or table)
    elif in_csv and kind is not None:
        print_parts(kind, parts)
    elif in_csv:
        print_units(found)
    else:
        _print(found, {"checkpoint": str(path), "text": file}, kind, parts, show, table, colours)


def _named(names: tuple[str, ...]) -> tuple[str | None, str]:
    """The checkpoint, if one is named, and the text."""
    if not names:
        raise click.UsageError("Missing argument 'FILE', the text to score; - reads standard input.")
    if len(names) > 2:
        raise click.UsageError(f"A checkpoint and a text are wanted, at most; got {len(names)} names.")
    return (names[0] if len(names) == 2 else None), names[-1]


def _refuse_together(**given: Any) -> None:
    """Refuses options that contradict each other."""
    options = {"in_json": "--json", "in_csv": "--csv", "show": "--show", "table": "--table"}
    for one, other in (("in_json", "in_csv"), ("show", "table"), ("in_csv", "show"), ("in_csv", "table")):
        if given[one] and given[other]:
            raise click.UsageError(f"{options[one]} and {options[other]} contradict each other; give one of them.")


def _scored(path: str, file: str, how: ScoreSettings, unknown: str, kind: str | None) -> "Score":
    """Reads the text and the checkpoint, and shows how far it is if it takes long."""
    from charrnn.cells import registry
    from charrnn.kernels.jit import is_compiled
    from charrnn.model import load
    from charrnn.render.wording import compiling_words
    from charrnn.scoring.score import refuse_documents

    text = _text(file)
    model = load(path)
    if kind == "document" and model.mark is None:
        refuse_documents()
    if not (is_compiled("output_scores") and registry.is_compiled(model.settings.network.cell, "forward")):
        print(compiling_words(), file=sys.stderr)
    with _Progress() as progress:
        return model.score(text, guesses=how.guesses, rows=how.rows, unknown=unknown, on_read=progress.show)


def _text(file: str) -> str:
    from charrnn.errors import CorpusError
    from charrnn.text.sources import is_folder, read_source

    if is_folder(file):
        raise CorpusError(f"{file!r} is a folder; name a file, or pipe several into - with cat")
    return "".join(read_source(file, sys.stdin.buffer if sys.stdin else None, lambda size: None))


def _parts(score: "Score", kind: str | None, top: int, min_length: int) -> "list[ScoredPart]":
    """The parts to list, the most surprising first; what is left out is told."""
    if kind is None:
        return []
    every = score.by(kind)
    parts = sorted((part for part in every if part.predicted >= min_length), key=lambda part: -part.bits)
    if left_out := len(every) - len(parts):
        print(f"note: {left_out:,} of {len(every):,} {kind}s have fewer than {min_length:,} {score.unit}s and are left "
              "out; --min-length 0 lists them", file=sys.stderr)
    return parts[:top] if top else parts


def _note(score: "Score", is_detailed: bool) -> None:
    """What must be known to read the numbers right."""
    for note in score.notes[:_NOTES]:
        print(f"note: {note}", file=sys.stderr)
    if (more := len(score.notes) - _NOTES) > 0:
        print(f"note: and {more:,} more that the model never saw", file=sys.stderr)
    if is_detailed and len(score.starts) > 1:
        print(f"note: read in {len(score.starts)} parts side by side, as in training; what follows the start of each "
              "surprises for want of a past; --rows 1 reads the text in one go", file=sys.stderr)


def _print(score: "Score", names: dict[str, str], kind: str | None, parts: "Sequence[ScoredPart]", show: bool,
           table: bool, colours: ColourSettings) -> None:
    """For people: the whole, then its parts, or its characters, or the characters of its parts."""
    from charrnn.render.colours import colours_for
    from charrnn.render.score import counted_units, heat, listed, scale, summary, tabled
    from charrnn.render.screen import width

    shown_in = colours_for(colours)
    names["text"] += f", {counted_units(score)}"
    for name, value in [*names.items(), *summary(score)]:
        print(f"{name:12}{value}")
    if show or (shown_in.depth is not None and (table or kind is not None)):
        shown_in.say("\n" + scale(score, shown_in))
    if not (show or table) and kind is not None:
        print()
        for line in listed(score, parts, kind, shown_in, width()):
            shown_in.say(line)
    if not (show or table):
        return
    for part in parts if kind is not None else [None]:
        if part is None:
            print()
        else:
            print(f"\n{kind} {part.number:,}: {part.bits:.3f} bits, perplexity {part.perplexity:,.2f}")
        start, stop = (0, len(score)) if part is None else (part.start, part.stop)
        for line in (heat if show else tabled)(score, start, stop, shown_in, width()):
            shown_in.say(line)


class _Progress:
    """Shows how many characters are read: nothing if it is quick, else a bar on a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[None] | None = None

    def show(self, done: int, total: int) -> None:
        from tqdm import tqdm

        if self._bar is None:
            # disable=None: a bar on a terminal only
            self._bar = tqdm(total=total, desc="scoring", unit="char", unit_scale=True, delay=_PATIENCE, disable=None,
                             dynamic_ncols=True, leave=False, file=sys.stderr)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()
