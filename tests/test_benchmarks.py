"""The benchmarks' arithmetic and tables; what is measured is not tested here, and PyTorch is not needed."""

import importlib.util
import json
import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks import memory, phases, precision, quality, sampling, scaling, startup, training, widths
from benchmarks.__main__ import main
from benchmarks.options import Options
from benchmarks.table import Row, Table, number, times_as_good
from charrnn.bench import processes
from charrnn.bench.processes import Job
from charrnn.bench.shape import Shape
from charrnn.errors import MeasurementError


def test_a_row_takes_medians_over_rounds() -> None:
    row = Row("steps", "char/s", [90.0, 300.0, 100.0], [50.0, 45.0, 60.0], "torch", goal=2.0)
    assert (row.ours, row.rival, row.ratio, row.met) == (100.0, 50.0, 2.0, True)
    assert row.ratios == (100 / 60, 300 / 45)


@pytest.mark.parametrize(("unit", "ratio"), [("char/s", 4.0), ("GFLOP/s", 4.0), ("s", 0.25), ("ms", 0.25)])
def test_a_ratio_above_one_means_that_we_are_ahead(unit: str, ratio: float) -> None:
    assert times_as_good(8.0, 2.0, unit) == ratio


@pytest.mark.parametrize(("row", "met"), [
    (Row("", "char/s", [199.0], [100.0], goal=2.0), False),
    (Row("", "s", [2.0], [5.0], goal=2.0), True),
    (Row("", "s", [2.0], goal=2.0), True),
    (Row("", "s", [2.1], goal=2.0), False),
    (Row("", "nats", [1.61], goal=1.6), False),
    (Row("", "s", [2.1]), None),
])
def test_goals(row: Row, met: bool | None) -> None:
    assert row.met is met


def test_a_number_has_its_unit() -> None:
    assert number(345_678.0, "char/s") == "346,000 char/s"


def test_a_table_is_aligned_and_leaves_empty_columns_out() -> None:
    rows = [Row("a", "s", [1.5], goal=2.0), Row("longer", "s", [12.0], goal=2.0)]
    text = Table("Waiting", rows, ["A note."]).render()
    assert text.splitlines() == [
        "Waiting", "",
        "| what   |   ours | goal | met |",
        "| ------ | -----: | ---: | --- |",
        "| a      |  1.5 s |  2 s | yes |",
        "| longer | 12.0 s |  2 s | no  |", "",
        "A note."]


def test_a_table_with_a_rival() -> None:
    row = Row("steps", "char/s", [100.0, 120.0], [50.0, 50.0], "torch", 2.0, "quick")
    assert row.cells() == ("steps", "110 char/s", "torch 50.0 char/s", "2.20x", "2x", "yes",
                           "quick; ratios 2.00 to 2.40")


def test_a_table_as_json() -> None:
    table = json.loads(json.dumps(Table("T", [Row("a", "s", (1.0, 3.0))]).to_dict()))
    assert table["rows"][0]["ours"] == 2.0
    assert table["rows"][0]["ours_rounds"] == [1.0, 3.0]
    assert table["rows"][0]["met"] is None


def test_phases_add_up_to_the_step() -> None:
    totals = {"Shard.read": 4.0, "Shard._output": 2.0, "Shard._learn_layer": 8.0, "Shard.learn": 15.0,
              "CompiledStreams.learn": 9.0, "Network.gather": 0.5, "Network.refresh": 0.25, "Adam.update": 1.0}
    found = phases.split(totals.__getitem__, 2)
    assert set(found) == set(phases.PHASES)
    assert found["waiting"] == 9.0 - 7.5
    assert found["Adam"] == 0.25
    assert sum(found.values()) == 9.0 + 1.0


def test_the_clock_around_a_method() -> None:
    class Machine:
        def work(self, times: int, *, more: int = 0) -> int:
            return times + more

    watch = phases.Clock()
    watch.watch(Machine, "work")
    assert Machine().work(2, more=3) == 5
    assert watch.total("Machine.work") > 0
    assert watch.total("Machine.rest") == 0


def test_losses_of_a_run() -> None:
    lines = ['{"step": 10, "val_loss": 2.5}', '{"step": 20, "val_loss": null}', '{"step": 30, "val_loss": 2.25}']
    assert quality.validation_losses(lines) == ([2.5, 2.25], 30)


def test_without_pytorch_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = CliRunner().invoke(main, ["training"])
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "Error: PyTorch is not installed, and speed is measured beside it; make bench installs it"]


@pytest.mark.parametrize("arguments", [[], ["--text", "no-such-file.txt"]])
def test_quality_without_its_text_says_so(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, ["quality", *arguments])
    assert result.exit_code == 1
    assert result.output.splitlines() == ["Error: quality needs the text: --text tinyshakespeare.txt"]


@pytest.fixture
def linear(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Training on a machine whose steps cost 1 ms, and 2 ms a sequence and layer; the jobs that it is given."""
    asked: list[Job] = []

    def run_job(job: Job) -> dict[str, Any]:
        asked.append(job)
        arguments = job.arguments
        shape = Shape(**arguments["shape"])
        cost = (1 + 2 * shape.batch * shape.layers * shape.window / 100) / arguments["threads"]
        return {"seconds": (8 if "rival" in job.function else 1) * cost / 1000, "peak": 200.0, "adam": "fused",
                "setting": "threads: 1"}

    monkeypatch.setattr(processes, "run_job", run_job)
    return asked


def test_scaling_on_a_machine_where_all_is_linear(linear: list[Job]) -> None:
    threads, growth, odd = scaling.measure(Options(rounds=2))
    assert [(row.ratio, row.goal, row.met) for row in threads.rows] == [(2.0, 1.85, True)] * 3
    assert [row.what for row in growth.rows] == [
        f"{what} {value}" for what, values in scaling.GROWTHS.items() for value in values]
    ratios = {row.what: row.ratio for row in growth.rows}
    # what a step costs whatever its size is what the small ones lose
    assert ratios["window 25"] == pytest.approx((1 + 2 * 64) / 4 / (1 + 2 * 64 / 4))
    assert ratios["batch 16"] == pytest.approx((1 + 2 * 64) / 4 / (1 + 2 * 16))
    assert [ratios[f"layers {layers}"] for layers in (1, 2, 3, 4)] == pytest.approx([1.0] * 4)
    assert [ratios[what] for what in ("window 100", "batch 64")] == [1.0, 1.0]
    assert [(row.what, row.ratio, row.met) for row in odd.rows] == [
        (f"batch {batch}", pytest.approx(1.0), True) for batch in (1, 7, 61)]
    assert odd.rows[1].cells()[-1].startswith("ms a sequence: 1.07 with 7, 1.08 with 6, 1.06 with 8")
    assert odd.rows[1].unit == "char/s"
    assert odd.rows[1].ours == pytest.approx(700 / 0.0075)


def test_scaling_on_one_thread_has_no_threads_to_compare(linear: list[Job]) -> None:
    assert len(list(scaling.measure(Options(rounds=1, threads=1)))) == 2
    assert {job.arguments["threads"] for job in linear} == {1}


def test_a_straight_line() -> None:
    assert scaling.line((2, 6), ([10.0, 1.0], [30.0, 1.0]), 3) == [15.0, 1.0]


def test_training_has_goals_for_ratios_and_for_shares(linear: list[Job]) -> None:
    rates, shares = training.measure(Options(rounds=2))
    assert {row.what: row.goal for row in rates.rows if row.goal} == {
        shape.name: goal for shape, goal in training.GOALS.items()}
    assert {row.rival_name for row in rates.rows if row.goal} == {"embedding"}
    assert {row.ratio for row in rates.rows} == {8.0}
    assert sum(row.what.endswith(", bf16") for row in rates.rows) == len(training.GOALS)
    assert {job.arguments.get("precision") for job in linear} == {"float32", "bf16", None}
    assert [row.what for row in shares.rows if row.goal == 0.75] == [
        "lstm 1x256, 64 x 100", "lstm 1x512, 64 x 100", "lstm 2x512, 64 x 100"]
    assert {row.rival for row in shares.rows} == {200.0}


def test_sampling_has_goals(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine where a second thread helps a half, bf16 twice, and 64 streams ten times."""
    def run_job(job: Job) -> dict[str, Any]:
        given = job.arguments
        gain = (1.5 if given["threads"] > 1 else 1) * (2 if given.get("precision") == "bf16" else 1)
        return {"seconds": 1 / gain / (10 if given.get("streams", 1) > 1 else 1), "setting": "threads: 1"}

    monkeypatch.setattr(processes, "run_job", run_job)
    alone, ways = sampling.measure(Options(rounds=1))
    assert [(row.what, row.goal) for row in alone.rows] == [
        ("lstm 1x128", 25.0), ("lstm 1x512", None), ("lstm 2x512", 10.0)]
    ratios = {row.what.removeprefix("lstm 1x512, "): row.ratio for row in ways.rows if "1x512" in row.what}
    assert ratios == pytest.approx({"2 threads": 1.5, "bf16": 2, "2 threads, bf16": 3, "64 streams, 2 threads": 15,
                                    "64 streams, 2 threads, bf16": 30})
    assert [row.what for row in ways.rows if row.goal] == ["lstm 1x512, 64 streams, 2 threads"]


def test_precision_tells_gains_and_costs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run_job(job: Job) -> dict[str, Any]:
        rounded = job.arguments["precision"] == "bf16"
        if job.function.endswith("precision:train"):
            return {"loss": 1.5 + 0.001 * rounded * job.arguments["seed"], "rounded": 1.5 + 0.0007}
        return {"seconds": 1.0 if rounded else 1.7}

    monkeypatch.setattr(processes, "run_job", run_job)
    trained, sampled, losses = precision.measure(Options(rounds=3, text=tmp_path / "any.txt"))
    assert [row.ratio for row in (*trained.rows, *sampled.rows)] == pytest.approx([1.7] * 14)
    assert [row.met for row in trained.rows if row.goal] == [True, True]
    assert [row.ours for row in losses.rows] == pytest.approx([0.002, 1.5, 0.0007 / math.log(2)])
    assert losses.rows[0].met
    assert len(list(precision.measure(Options(rounds=1)))) == 2  # no text, no losses


def test_a_loss_in_both_precisions(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("what a tiny text this is\n" * 100, encoding="utf-8")
    shape = {"cell": "gru", "layers": 1, "hidden": 8, "batch": 2, "window": 10}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precision, "EPOCHS", 0.2)
        found = precision.train(shape, "float32", str(text), 1)
    assert 0 < found["loss"] < math.log(20)
    assert 0 < abs(found["rounded"] - found["loss"]) < 0.05


def test_products_of_every_width() -> None:
    made = widths.works(16)
    assert [rows for rows, _ in made.values()] == [32, 32, 256]
    for _, work in made.values():
        work()


def test_memory_of_buffers_and_of_a_text(tmp_path: Path) -> None:
    shape = {"cell": "rnn", "layers": 1, "hidden": 40, "batch": 6, "window": 30}
    found = memory.taken(shape)
    assert found["taken"] == pytest.approx(found["formula"], rel=0.1)  # so small that Python's own objects count
    memory.write_words(tmp_path / "words.txt", 3_000_000)
    assert (tmp_path / "words.txt").stat().st_size == 3_000_000
    assert len(set((tmp_path / "words.txt").read_text())) <= 28


def test_the_first_line_of_a_process() -> None:
    assert startup.seconds_to_first_line(["-c", "print('first'); print('second')"], {}) > 0
    with pytest.raises(MeasurementError, match=r"^python -c \S+ failed with exit code 1: no$"):
        startup.seconds_to_first_line(["-c", "raise(SystemExit('no'))"], {})
