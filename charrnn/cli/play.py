"""Layer cli: `charrnn play`: a person and a network write a text in turn."""

import sys
from typing import Any

import click

from charrnn.cli.options import settings_from, settings_options
from charrnn.settings import PlaySettings


@click.command()
@click.argument("checkpoint", required=False)
@settings_options(PlaySettings)
@click.option("--prime", metavar="TEXT", default="", help="text to begin with")
@click.option("--open", "file", metavar="FILE", help="begin with the text in FILE; /save saves it there")
@click.option("--resume", is_flag=True, help="begin with the text that was left last without being saved")
def play(checkpoint: str | None, prime: str, file: str | None, resume: bool, **options: Any) -> None:
    """Write a text in turn with the network in CHECKPOINT: a file, a run's folder or its name.

    What you type is added to the text as it is. Enter on an empty line lets the network go on; /undo takes that back,
    /branch shows several continuations to choose from, /temp 0.5 changes a setting, /save FILE saves the text, /help
    lists the rest. Ctrl-C stops a continuation, Ctrl-D leaves.

    Without CHECKPOINT the newest run in ./checkpoints writes. Lines may come from a pipe too: then nothing is shown
    but the text as it stands at the end, on standard output.
    """
    if sum((bool(prime), file is not None, resume)) > 1:
        raise click.UsageError("a session begins with one text: give only one of --prime, --open and --resume")
    settings = settings_from(PlaySettings, options)
    from charrnn.cells.registry import is_compiled
    from charrnn.cli.console import Console
    from charrnn.cli.play_files import Keeper
    from charrnn.cli.play_loop import Player
    from charrnn.errors import PlayError
    from charrnn.model import load
    from charrnn.play.session import PlaySession
    from charrnn.render.training import quoted
    from charrnn.render.wording import compiling_words, network_words
    from charrnn.storage.drafts import Draft, latest_draft
    from charrnn.text.sources import read_file

    path = latest_draft() if resume else None
    if resume and path is None:
        raise PlayError("no text was left without being saved; play without --resume")
    model = load(checkpoint)
    console = Console()
    if not is_compiled(model.settings.network.cell, "generate"):
        print(compiling_words(), file=sys.stderr)
    session = PlaySession(model, settings, is_watched=console.is_talking)
    resume_call = " ".join(["charrnn play", *([quoted(checkpoint)] if checkpoint else []), "--resume"])
    player = Player(session, console, Keeper(session, console, Draft(path), resume_call), model.mark is not None)
    console.note(f"{model.corpus.name or 'a text'}: {network_words(model.settings.network)}")
    console.note("type, and Enter on an empty line lets the network go on; /help tells the rest")
    if file is not None:
        player.open(file)
    elif path is not None:
        player.begin("".join(read_file(str(path), lambda size: None)))
    elif prime:
        player.begin(prime)
    player.run()
