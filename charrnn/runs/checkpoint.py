"""Layer runs: what a checkpoint is, and how to save, load and find one.

It is one safetensors file that any tool opens: the arrays, and as text beside them the settings, vocabulary, corpus and
progress. The same content gives the same bytes, and a file that was changed by a single bit is refused.
"""

import contextlib
import difflib
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from charrnn.errors import CheckpointError, SettingsError, shortened
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.runs.pretrained import PRETRAINED, USUAL
from charrnn.settings import Settings, TextSettings
from charrnn.storage.files import write_atomic
from charrnn.storage.run_folders import BEST, LAST, RUNS
from charrnn.training.history import History
from charrnn.training.progress import TrainingProgress

# 2 came with TextSettings: a program that knows only 1 would take every unit for a character.
FORMAT, VERSION = "charrnn", 2
_log = logging.getLogger(__name__)
# Types of numbers by their names in the file, in the order that safetensors gives their arrays, the last ones first.
DTYPES = {"bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "uint16": "U16", "float16": "F16",
          "int32": "I32", "uint32": "U32", "float32": "F32", "float64": "F64", "int64": "I64", "uint64": "U64"}
_LONGEST = 200  # characters of what a library says of a file
_NEWEST = 5  # runs that an error names
LARGEST_HEADER = 100_000_000  # the bound that safetensors itself sets
# What turning hostile bytes into numbers, arrays and settings can raise.
MALFORMED = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, SafetensorError,
             SettingsError)


@dataclass
class Checkpoint:
    """Everything that is needed to resume a run, or to sample.

    `vocabulary` is its units in the order of their ids, a string if they are characters; `progress` is plain JSON, as
    TrainingProgress gives it: step, losses, the random generator's state.
    """

    settings: Settings
    vocabulary: Sequence[str]
    corpus: CorpusInfo
    progress: dict[str, Any]
    arrays: dict[str, np.ndarray]


def as_stored(arrays: dict[str, np.ndarray], dtype: str) -> dict[str, np.ndarray]:
    """The arrays of float32 as a checkpoint may hold them: "float32", or "float16", which load_checkpoint() widens.

    Raises SettingsError for another dtype, CheckpointError for values too large for it.
    """
    if dtype not in ("float32", "float16"):
        raise SettingsError(f"dtype is {shortened(dtype)}; it must be float32 or float16")
    with np.errstate(over="ignore"):
        stored = {name: array.astype(dtype) for name, array in arrays.items()}
    for name, array in stored.items():
        if np.isinf(array).any() and not np.isinf(arrays[name]).any():
            raise CheckpointError(f"{name} has values that are too large for float16; save it as float32")
    return stored


def save_checkpoint(path: str | Path, checkpoint: Checkpoint) -> None:
    """Writes `checkpoint` to `path`, whole or not at all."""
    text = {
        "format": FORMAT,
        "version": str(1 if checkpoint.settings.text == TextSettings() else VERSION),
        "settings": _dump(checkpoint.settings.to_dict()),
        # Code points, because a JSON string would melt two lone surrogates into one character.
        "vocabulary": _dump([ord(unit) for unit in checkpoint.vocabulary] if isinstance(checkpoint.vocabulary, str)
                            else list(checkpoint.vocabulary)),
        "corpus": _dump(checkpoint.corpus.to_dict()),
        "progress": _dump(checkpoint.progress),
    }
    header, body = _laid_out(checkpoint.arrays)
    header["__metadata__"] = text
    text["sha256"] = _digest(header, *body)
    encoded = _dump(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    write_atomic(path, (len(encoded).to_bytes(8, "little"), encoded, *body))
    _log.debug("saved %s, %s bytes", path, f"{8 + len(encoded) + sum(map(len, body)):,}")


def load_checkpoint(path: str | Path) -> Checkpoint:
    """The checkpoint in the file at `path`; CheckpointError names the file and what is wrong with it.

    Its arrays are the caller's own: writable and C-contiguous. Half precision is read as float32.
    """
    with _reading(path):
        try:
            checkpoint = _decode(_read(path))
        except CheckpointError as error:
            raise CheckpointError(f"{path} {error}") from error
    _log.debug("read %s, at step %s", path, f"{checkpoint.progress['step']:,}")
    return checkpoint


def file_sha256(path: str | Path) -> str:
    """The SHA-256 of the whole file, as other programs compute it; raises CheckpointError where it can't be read."""
    with _reading(path):
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@contextlib.contextmanager
def _reading(path: str | Path) -> Iterator[None]:
    """Turns the system's refusal to read the file into a CheckpointError."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Puts the file's name before what is said of a checkpoint."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error


def latest_checkpoint(folder: str | Path = RUNS, which: str = "best") -> Path:
    """The `which` ("best" or "last") file of the newest run in `folder`, else that run's other one."""
    runs = _runs(Path(folder))
    if not runs:
        raise CheckpointError(f"no checkpoint in {folder}; run `charrnn train` to make one, or name a file")
    return _in_folder(runs[-1], which)


def run_names(folder: str | Path = RUNS) -> list[str]:
    """The names of the runs in `folder`, the newest first."""
    return [run.name for run in reversed(_runs(Path(folder)))]


def resolve_checkpoint(argument: str | None, which: str = "best", runs: str | Path = RUNS) -> Path:
    """The checkpoint file that `argument` means: a file, a run's folder, a run's name in `runs`, or @shakespeare.

    Without one it is the newest run's; where nothing was trained yet, the pretrained model's. Of a run's two files it
    is the `which` one, else the other.
    """
    if argument is None:
        usual = PRETRAINED[USUAL].file
        return usual if usual.is_file() and not _runs(Path(runs)) else latest_checkpoint(runs, which)
    if not argument or "\0" in argument:
        raise CheckpointError(f"{argument!r} can't name a checkpoint; give the name of a run, its folder or its file")
    if argument in PRETRAINED:
        return PRETRAINED[argument].file
    places = [Path(argument), Path(runs) / argument]
    if os.path.isfile(argument) and os.path.isdir(places[1]) and _files(places[1]):
        places.reverse()  # `charrnn train alice --name alice` leaves a text and a run of one name
    for place in places:
        if os.path.isdir(place):
            if _files(place):
                return _in_folder(place, which)
        elif os.path.exists(place):
            return place
    if argument.startswith("@"):
        raise CheckpointError(f"no model that comes with charrnn is called {argument}; there is "
                              f"{', '.join(PRETRAINED)}")
    raise CheckpointError(f"no checkpoint at {argument}, and no such run in {runs}; {_known(argument, Path(runs))}")


def _known(name: str, folder: Path) -> str:
    """The run that `name` may have been meant for, or the newest runs that there are."""
    runs = run_names(folder)
    if not runs:
        return "runs there: none yet; `charrnn train` makes one"
    if near := difflib.get_close_matches(name, runs, n=1):
        return f"did you mean {near[0]}?"
    more = f" and {len(runs) - _NEWEST:,} older ones" if len(runs) > _NEWEST else ""
    return f"runs there: {', '.join(runs[:_NEWEST])}{more}"


def _files(run: Path) -> list[Path]:
    # is_file() of a path raises where the system refuses to look
    return [file for file in (run / BEST, run / LAST) if os.path.isfile(file)]


def _in_folder(run: Path, which: str) -> Path:
    wanted = run / f"{which}.safetensors"
    return wanted if os.path.isfile(wanted) else _files(run)[0]


def _runs(folder: Path) -> list[Path]:
    """The folders in `folder` that hold a checkpoint, the one written to last at the end."""
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise CheckpointError(f"cannot read {folder}: {(error.strerror or str(error)).lower()}; name a folder you may "
                              "read") from error
    written = [(max(times), folder / name) for name in names if (times := _times(folder / name))]
    return [run for _, run in sorted(written, key=lambda pair: pair[0])]


def _times(run: Path) -> list[int]:
    """When each checkpoint of a run was written."""
    times = []
    for file in _files(run):
        with contextlib.suppress(OSError):  # removed meanwhile
            times.append(file.stat().st_mtime_ns)
    return times


def _read(path: str | Path) -> bytes:
    """The bytes of the file, once its first ones look right: a huge text given by mistake is not read."""
    with open(path, "rb") as file:
        start = file.read(9)
        size = int.from_bytes(start[:8], "little")
        if not start:
            raise CheckpointError("is empty; it is not a checkpoint")
        if start[8:] != b"{":
            raise CheckpointError("is not a checkpoint: it does not begin as a safetensors file does; name a run, its "
                                  "folder or its file")
        if size > LARGEST_HEADER:
            raise CheckpointError(f"is not a checkpoint: a header of {size:,} bytes is too big")
        data = start + file.read()
    if size > len(data) - 8:
        raise CheckpointError(f"is cut off: it has {len(data):,} bytes, its header alone takes {size + 8:,}")
    return data


def _decode(data: bytes) -> Checkpoint:
    """The checkpoint in `data`; the message of a CheckpointError is to follow the file's name."""
    with _blame("header"):
        header, body = _split(data)
        text = header.get("__metadata__")
    if not isinstance(text, dict) or text.get("format") != FORMAT:
        raise CheckpointError("is a safetensors file of another program; charrnn can't use it")
    with _blame("version"):
        version = int(text["version"])
    if version > VERSION:
        raise CheckpointError(f"was written by a newer charrnn (format {version}, not {VERSION}); upgrade")
    with _blame("arrays"):
        arrays = {name: array.astype(np.float32) if array.dtype == np.float16 else array
                  for name, array in safetensors.numpy.load(data).items()}
    if text.get("sha256") != _digest(header, body):
        raise CheckpointError("is damaged: its content does not match its checksum; use another copy")
    with _blame("settings"):
        settings = Settings.from_dict(json.loads(text["settings"]))
    with _blame("vocabulary"):
        vocabulary = _vocabulary(json.loads(text["vocabulary"]), settings.text.unit)
    with _blame("corpus"):
        corpus = CorpusInfo.from_dict(json.loads(text["corpus"]))
    with _blame("progress"):
        progress = _progress(json.loads(text["progress"]))
    return Checkpoint(settings, vocabulary, corpus, progress, arrays)


def _vocabulary(units: list[Any], unit: str) -> Sequence[str]:
    """The units, from code points or from strings; raises TypeError and ValueError for what can't be read or written.
    """
    if not isinstance(units, list) or not units:
        raise TypeError(f"it is {shortened(units)}, and must be a list of at least one unit")
    if unit not in ("token", "word"):
        characters = "".join(map(chr, units))
        if unit == "byte":
            characters.encode("latin-1")
        return characters
    for written in units:
        if not isinstance(written, str) or not written:
            raise TypeError(f"{shortened(written)} is not a {unit}")
        written.encode()
    return tuple(units)


def _progress(values: Any) -> dict[str, Any]:
    """The progress; a file that was made to be read, and not to be resumed, may lack any part of it."""
    nothing = TrainingProgress(0, 0.0, {}, {}, History()).to_dict()
    return TrainingProgress.from_dict({**nothing, **values} if isinstance(values, dict) else values).to_dict()


@contextlib.contextmanager
def _blame(part: str) -> Iterator[None]:
    """Says that `part` is damaged when reading it fails."""
    try:
        yield
    except MALFORMED as error:
        cause = str(error)
        raise CheckpointError(f"is damaged or cut off: its {part} can't be read "
                              f"({cause[:_LONGEST]}{'...' * (len(cause) > _LONGEST)})") from error


def _split(data: bytes) -> tuple[dict[str, Any], memoryview]:
    """The header of a safetensors file, and what follows it."""
    end = 8 + int.from_bytes(data[:8], "little")
    return json.loads(data[8:end].decode()), memoryview(data)[end:]


def _laid_out(arrays: dict[str, np.ndarray]) -> tuple[dict[str, Any], list[memoryview]]:
    """The header and the bytes of `arrays` as safetensors lays them out. The library itself would copy them twice, and
    a network may take most of the memory."""
    header: dict[str, Any] = {}
    order, body, at = list(DTYPES), [], 0
    for name, array in sorted(arrays.items(), key=lambda item: (-order.index(item[1].dtype.name), item[0])):
        # Not ascontiguousarray, which gives 0-d arrays a dimension.
        little = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
        header[name] = {"dtype": DTYPES[array.dtype.name], "shape": list(array.shape),
                        "data_offsets": [at, at + array.nbytes]}
        body.append(little.reshape(-1).view(np.uint8).data)
        at += array.nbytes
    return header, body


def _digest(header: dict[str, Any], *body: memoryview) -> str:
    """The checksum of everything in the file but itself."""
    text = {name: value for name, value in header["__metadata__"].items() if name != "sha256"}
    digest = hashlib.sha256(_dump({**header, "__metadata__": text}).encode())
    for part in body:
        digest.update(part)
    return digest.hexdigest()


def _dump(value: Any) -> str:
    """`value` as JSON in plain ASCII, one text for one content."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
