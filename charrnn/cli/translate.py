"""Layer cli: `charrnn translate`: the target of each source, for a network that was trained on pairs."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.checkpoints import find_checkpoint, offer_checkpoints
from charrnn.cli.options import GroupedCommand, checkpoint_and_file, option, settings_from, settings_options
from charrnn.errors import CharrnnError, CorpusError, SettingsError, shortened
from charrnn.settings import TranslateSettings, UnknownSettings

if TYPE_CHECKING:
    from charrnn.completion.completer import Completion
    from charrnn.model import Model

Find = Callable[[str], "list[Completion]"]


@click.command(cls=GroupedCommand)
@click.argument("names", nargs=-1, required=True, metavar="[CHECKPOINT] FILE", shell_complete=offer_checkpoints)
@settings_options(TranslateSettings, UnknownSettings)
@option("--score", is_flag=True, help="compare with the targets in FILE (source, tab, target): the share that is "
        "exactly right, and the character error rate")
@option("-o", "--output", metavar="FILE", help="with --score, also draw how both depend on the length of the "
        "source: to FILE.svg, or to FILE.png (needs the extra `plot`)")
@option("--json", "in_json", is_flag=True, help="one line of JSON for each source: targets, probabilities, and whether "
        "they are proven to be the most probable; for one that is refused, the error")
def translate(names: tuple[str, ...], score: bool, output: str | None, in_json: bool, **options: Any) -> None:
    """Write the most probable target of each line in FILE, - for standard input, with a network that was trained with
    --pairs.

    Each line is answered as soon as it arrives. What follows a tab is ignored; with --score it is compared. With -k
    each target has a line of its own: source, target and probability, with tabs between them. A source longer than any
    in the training text is answered too, with a note.

    CHECKPOINT is a file, a run's folder or its name; without it the newest run in ./checkpoints is used.
    """
    checkpoint, file = checkpoint_and_file(names)
    settings, unknown = settings_from(TranslateSettings, options), settings_from(UnknownSettings, options)
    if output is not None:
        from charrnn.render.plots.picture_file import check_picture_name

        if not score:
            raise SettingsError("--output draws what --score compares; give --score too, or leave --output out")
        check_picture_name(output)
    from charrnn.completion.translator import Translator
    from charrnn.model import load
    from charrnn.render.wording import note_compiling

    model = load(find_checkpoint(checkpoint))
    find = partial(Translator(model).translate, k=settings.count, unknown=unknown.unknown, length=settings.length,
                   beams=settings.beams, prove=settings.prove)
    note_compiling([model.settings.network], "generate")
    if score:
        _compare(find, model, file, output, in_json)
    elif not _answer(find, model, file, settings.count, in_json):
        sys.exit(CharrnnError.exit_code)


def _answer(find: Find, model: "Model", file: str, count: int, in_json: bool) -> bool:
    """Prints the targets of each line; whether there were any for all of them."""
    from charrnn.render.streams import loud
    from charrnn.render.translate import refusal_json, targets_json, targets_lines
    from charrnn.render.wording import note_long_sources
    from charrnn.text.labels import TAB

    is_good = True
    for line in _lines(file):
        source = line.partition(TAB)[0]
        try:
            found = find(source)
        except CharrnnError as error:
            is_good = False
            if in_json:
                print(refusal_json(source, str(error)), flush=True)
            else:
                print(f"charrnn: {error}", file=loud(), flush=True)
            continue
        note_long_sources([source], model.vocabulary, model.corpus.longest_source)
        print(targets_json(source, found) if in_json else "\n".join(targets_lines(source, found, count)), flush=True)
    return is_good


def _compare(find: Find, model: "Model", file: str, output: str | None, in_json: bool) -> None:
    """Prints, and may draw, how far the first target of each line is from the one that stands there."""
    from charrnn.completion.translator import errors_by_length, target_errors
    from charrnn.render.translate import errors_json, errors_lines
    from charrnn.render.wording import note_long_sources
    from charrnn.text.labels import TAB
    from charrnn.text.normalize import normalized

    sources, targets, references = [], [], []
    for line in _lines(file):
        source, tab, reference = line.partition(TAB)
        if not tab:
            raise CorpusError(f"line {shortened(line)} has no tab, and --score compares what stands behind it; mend "
                              "it, or leave --score out")
        found = find(source)
        sources.append(source)
        targets.append(found[0].text if found else "")
        references.append(normalized(reference, model.settings.text).rstrip())  # as training had it
    if not targets:
        raise CorpusError(f"{file!r} holds no pair; give source, tab and target in each line")
    note_long_sources(sources, model.vocabulary, model.corpus.longest_source)
    errors = target_errors(targets, references)
    print(errors_json(errors) if in_json else "\n".join(errors_lines(errors)))
    if output is not None:
        from charrnn.render.plots.picture_file import write_picture
        from charrnn.render.plots.translate import lengths_scene

        write_picture(lengths_scene(errors_by_length(sources, targets, references)), output)
        print(f"written: {output}", file=sys.stderr)


def _lines(file: str) -> Iterator[str]:
    """The lines of a file that have something in them; of standard input each as soon as it arrives."""
    from charrnn.render.reading import read_lines

    return (line for line in read_lines(file) if line.strip())
