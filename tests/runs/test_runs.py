"""A run goes on bit for bit in a new process, survives being killed, and leaves other runs alone."""

import dataclasses
import json
import random
import sys
import time
from pathlib import Path

import pytest

from charrnn.cells.registry import CELLS as KINDS
from charrnn.errors import CheckpointError, CorpusError, SettingsError, StorageError
from charrnn.runs import run as runs
from charrnn.runs.checkpoint import load_checkpoint, save_checkpoint
from charrnn.runs.run import Run
from charrnn.settings import NetworkSettings, RunSettings, Settings, WindowSettings
from charrnn.storage.files import TEMPORARY
from charrnn.storage.locks import LOCK_FILE, FolderLock
from charrnn.storage.run_folders import BEST, LAST
from charrnn.text.corpus import Corpus
from charrnn.training.events import Finished, Saved, Step, Validated
from tests.cli.steps import STEPS, take
from tests.cli.tiny import SETTINGS, TEXT, finish, start, tiny_corpus, train_tiny

KILLS = 25
SNIPPETS = dataclasses.replace(STEPS, windows=WindowSettings("snippets", "last", window=10, batch=50))
KINDS = {cell: dataclasses.replace(STEPS, network=dataclasses.replace(STEPS.network, cell=cell))
         for cell in KINDS} | {
    "snippets": SNIPPETS,
    "rmsprop": dataclasses.replace(
        STEPS, network=dataclasses.replace(STEPS.network, recurrent_dropout=0.3),
        training=dataclasses.replace(STEPS.training, optimizer="rmsprop", decay="step", decay_after=0, clip_value=0.1,
                                     averaging=0.9)),
    "embedding": dataclasses.replace(STEPS, network=NetworkSettings("gru", 8, embedding=5, dropout=0.1))}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def steps(settings: Settings, *options: str) -> None:
    """take() in a new process."""
    code, _, err = finish(start("-m", "tests.cli.steps", json.dumps(settings.to_dict()), *options, folder=Path()))
    assert code == 0, err


def run_whole(settings: Settings, monkeypatch: pytest.MonkeyPatch, **options: int) -> dict[str, bytes]:
    """The files of the run made in one go, in a folder of its own."""
    place = Path(f"whole-{len(list(Path().iterdir()))}")
    place.mkdir()
    with monkeypatch.context() as patch:
        patch.chdir(place)
        return kept(take(settings, **options))


def kept(folder: Path) -> dict[str, bytes]:
    return {file: (folder / file).read_bytes() for file in (LAST, BEST)}


@pytest.mark.parametrize("kind", [kind if kind == "lstm" else pytest.param(kind, marks=pytest.mark.slow)
                                  for kind in KINDS])
def test_twice_k_steps_are_k_steps_and_k_in_a_new_process(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_whole(KINDS[kind], monkeypatch)
    last = load_checkpoint(Path("whole-0/checkpoints/steps", LAST)).progress["step"]
    steps(KINDS[kind], "--until", str(last // 2))
    folder = Path("checkpoints/steps")
    assert load_checkpoint(folder / LAST).progress["step"] == last // 2
    steps(KINDS[kind], "--threads", "2")
    assert kept(folder) == whole


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", KINDS)
def test_one_step_at_a_time(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_whole(KINDS[kind], monkeypatch)
    end = load_checkpoint(Path("whole-0/checkpoints/steps", LAST)).progress["step"]
    for step in (*range(1, end, 3), end + 1):
        folder = take(KINDS[kind], until=step)
    assert kept(folder) == whole


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_change_nothing(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = dataclasses.replace(STEPS, training=dataclasses.replace(STEPS.training, shards=4),
                                   windows=dataclasses.replace(STEPS.windows, batch=7))
    assert run_whole(settings, monkeypatch, threads=threads) == run_whole(settings, monkeypatch)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the cache's place is named by XDG_CACHE_HOME")
def test_compiled_here_or_taken_from_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = []
    for place in ("compiles", "loads"):
        with monkeypatch.context() as patch:
            Path(place).mkdir()
            patch.chdir(place)
            steps(STEPS)
            made.append(kept(Path("checkpoints/steps")))
    assert made[0] == made[1]


@pytest.mark.slow
def test_killed_at_any_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = dataclasses.replace(STEPS, training=dataclasses.replace(STEPS.training, epochs=60.0, validations=200))
    whole, rng = run_whole(settings, monkeypatch), random.Random(0)
    folder, announced = Path("checkpoints/steps"), 0
    for _ in range(KILLS):
        process = start("-m", "tests.cli.steps", json.dumps(settings.to_dict()), "--every", folder=Path())
        assert process.stdout is not None
        first = process.stdout.readline()  # by then it trains
        time.sleep(rng.uniform(0.0, 0.15))
        process.kill()
        told = [line.split() for line in (first + process.communicate()[0]).splitlines()]
        announced = max([announced, *(int(line[1]) for line in told if len(line) == 2 and line[0] == LAST)])
        saved = load_checkpoint(folder / (LAST if (folder / LAST).exists() else BEST))
        assert saved.progress["step"] >= announced
    steps(settings)
    assert 0 < announced < load_checkpoint(folder / LAST).progress["step"]  # every kill came in the middle
    assert kept(folder) == whole
    assert not list(folder.glob(TEMPORARY.format("*")))


def test_a_run_never_overwrites_another(tmp_path: Path) -> None:
    first = train_tiny(tmp_path)
    before = kept(first)
    second, third = train_tiny(tmp_path), train_tiny(tmp_path)
    assert [path.name for path in (first, second, third)] == ["tiny", "tiny-2", "tiny-3"]
    assert kept(first) == before == kept(second)


def test_a_line_for_each_validation(tmp_path: Path) -> None:
    with Run.start(Corpus.of(TEXT), SETTINGS, "run", tmp_path) as run:
        told = [event for event in run.events() if isinstance(event, Validated)]
    lines = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert [(line["step"], line["train_loss"], line["val_loss"], line["best"]) for line in lines] == [
        (event.step, event.train_loss, event.loss, event.is_best) for event in told]
    assert [line["epoch"] for line in lines] == [round(event.epoch, 6) for event in told]
    assert all(line["characters_a_second"] > 0 and line["unix_time"] > 1e9 for line in lines)


def test_no_number_is_null(tmp_path: Path) -> None:
    settings = dataclasses.replace(SETTINGS, windows=dataclasses.replace(SETTINGS.windows, val_fraction=0.0))
    lines = (train_tiny(tmp_path, settings) / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["val_loss"] for line in lines] == [None] * 4


def test_best_is_the_moment_of_the_lowest_loss(tmp_path: Path) -> None:
    folder = train_tiny(tmp_path)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert load_checkpoint(folder / BEST).progress["step"] == min(lines, key=lambda line: line["val_loss"])["step"]


def test_best_is_there_before_last_says_so(tmp_path: Path) -> None:
    with Run.start(Corpus.of(TEXT), SETTINGS, "run", tmp_path) as run:
        saved = [event.path.name for event in run.events() if isinstance(event, Saved)]
    assert saved[:2] == [BEST, LAST]
    assert saved.count(LAST) == 4  # and not once more at the end


def test_more_epochs_validate_again(tmp_path: Path) -> None:
    folder, corpus = train_tiny(tmp_path), Corpus.of(TEXT)
    step = load_checkpoint(folder / LAST).progress["step"]
    with Run.resume(folder / LAST, corpus, {"epochs": 3.0}) as run:
        told = list(run.events())
    assert len([event for event in told if isinstance(event, Validated)]) in (2, 3)
    assert isinstance(told[-1], Finished)
    assert load_checkpoint(folder / LAST).progress["step"] == told[-1].step == 3 * step
    assert load_checkpoint(folder / LAST).settings.training.epochs == 3.0


def test_the_last_few_are_kept_under_their_steps(tmp_path: Path) -> None:
    settings = dataclasses.replace(SETTINGS, training=dataclasses.replace(SETTINGS.training, validations=5))
    with Run.start(tiny_corpus(), settings, "few", tmp_path, keep=RunSettings(keep_last=2)) as run:
        steps = [event.step for event in run.events() if isinstance(event, Validated)]
    names = sorted(file.name for file in run.folder.glob("step-*"))
    assert names == [f"step-{step:010}.safetensors" for step in steps[-2:]]
    assert [load_checkpoint(run.folder / name).progress["step"] for name in names] == steps[-2:]


def test_saved_between_validations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "SECONDS_BETWEEN_SAVES", -1.0)
    with Run.start(Corpus.of(TEXT), SETTINGS, "run", tmp_path) as run:
        events = list(run.events())
    steps_taken = [event.step for event in events if isinstance(event, Step)]
    assert {event.step for event in events if isinstance(event, Saved)} == set(steps_taken)


def test_resume_refuses(tmp_path: Path) -> None:
    folder = train_tiny(tmp_path)
    with pytest.raises(CorpusError, match="not the text that tiny was trained on"):
        Run.resume(folder / LAST, Corpus.of(TEXT + "!"))
    with pytest.raises(CheckpointError, match="is not where tiny ended"):
        Run.resume(folder / BEST, tiny_corpus())
    (folder / LAST).unlink()
    assert Run.resume(folder / BEST, tiny_corpus()).trainer.step > 0


def test_a_resume_that_fails_lets_go_of_the_run(tmp_path: Path) -> None:
    folder = train_tiny(tmp_path)
    metrics, aside = folder / "metrics.jsonl", tmp_path / "aside"
    metrics.rename(aside)
    metrics.mkdir()
    with pytest.raises(StorageError, match=r"metrics\.jsonl") as caught:  # which keeps the error, as a notebook does
        Run.resume(folder / LAST, tiny_corpus())
    metrics.rmdir()
    aside.rename(metrics)
    with Run.resume(folder / LAST, tiny_corpus()) as run:
        assert run.trainer.step > 0
    assert caught.tb


def test_resume_sweeps_up_what_a_killed_run_left(tmp_path: Path) -> None:
    folder = train_tiny(tmp_path)
    (folder / TEMPORARY.format("0")).write_bytes(b"half")
    Run.resume(folder / LAST, tiny_corpus())
    assert sorted(path.name for path in folder.iterdir()) == [BEST, LAST, "metrics.jsonl"]


def test_two_at_a_time_are_refused() -> None:
    tiny_corpus()
    train_tiny(Path("checkpoints"))
    first = Run.resume(Path("checkpoints/tiny") / LAST, tiny_corpus(), {"epochs": 2.0})
    torn = first.folder / TEMPORARY.format("0")
    torn.write_bytes(b"half of a checkpoint that the first run is writing")
    with pytest.raises(StorageError, match="another process trains this run"):
        Run.resume(first.folder / LAST, tiny_corpus(), {"epochs": 2.0})
    assert torn.exists()
    with first:
        pass
    with Run.resume(first.folder / LAST, tiny_corpus(), {"epochs": 2.0}) as second:
        assert isinstance(list(second.events())[-1], Finished)
    assert not torn.exists()


def test_a_run_keeps_to_its_kind_of_budget() -> None:
    folder = train_tiny(Path("checkpoints"))
    with pytest.raises(SettingsError, match="give --epochs, the new total"):
        Run.resume(folder / LAST, tiny_corpus(), {"minutes": 1.0})


def test_a_run_whose_checkpoint_names_no_budget_takes_epochs() -> None:
    last = train_tiny(Path("checkpoints")) / LAST
    loaded = load_checkpoint(last)
    training = dataclasses.replace(loaded.settings.training, epochs=None, minutes=None)
    save_checkpoint(last, dataclasses.replace(loaded, settings=dataclasses.replace(loaded.settings, training=training)))
    with pytest.raises(SettingsError, match="tiny is measured in epochs"):
        Run.resume(last, tiny_corpus(), {"minutes": 1.0})
    with Run.resume(last, tiny_corpus(), {"epochs": 2.0}) as run:
        assert run.trainer.settings.training.epochs == 2.0


def test_a_run_of_both_kinds_goes_on_in_one_of_them() -> None:
    both = dataclasses.replace(SETTINGS, training=dataclasses.replace(SETTINGS.training, minutes=1e-6))
    folder = train_tiny(Path("checkpoints"), both)
    for budget in ({"epochs": 2.0}, {"minutes": 0.001}):
        with Run.resume(folder / LAST, tiny_corpus(), budget) as run:
            training = run.trainer.settings.training
            assert {name: getattr(training, name) for name in ("epochs", "minutes")} == {
                "epochs": None, "minutes": None, **budget}


def test_a_stray_file_is_no_run() -> None:
    folder = train_tiny(Path("checkpoints"))
    stray = Path("mine.safetensors")
    stray.write_bytes((folder / LAST).read_bytes())
    with pytest.raises(CheckpointError, match=r"copy it as last\.safetensors"):
        Run.resume(stray, tiny_corpus())


@pytest.mark.parametrize("left", [(), (LOCK_FILE,), (TEMPORARY.format("1"),), (LOCK_FILE, TEMPORARY.format("1"))])
def test_a_run_that_was_killed_before_its_first_save_leaves_its_name(tmp_path: Path, left: tuple[str, ...]) -> None:
    folder = tmp_path / "runs" / "tiny"
    folder.mkdir(parents=True)
    for name in left:
        (folder / name).touch()
    assert train_tiny(tmp_path / "runs") == folder
    assert [run.name for run in folder.parent.iterdir()] == ["tiny"]


def test_a_folder_that_another_run_holds_keeps_its_name(tmp_path: Path) -> None:
    with Run.start(Corpus.of(TEXT, ["text.txt"]), SETTINGS, "tiny", tmp_path) as first:
        assert train_tiny(tmp_path).name == "tiny-2"
        assert first.folder.is_dir()


def test_a_new_folder_that_another_process_holds_for_a_moment_is_left_to_it(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, locks = runs.new_folder, []

    def held_at_first(parent: Path, name: str) -> Path:
        folder = original(parent, name)
        if not locks:
            locks.append(FolderLock(folder))
        return folder

    monkeypatch.setattr(runs, "new_folder", held_at_first)
    assert train_tiny(tmp_path).name == "tiny-2"
