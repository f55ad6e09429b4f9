"""Layer cli: `charrnn score`: how well a network predicts a text."""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.checkpoints import find_checkpoint, offer_checkpoints
from charrnn.cli.options import (
    GroupedCommand,
    Whole,
    checkpoint_and_file,
    label_option,
    option,
    settings_from,
    settings_options,
    with_option,
)
from charrnn.settings import ColourSettings, EngineSettings, ScoreSettings, UnknownSettings

if TYPE_CHECKING:
    from charrnn.scoring.score import Score, ScoredPart

_LISTED, _SHORTEST = 10, 20  # parts that are listed, and characters in a line, where nobody says


@dataclass(frozen=True)
class ScoreArguments:
    """What of a score is shown, and how."""

    kind: str | None
    top: int | None
    min_length: int | None
    show: bool
    table: bool
    in_json: bool
    in_csv: bool
    others: tuple[str, ...]
    label: str | None

    def __post_init__(self) -> None:
        for one, other in (("json", "csv"), ("show", "table"), ("csv", "show"), ("csv", "table")):
            given = {"json": self.in_json, "csv": self.in_csv, "show": self.show, "table": self.table}
            if given[one] and given[other]:
                raise click.UsageError(f"--{one} and --{other} contradict each other; give one of them.")
        if self.kind is None and not (self.top is None and self.min_length is None):
            raise click.UsageError("--top and --min-length have no effect without --by line or --by document.")

    @property
    def is_for_people(self) -> bool:
        return not (self.in_json or self.in_csv)

    @property
    def wants_units(self) -> bool:
        """Whether each character is wanted, and not the whole or its parts alone."""
        return self.show or self.table or (self.in_csv and self.kind is None)


@click.command(cls=GroupedCommand)
@click.argument("names", nargs=-1, metavar="[CHECKPOINT] FILE", shell_complete=offer_checkpoints)
@option("--by", "kind", type=click.Choice(["line", "document"]), group="Parts",
        help="list lines or documents, each with its numbers, the most surprising first")
@option("--top", type=Whole(0, 10**12), metavar="INTEGER", group="Parts",
        help=f"how many of them to list; 0: all (default: {_LISTED}; all with --json and --csv)")
@option("--min-length", type=Whole(0, 10**12), metavar="INTEGER", group="Parts",
        help=f"leave out shorter ones, whose losses vary most (default: {_SHORTEST} for lines; 0 with --json and "
             "--csv)")
@option("--show", is_flag=True, group="Characters", help="show the text, each character in the colour of its "
        "surprisal, and under it its rank and the model's predictions")
@option("--table", is_flag=True, group="Characters", help="a line for each character: surprisal, rank, expected "
        "surprisal, the most probable characters with their probabilities")
@option("--json", "in_json", is_flag=True, group="Output", help="one object of JSON: the whole; with --by its parts; "
        "with --show or --table each character")
@option("--csv", "in_csv", is_flag=True, group="Output", help="rows of CSV: one for each character, or with --by for "
        "each part")
@with_option
@label_option
@settings_options(UnknownSettings, group="Reading and predictions")
@settings_options(ScoreSettings, ColourSettings)
@settings_options(EngineSettings, group="Speed")
def score(names: tuple[str, ...], **options: Any) -> None:
    """Measure how well the network in CHECKPOINT (a file, a run's folder or its name) predicts the text in FILE, - for
    standard input.

    Without CHECKPOINT the newest run in ./checkpoints is used; if there is none, @shakespeare, which comes with
    charrnn. The loss is what validation during training would find: a long text is read in 16 parts side by side, each
    from the initial state, unless --rows says otherwise.
    """
    checkpoint, file = checkpoint_and_file(names)
    given, how = settings_from(ScoreArguments, options), settings_from(ScoreSettings, options)
    from charrnn.render.records import print_score_json, print_score_parts, print_score_units
    from charrnn.render.score import note_score, print_score
    from charrnn.render.screen import screen_for

    paths = [str(find_checkpoint(name)) for name in (checkpoint, *given.others)]
    found = _scored(paths, file, how if given.wants_units else dataclasses.replace(how, predictions=0),
                    settings_from(UnknownSettings, options), given, settings_from(EngineSettings, options))
    parts = _parts(found, given)
    note_score(found, given.wants_units or given.kind is not None)
    if given.in_json:
        others = {"with": paths[1:]} if given.others else {}
        print_score_json(found, {"checkpoint": paths[0], **others, "source": file}, given.kind, parts,
                         given.show or given.table)
    elif given.in_csv and given.kind is not None:
        print_score_parts(given.kind, parts)
    elif given.in_csv:
        print_score_units(found)
    else:
        detail = "show" if given.show else "table" if given.table else None
        print_score(found, {"checkpoint": ", ".join(paths), "text": file}, given.kind, parts, detail,
                    screen_for(settings_from(ColourSettings, options)))


def _scored(paths: Sequence[str], file: str, how: ScoreSettings, unknown: UnknownSettings, given: ScoreArguments,
            on: EngineSettings) -> "Score":
    """Reads the text and the checkpoints, and shows progress if it takes long."""
    from charrnn.errors import CorpusError
    from charrnn.model import Ensemble, load
    from charrnn.render.progress import ProgressBar
    from charrnn.render.reading import read_text
    from charrnn.render.wording import note_compiling, note_label
    from charrnn.scoring.score import refuse_documents
    from charrnn.text.labels import TAB
    from charrnn.text.sources import STDIN, is_folder

    if is_folder(file):
        raise CorpusError(f"{file!r} is a folder; name a file, or pipe several into - with cat")
    text = read_text(file)
    if not text:
        name = "standard input" if file == STDIN else repr(file)
        raise CorpusError(f"{name} is empty; give a text with something in it")
    models = [load(path, given.label, on.engine, on.device) for path in paths]
    model = models[0] if len(models) == 1 else Ensemble(models)
    labels, tabs = models[0].corpus.labels, model.vocabulary.unknown(TAB)
    if labels is not None and tabs and TAB in text:
        raise CorpusError(f"{file!r} has tabs, which the network never saw; if labels stand in front of them, leave "
                          "the labels out: score reads texts alone, all of one --label")
    note_label(labels, given.label)
    if given.kind == "document" and model.mark is None:
        refuse_documents()
    if on.engine == "compiled":
        note_compiling([one.settings.network for one in models], "forward", *["backward"] * how.adapt,
                       kernels=["output_scores"])
    with ProgressBar(words="scoring", unit="char", patience=1.0) as bar:
        return model.score(text, unknown=unknown.unknown, on_read=bar.show, **how.to_dict())


def _parts(score: "Score", given: ScoreArguments) -> "list[ScoredPart]":
    """The parts to list, the most surprising first; how many are left out goes to stderr."""
    if given.kind is None:
        return []
    top = (_LISTED if given.is_for_people else 0) if given.top is None else given.top
    shortest = _SHORTEST if given.is_for_people and given.kind == "line" else 0
    every = score.by(given.kind)
    if not any(part.predicted >= shortest for part in every):
        shortest = 0  # all are short
    shortest = shortest if given.min_length is None else given.min_length
    parts = sorted((part for part in every if part.predicted >= shortest), key=lambda part: -part.bits)
    if left_out := len(every) - len(parts):
        which = f"{left_out:,} of {len(every):,}" if parts else f"all {len(every):,}"
        print(f"note: {which} {given.kind}s have fewer than {shortest:,} {score.unit}s and are left out; --min-length "
              "0 lists them", file=sys.stderr)
    return parts[:top] if top else parts
