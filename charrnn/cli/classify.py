"""Layer cli: `charrnn classify`: which label each text has, for a network that was trained with labels."""

from typing import Any

import click

from charrnn.cli.checkpoints import find_checkpoint, offer_checkpoints
from charrnn.cli.options import GroupedCommand, checkpoint_and_file, option, settings_from, settings_options
from charrnn.errors import CorpusError, SettingsError
from charrnn.settings import UnknownSettings


@click.command(cls=GroupedCommand)
@click.argument("names", nargs=-1, required=True, metavar="[CHECKPOINT] FILE", shell_complete=offer_checkpoints)
@settings_options(UnknownSettings)
@option("--score", is_flag=True, help="compare with the labels in FILE (label, tab, text): accuracy, calibration and "
        "which labels are mistaken for which")
@option("--json", "in_json", is_flag=True, help="one line of JSON for each text, with the probability of every label")
def classify(names: tuple[str, ...], score: bool, in_json: bool, **options: Any) -> None:
    """Name the label of each line in FILE, - for standard input, with a network that was trained with --labels.

    A label's probability follows from Bayes' rule: how probable the network finds the text with that label, times the
    label's share of the training texts. A label in the line, before a tab, is ignored; with --score it is compared.
    Where labels are numbers, their mean and standard deviation are given.

    CHECKPOINT is a file, a run's folder or its name; without it the newest run in ./checkpoints is used.
    """
    checkpoint, file = checkpoint_and_file(names)
    unknown = settings_from(UnknownSettings, options)
    from charrnn.model import load
    from charrnn.render.classify import classified_json, classified_lines, score_json, score_lines
    from charrnn.render.progress import ProgressBar
    from charrnn.render.reading import read_text
    from charrnn.render.wording import note_compiling
    from charrnn.text.labels import PATH, labelled_lines
    from charrnn.text.normalize import normalized

    model = load(find_checkpoint(checkpoint))
    scheme = model.corpus.labels
    if scheme is None:
        raise SettingsError("this network was trained without labels; train one with --labels")
    labels, texts = labelled_lines(read_text(file))
    if model.settings.text.labels != PATH:  # the names of files stay as they are
        labels = [normalized(label, model.settings.text) for label in labels]
    if not texts:
        raise CorpusError(f"{file!r} holds no text; give one text a line")
    if score:
        scheme.check_all(labels)
    note_compiling([model.settings.network], "forward", kernels=["output_scores"])
    with ProgressBar(words="classifying", patience=1.0) as bar:
        found = model.classify(texts, unknown=unknown.unknown, on_read=bar.show)
    if score:
        print(score_json(found, labels, scheme) if in_json else "\n".join(score_lines(found, labels, scheme)))
    else:
        print("\n".join(classified_json(found) if in_json else classified_lines(found)))
