"""metrics.jsonl as it is found: torn, foreign, of an older version, or of a run that went back."""

import json
from pathlib import Path

import pytest

from charrnn.runs.metrics import read_metrics, seconds_at
from charrnn.runs.run import Run
from charrnn.storage.files import TEMPORARY
from charrnn.storage.locks import LOCK_FILE, FolderLock
from charrnn.storage.run_folders import LAST
from charrnn.text.corpus import Corpus
from charrnn.training.events import Step, Validated
from tests.cli.tiny import SETTINGS, TEXT, train_tiny


def steps(folder: Path) -> list[int]:
    return [line["step"] for line in read_metrics(folder)]


def test_what_a_run_writes_comes_back(tmp_path: Path) -> None:
    lines = read_metrics(train_tiny(tmp_path))
    assert len(lines) == 4
    seconds = [line["seconds"] for line in lines]
    assert seconds == sorted(seconds)
    assert 0 < seconds[0] < seconds[-1]
    assert all(0 < line["norm"] < 100 for line in lines)


def test_rate_and_norm_are_those_of_the_step_before(tmp_path: Path) -> None:
    last, expected = None, []
    with Run.start(Corpus.of(TEXT), SETTINGS, "run", tmp_path) as run:
        for event in run.events():
            if isinstance(event, Step):
                last = event
            elif isinstance(event, Validated):
                expected.append((last.step, last.lr, last.norm))
    assert [(line["step"], line["lr"], line["norm"]) for line in read_metrics(run.folder)] == expected


def test_seconds_go_on_when_a_run_is_resumed(tmp_path: Path) -> None:
    folder = train_tiny(tmp_path)
    rows = (folder / "metrics.jsonl").read_text().splitlines()
    last = json.loads(rows[-1])
    (folder / "metrics.jsonl").write_text("\n".join([*rows[:-1], json.dumps({**last, "seconds": 1000.0})]) + "\n")
    with Run.resume(folder / LAST, Corpus.of(TEXT), {"epochs": 2.0}) as run:
        for _ in run.events():
            pass
    assert 1000.0 < read_metrics(folder)[-1]["seconds"] < 2000.0


@pytest.mark.parametrize("torn", ['{"step": 3, "val_l', "{", "nonsense", "[1]", '{"epoch": 3}', '{"step": "3"}', "\0\0",
                                  "[" * 100_000])
def test_a_torn_or_foreign_line_is_passed_over(tmp_path: Path, torn: str) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n' + torn + '\n{"step": 2}\n' + torn, encoding="utf-8")
    assert steps(tmp_path) == [1, 2]


def test_no_file_and_no_utf8(tmp_path: Path) -> None:
    assert read_metrics(tmp_path) == []
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step": 1}\n\xff\xfe\n{"step": 4, "x": "\xc3"}\n')
    assert steps(tmp_path) == [1, 4]


def test_a_way_that_was_given_up_is_forgotten(tmp_path: Path) -> None:
    rows = [{"step": step, "seconds": seconds} for step, seconds in
            [(10, 1.0), (20, 2.0), (30, 3.0), (20, 4.0), (25, 5.0)]]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    lines = read_metrics(tmp_path)
    assert [(line["step"], line["seconds"]) for line in lines] == [(10, 1.0), (20, 4.0), (25, 5.0)]
    assert [seconds_at(lines, step) for step in (5, 10, 24, 25, 99)] == [0.0, 1.0, 4.0, 5.0, 5.0]


@pytest.mark.parametrize("seconds", [None, "1", True, -1.0, float("nan"), float("inf")])
def test_what_is_no_time_is_not_taken_for_one(tmp_path: Path, seconds: object) -> None:
    (tmp_path / "metrics.jsonl").write_text(json.dumps({"step": 1, "seconds": seconds}) + "\n")
    assert seconds_at(read_metrics(tmp_path), 9) == 0.0


@pytest.mark.parametrize("left", [0, 1, 3])
def test_a_resumed_run_completes_what_a_kill_took(tmp_path: Path, left: int) -> None:
    """Killed between saving and logging, in the middle of a line."""
    folder = train_tiny(tmp_path)
    whole = read_metrics(folder)
    text = (folder / "metrics.jsonl").read_text().splitlines(keepends=True)
    (folder / "metrics.jsonl").write_text("".join(text[:left]) + text[-1][:20])
    with Run.resume(folder / LAST, Corpus.of(TEXT, ["text.txt"])):
        pass
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert len(lines) == 4
    assert lines[:left] == whole[:left]
    for line, expected in zip(lines, whole, strict=True):
        shared = ("step", "epoch", "train_loss", "val_loss", "best")
        assert [line[key] for key in shared] == [expected[key] for key in shared]


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_line_that_is_missing_in_the_middle_comes_back(tmp_path: Path, gone: int) -> None:
    folder = train_tiny(tmp_path)
    whole = read_metrics(folder)
    text = (folder / "metrics.jsonl").read_text().splitlines(keepends=True)
    (folder / "metrics.jsonl").write_text("".join(text[:gone] + text[gone + 1:]))
    with Run.resume(folder / LAST, Corpus.of(TEXT, ["text.txt"])):
        pass
    lines = read_metrics(folder)
    assert lines[:gone] + lines[gone + 1:] == whole[:gone] + whole[gone + 1:]
    shared = ("step", "epoch", "train_loss", "val_loss", "best")
    assert [lines[gone][key] for key in shared] == [whole[gone][key] for key in shared]
    assert len((folder / "metrics.jsonl").read_text().splitlines()) == 4


def test_a_torn_last_line_of_a_finished_run_goes(tmp_path: Path) -> None:
    folder = train_tiny(tmp_path)
    text = (folder / "metrics.jsonl").read_text()
    (folder / "metrics.jsonl").write_text(text + '{"step": 9')
    with Run.resume(folder / LAST, Corpus.of(TEXT, ["text.txt"])):
        pass
    assert (folder / "metrics.jsonl").read_text() == text


def test_a_run_killed_in_its_first_save_leaves_its_name_to_the_next(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    for name in (TEMPORARY.format("0123"), LOCK_FILE):
        (tmp_path / "tiny" / name).write_bytes(b"half")
    assert train_tiny(tmp_path) == tmp_path / "tiny"
    assert TEMPORARY.format("0123") not in {path.name for path in (tmp_path / "tiny").iterdir()}
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / TEMPORARY.format("0123")).write_bytes(b"half")
    lock = FolderLock(tmp_path / "other")  # of a run that saves at this moment
    assert train_tiny(tmp_path, name="other") == tmp_path / "other-2"
    assert (tmp_path / "other" / TEMPORARY.format("0123")).exists()
    lock.release()
