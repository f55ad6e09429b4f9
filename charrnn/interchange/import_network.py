"""Layer interchange: a network of another program becomes a run of ours, to write, to score, and to start from."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from charrnn.errors import CharrnnError, CheckpointError, VocabularyError
from charrnn.interchange.description import described
from charrnn.interchange.import_state_dict import Imported, imported
from charrnn.interchange.state_dict import Arrays
from charrnn.interchange.tensor_files import read_tensors
from charrnn.interchange.vocabulary_file import ADVICE, read_vocabulary
from charrnn.runs.checkpoint import FORMAT, Checkpoint, save_checkpoint
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.runs.trained_network import check_network
from charrnn.settings import NetworkSettings, Settings, TextSettings, TrainingSettings
from charrnn.storage.files import new_folder
from charrnn.storage.run_folders import BEST, RUNS
from charrnn.training.history import History
from charrnn.training.progress import TrainingProgress
from charrnn.training.schedules import fitting_rate


@dataclass(frozen=True)
class ImportedRun:
    """The folder of a run that was made of a file, and what it holds."""

    folder: Path
    network: NetworkSettings
    vocabulary: int


def import_network(file: Path, vocabulary: Path | None = None, name: str | None = None,
                   runs: Path = RUNS) -> ImportedRun:
    """Makes a run in `runs` of the state dict in `file`; without a name it gets the file's.

    vocabulary   the file that says which character has which id; needed unless charrnn exported the file

    Raises CheckpointError that names the file, and what is missing or has no place in a network of ours.
    """
    if not os.path.isfile(file):
        raise CheckpointError(f"there is no file {file}")
    try:
        arrays, metadata = read_tensors(file)
        if metadata.get("format") == FORMAT:
            raise CheckpointError("is a checkpoint of charrnn already; every command takes it as it is")
        found, own = imported(arrays), described(metadata)
    except CheckpointError as error:
        raise CheckpointError(f"{file} {error}") from error
    if own is not None:
        if vocabulary is not None:
            raise VocabularyError(f"{file} has its own vocabulary; leave --vocabulary out")
        checkpoint = _checkpoint(file, Imported(own[0], len(own[2]), found.arrays), list(own[2]), own[1])
    elif vocabulary is None:
        raise VocabularyError(f"{file} does not say which character has which of its {found.vocabulary:,} ids; add "
                              f"--vocabulary FILE: {ADVICE}")
    else:
        characters = read_vocabulary(vocabulary, found.vocabulary)
        checkpoint = _checkpoint(file, _in_our_order(found, characters), sorted(characters), TextSettings())
    try:
        check_network(checkpoint)
    except CheckpointError as error:
        raise CheckpointError(f"{file}: {error}") from error
    folder = new_folder(runs, file.stem if name is None else name)
    try:
        save_checkpoint(folder / BEST, checkpoint)
    except CharrnnError:
        folder.rmdir()
        raise
    return ImportedRun(folder, checkpoint.settings.network, found.vocabulary)


def _in_our_order(found: Imported, characters: list[str]) -> Imported:
    """The network for a vocabulary in the order of code points, as ours are."""
    order = np.argsort([ord(character) for character in characters])
    arrays: Arrays = dict(found.arrays)
    if found.network.embedding:
        arrays["embedding"] = arrays["embedding"][order]
    else:
        arrays["weight_ih_l0"] = arrays["weight_ih_l0"][:, order]
    arrays |= {name: arrays[name][order] for name in ("weight_out", "bias_out")}
    return found._replace(arrays=arrays)


def _checkpoint(file: Path, network: Imported, units: list[str], text: TextSettings) -> Checkpoint:
    shape = network.network
    training = TrainingSettings(lr=fitting_rate(shape, "adam"), epochs=0.0, shards=1)
    vocabulary = "".join(units) if text.unit in ("char", "byte") else tuple(units)
    progress = TrainingProgress(0, 0.0, {}, {}, History())
    settings = Settings(shape, training=training, text=text)
    return Checkpoint(settings, vocabulary, CorpusInfo(file.stem), progress.to_dict(), network.arrays)
