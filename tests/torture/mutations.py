"""Checkpoints that are damaged, or that lie and are signed, and what each command says of them.

    python -m tests.torture.mutations [--tries 20000] [--seed 0]

Each try changes one good checkpoint and gives it to load, info, sample, score and train --resume, and to one of the
other commands. Damage has to be refused, or read as the same checkpoint. A lie has to be refused or used. Refusals are
one line; nothing takes 200 MB of memory; the figure says what took longest, and no time is a finding: a busy machine
would make one. `--seed N --tries 1` is the try number N by itself.
"""

import copy
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import safetensors.numpy

from charrnn.errors import CharrnnError
from charrnn.interchange.export import export_network
from charrnn.runs.checkpoint import Checkpoint, load_checkpoint
from charrnn.runs.finetune import FineTuning
from charrnn.runs.run import Run
from charrnn.settings import NetworkSettings, Settings, TextSettings, TrainingSettings
from charrnn.storage.run_folders import BEST, LAST
from charrnn.text.corpus import read_corpus
from tests.cli.tiny import SETTINGS, TEXT
from tests.runs.forging import PARTS, WRONG, closed, mutate, opened, places, signed, split
from tests.torture.commands import Answer, answer, bounded_memory, new_folder, watched
from tests.torture.findings import Findings

MOST_MEGABYTES, LONGEST = 200.0, 700
OTHERS = (("complete", "the "), ("novelty", "text.txt"), ("plot",), ("info", "--config"),
          ("inspect-cells", "--text", "text.txt", "--chars", "200"), ("sample", "--json", "--length", "9"),
          ("score", "text.txt", "--table"), ("export", "--to", "safetensors", "-o", "checkpoints/run/exported"))
IMPORTS = 0.15  # share of the tries that are files of another program
# Beside those of forging: numbers at the edges of what is allowed, and names that are more than names.
EDGES = [1e308, 5e-324, 2**63 - 1, 2**31, 1e-9, 0.0, 1.0, 8192, 16, 100_000, "@python-docs", ["-"], ["/dev/zero"],
         ["/dev/stdin"], ["."], ["text.txt"] * 1000, ["\x1b]0;title\x07"], "blank", "file", "word", [[]], [None]]
NUMBERS = [np.nan, np.inf, -np.inf, 1e39, -1e38, 3.4e38, 1e30, 1e-45, 0.0]
DTYPES = ["F64", "F32", "F16", "BF16", "F8_E4M3", "I64", "I32", "U8", "BOOL", "C64", "X", ""]


@dataclass
class Original:
    """A good checkpoint, and the same for another program; budget continues its run by a step or two."""

    data: bytes
    exported: bytes
    read: Checkpoint
    budget: tuple[str, str]


@dataclass
class Most:
    """How many uses there were, and what one of them took at most."""

    uses: int = 0
    seconds: float = 0.0
    slowest: str = ""
    megabytes: float = 0.0

    def note(self, found: Answer, case: str) -> None:
        self.uses += 1
        self.megabytes = max(self.megabytes, found.megabytes)
        if found.seconds > self.seconds:
            self.seconds, self.slowest = found.seconds, case


def originals(most: int) -> list[Original]:
    """One of each kind, of up to `most` kinds, trained here and now on text.txt in the current folder."""
    Path("text.txt").write_text(TEXT, encoding="utf-8")
    short = replace(SETTINGS.training, epochs=0.3, validations=3)
    kinds: list[Settings] = [
        replace(SETTINGS, training=short),
        Settings(NetworkSettings("gru", 8, dropout=0.2), SETTINGS.windows, short, TextSettings("line")),
        Settings(NetworkSettings("rnn", 6, layers=2, embedding=3, recurrent_dropout=0.1), SETTINGS.windows,
                 replace(short, optimizer="sgd", averaging=0.9), TextSettings(unit="word", min_count=2)),
        Settings(NetworkSettings("lstm", 4, dropout=0.0, learn_initial_state=True), SETTINGS.windows,
                 TrainingSettings(lr=0.01, minutes=0.0005, shards=1), TextSettings(unit="byte", lowercase=True))]
    made = []
    for number, settings in enumerate([*kinds, kinds[0]][:most]):
        parent = FineTuning(Path("made/0") / BEST) if number == len(kinds) else None
        with Run.start(read_corpus(["text.txt"], settings=settings.text), settings, str(number), "made", threads=1,
                       parent=parent) as run:
            for _ in run.events():
                pass
        budget = ("--minutes", "0.0006") if settings.training.minutes else ("--epochs", "0.32")
        export_network(run.folder / LAST, "safetensors", exported := run.folder / "exported")
        last = run.folder / LAST
        made.append(Original(last.read_bytes(), exported.read_bytes(), load_checkpoint(last), budget))
    return made


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, taken away, put in, or exchanged; the checksum stays as it was."""
    changed = bytearray(data)
    header = 8 + int.from_bytes(data[:8], "little")
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        # half of it where the file says what it is
        place = rng.randrange(max(1, min(len(changed), header) if rng.random() < 0.5 else len(changed)))
        size = rng.choice([1, 1, 2, 8, 64, 1000])
        piece = changed[place:place + size]
        way = rng.randrange(7)
        if way == 0 and piece:
            changed[place] ^= 1 << rng.randrange(8)
        elif way == 1:
            changed[place:place + size] = rng.randbytes(len(piece))
        elif way == 2:
            del changed[place:place + size]
        elif way == 3:
            changed[place:place] = rng.choice([rng.randbytes(size), piece, b" " * size, b"\0" * size, b"{" * size])
        elif way == 4:
            del changed[place:]
        elif way == 5:
            changed[:8] = rng.choice([0, 1, header - 9, header - 7, header + 8, 2**31, 10**8, 2**63, 2**64 - 1]
                                     ).to_bytes(8, "little")
        else:
            other = rng.randrange(max(1, len(changed)))
            changed[place:place + size], changed[other:other + size] = changed[other:other + size], piece
    return bytes(changed)


def with_other_header(data: bytes, rng: random.Random) -> bytes:
    """Its description of the arrays, or its version, is another; signed."""
    header, body = split(data)
    name = rng.choice([key for key in header if key != "__metadata__"])
    entry, text = header[name], header["__metadata__"]
    way = rng.randrange(9)
    if way == 0:
        entry["dtype"] = rng.choice(DTYPES)
    elif way == 1:
        entry["shape"] = rng.choice([[], [0], [2**40, 2**40], [-1], entry["shape"][::-1], [*entry["shape"], 1], [1.5],
                                     "x", None, [2**63] * 2, [1] * 40, [1] * 300])
    elif way == 2:
        start, end = entry["data_offsets"]
        entry["data_offsets"] = rng.choice([[end, start], [start, end + 4], [0, 2**63], [start - 4, end - 4], [0, 0],
                                            [-1, 1], [], "x", [len(body), 2 * len(body)]])
    elif way == 3:
        del header[name]
    elif way == 4:
        header[rng.choice(["", "x", "../x", "\0", "\x1b[2J", "weight_ih_l99", "x" * 5000])] = header.pop(name)
    elif way == 5:
        text["version"] = rng.choice(["0", "-1", "3", "99", "9" * 5000, "2.0", "x", "", " 2", "٢", "1"])
    elif way == 6:
        text["format"] = rng.choice(["pt", "", "charrnn ", "CHARRNN"])
    elif way == 7:
        part = rng.choice(PARTS)
        text[part] = rng.choice(["", "{", "[" * 100_000, "NaN", "null", "1" * 5000, "{}", "[]", '"\\ud800"', "{" * 999,
                                 '{"a":' * 5000])
    else:
        body = rng.choice([body + b"x" * 8, body[:-4], b"", body[::-1]])
    return signed(header, body)


def with_other_arrays(data: bytes, rng: random.Random) -> bytes:
    """Its arrays are others, of other shapes, types and values; signed."""
    text, parts, arrays = opened(data)
    for _ in range(rng.choice([1, 1, 2])):
        name = rng.choice(sorted(arrays))
        arrays[name] = _other(arrays[name], rng)
    return closed(text, parts, arrays)


def _other(array: np.ndarray, rng: random.Random) -> np.ndarray:
    way = rng.randrange(7)
    if way == 0:
        return np.ascontiguousarray(array.T)
    if way == 1:
        return np.zeros(rng.choice([(), (0,), (1,), (0, 5), (7, 7, 7), (1, *array.shape)]), array.dtype)
    if way == 2:
        with np.errstate(all="ignore"):
            return array.astype(rng.choice(["f2", "f8", "i1", "i8", "?", "u4"]))
    if way == 3:
        return np.array([], np.float32)
    if way == 4:
        return np.ascontiguousarray(array.flat[:-1]) if array.size else array
    changed = array.astype(rng.choice(["f4", "f8"]))
    with np.errstate(all="ignore"):
        if way == 5 and changed.size:
            changed.flat[rng.randrange(changed.size)] = rng.choice(NUMBERS)
        else:
            changed *= rng.choice([1e4, 1e30, -1.0, 0.0, 1e38])
    return changed


def with_other_tensors(data: bytes, rng: random.Random) -> bytes:
    """A state dict that is damaged, or whose arrays, their names or description are others."""
    if rng.random() < 0.3:
        return damaged(data, rng)
    text, arrays = split(data)[0].get("__metadata__", {}), safetensors.numpy.load(data)
    for _ in range(rng.choice([1, 1, 2])):
        name, way = rng.choice(sorted(arrays)), rng.randrange(4)
        if way == 0 and len(arrays) > 1:
            del arrays[name]
        elif way == 1:
            arrays[rng.choice([f"{name}_reverse", name.replace("l0", "l1"), name.replace("ih", "hh"), "x", "",
                               "\x1b[2J", rng.choice(sorted(arrays)), f"module.{name}", "h0", "c0"])] = arrays.pop(name)
        elif way == 2 and text:
            key = rng.choice(sorted(text))
            text[key] = rng.choice(["", "x", "[]", "{}", "null", "5", "[" * 5000, '"\\ud800"', "[1, 2]", "1" * 5000])
        else:
            arrays[name] = _other(arrays[name], rng)
    return safetensors.numpy.save(arrays, metadata=text or None)


def with_other_text(data: bytes, rng: random.Random) -> bytes:
    """Its settings, vocabulary, corpus or progress say something else, at one place or a few; signed."""
    text, parts, arrays = opened(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        if rng.random() < 0.5:
            mutate(parts, rng)
        else:
            _put(parts, rng)
    return closed(text, parts, arrays)


def _put(parts: dict[str, Any], rng: random.Random) -> None:
    """Something of the right type, perhaps, but at an edge."""
    part = rng.choice(PARTS)
    path = (part, *rng.choice([(), *places(parts[part])]))
    holder: Any = parts
    for key in path[:-1]:
        holder = holder[key]
    now = holder[path[-1]]
    alike = [value for value in (*EDGES, *WRONG) if type(value) is type(now)]
    holder[path[-1]] = copy.deepcopy(rng.choice(alike or EDGES))


WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (damaged, with_other_header, with_other_arrays,
                                                             with_other_text, with_other_text)


def attack(findings: Findings, kinds: int = 5) -> Most:
    """Mutates and uses so many checkpoints, of so many kinds, in the current folder, which is empty."""
    most = Most()
    good, path = originals(kinds), Path("checkpoints/run") / LAST
    for original in good:  # what has to be compiled is compiled, and what can be used is used
        for found, command in _uses(original.data, original, path, list(OTHERS) if kinds > 1 else []):
            assert found.code == 0, (command, found)
    for number in range(findings.seed, findings.seed + findings.tries):
        rng = random.Random(number)
        if rng.random() < IMPORTS:
            _try_import(rng.choice(good).exported, rng, findings, f"--seed {number} --tries 1", most)
            continue
        original, way = rng.choice(good), rng.choice(WAYS)
        data = way(original.data, rng)
        if way is damaged:
            _check_damaged(data, original, path, findings, number)
        for found, command in _uses(data, original, path, [rng.choice(OTHERS)]):
            most.note(found, case := f"--seed {number} --tries 1 ({way.__name__}): charrnn {command}")
            if what := wrong(found):
                findings.add(f"{case}: {what}")
    return most


def _try_import(data: bytes, rng: random.Random, findings: Findings, case: str, most: Most) -> None:
    """What import says of a changed file, and sample of what it made."""
    path = _place(with_other_tensors(data, rng), Path("checkpoints/run/network.safetensors"))
    shutil.rmtree("checkpoints/imported", ignore_errors=True)
    for call in (("import", str(path), "--name", "imported"), ("sample", "imported", "--length", "20")):
        if Path("checkpoints/imported").exists() or call[0] == "import":
            most.note(found := answer(*call), use := f"{case}: charrnn {' '.join(call)}")
            if what := wrong(found):
                findings.add(f"{use}: {what}")


def _check_damaged(data: bytes, original: Original, path: Path, findings: Findings, number: int) -> None:
    _place(data, path)
    try:
        read = load_checkpoint(path)
    except Exception:  # the right ones and the wrong ones: _uses() tells them apart
        return
    same = original.read
    if ((read.settings, read.vocabulary, read.corpus, repr(read.progress)) !=
            (same.settings, same.vocabulary, same.corpus, repr(same.progress))
            or read.arrays.keys() != same.arrays.keys()
            or any(read.arrays[name].tobytes() != same.arrays[name].tobytes() for name in same.arrays)):
        findings.add(f"--seed {number} --tries 1: a damaged checkpoint is read as another one")


def _uses(data: bytes, original: Original, path: Path, others: list[tuple[str, ...]]) -> list[tuple[Answer, str]]:
    """What each use of a checkpoint gives; the run's folder is new for each."""
    name = str(path)
    calls = [("info", name), ("sample", name, "--length", "20", "--seed", "1"), ("score", name, "text.txt"),
             *((command, name, *rest) for command, *rest in others),
             ("train", "--resume", name, *original.budget, "--threads", "1")]
    found = [(watched(partial(_loaded, _place(data, path))), "load")]
    for call in calls:
        _place(data, path)
        found.append((answer(*call), " ".join(call)))
    return found


def _loaded(path: Path) -> int:
    try:
        load_checkpoint(path)
    except CharrnnError as error:
        return 0 if "\n" not in str(error) and len(str(error)) <= LONGEST else 3
    return 0


def _place(data: bytes, path: Path) -> Path:
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path


def wrong(found: Answer) -> str:
    """What is wrong with what a command did; empty for nothing."""
    if found.error is not None:
        return found.cause
    if found.code not in (0, 1, 2):
        return f"exit code {found.code}"
    if found.megabytes > MOST_MEGABYTES:
        return f"{found.megabytes:.0f} MB"
    if found.code and (not (lines := found.err.splitlines()) or not lines[-1].startswith("charrnn: ")
                       or sum(line.startswith("charrnn: ") for line in lines) > 1 or len(lines[-1]) > LONGEST):
        return f"exit code {found.code} with {found.err[-300:]!r}"
    return ""


def main(arguments: list[str] | None = None) -> NoReturn:
    findings = Findings(__doc__ or "", arguments=arguments, tries=20_000)
    with bounded_memory(4), new_folder():
        most = attack(findings)
    findings.leave(f"mutations: {findings.tries:,} checkpoints in {most.uses:,} uses; the longest took "
                   f"{most.seconds:.1f} s ({most.slowest}), the largest {most.megabytes:.0f} MB")


if __name__ == "__main__":
    main()
