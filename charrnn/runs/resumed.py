"""Layer runs: an old run, taken up again from Python where it ended."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from charrnn.runs.checkpoint import load_checkpoint, resolve_checkpoint
from charrnn.runs.pretrained import refuse_pretrained
from charrnn.runs.run import Run
from charrnn.runs.training_text import read_training_text
from charrnn.settings import RunSettings
from charrnn.settings.training import BUDGET, refuse_changes
from charrnn.text.corpus import Corpus


def resumed_run(argument: str, runs: str | Path, corpus: Sequence[str] | str, options: dict[str, Any]) -> Run:
    """The run that `argument` means (its name in `runs`, its folder or its file), with its last checkpoint.

    corpus    where its text is now, if it was moved; or the text itself
    options   epochs or minutes (the new total), threads, and the fields of RunSettings

    Raises SettingsError for any other option, CorpusError for another text, CheckpointError for no run.
    """
    how = {spec.name: options.pop(spec.name) for spec in fields(RunSettings) if spec.name in options}
    budget = {name: value for name in BUDGET if (value := options.pop(name, None)) is not None}
    threads = options.pop("threads", None)
    refuse_changes(sorted(options))
    refuse_pretrained(argument)
    path = resolve_checkpoint(argument, "last", runs)
    known = load_checkpoint(path)
    text = known.settings.text
    if isinstance(corpus, str):
        given = Corpus.of(corpus, known.corpus.sources, known.corpus.name or "text", text)
    else:
        given = read_training_text(known.corpus, text, path, corpus,
                                   advice="name it: train('text.txt', resume=...), or give text=")
    return Run.resume(path, given, budget, threads, RunSettings(**how))
