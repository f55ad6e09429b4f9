"""Which losses are drawn, over what, and what is said of them."""

import dataclasses
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import CheckpointError
from charrnn.render.plots.curves import Curves, curves_of, names_of, quantity, read_curves
from charrnn.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.settings import TextSettings
from tests.cli.tiny import SETTINGS

# step, epoch, train, val: as a run leaves them, with a loss that is none and two of equal height
POINTS = [(10, 0.5, 4.0, None), (20, 1.0, 3.0, 3.5), (20, 1.0, "nan", None), (30, 1.5, 2.5, None), (40, 2.0, 2.0, 3.0),
          (60, 3.0, 1.5, 3.0), (80, 4.0, 1.0, 3.25)]


def checkpoint(points: list[tuple] = POINTS, val_fraction: float = 0.25) -> Checkpoint:
    history = {"points": [dict(zip(("step", "epoch", "train", "val"), point, strict=True)) for point in points],
               "ticks": 0, "sum": 0.0, "count": 0}
    windows = dataclasses.replace(SETTINGS.windows, val_fraction=val_fraction)
    return Checkpoint(dataclasses.replace(SETTINGS, windows=windows), "ab", CorpusInfo(characters=1000),
                      {"history": history}, {})


def test_every_loss_that_is_a_number() -> None:
    curves = curves_of(checkpoint(), "name", "epochs")
    assert curves.train == [(0.5, 4.0), (1.0, 3.0), (1.5, 2.5), (2.0, 2.0), (3.0, 1.5), (4.0, 1.0)]
    assert curves.val == [(1.0, 3.5), (2.0, 3.0), (3.0, 3.0), (4.0, 3.25)]
    assert curves.best == (2.0, 3.0)
    assert curves.main is curves.val


@pytest.mark.parametrize(("axis", "xs"), [
    ("epochs", [1.0, 2.0, 3.0, 4.0]), ("steps", [20.0, 40.0, 60.0, 80.0]),
    ("characters", [750.0, 1500.0, 2250.0, 3000.0])])
def test_axes(axis: str, xs: list[float]) -> None:
    assert [x for x, _ in curves_of(checkpoint(), "name", axis).val] == xs


def test_bits() -> None:
    assert [loss for _, loss in curves_of(checkpoint(), "name", "steps", in_bits=True).val] == pytest.approx(
        [loss / math.log(2) for loss in (3.5, 3.0, 3.0, 3.25)])


def test_minutes_lie_on_straight_lines_between_what_was_timed() -> None:
    clock = [(0.0, 0.0), (20.0, 60.0), (60.0, 300.0)]
    assert curves_of(checkpoint(), "name", "minutes", clock=clock).train == [
        (0.5, 4.0), (1.0, 3.0), (2.0, 2.5), (3.0, 2.0), (5.0, 1.5), (7.0, 1.0)]


def test_without_validation() -> None:
    points = [(10, 0.5, 4.0, None), (20, 1.0, 3.0, "nan"), (30, 1.5, 3.5, "nan")]
    curves = curves_of(checkpoint(points), "name", "steps")
    assert (curves.val, curves.best, curves.main) == ([], (20.0, 3.0), curves.train)
    assert curves.words("steps") == "training 3.500"


def test_without_anything() -> None:
    curves = curves_of(checkpoint([]), "name", "steps")
    assert (curves.train, curves.val, curves.best, curves.words("steps")) == ([], [], None, "")


def test_an_exploded_loss_is_left_out() -> None:
    points = [(1, 0.1, math.inf, math.inf), (2, 0.2, 9e9, 7.0)]
    assert curves_of(checkpoint(points), "name", "steps").val == [(2.0, 7.0)]


def test_words() -> None:
    curves = Curves("x", [(1.0, 2.0), (2.0, 1.0)], [(1.0, 3.0), (2.5, 2.25), (4.0, 2.5)], (2.5, 2.25))
    assert curves.words("epochs") == "validation 2.250 at 2.5 epochs (best), 2.500 at the end; training 1.000"
    assert dataclasses.replace(curves, val=curves.val[:2]).words("epochs") == (
        "validation 2.250 at 2.5 epochs; training 1.000")
    assert [quantity(n) for n in (0.0, 0.25, 12.25, 2504.0, 999_999.0, 1_234_567.0)] == [
        "0", "0.25", "12.2", "2,504", "999,999", "1.23 million"]


def read(path: Path, axis: str = "epochs") -> Curves:
    [curves], unit = read_curves([path], axis)
    assert unit == "nats a character"
    return curves


def test_minutes_of_a_real_run(finished: Path) -> None:
    rows = [json.loads(row) for row in (finished / "metrics.jsonl").read_text().splitlines()]
    curves = read(finished / "last.safetensors", "minutes")
    assert [x for x, _ in curves.val] == pytest.approx([row["seconds"] / 60 for row in rows])
    assert [x for x, _ in curves.train] == sorted(x for x, _ in curves.train)


@pytest.mark.parametrize("text", [None, "", '{"step": 3, "val_loss": 2.0}\n'])
def test_minutes_that_nobody_told(finished: Path, text: str | None) -> None:
    if text is None:
        (finished / "metrics.jsonl").unlink()
    else:
        (finished / "metrics.jsonl").write_text(text)
    with pytest.raises(CheckpointError, match=r"no metrics\.jsonl beside it has the times; give --x epochs"):
        read(finished / "last.safetensors", "minutes")
    assert read(finished / "last.safetensors", "steps").val


def test_a_file_that_is_no_runs_borrows_no_times(finished: Path) -> None:
    lone = finished / "copy.safetensors"
    lone.write_bytes((finished / "last.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match="how long"):
        read(lone, "minutes")
    assert read(lone).val == read(finished / "last.safetensors").val


def test_a_numbered_checkpoint_of_a_run_has_its_times(finished: Path) -> None:
    numbered = finished / "step-0000000050.safetensors"
    numbered.write_bytes((finished / "best.safetensors").read_bytes())
    assert read(numbered, "minutes").val == read(finished / "best.safetensors", "minutes").val


def test_a_moment_in_the_middle_shows_the_way_to_it(finished: Path) -> None:
    best = load_checkpoint(finished / "best.safetensors").progress["step"]
    assert read(finished / "best.safetensors", "steps").val[-1][0] == best


@given(st.lists(st.tuples(st.integers(1, 1000), st.floats(0.001, 1e5)), min_size=1, max_size=6), st.integers(0, 9999))
def test_time_never_runs_backwards(laps: list[tuple[int, float]], step: int) -> None:
    clock = [(0.0, 0.0)]
    for steps, seconds in laps:
        clock.append((clock[-1][0] + steps, clock[-1][1] + seconds))
    at = [curves_of(checkpoint([(n, 0.0, 1.0, 1.0)]), "", "minutes", clock=clock).val[0][0] for n in (step, step + 1)]
    assert 0 <= at[0] <= at[1]


def in_units(unit: str, units: int | None, characters: int = 1000) -> Checkpoint:
    loaded = checkpoint()
    loaded.settings = dataclasses.replace(loaded.settings, text=TextSettings(unit=unit))
    loaded.vocabulary = "ab" if unit == "char" else ["a", "b"]
    loaded.corpus = CorpusInfo(characters=characters, units=units)
    return loaded


def test_losses_of_other_units(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("words", "more", "plain")]
    for path, loaded in zip(paths, (in_units("word", 200), in_units("word", 300), in_units("char", None)), strict=True):
        save_checkpoint(path, loaded)
    alone, unit = read_curves(paths[:2])
    assert unit == "nats a word"
    assert alone[0].val == alone[1].val == curves_of(checkpoint(), "x", "epochs").val
    mixed, unit = read_curves(paths, in_bits=True)
    assert unit == "bits a character"
    for curves, share in zip(mixed, (0.2, 0.3, 1.0), strict=True):
        wanted = [share / math.log(2) * loss for _, loss in alone[0].val]
        assert [loss for _, loss in curves.val] == pytest.approx(wanted)


def test_names(tmp_path: Path) -> None:
    a, b = tmp_path / "runs/tiny/last.safetensors", tmp_path / "others/tiny/last.safetensors"
    assert names_of([a]) == ["tiny"]
    assert names_of([a, b, tmp_path / "mine.safetensors"]) == [str(a), str(b), "mine"]
    assert names_of([a, a.with_name("best.safetensors")]) == [str(a), str(a.with_name("best.safetensors"))]
