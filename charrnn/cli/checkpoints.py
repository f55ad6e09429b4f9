"""Layer cli: the checkpoint that a command is to use, and a note where it is not one of the user's own."""

import sys
from pathlib import Path


def find_checkpoint(argument: str | None, which: str = "best") -> Path:
    """The file that `argument` means, as resolve_checkpoint() says; the note goes to stderr."""
    from charrnn.runs.checkpoint import RUNS, resolve_checkpoint
    from charrnn.runs.pretrained import USUAL, pretrained_at

    path = resolve_checkpoint(argument, which)
    if argument is None and pretrained_at(path):
        print(f"note: no run in ./{RUNS}: this is {USUAL}, the model that comes with charrnn; train your own with: "
              "charrnn train FILE", file=sys.stderr, flush=True)
    return path
