"""Layer cli: `charrnn export`: a trained network as a file for elsewhere: a page that writes."""

from typing import Any

import click

from charrnn.cli.options import GroupedCommand, option, settings_from, settings_options
from charrnn.errors import SettingsError
from charrnn.settings import LivePageSettings


@click.command(cls=GroupedCommand)
@click.argument("checkpoint", required=False)
@option("--html", "html_file", metavar="FILE", group="Page", help="write a page that reads and writes with the network "
        "in a browser: one file, which needs no network connection")
@option("--text", metavar="FILE", group="Page", help="the text that the page opens with; without it no text is in the "
                                                     "page, and it opens with what the network writes")
@settings_options(LivePageSettings)
def export(checkpoint: str | None, html_file: str | None, text: str | None, **options: Any) -> None:
    """Write the network in CHECKPOINT (a file, a run's folder or its name) for use elsewhere.

    Without CHECKPOINT the newest run in ./checkpoints is used; of a run, its best moment.
    """
    if not html_file:
        raise SettingsError("nothing to write: give --html FILE")
    from charrnn.model import load
    from charrnn.render.live import write_live_page
    from charrnn.render.reading import read_text
    from charrnn.render.wording import note_compiling
    from charrnn.runs.checkpoint import resolve_checkpoint

    path = resolve_checkpoint(checkpoint)
    opening = read_text(text) if text else ""
    model = load(path)
    note_compiling([model.settings.network], "forward", "generate")
    write_live_page(model, model.corpus, path, html_file, settings_from(LivePageSettings, options), opening)
