"""Layer cli: `charrnn export`: a network for other programs, or as a page that writes."""

import sys
from pathlib import Path
from typing import Any

import click

from charrnn.cli.checkpoints import find_checkpoint, offer_checkpoints
from charrnn.cli.options import GroupedCommand, option, settings_from, settings_options
from charrnn.errors import SettingsError
from charrnn.settings import LivePageSettings


@click.command(cls=GroupedCommand)
@click.argument("checkpoint", required=False, shell_complete=offer_checkpoints)
@option("--to", type=click.Choice(("safetensors", "onnx", "hf")), group="For programs",
        help="safetensors: its parameters under PyTorch's names, which torch.nn.LSTM, GRU or RNN load as they are (a "
             "mogrifier needs charrnn's own module); onnx: a model that ONNX Runtime runs; hf: a folder for the "
             "Hugging Face hub, with a model card")
@option("-o", "--output", metavar="FILE", show_default="named after the run", group="For programs",
        help="the new file or folder")
@option("--label", metavar="LABEL", group="Label",
        help="of a network that was trained with --labels: with --to, which one the exported network reads and writes "
             "texts of (default: the average of all); with --html, which one the page opens with, and it has all")
@option("--html", "html_file", metavar="FILE", group="Page", help="write a page that reads and writes with the network "
        "in a browser: one file, which needs no network connection")
@option("--text", metavar="FILE", group="Page", help="the text that the page opens with; without it no text is in the "
                                                     "page, and it opens with what the network writes")
@settings_options(LivePageSettings)
def export(checkpoint: str | None, label: str | None, to: str | None, output: str | None, html_file: str | None,
           text: str | None, **options: Any) -> None:
    """Write the network in CHECKPOINT (a file, a run's folder or its name) for use elsewhere: with --html as a page,
    with --to for another program.

    Without CHECKPOINT the newest run in ./checkpoints is used; if there is none, @shakespeare, which comes with
    charrnn. For a run, its best checkpoint is used.
    """
    if "" in (output, html_file, text):
        raise SettingsError("a file needs a name; give one after --output, --html and --text, or leave them out")
    if (to is None) == (html_file is None):
        raise SettingsError("give --html FILE for a page, or --to safetensors, --to onnx or --to hf for another "
                            "program")
    page = settings_from(LivePageSettings, options)
    if html_file is None and (text is not None or page != LivePageSettings()):
        raise SettingsError("--text and the options of the page have no effect without --html; leave them out, or give "
                            "--html FILE in place of --to")
    if html_file is None:
        _export_for_programs(find_checkpoint(checkpoint), label, str(to), output)
    else:
        _export_page(find_checkpoint(checkpoint), label, html_file, text, page)


def _export_for_programs(path: Path, label: str | None, to: str, output: str | None) -> None:
    from charrnn.interchange.export import export_network, export_to_hub
    from charrnn.render.wording import note_label
    from charrnn.runs.checkpoint import load_checkpoint
    from charrnn.storage.run_folders import run_name_of

    file = Path(output or f"{run_name_of(path)}.{to}")
    size = export_to_hub(path, file, label) if to == "hf" else export_network(path, to, file, label)
    note_label(load_checkpoint(path).corpus.labels, label)
    print(f"written: {file} ({size:,} bytes)", file=sys.stderr)


def _export_page(path: Path, label: str | None, html_file: str, text: str | None, settings: LivePageSettings) -> None:
    from charrnn.model import load
    from charrnn.render.live import write_live_page
    from charrnn.render.reading import read_text
    from charrnn.render.wording import note_compiling

    opening = read_text(text) if text else ""
    model = load(path, label)
    note_compiling([model.settings.network], "forward", "generate")
    write_live_page(model, model.corpus, path, html_file, settings, opening, model.label_weights)
