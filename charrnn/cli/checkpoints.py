"""Layer cli: the checkpoint that a command is to use, and a note where it is not one of the user's own.

And what a shell offers in its place, or in that of a text.
"""

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from charrnn.errors import CharrnnError


def find_checkpoint(argument: str | None, which: str = "best") -> Path:
    """The file that `argument` means, as resolve_checkpoint() says; the note goes to stderr."""
    from charrnn.runs.checkpoint import resolve_checkpoint
    from charrnn.runs.pretrained import USUAL, pretrained_at
    from charrnn.storage.run_folders import RUNS

    path = resolve_checkpoint(argument, which)
    if argument is None and pretrained_at(path):
        print(f"note: no run in ./{RUNS}: this is {USUAL}, the model that comes with charrnn; train your own with: "
              "charrnn train FILE", file=sys.stderr, flush=True)
    return path


def offer_checkpoints(context: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a shell offers for a checkpoint: the names of runs, models that come with charrnn, files."""
    from charrnn.runs.checkpoint import run_names
    from charrnn.runs.pretrained import PRETRAINED

    names = list(PRETRAINED)
    with suppress(CharrnnError):  # a shell that completes has no room for it
        names += run_names()
    return _offered(names, incomplete)


def offer_texts(context: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a shell offers for a text: those with a name, files."""
    from charrnn.text.builtin import BUILTINS

    return _offered(BUILTINS, incomplete)


def offer_classics(context: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a shell offers to fetch."""
    from charrnn.text.classics import CLASSICS

    return [CompletionItem(name) for name in (*CLASSICS, "all") if name.startswith(incomplete)]


def _offered(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [*(CompletionItem(name) for name in names if name.startswith(incomplete)),
            CompletionItem(incomplete, type="file")]
