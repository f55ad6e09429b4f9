"""The event file of --tensorboard says what metrics.jsonl says, through resuming and rollbacks."""

import importlib.util
import struct
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorboardX")

from charrnn.errors import SettingsError, StorageError
from charrnn.runs.metrics import read_metrics
from charrnn.runs.run import Run
from charrnn.runs.tensorboard import FILES, SCALARS, EventFile
from charrnn.settings import RunSettings
from charrnn.storage.run_folders import LAST
from tests.cli.tiny import SETTINGS, tiny_corpus

WITH = RunSettings(tensorboard=True)


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read_events(folder: Path) -> list[Any]:
    """The events of the one event file in `folder`: records of a length, its checksum, the bytes and their checksum."""
    from tensorboardX.proto.event_pb2 import Event

    [file] = folder.glob(FILES)
    data, at, events = file.read_bytes(), 0, []
    while at < len(data):
        [size] = struct.unpack_from("<Q", data, at)
        events.append(Event.FromString(data[at + 12:at + 12 + size]))
        at += 16 + size
    assert events[0].file_version == "brain.Event:2"
    return events[1:]


def as_lines(events: list[Any]) -> list[dict[str, Any]]:
    """What events show in the end, under the names of metrics.jsonl."""
    lines: dict[int, dict[str, Any]] = {}
    for event in events:
        if event.HasField("session_log"):
            lines = {step: line for step, line in lines.items() if step < event.step}
        else:
            values = {SCALARS[value.tag]: value.simple_value for value in event.summary.value}
            lines[event.step] = {"step": event.step, **values}
    return list(lines.values())


def logged(folder: Path) -> list[dict[str, Any]]:
    """metrics.jsonl, as far as an event file has it, in the precision of one."""
    return [{"step": line["step"], **{name: pytest.approx(line[name], rel=1e-6) for name in SCALARS.values()}}
            for line in read_metrics(folder)]


def test_it_says_what_metrics_say_and_goes_on_when_a_run_is_resumed(tmp_path: Path) -> None:
    with Run.start(tiny_corpus(), SETTINGS, "run", tmp_path, keep=WITH) as run:
        list(run.events())
    events = read_events(run.folder)
    assert as_lines(events) == logged(run.folder)
    assert [event.wall_time for event in events] == [line["unix_time"] for line in read_metrics(run.folder)]
    before = len(events)
    with Run.resume(run.folder / LAST, tiny_corpus(), {"epochs": 3.0}, keep=WITH) as run:
        list(run.events())
    lines = as_lines(read_events(run.folder))
    assert len(lines) > before
    assert lines == logged(run.folder)


def test_it_can_begin_with_a_resumed_run(tmp_path: Path) -> None:
    with Run.start(tiny_corpus(), SETTINGS, "run", tmp_path) as run:
        list(run.events())
    assert not list(run.folder.glob(FILES))
    with Run.resume(run.folder / LAST, tiny_corpus(), {"epochs": 3.0}, keep=WITH) as run:
        list(run.events())
    assert as_lines(read_events(run.folder)) == logged(run.folder)


def test_after_a_rollback_later_steps_are_dropped(tmp_path: Path) -> None:
    file = EventFile(tmp_path, [{"step": step, "train_loss": 1.0, "val_loss": None} for step in (3, 6, 9)])
    for step in (6, 8):
        file.add({"step": step, "train_loss": 2.0, "val_loss": float("nan")})
    file.close()
    assert as_lines(read_events(tmp_path)) == [{"step": 3, "train_loss": 1.0}, {"step": 6, "train_loss": 2.0},
                                               {"step": 8, "train_loss": 2.0}]


def test_whatever_stands_in_metrics(tmp_path: Path) -> None:
    lines = [{"step": 3, "train_loss": "x", "val_loss": 1.5, "lr": [2], "norm": 10**400, "unix_time": "now"},
             {"step": 10**30, "train_loss": 1.0}]
    EventFile(tmp_path, lines).close()
    assert as_lines(read_events(tmp_path)) == [{"step": 3, "val_loss": 1.5}]


def test_a_folder_that_takes_no_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist; the checkpoints are kept"):
        EventFile(tmp_path / "none", [])


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"--tensorboard needs tensorboardX: pip install 'charrnn-numba\[tens"):
        RunSettings(tensorboard=True)
    RunSettings()
