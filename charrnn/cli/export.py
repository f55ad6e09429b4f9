"""Layer cli: `charrnn export`: a network for other programs."""

import sys
from pathlib import Path

import click

from charrnn.cli.checkpoints import find_checkpoint
from charrnn.cli.options import GroupedCommand, option
from charrnn.errors import SettingsError


@click.command(cls=GroupedCommand)
@click.argument("checkpoint", required=False)
@option("--to", type=click.Choice(("safetensors", "onnx")), required=True, help="safetensors: its parameters under "
        "PyTorch's names, which torch.nn.LSTM, GRU or RNN load as they are; onnx: a model that ONNX Runtime runs")
@option("-o", "--output", metavar="FILE", show_default="named after the run", help="the new file")
def export(checkpoint: str | None, to: str, output: str | None) -> None:
    """Write the network in CHECKPOINT (a file, a run's folder or its name) for another program.

    Without CHECKPOINT the newest run in ./checkpoints is used; if there is none, @shakespeare, which comes with
    charrnn. Of a run it is the best moment. docs/interchange.md shows how the file is used.
    """
    from charrnn.interchange.export import export_network

    if output == "":
        raise SettingsError("a file needs a name; give one behind --output, or leave it out")
    path = find_checkpoint(checkpoint)
    file = Path(output or f"{path.parent.name or path.stem}.{to}")
    size = export_network(path, to, file)
    print(f"wrote {file} ({size:,} bytes)", file=sys.stderr)
