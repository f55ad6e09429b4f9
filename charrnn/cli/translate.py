"""Layer cli: `charrnn translate`: the target of each source, for a network that was trained on pairs."""

import sys
from collections.abc import Iterator
from typing import Any

import click

from charrnn.cli.checkpoints import find_checkpoint, offer_checkpoints
from charrnn.cli.options import GroupedCommand, checkpoint_and_file, option, settings_from, settings_options
from charrnn.errors import CharrnnError, CorpusError, shortened
from charrnn.settings import TranslateSettings, UnknownSettings


@click.command(cls=GroupedCommand)
@click.argument("names", nargs=-1, required=True, metavar="[CHECKPOINT] FILE", shell_complete=offer_checkpoints)
@settings_options(TranslateSettings, UnknownSettings)
@option("--score", is_flag=True, help="compare with the targets in FILE, source, tab, target: the share that is right, "
        "and the character error rate")
@option("--json", "in_json", is_flag=True, help="one line of JSON for each source: targets, probabilities, and whether "
        "they are proven to be the most probable")
def translate(names: tuple[str, ...], score: bool, in_json: bool, **options: Any) -> None:
    """Write the most probable target of each line in FILE, - for standard input, with a network that was trained with
    --pairs.

    Each line is answered as soon as it arrives. What stands behind a tab in it is not looked at, but with --score it is
    compared. With -k a line has source, target and probability, with tabs between.

    CHECKPOINT is a file, a run's folder or its name; without it the newest run in ./checkpoints is used.
    """
    checkpoint, file = checkpoint_and_file(names)
    settings, unknown = settings_from(TranslateSettings, options), settings_from(UnknownSettings, options)
    from charrnn.completion.translator import Translator, target_errors
    from charrnn.model import load
    from charrnn.render.streams import loud
    from charrnn.render.translate import errors_json, errors_lines, targets_json, targets_lines
    from charrnn.render.wording import note_compiling
    from charrnn.text.labels import TAB

    model = load(find_checkpoint(checkpoint))
    translator = Translator(model)
    note_compiling([model.settings.network], "generate")
    targets, references, is_good = [], [], True
    for line in _lines(file):
        source, tab, reference = line.partition(TAB)
        if score and not tab:
            raise CorpusError(f"line {shortened(line)} has no tab, and --score compares what stands behind it; mend "
                              "it, or leave --score out")
        try:
            found = translator.translate(source, settings.count, unknown=unknown.unknown, length=settings.length,
                                         beams=settings.beams, prove=settings.prove)
        except CharrnnError as error:
            if score:
                raise
            print(f"charrnn: {error}", file=loud(), flush=True)
            is_good = False
            continue
        targets.append(found[0].text if found else "")
        references.append(reference)
        if not score:
            print(targets_json(source, found) if in_json else "\n".join(targets_lines(source, found, settings.count)),
                  flush=True)
    if score:
        if not targets:
            raise CorpusError(f"{file!r} holds no pair; give source, tab and target in each line")
        errors = target_errors(targets, references)
        print(errors_json(errors) if in_json else "\n".join(errors_lines(errors)))
    if not is_good:
        sys.exit(CharrnnError.exit_code)


def _lines(file: str) -> Iterator[str]:
    """The lines of a file that have something in them; of standard input each as soon as it arrives."""
    from charrnn.render.reading import read_lines

    return (line for line in read_lines(file) if line.strip())
