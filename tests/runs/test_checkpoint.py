"""A checkpoint comes back as it went in, or is refused in one line that names the file and the cause."""

import contextlib
import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from safetensors import safe_open

from charrnn.errors import CheckpointError, StorageError
from charrnn.runs.checkpoint import (
    DTYPES,
    Checkpoint,
    _laid_out,
    file_sha256,
    latest_checkpoint,
    load_checkpoint,
    resolve_checkpoint,
    save_checkpoint,
)
from charrnn.runs.corpus_info import CorpusInfo, Parent
from charrnn.settings import NetworkSettings, Settings, TrainingSettings
from charrnn.training.history import History, Point
from charrnn.training.progress import TrainingProgress

ROOT = Path(__file__).parents[2]


def example() -> Checkpoint:
    """A checkpoint with something odd in every part."""
    return Checkpoint(
        settings=Settings(NetworkSettings("gru", hidden=3), training=TrainingSettings(lr=1 / 3, minutes=2.5)),
        vocabulary="\0\n aé\u0301\u2028🙂\ud83d\ude00\udcff\uffff\U0010ffff",
        corpus=CorpusInfo("tiny", ("a\udc80.txt", "-"), 812, "00", units=9, parent=Parent("old", 3, "é")),
        progress=TrainingProgress(7, 0.1 + 0.2, {"position": 3}, {"state": 2**127 + 1}, History(
            [Point(1, 2.5, math.nan, None), Point(2, 3.5, math.inf, 1 / 3)], ticks=4, loss_sum=0.1, count=9),
            seconds=1e-300).to_dict(),
        arrays={
            "weight": np.arange(12, dtype=np.float32).reshape(3, 4), "moment": np.linspace(0, 1, 5),
            "position": np.array(7, dtype=np.int64), "counter": np.array([2**64 - 1], dtype=np.uint64),
            "none": np.zeros((0, 3), np.float32), "transposed": np.arange(6.0).reshape(2, 3).T,
        })


def same(one: Checkpoint, other: Checkpoint) -> bool:
    """Whether both hold the same, NaNs and signs of zeros included."""
    ours, theirs = one.arrays, other.arrays
    return (one.settings == other.settings and one.vocabulary == other.vocabulary
            and one.corpus == other.corpus
            and json.dumps(one.progress, sort_keys=True) == json.dumps(other.progress, sort_keys=True)
            and ours.keys() == theirs.keys()
            and all((a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
                    for a, b in ((ours[name], theirs[name]) for name in ours)))


def saved(folder: Path) -> tuple[Path, bytes]:
    path = folder / "best.safetensors"
    save_checkpoint(path, example())
    return path, path.read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of the example's file."""
    return saved(tmp_path_factory.mktemp("whole"))[1]


def forge(path: Path, tensors: Any = None, body: bytes = b"", **changes: Any) -> None:
    """Writes a checkpoint whose text is changed as told (None: left out), with a checksum that is right."""
    text = {"format": "charrnn", "version": "1", "settings": json.dumps(Settings().to_dict()),
            "vocabulary": "[97]", "corpus": "{}", "progress": "{}", **changes}
    text = {name: value for name, value in text.items() if value is not None}
    header = {"__metadata__": text, **(tensors or {})}
    plain = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    header["__metadata__"]["sha256"] = hashlib.sha256(plain + body).hexdigest()
    encoded = json.dumps(header).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + body)


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert str(path) in message
    assert len(message.splitlines()) == 1
    return message


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path, _ = saved(tmp_path)
    assert same(load_checkpoint(path), example())
    assert os.listdir(tmp_path) == [path.name]


def test_loaded_arrays_are_the_callers_own(tmp_path: Path) -> None:
    path, data = saved(tmp_path)
    for array in load_checkpoint(path).arrays.values():
        assert array.flags.c_contiguous
        assert array.flags.aligned
        array[...] = 1
    assert path.read_bytes() == data


def test_any_tool_opens_it(tmp_path: Path) -> None:
    path, _ = saved(tmp_path)
    with safe_open(path, framework="np") as file:
        assert set(file.keys()) == set(example().arrays)
        assert np.array_equal(file.get_tensor("weight"), example().arrays["weight"])
        text = file.metadata()
    assert text["format"] == "charrnn"
    assert json.loads(text["settings"])["network"]["hidden"] == 3


def test_same_content_same_bytes_in_two_processes(tmp_path: Path, whole: bytes) -> None:
    code = ("import sys; from tests.runs.test_checkpoint import example; from charrnn.runs.checkpoint import *\n"
            "given = example(); given.arrays = dict(reversed(given.arrays.items()))\n"
            "given.progress = dict(reversed(given.progress.items())); save_checkpoint(sys.argv[1], given)")
    for seed in "12":
        path = tmp_path / seed
        subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=True,
                       env={**os.environ, "PYTHONHASHSEED": seed})
        assert path.read_bytes() == whole


def test_saving_what_was_loaded_gives_the_same_bytes(tmp_path: Path) -> None:
    path, data = saved(tmp_path)
    save_checkpoint(path, load_checkpoint(path))
    assert path.read_bytes() == data


def test_a_full_disk_keeps_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, data = saved(tmp_path)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    changed = example()
    changed.progress["step"] = 8
    with pytest.raises(StorageError, match="no space left"):
        save_checkpoint(path, changed)
    assert path.read_bytes() == data


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8)
any_text = st.text(st.characters(exclude_categories=()), max_size=20)
any_whole = st.integers(0, 2**63 - 1)
any_number = st.none() | any_whole
any_corpus = st.builds(
    CorpusInfo, any_text, st.lists(any_text, max_size=3).map(tuple), any_whole, st.none() | any_text,
    any_number, any_number, any_number, any_number,
    st.none() | st.builds(Parent, any_text, any_whole, any_text, st.none() | any_text))
any_size = st.floats(0, allow_infinity=False)
any_history = st.builds(
    History, st.lists(st.builds(Point, any_whole, any_size, st.floats(), st.none() | st.floats()), max_size=3),
    any_whole, st.floats(), any_whole)
any_progress = st.builds(
    TrainingProgress, any_whole, any_size, st.dictionaries(any_text, any_whole, max_size=3),
    st.dictionaries(any_text, json_values, max_size=3), any_history, st.none() | any_size, any_whole)
any_shape = arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
any_array = st.sampled_from(list(DTYPES)).flatmap(lambda dtype: arrays_of.arrays(dtype, any_shape))
# Arrays' names are UTF-8 in the file; our own text may hold anything.
any_name = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(any_text.filter(bool), any_corpus, any_progress.map(lambda progress: progress.to_dict()),
       st.dictionaries(any_name, any_array, max_size=4))
def test_round_trip(tmp_path: Path, vocabulary: str, corpus: CorpusInfo, progress: dict[str, Any],
                    arrays: dict[str, Any]) -> None:
    given_one = Checkpoint(Settings(), vocabulary, corpus, progress, arrays)
    save_checkpoint(tmp_path / "file", given_one)
    assert same(load_checkpoint(tmp_path / "file"), given_one)


@settings(max_examples=5 * settings().max_examples,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_any_mutation_is_refused_or_reads_the_same(tmp_path: Path, whole: bytes, data: st.DataObject) -> None:
    path = tmp_path / "file"
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        upto = min(len(changed), at + data.draw(st.integers(0, 4)))
        changed[at:upto] = data.draw(st.binary(max_size=4))
    path.write_bytes(changed)
    with contextlib.suppress(CheckpointError):
        assert same(load_checkpoint(path), example())


def test_every_bit_of_the_arrays_and_text_counts(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "file"
    for at in range(0, len(whole), 7):
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        with contextlib.suppress(CheckpointError):
            assert same(load_checkpoint(path), example())


def test_cut_off_anywhere(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "file"
    for length in {*range(0, len(whole), max(1, len(whole) // 200)), 1, 8, 9, len(whole) - 1}:
        path.write_bytes(whole[:length])
        assert any(word in refusal(path) for word in ("cut off", "empty", "not a checkpoint"))


def test_something_behind_the_end(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(whole + b"\0")
    assert "damaged" in refusal(path)


@pytest.mark.parametrize(("content", "words"), [
    (b"", "is empty"),
    (b"{}", "does not begin as"),
    (b"It was the best of times, it was the worst of times", "does not begin as"),
    (b"\xff" * 7 + b"\0{" + b" " * 50, "too big"),
    ((10**8 + 1).to_bytes(8, "little") + b"{", "too big"),
    (b"\x20" + b"\0" * 7 + b"{}", "cut off"),
    (b"\x02" + b"\0" * 7 + b"{]", "header"),
    (b"\x04" + b"\0" * 7 + b'{"\xff"', "header"),
    (b"\x04" + b"\0" * 7 + b"{}  ", "another program"),
    ((100_006).to_bytes(8, "little") + b'{"a": ' + b"[" * 100_000, "header"),
], ids=repr)
def test_files_that_are_something_else(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "file").write_bytes(content)
    assert words in refusal(tmp_path / "file")


def test_missing_and_folder(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "nowhere")
    refusal(tmp_path)


@pytest.mark.parametrize("text", [None, {"format": "pt"}, {"version": "1"}])
def test_another_programs_safetensors(tmp_path: Path, text: dict[str, str] | None) -> None:
    safetensors.numpy.save_file({"x": np.zeros(3)}, tmp_path / "file", metadata=text)
    assert "another program" in refusal(tmp_path / "file")


def test_a_forgery_without_changes_loads(tmp_path: Path) -> None:
    """So that the refusals below are for what they change, and for nothing else."""
    tensors = {"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    forge(tmp_path / "file", tensors, np.float32([1, 2]).tobytes())
    loaded = load_checkpoint(tmp_path / "file")
    assert loaded.settings == Settings()
    assert loaded.arrays["x"].tolist() == [1, 2]


@pytest.mark.parametrize(("changes", "words"), [
    ({"version": "3"}, "newer charrnn"),
    ({"version": "two"}, "version"),
    ({"version": None}, "version"),
    ({"settings": None}, "settings"),
    ({"settings": "{"}, "settings"),
    ({"settings": "[]"}, "settings"),
    ({"settings": "{}"}, "settings"),
    ({"settings": '{"network": 3, "windows": {}, "training": {}}'}, "settings"),
    ({"settings": '{"network": {"hidden": 9999}, "windows": {}, "training": {}}'}, "hidden is 9999; it must"),
    ({"settings": '{"network": {"hidden": Infinity}, "windows": {}, "training": {}}'}, "settings"),
    ({"settings": '{"network": {"colour": 1}, "windows": {}, "training": {}}'}, "colour"),
    ({"vocabulary": "["}, "vocabulary"),
    ({"vocabulary": "7"}, "vocabulary"),
    ({"vocabulary": "[]"}, "vocabulary"),
    ({"vocabulary": "[-1]"}, "vocabulary"),
    ({"vocabulary": f"[{10**30}]"}, "vocabulary"),
    ({"vocabulary": '["a"]'}, "vocabulary"),
    ({"vocabulary": "[" * 100_000}, "vocabulary"),
    ({"corpus": "7"}, "corpus"),
    ({"corpus": None}, "corpus"),
    ({"progress": "[1]"}, "progress"),
    ({"progress": "9" * 5000}, "progress"),
    ({"tensors": {"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}}, "body": bytes(8)}, "arrays"),
    ({"tensors": {"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, "body": bytes(8)}, "arrays"),
    ({"tensors": {"x": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, "body": bytes(8)}, "arrays"),
    ({"tensors": {"x": {"dtype": "F32", "shape": [2**62, 2**62], "data_offsets": [0, 0]}}}, "arrays"),
    ({"tensors": {"x": {"dtype": "F32", "shape": [0, 2**63], "data_offsets": [0, 0]}}}, "arrays"),
    ({"tensors": {"x": {"dtype": "U8", "shape": [1] * 100, "data_offsets": [0, 1]}}, "body": b"x"}, "arrays"),
    ({"tensors": {"x": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}, "body": bytes(2)}, "arrays"),
    ({"tensors": {"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                  "y": {"dtype": "F32", "shape": [1], "data_offsets": [2, 6]}}, "body": bytes(6)}, "arrays"),
], ids=lambda value: str(value)[:60])
def test_refuses_what_we_would_not_write(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    forge(tmp_path / "file", **changes)
    assert words in refusal(tmp_path / "file")


def make_run(folder: Path, age: int, *names: str) -> None:
    folder.mkdir(parents=True)
    for name in names:
        file = folder / f"{name}.safetensors"
        file.write_bytes(b"")
        os.utime(file, ns=(10**18 - age, 10**18 - age))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in whose ./checkpoints has an old, a new and an unfinished run and something else."""
    monkeypatch.chdir(tmp_path)
    make_run(Path("checkpoints/zz-old"), 20, "best", "last")
    make_run(Path("checkpoints/new"), 10, "best", "last")
    make_run(Path("checkpoints/empty"), 0)
    Path("checkpoints/README.md").write_text("newest of all")
    return tmp_path / "checkpoints"


def test_latest_is_the_run_written_to_last(runs: Path) -> None:
    assert latest_checkpoint(runs) == runs / "new" / "best.safetensors"
    assert latest_checkpoint(runs, "last") == runs / "new" / "last.safetensors"
    os.utime(runs / "zz-old" / "last.safetensors")
    assert latest_checkpoint(runs) == runs / "zz-old" / "best.safetensors"


def test_a_run_with_one_file_gives_that_one(runs: Path) -> None:
    make_run(runs / "young", 0, "last")
    assert latest_checkpoint(runs) == latest_checkpoint(runs, "last") == runs / "young" / "last.safetensors"


@pytest.mark.parametrize(("argument", "which", "found"), [
    (None, "best", "checkpoints/new/best.safetensors"),
    (None, "last", "checkpoints/new/last.safetensors"),
    ("zz-old", "best", "checkpoints/zz-old/best.safetensors"),
    ("checkpoints/zz-old", "last", "checkpoints/zz-old/last.safetensors"),
    ("checkpoints/zz-old/last.safetensors", "best", "checkpoints/zz-old/last.safetensors"),
])
def test_resolve(runs: Path, argument: str | None, which: str, found: str) -> None:
    assert resolve_checkpoint(argument, which) == Path(found)


def test_a_folder_that_is_no_run_does_not_hide_the_run_of_that_name(runs: Path) -> None:
    Path("new").mkdir()
    assert resolve_checkpoint("new") == Path("checkpoints/new/best.safetensors")


def test_resolve_names_the_runs_there_are(runs: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint at alice.*runs there: new, zz-old$"):
        resolve_checkpoint("alice")
    with pytest.raises(CheckpointError, match=r"no checkpoint at nwe, .*; did you mean new\?$"):
        resolve_checkpoint("nwe")
    with pytest.raises(CheckpointError, match="no checkpoint at empty"):
        resolve_checkpoint("empty")
    for number in range(9):
        make_run(runs / f"run-{number}", 0, "last")
    with pytest.raises(CheckpointError, match=r"runs there: (\S+, ){4}\S+ and 6 older ones$"):
        resolve_checkpoint("alice")


def test_folders_of_others_are_passed_over(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at, listed = os.stat, os.listdir

    def stat(path: Any, *given: Any, **others: Any) -> os.stat_result:
        if "theirs" in str(path):
            raise PermissionError(13, "Permission denied", path)
        return looked_at(path, *given, **others)

    make_run(runs / "theirs", 0, "best", "last")
    monkeypatch.setattr(os, "stat", stat)
    assert latest_checkpoint(runs) == runs / "new" / "best.safetensors"
    with pytest.raises(CheckpointError, match="no checkpoint at theirs"):
        resolve_checkpoint("theirs")
    monkeypatch.setattr(os, "listdir", lambda path: stat("theirs") if str(path) == str(runs) else listed(path))
    with pytest.raises(CheckpointError, match=r"cannot read .*checkpoints: permission denied"):
        latest_checkpoint(runs)


def test_a_run_that_is_removed_meanwhile_is_none(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = Path.stat

    def removed(path: Path, **others: Any) -> os.stat_result:
        if "new" in path.parts:
            raise FileNotFoundError(2, "No such file or directory", path)
        return stat(path, **others)

    monkeypatch.setattr(Path, "stat", removed)
    assert latest_checkpoint(runs) == runs / "zz-old" / "best.safetensors"


def test_nothing_trained_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match="`charrnn train`"):
        latest_checkpoint()
    with pytest.raises(CheckpointError, match="`charrnn train`"):
        resolve_checkpoint("demo")


def test_a_run_is_not_hidden_by_its_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "checkpoints" / "alice"
    run.mkdir(parents=True)
    (tmp_path / "alice").write_text("a text")
    (run / "best.safetensors").write_bytes(b"")
    assert resolve_checkpoint("alice").parts[-2:] == ("alice", "best.safetensors")


def test_a_file_has_the_sum_that_other_programs_compute(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    assert file_sha256(path) == hashlib.sha256(b"content").hexdigest()
    with pytest.raises(CheckpointError, match=r"^cannot read .*nothing\.safetensors: no such file or directory$"):
        file_sha256(tmp_path / "nothing.safetensors")


def test_arrays_lie_in_the_file_as_the_library_itself_would_lay_them() -> None:
    arrays = {f"{kind}-{rows}": np.arange(3 * rows).astype(kind).reshape(rows, 3) for kind in DTYPES for rows in (2, 0)}
    arrays |= {"scalar": np.array(3.0, np.float32), "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3))}
    header, body = _laid_out(arrays)
    library = safetensors.numpy.save({name: np.asarray(array, order="C") for name, array in arrays.items()})
    end = 8 + int.from_bytes(library[:8], "little")
    assert header == json.loads(library[8:end])
    assert b"".join(body) == library[end:]
