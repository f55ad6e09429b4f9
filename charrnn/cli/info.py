"""Layer cli: `charrnn info`: what a checkpoint is, what it was trained on, how far, and how its loss went."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.cli.checkpoints import find_checkpoint, offer_checkpoints
from charrnn.cli.options import GroupedCommand, option

if TYPE_CHECKING:
    from charrnn.runs.checkpoint import Checkpoint


@click.command(cls=GroupedCommand)
@click.argument("checkpoint", required=False, shell_complete=offer_checkpoints)
@option("--config", "as_config", is_flag=True, help="print its settings as a file for `charrnn train --config`, and "
                                                    "nothing else")
def info(checkpoint: str | None, as_config: bool) -> None:
    """Show what the network in CHECKPOINT (a file, a run's folder or its name) is and how it was trained.

    Without CHECKPOINT the newest run in ./checkpoints is used; if there is none, @shakespeare, which comes with
    charrnn. For a run, its last checkpoint is shown.
    """
    from charrnn.render.checkpoint import checkpoint_curve, checkpoint_rows
    from charrnn.render.screen import screen_for
    from charrnn.runs.checkpoint import load_checkpoint

    path = find_checkpoint(checkpoint, "last")
    loaded = load_checkpoint(path)
    if as_config:
        print(_config(loaded, path), end="")
        return
    rows, screen = [("checkpoint", str(path)), *checkpoint_rows(loaded)], screen_for()
    width = max(len(name) for name, _ in rows) + 2
    for name, value in rows:
        print(f"{name:{width}}{value}")
    screen.show(checkpoint_curve(loaded, screen))


def _config(loaded: "Checkpoint", path: Path) -> str:
    from charrnn.cli.config import config_text
    from charrnn.cli.train import train
    from charrnn.storage.run_folders import run_name_of

    sources = list(loaded.corpus.sources)
    if not all(source.isprintable() for source in sources):
        sources = []  # a name that is no text; TOML could not say it
    return config_text(loaded.settings, train, sources,
                       f"The settings of {run_name_of(path)}, for charrnn train --config FILE")
