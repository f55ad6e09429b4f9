"""Layer cli: the group of commands.

A command's module is imported only when that command is called: help stays quick.
"""

from difflib import get_close_matches
from importlib import import_module

import click

from charrnn import __version__

HELP = {"help_option_names": ["-h", "--help"]}

# Name -> (module:function, the line in the list of commands).
COMMANDS = {
    "train": ("charrnn.cli.train:train", "Train a network on a text."),
    "sample": ("charrnn.cli.sample:sample", "Write new text with a trained network."),
    "play": ("charrnn.cli.play:play", "Write a text in turn with a trained network."),
    "complete": ("charrnn.cli.complete:complete", "List the most probable continuations of a text."),
    "score": ("charrnn.cli.score:score", "Measure how well a network predicts a text."),
    "classify": ("charrnn.cli.classify:classify", "Name the label of each text."),
    "translate": ("charrnn.cli.translate:translate", "Write the target of each source."),
    "novelty": ("charrnn.cli.novelty:novelty", "Measure how much of a sample is copied from the training text."),
    "info": ("charrnn.cli.info:info", "Show what a checkpoint holds."),
    "plot": ("charrnn.cli.plot:plot", "Draw the losses of runs."),
    "inspect-cells": ("charrnn.cli.inspect_cells:inspect_cells", "Name what each cell of a network tracks."),
    "corpora": ("charrnn.cli.corpora:corpora", "List texts to train on, and fetch classics."),
    "export": ("charrnn.cli.export:export", "Write a network as a page, or for another program."),
    "import": ("charrnn.cli.import_network:import_network", "Make a run of a PyTorch network."),
    "serve": ("charrnn.cli.serve:serve", "Serve a network to other programs on this machine."),
    "bench": ("charrnn.cli.bench:bench", "Measure how fast this machine trains and samples."),
}


class LazyGroup(click.Group):
    """A group whose commands stand in a table like COMMANDS, so that its help imports none of them."""

    def __init__(self, *args: object, table: dict[str, tuple[str, str]], **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        module, _, function = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), function)
        return command

    def resolve_command(self, ctx: click.Context,
                        args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.table and (near := get_close_matches(name, self.table, n=1)):
            raise click.UsageError(f"no such command {name!r}; did you mean {near[0]}?", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])


@click.group(cls=LazyGroup, table=COMMANDS, context_settings=HELP)
@click.version_option(__version__, prog_name="charrnn", message="%(prog)s %(version)s")
def charrnn() -> None:
    """Train a small recurrent network on a text, then let it write."""
