"""Layer cli: `charrnn complete`: the most probable continuations of a text."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.checkpoints import find_checkpoint
from charrnn.cli.options import GroupedCommand, label_option, option, settings_from, settings_options
from charrnn.errors import CharrnnError
from charrnn.settings import CompleteSettings, UnknownSettings

if TYPE_CHECKING:
    from charrnn.model import Model

_STDIN = "-"


@click.command(cls=GroupedCommand)
@click.argument("arguments", nargs=-1, required=True, metavar="[CHECKPOINT] TEXT")
@settings_options(CompleteSettings, UnknownSettings)
@label_option
@option("--json", "in_json", is_flag=True, help="one line of JSON for each text, in place of the table")
def complete(arguments: tuple[str, ...], in_json: bool, label: str | None, **options: Any) -> None:
    """List the most probable continuations of TEXT, with their probabilities.

    Probabilities are the network's own. The search is a beam search that returns to what it dropped; it says whether
    its results are proven to be the most probable. CHECKPOINT is a file, a run's folder or its name; without it the
    newest run in ./checkpoints is used; if there is none, @shakespeare, which comes with charrnn. TEXT may be empty:
    the start of a document, or a line.

    With - in place of TEXT each line of standard input is completed as soon as it arrives (\\n and \\t in it are read
    as in Python), for programs that ask at each keystroke.
    """
    if len(arguments) > 2:
        raise click.UsageError("give one text, in quotes, and before it at most the name of a checkpoint")
    settings, unknown = settings_from(CompleteSettings, options), settings_from(UnknownSettings, options)
    from charrnn.model import load
    from charrnn.render.wording import note_compiling, note_label

    *checkpoint, text = arguments
    model = load(find_checkpoint(checkpoint[0] if checkpoint else None), label)
    note_label(model.corpus.labels, label)
    note_compiling([model.settings.network], "generate")
    answer = _answers(model, settings, unknown, in_json)
    if text != _STDIN:
        answer(text)
    elif not _answer_all(answer, in_json):
        sys.exit(CharrnnError.exit_code)


def _answers(model: "Model", settings: CompleteSettings, unknown: UnknownSettings,
             in_json: bool) -> Callable[[str], None]:
    """What prints the completions of a text at once."""
    from charrnn.render.completion import completions_json, completions_table
    from charrnn.render.screen import screen_for
    from charrnn.render.wording import note_readable

    completer = model.completer()

    def answer(text: str) -> None:
        read = model.readable(text, unknown.unknown)
        completions = completer.complete(read.text, **settings.to_dict())
        note_readable(read, model.vocabulary)
        print(completions_json(text, completions, settings) if in_json
              else "\n".join(completions_table(read.text, completions, screen_for().width)), flush=True)

    return answer


def _answer_all(answer: Callable[[str], None], in_json: bool) -> bool:
    """Answers each line of standard input, also those after one that is refused; whether none was refused."""
    from charrnn.render.completion import refusal_json
    from charrnn.render.reading import read_lines
    from charrnn.render.streams import loud
    from charrnn.text.documents import unescaped

    is_good = True
    for text in map(unescaped, read_lines(_STDIN)):
        try:
            answer(text)
        except CharrnnError as error:
            is_good = False
            if in_json:
                print(refusal_json(text, str(error)), flush=True)
            else:
                print(f"charrnn: {error}", file=loud(), flush=True)
    return is_good
