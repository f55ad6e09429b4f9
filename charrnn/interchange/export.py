"""Layer interchange: a checkpoint's network, written for other programs."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from charrnn.errors import StorageError
from charrnn.interchange.hub_folder import hub_files
from charrnn.interchange.onnx_file import onnx_bytes
from charrnn.interchange.safetensors_file import safetensors_bytes
from charrnn.interchange.state_dict import refuse_encoder
from charrnn.runs.checkpoint import Checkpoint, load_checkpoint, naming
from charrnn.runs.labelled import with_label
from charrnn.runs.trained_network import check_network
from charrnn.storage.files import refusals, write_atomic
from charrnn.text.vocabulary import Vocabulary

# The kinds of files, which end in these names.
WRITERS: dict[str, Callable[[Checkpoint, Vocabulary], bytes]] = {"safetensors": safetensors_bytes, "onnx": onnx_bytes}


def export_network(checkpoint: Path, kind: str, output: Path, label: str | None = None) -> int:
    """Writes the network of a checkpoint to a new file, whole or not at all; the size in bytes.

    label   of a network that was trained with labels: which one it is for; None is the average of all

    Raises SettingsError where the kind does not have its cell, or for a label that there is not; StorageError for a
    file that exists.
    """
    refuse_existing(output)
    loaded, vocabulary = _loaded(checkpoint, label)
    data = WRITERS[kind](loaded, vocabulary)
    write_atomic(output, data)
    return len(data)


def export_to_hub(checkpoint: Path, folder: Path, label: str | None = None) -> int:
    """Writes a new folder as the Hugging Face hub wants it; the size of its files in bytes. `label` as above.

    Raises SettingsError where its cell has no state dict, StorageError for a folder that exists.
    """
    refuse_existing(folder)
    loaded, vocabulary = _loaded(checkpoint, label)
    files = hub_files(loaded, vocabulary, folder.name)
    with refusals(folder, "nothing was written"):
        folder.mkdir()
    try:
        for name, data in files.items():
            write_atomic(folder / name, data)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # whole, or not at all
        raise
    return sum(map(len, files.values()))


def _loaded(path: Path, label: str | None) -> tuple[Checkpoint, Vocabulary]:
    """The checkpoint and its vocabulary; other programs have no place for labels, so it has one for good."""
    checkpoint = load_checkpoint(path)
    refuse_encoder(checkpoint.settings.network)
    with naming(path):
        return with_label(checkpoint, label), check_network(checkpoint)


def refuse_existing(output: Path) -> None:
    """Raises StorageError if there is such a file."""
    if os.path.exists(output):  # Path.exists() raises for a name that is too long
        raise StorageError(f"{output} exists, and is left as it is; give another name with --output, or remove it")
