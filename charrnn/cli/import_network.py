"""Layer cli: `charrnn import`: a PyTorch network becomes a run."""

import sys
from pathlib import Path

import click

from charrnn.cli.options import GroupedCommand, option
from charrnn.storage.run_folders import RUNS


@click.command("import", cls=GroupedCommand)
@click.argument("file")
@option("--vocabulary", metavar="FILE", help="which character has which id: JSON (a list of characters, or ids by "
        "character) or text (the characters in the order of their ids, or the training text, if the ids count its "
        "sorted characters); not needed for a file of charrnn export")
@option("--name", metavar="TEXT", show_default="from FILE", help="name of the run's folder")
@option("--folder", metavar="FOLDER", default=str(RUNS), show_default=True, help="where runs are kept")
def import_network(file: str, vocabulary: str | None, name: str | None, folder: str) -> None:
    """Make a run of the PyTorch network in FILE: a state dict as .safetensors or .pt.

    It may have an nn.Embedding or one-hot input, one nn.LSTM, nn.GRU or nn.RNN of any number of layers, and an
    nn.Linear output, under any names. Sample from the run, score texts with it, or train it further: charrnn train
    TEXT --init-from RUN.
    """
    from charrnn.interchange.import_network import import_network as made
    from charrnn.render.wording import network_words, shell_quoted

    run = made(Path(file), None if vocabulary is None else Path(vocabulary), name, Path(folder))
    if run.network.cell == "rnn":
        print("note: a state dict does not say whether an nn.RNN used tanh or ReLU; it is read as tanh",
              file=sys.stderr)
    print(f"run      {run.folder}: {network_words(run.network)}, {run.vocabulary:,} characters", file=sys.stderr)
    if vocabulary is not None:
        print(f"check    charrnn score {shell_quoted(str(run.folder))} TEXT: a high loss on the network's own text "
              "means that the vocabulary has another order", file=sys.stderr)
