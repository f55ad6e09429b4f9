"""Layer cli: `charrnn novelty`: how much of a sample stands in the training text."""

import csv
import dataclasses
import json
import os
import re
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from charrnn.novelty.report import Novelty

# What `charrnn sample -n` puts between samples.
_BETWEEN = re.compile(r"^---\n", re.MULTILINE)


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="[CHECKPOINT] FILE|-")
@click.option("--corpus", multiple=True, metavar="FILE",
              help="where the training text is now, if it was moved: a file, a folder, - or a built-in text; again for "
                   "each further one, in the order of training")
@click.option("--json", "as_json", is_flag=True,
              help="print one JSON object, with all n from 1 to 50, in place of the table")
@click.option("--csv", "as_csv", is_flag=True, help="print only the shares, as CSV, for all n from 1 to 50")
def novelty(names: tuple[str, ...], corpus: tuple[str, ...], as_json: bool, as_csv: bool) -> None:
    """Tell how much of a sample stands word for word in the training text.

    The sample is FILE, or standard input. CHECKPOINT (a file, a run's folder or its name; without it the newest run)
    says what the training text is, which is read once more. The table has the share of the sample's n-grams, its
    pieces of n characters, that stand there, and beside it the same share for the text that was held out for
    validation; below are the longest passages and their places. What stands only in the part held out is not copied.

    Lines of --- in FILE stand between samples. If the network was trained on documents, each one of the sample is
    looked at by itself, and the new ones are counted.
    """
    if len(names) > 2:
        raise click.UsageError("give one sample, behind the checkpoint if you name one")
    if len(names) == 1 and _is_run(names[0]):
        raise click.UsageError(f"{names[0]!r} is a run; name the sample behind it, or - for standard input")
    if as_json and as_csv:
        raise click.UsageError("--json and --csv contradict each other; leave one of them out")
    if names[-1] == "-" and "-" in corpus:
        raise click.UsageError("the sample and the training text can't both come from standard input")
    from charrnn.render.novelty import novelty_lines, novelty_with_notes
    from charrnn.runs.checkpoint import load_checkpoint, resolve_checkpoint
    from charrnn.text.sources import read_source

    path = resolve_checkpoint(names[0] if len(names) == 2 else None)
    checkpoint = load_checkpoint(path)
    text = "".join(read_source(names[-1], sys.stdin.buffer if sys.stdin else None, lambda size: None))
    texts = _BETWEEN.split(text)
    found = novelty_with_notes(texts, checkpoint.settings, checkpoint.corpus, path, corpus)
    if as_json:
        print(json.dumps(_record(found), ensure_ascii=False))
    elif as_csv:
        _write_csv(found)
    else:
        lines = [1 + sum(part.count("\n") + 1 for part in texts[:number]) for number in range(len(texts))]
        print("\n".join(novelty_lines(found, lines)))


def _is_run(name: str) -> bool:
    """Whether `name` can only be meant for a checkpoint."""
    from charrnn.runs.checkpoint import RUNS

    return name != "-" and (os.path.isdir(name) or (not os.path.exists(name) and (RUNS / name).is_dir()))


def _record(found: "Novelty") -> dict[str, object]:
    record = dataclasses.asdict(found)
    record["grams"] = [dataclasses.asdict(grams) | {"share": grams.share, "held_out_share": grams.held_out_share}
                       for grams in found.grams]
    return record


def _write_csv(found: "Novelty") -> None:
    names = ("n", "count", "copied", "share", "held_out", "held_out_copied", "held_out_share")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([getattr(grams, name) for name in names] for grams in found.grams)
