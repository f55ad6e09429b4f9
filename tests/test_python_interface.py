"""What people expect of a Python interface: a bar, a run object, resume, sample objects, tables, plots, old names."""

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charrnn
from charrnn.runs.checkpoint import load_checkpoint
from charrnn.runs.trained_run import TrainedRun
from charrnn.storage.locks import FolderLock
from charrnn.storage.packages import package_for
from charrnn.storage.run_folders import BEST, LAST
from charrnn.training.events import Finished
from tests.cli.tiny import ROOT, TEXT, train_tiny
from tests.test_model import TINY


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def model(folder: Path) -> charrnn.Model:
    return charrnn.load(folder)


def test_a_bar_follows_the_training(capsys: pytest.CaptureFixture[str]) -> None:
    charrnn.train(text=TEXT, **TINY)
    assert capsys.readouterr().err == ""
    charrnn.train(text=TEXT, progress=True, **TINY)
    last = capsys.readouterr().err.split("\r")[-1]
    assert last.startswith("100%|")
    assert "epoch 1.00, loss " in last
    assert ", best validation " in last


def test_a_run_that_was_stopped_is_resumed_to_the_same_end() -> None:
    whole = charrnn.train(text=TEXT, name="whole", **TINY)

    class Stopped(Exception):
        pass

    def stop(event: object) -> None:
        if getattr(event, "step", 0) >= 30:
            raise Stopped

    with pytest.raises(Stopped):
        charrnn.train(text=TEXT, name="parts", **TINY, on_event=stop)
    assert load_checkpoint("checkpoints/parts/last.safetensors").progress["step"] < 30
    parts = charrnn.train(text=TEXT, resume="parts", threads=1)
    assert parts.path == Path("checkpoints/parts/best.safetensors")
    assert (parts.path.parent / LAST).read_bytes() == (Path("checkpoints/whole") / LAST).read_bytes()
    assert parts.loss(TEXT) == whole.loss(TEXT)


def test_a_finished_run_is_made_longer() -> None:
    Path("a.txt").write_text(TEXT)
    first = charrnn.train("a.txt", name="mine", **TINY)
    assert first.run is not None
    steps = first.run.history[-1].step
    events: list[Any] = []
    longer = charrnn.train(resume="mine", epochs=2, on_event=events.append)
    assert isinstance(events[-1], Finished)
    assert longer.run is not None
    assert longer.run.history[-1].step == 2 * steps
    Path("a.txt").rename("b.txt")
    with pytest.raises(charrnn.CorpusError, match=r"no file or folder 'a\.txt'.*; name it: train\('text\.txt', resume"):
        charrnn.train(resume="mine", epochs=3)
    charrnn.train("b.txt", resume="checkpoints/mine", epochs=3)


@pytest.mark.parametrize(("given", "error", "words"), [
    ({"hidden": 9}, charrnn.SettingsError, "hidden can't change when a run is resumed; leave it out"),
    ({"preset": "best"}, charrnn.SettingsError, "preset can't change when a run is resumed"),
    ({"name": "new"}, charrnn.SettingsError, "name can't change when a run is resumed"),
    ({"minutes": 1}, charrnn.SettingsError, "tiny is measured in epochs"),
    ({"resume": "nosuch"}, charrnn.CheckpointError, "no checkpoint at nosuch"),
    ({"resume": "@shakespeare"}, charrnn.SettingsError, "start a new one from it with --init-from '@shakespeare'"),
    ({"text": TEXT[1:]}, charrnn.CorpusError, "this is not the text that tiny was trained on")])
def test_resume_refuses(folder: Path, given: dict[str, Any], error: type[Exception], words: str) -> None:
    before = (folder / LAST).read_bytes()
    with pytest.raises(error) as caught:
        charrnn.train(**{"text": TEXT, "resume": folder, **given})
    assert words in str(caught.value)
    assert (folder / LAST).read_bytes() == before
    FolderLock(folder).release()  # it is free again


def test_a_run_says_where_it_is_and_how_it_went(folder: Path, model: charrnn.Model) -> None:
    run = model.run
    assert run is not None
    assert run.path == folder
    points = load_checkpoint(folder / LAST).progress["history"]["points"]
    assert [(point.step, point.val) for point in run.history] == [(point["step"], point["val"]) for point in points]
    measured = [point for point in points if point["val"] is not None]
    assert len(measured) == 4
    assert run.best_loss == min(point["val"] for point in measured)
    assert run.best_step == min(measured, key=lambda point: point["val"])["step"]
    assert repr(run).startswith(f"<TrainedRun {folder}: best loss {run.best_loss:.4f} at step ")


def test_the_run_of_a_single_file(model: charrnn.Model, folder: Path) -> None:
    run = charrnn.load(model.save("mine.safetensors")).run
    assert run is not None
    assert run.path == Path("mine.safetensors")
    assert run.history == TrainedRun(folder / BEST).history[:len(run.history)]
    assert run.best_loss == model.run.best_loss  # type: ignore[union-attr]


def test_samples_are_objects(model: charrnn.Model) -> None:
    first, second = model.generate(n=2, length=40, prime="the ", seed=5)
    assert [first.text, second.text] == model.samples(n=2, length=40, prime="the ", seed=5)
    assert first.text == model.sample(40, prime="the ", seed=5)
    assert (first.seed, first.prime, first.ending) == (5, "the ", "length")
    assert first.probabilities.shape == (40,)
    [alone] = model.generate(length=3)
    assert len(alone.text) == 3


def test_old_names_work_with_a_warning(model: charrnn.Model) -> None:
    with pytest.warns(DeprecationWarning, match=r"draw\(\) is now generate\(\)") as warned:
        assert model.draw(2, 9, seed=1)[1].text == model.generate(2, 9, seed=1)[1].text
    with pytest.warns(DeprecationWarning, match=r"count= is now n=") as counted:
        assert model.samples(count=2, length=9, seed=1) == model.samples(2, 9, seed=1)
    with pytest.warns(DeprecationWarning, match=r"k= is now count=") as completed:
        assert model.complete("the", k=2) == model.complete("the", 2) == model.complete("the", count=2)
    with pytest.warns(DeprecationWarning, match=r"k= is now count="):
        assert model.completer().complete("the", k=2) == model.complete("the", 2)
    with pytest.warns(DeprecationWarning, match=r"guesses= is now predictions=") as scored:
        assert model.score(TEXT[:50], guesses=2).predictions.top.shape[1] == 2
    assert {one.filename for found in (warned, counted, completed, scored) for one in found} == {__file__}


def test_without_the_packages_it_says_what_to_install(model: charrnn.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pandas", "matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    score, inspection, run = model.score(TEXT[:60]), model.inspect(TEXT[:300]), model.run
    assert run is not None
    for call in (score.to_pandas, inspection.to_pandas, run.to_pandas):
        with pytest.raises(charrnn.SettingsError, match=r"to_pandas\(\) needs pandas, .*: pip install pandas"):
            call()
    for plot in (score.plot, inspection.plot, run.plot):
        with pytest.raises(charrnn.SettingsError, match=r"plot\(\) needs matplotlib, .*: pip install matplotlib"):
            plot()


class Axes:
    """Axes that keep what is drawn on them, for want of matplotlib."""

    def __init__(self) -> None:
        self.curves: list[tuple[list[float], list[float]]] = []
        self.words: dict[str, str] = {}
        self.ticks: tuple[Any, list[str]] = ([], [])

    def plot(self, x: Any, y: Any, **look: Any) -> None:
        self.curves.append((list(x), list(y)))

    def axhline(self, y: float, **look: Any) -> None:
        pass

    def set(self, **words: str) -> None:
        self.words |= words

    def legend(self) -> None:
        pass

    def set_xticks(self, places: Any, names: list[str]) -> None:
        self.ticks = places, names


def test_plots_into_axes_that_are_given(model: charrnn.Model) -> None:
    axes, run = Axes(), model.run
    assert run is not None
    assert run.plot(axes) is axes
    train, validation = axes.curves
    assert train == ([point.epoch for point in run.history], [point.train for point in run.history])
    assert min(validation[1]) == run.best_loss
    score, axes = model.score(TEXT[:1000]), Axes()
    assert score.plot(axes) is axes
    [(places, means)] = axes.curves
    assert len(places) == 200
    assert np.mean(means) == pytest.approx(score.bits, abs=0.05)
    assert axes.words == {"xlabel": "characters", "ylabel": "bits a character"}
    inspection, axes = model.inspect(TEXT[:300]), Axes()
    assert inspection.plot("L1:3", start=20, stop=30, ax=axes) is axes
    [(places, values)] = axes.curves
    assert places == list(range(20, 30))
    assert values == list(inspection.values(charrnn.CellName(0, 3))[20:30])
    assert axes.ticks[1] == [{" ": "␣", "\n": "⏎"}.get(letter, letter) for letter in TEXT[20:30]]
    assert axes.words["ylabel"] == f"L1:3 ({inspection.signal_of(charrnn.CellName(0, 3))})"
    with pytest.raises(charrnn.SettingsError, match="there is no cell L1:8"):
        inspection.plot("L1:8", ax=Axes())


def test_tables(model: charrnn.Model) -> None:
    pytest.importorskip("pandas")
    score = model.score(TEXT[:60], predictions=2)
    frame = score.to_pandas()
    assert list(frame.columns) == ["text", "bits", "rank", "entropy", "top1", "p1", "top2", "p2"]
    assert "".join(frame.text) == TEXT[:60]
    assert frame.bits.isna().tolist() == [True] + 59 * [False]
    assert frame.bits.sum() == pytest.approx(score.bits * 59, rel=1e-5)
    assert [frame.top1[7], frame.top2[7]] == [unit for unit, _ in score.top_at(7)]
    assert frame["rank"].isna().sum() == 1
    inspection = model.inspect(TEXT[:600])
    table = inspection.to_pandas()
    assert len(table) == len(inspection.findings)
    assert table.cell[0] == str(inspection.findings[0].cell)
    assert table.score[0] == inspection.findings[0].score
    nothing = model.inspect(TEXT[:9]).to_pandas()
    assert (len(nothing), list(nothing.columns)) == (0, list(table.columns))
    run = model.run
    assert run is not None
    losses = run.to_pandas()
    assert losses.val.min() == run.best_loss
    assert list(losses.step) == [point.step for point in run.history]


def test_real_axes(model: charrnn.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    run = model.run
    assert run is not None
    for axes in (run.plot(), model.score(TEXT[:300]).plot(), model.inspect(TEXT[:300]).plot()):
        axes.figure.savefig("plot.png")
        assert Path("plot.png").stat().st_size > 5000
        package_for("plot()", "matplotlib.pyplot").close(axes.figure)


def test_results_and_errors_are_public() -> None:
    from charrnn import errors
    kinds = {name for name, value in vars(errors).items() if isinstance(value, type) and
             issubclass(value, errors.CharrnnError)}
    assert kinds <= set(charrnn.__all__)
    for name in charrnn.__all__:
        assert name == "__version__" or getattr(charrnn, name).__doc__, name


def test_the_page_speaks_of_what_is_there(model: charrnn.Model) -> None:
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    inspection = model.inspect(TEXT[:300])
    things = {"charrnn": charrnn, "model": model, "score": model.score(TEXT[:50]), "inspection": inspection,
              "completer": model.completer(), "sample": model.generate(length=3)[0],
              "completion": model.complete("the")[0]}
    named = re.findall(rf"\b({'|'.join(things)})\.(\w+)", page.replace("charrnn.training.events", ""))
    assert len(named) > 30
    assert [f"{thing}.{name}" for thing, name in named if not hasattr(things[thing], name)] == []
