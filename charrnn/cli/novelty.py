"""Layer cli: `charrnn novelty`: how much of a sample stands in the training text."""

import os
import re

import click

from charrnn.cli.checkpoints import find_checkpoint, offer_checkpoints
from charrnn.cli.options import GroupedCommand, option

# What `charrnn sample -n` puts between samples.
_BETWEEN = re.compile(r"^---\n", re.MULTILINE)


@click.command(cls=GroupedCommand)
@click.argument("names", nargs=-1, required=True, metavar="[CHECKPOINT] FILE|-", shell_complete=offer_checkpoints)
@option("--corpus", multiple=True, metavar="FILE", help="where the training text is now, if it was moved: a file, a "
        "folder, - or a built-in text; repeatable, in the order of training")
@option("--json", "in_json", is_flag=True, help="print one JSON object, with all n from 1 to 50, in place of the table")
@option("--csv", "in_csv", is_flag=True, help="print only the shares, as CSV, for all n from 1 to 50")
def novelty(names: tuple[str, ...], corpus: tuple[str, ...], in_json: bool, in_csv: bool) -> None:
    """Measure how much of a sample stands word for word in the training text.

    The sample is FILE, or standard input. CHECKPOINT (a file, a run's folder or its name; without it the newest run,
    or @shakespeare, which comes with charrnn) says what the training text is, which is read once more. The table has
    the share of the sample's n-grams, its pieces of n characters, that stand there, beside the same share for the text
    that was held out for validation; below are the longest passages and their places. What stands only in the held-out
    text is not copied.

    Lines of --- in FILE separate samples. If the network was trained on documents, each document of the sample is
    compared by itself, and the new ones are counted.
    """
    if len(names) > 2:
        raise click.UsageError("give one sample, after the checkpoint if you name one")
    if len(names) == 1 and _is_run(names[0]):
        raise click.UsageError(f"{names[0]!r} is a run; name the sample after it, or - for standard input")
    if in_json and in_csv:
        raise click.UsageError("--json and --csv contradict each other; leave one of them out")
    if names[-1] == "-" and "-" in corpus:
        raise click.UsageError("the sample and the training text can't both come from standard input")
    from charrnn.render.novelty import novelty_lines, novelty_with_notes
    from charrnn.render.reading import read_text
    from charrnn.render.records import print_novelty_csv, print_novelty_json
    from charrnn.runs.checkpoint import load_checkpoint

    path = find_checkpoint(names[0] if len(names) == 2 else None)
    checkpoint = load_checkpoint(path)
    texts = _BETWEEN.split(read_text(names[-1]))
    found = novelty_with_notes(texts, checkpoint.settings, checkpoint.corpus, path, corpus)
    if in_json:
        print_novelty_json(found)
    elif in_csv:
        print_novelty_csv(found)
    else:
        lines = [1 + sum(part.count("\n") + 1 for part in texts[:number]) for number in range(len(texts))]
        print("\n".join(novelty_lines(found, lines)))


def _is_run(name: str) -> bool:
    """Whether `name` can only be meant for a checkpoint."""
    from charrnn.storage.run_folders import RUNS

    return name != "-" and (os.path.isdir(name) or (not os.path.exists(name) and os.path.isdir(RUNS / name)))
