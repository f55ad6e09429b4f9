"""Layer cli: `charrnn complete`: how a text most probably goes on."""

import dataclasses
import json
import math
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.options import settings_from, settings_options
from charrnn.errors import CharrnnError, CorpusError
from charrnn.settings import UNKNOWN, CompleteSettings

if TYPE_CHECKING:
    from charrnn.completion.completer import Completer, Completion
    from charrnn.model import Model

_STDIN = "-"
_FIRST_COLUMN = "probability  "
_LEAST = 0.001  # what is less is written as 1.2e-05


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="[CHECKPOINT] TEXT")
@settings_options(CompleteSettings)
@click.option("--unknown", type=click.Choice(UNKNOWN), default=UNKNOWN[0], show_default=True,
              help="what becomes of characters of TEXT that the model never saw: fold reads them in another Unicode "
                   "form or without accents, skip and replace do what they say with those that have none")
@click.option("--json", "as_json", is_flag=True, help="one line of JSON for each text, in place of the table")
def complete(arguments: tuple[str, ...], unknown: str, as_json: bool, **options: Any) -> None:
    """Tell how TEXT most probably goes on, and how probable that is.

    Probabilities are the network's own. The search for the highest is a beam search, which goes back to what it left
    aside; where nothing more probable can have been missed, it says so. CHECKPOINT is a file, a run's folder or its
    name; without it the newest run in ./checkpoints is asked. TEXT may be empty: the start of a document, or a line.

    With - in place of TEXT each line of standard input is completed as soon as it is there (\\n and \\t in it are read
    as in Python), for programs that ask at each keystroke.
    """
    if len(arguments) > 2:
        raise click.UsageError("give one text, in quotes, and before it at most the name of a checkpoint")
    settings = settings_from(CompleteSettings, options)
    from charrnn.cells.registry import is_compiled
    from charrnn.model import load
    from charrnn.render.wording import compiling_words

    *checkpoint, text = arguments
    model = load(checkpoint[0] if checkpoint else None)
    if not is_compiled(model.settings.network.cell, "generate"):
        print(compiling_words(), file=sys.stderr)
    answering = _Answering(model, settings, unknown, as_json)
    if text != _STDIN:
        answering.answer(text)
    elif not answering.answer_all(_lines()):
        sys.exit(CharrnnError.exit_code)


class _Answering:
    """Completes one text after the other, and prints each answer at once."""

    def __init__(self, model: "Model", settings: CompleteSettings, unknown: str, as_json: bool) -> None:
        self._model, self._settings, self._unknown, self._as_json = model, settings, unknown, as_json
        self._completer: Completer = model.completer()

    def answer(self, text: str) -> None:
        """Prints the completions of `text`."""
        model, settings = self._model, self._settings
        read = model.readable(text, self._unknown)
        completions = self._completer.complete(read.text, settings.count, until=settings.until, length=settings.length,
                                               beams=settings.beams, prove=settings.prove)
        rare = [f"too rare in training to be known, and read as \ufffd: {name}" for name in
                model.vocabulary.rare(read.text)]
        for note in [*read.notes, *rare]:
            print(f"note: {note}", file=sys.stderr, flush=True)
        if self._as_json:
            _say_json(text, {"until": settings.until, "length": settings.most,
                             "completions": [dataclasses.asdict(one) for one in completions],
                             "proven": all(one.proven for one in completions)})
        else:
            from charrnn.render.screen import width

            print("\n".join(_table(read.text, completions, width())), flush=True)

    def answer_all(self, texts: Iterator[str]) -> bool:
        """Answers each; what one of them is refused for does not keep the next from its answer. Whether none was."""
        is_good = True
        for text in texts:
            try:
                self.answer(text)
            except CharrnnError as error:
                is_good = False
                if self._as_json:
                    _say_json(text, {"error": str(error)})
                else:
                    print(f"charrnn: {error}", file=sys.stderr, flush=True)
        return is_good


def _lines() -> Iterator[str]:
    """The lines of standard input, each as soon as it is there."""
    from charrnn.text.documents import unescaped

    stream = sys.stdin.buffer if sys.stdin else None
    while stream is not None and (line := stream.readline()):
        try:
            yield unescaped(line.decode().removesuffix("\n").removesuffix("\r"))
        except UnicodeDecodeError as error:
            raise CorpusError("standard input is not UTF-8; convert it first, for example with iconv") from error


def _say_json(text: str, answer: dict[str, Any]) -> None:
    print(json.dumps({"text": text, **answer}, ensure_ascii=False), flush=True)


def _table(text: str, completions: "list[Completion]", width: int) -> list[str]:
    """A line each, or more where one is long, and what is known of all that is not in the table."""
    room = width - len(_FIRST_COLUMN)
    head = visible(text)
    head = head if len(head) <= room - len("after ") else '"...' + head[-(room - len('after "...')):]
    lines = [f"{_FIRST_COLUMN}after {head}"]
    for one in completions:
        said = visible(one.text) + {"length": "...", "document": " and the document ends"}.get(one.end, "")
        for start in range(0, len(said), room):
            first = _number(one.probability) if start == 0 else ""
            lines.append(first.rjust(len(_FIRST_COLUMN) - 2) + "  " + said[start : start + room])
    return [*lines, _verdict(completions)]


def _verdict(completions: "list[Completion]") -> str:
    """What is proven, and how much the completions have together."""
    proven = sum(one.proven for one in completions)
    total = f"{_number(math.fsum(one.probability for one in completions))} together; "
    if proven == len(completions):
        return total + "proven to be the most probable"
    return total + (f"the first {proven} proven to be the most probable, the others not" if proven
                    else "not proven to be the most probable")


def _number(probability: float) -> str:
    return f"{probability:.4f}" if probability >= _LEAST else f"{probability:.1e}"


def visible(text: str) -> str:
    """The text in quotes, its line ends and whatever else cannot be seen as in Python."""
    shown = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(shown.get(c, c if c.isprintable() else repr(c)[1:-1]) for c in text) + '"'
