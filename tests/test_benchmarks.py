"""The benchmarks' arithmetic and tables; what is measured is not tested here, and PyTorch is not needed."""

import importlib.util
import json

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import clock, phases, quality, training
from benchmarks.__main__ import main
from benchmarks.processes import Job, MeasurementError, run, take_turns
from benchmarks.shape import VOCABULARY, Shape, token_windows
from benchmarks.table import Row, Table, number, times_as_good


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


@pytest.mark.parametrize(("value", "text"), [
    (345_678.0, "346,000 x"), (1234.0, "1,230 x"), (123.4, "123 x"), (99.96, "100 x"), (12.34, "12.3 x"),
    (10.0, "10.0 x"), (1.234, "1.23 x"), (0.01234, "0.0123 x"), (0.0, "0 x"), (-0.02, "-0.02 x")])
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value, "x") == text


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


@pytest.mark.parametrize(("shape", "products"), [
    (Shape("lstm", 1, 3, 2, 5), 4 * 9 + 65 * 3),
    (Shape("gru", 2, 3, 2, 5), 3 * 9 * 3 + 65 * 3),
    (Shape("rnn", 3, 7, 2, 5), 49 * 5 + 65 * 7),
])
def test_useful_arithmetic(shape: Shape, products: int) -> None:
    assert shape.useful_flops() == 2 * (2 * 5) * 3 * products


def test_shapes_are_read_and_named() -> None:
    assert Shape.parse("gru-2x256") == Shape("gru", 2, 256, 64, 100)
    assert Shape.parse("lstm-1x128-50x30") == Shape("lstm", 1, 128, 50, 30)
    assert Shape("lstm", 1, 128, 50, 30).name == "lstm 1x128, 50 x 30"


@pytest.mark.parametrize("text", ["lstm", "tanh-1x2", "lstm-0x5", "lstm-1x5-3", "lstm-1x5-3x4x5", "lstm-1x-5"])
def test_no_shape(text: str) -> None:
    with pytest.raises(ValueError, match="is no shape"):
        Shape.parse(text)


def test_windows_go_on_where_the_one_before_ended() -> None:
    shape = Shape("rnn", 1, 8, 3, 5)
    inputs, targets = token_windows(shape, 4)
    assert inputs.shape == targets.shape == (4, 5, 3)
    assert inputs.dtype == np.int32
    assert 0 <= inputs.min() <= inputs.max() < VOCABULARY
    np.testing.assert_array_equal(inputs.reshape(20, 3)[1:], targets.reshape(20, 3)[:-1])


def test_the_clock_takes_the_median_of_the_steps_after_warming_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now, seen = [0.0], []

    def step(i: int) -> None:
        seen.append(i)
        now[0] += 100.0 if i < clock.FEWEST_WARM_UPS else [1.0, 2.0, 50.0][i % 3]

    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])
    assert clock.median_seconds(step, 1.0) == 2.0
    assert seen == list(range(clock.FEWEST_WARM_UPS + clock.FEWEST_STEPS))


def test_phases_add_up_to_the_step() -> None:
    totals = {"Shard.read": 4.0, "Shard._output": 2.0, "Shard._learn_layer": 8.0, "Shard.learn": 15.0,
              "Batch.learn": 9.0, "Network.gather": 0.5, "Network.refresh": 0.25, "Adam.update": 1.0}
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


def test_a_peak_that_falls_is_doubted() -> None:
    assert training.busy_note([200.0, 190.0]) == []
    assert "fell to 100 from 200" in training.busy_note([200.0, 100.0])[0]


def test_losses_of_a_run() -> None:
    lines = ['{"step": 10, "val_loss": 2.5}', '{"step": 20, "val_loss": null}', '{"step": 30, "val_loss": 2.25}']
    assert quality.validation_losses(lines) == ([2.5, 2.25], 30)


def test_rivals_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def run_job(job: Job) -> dict[str, int]:
        order.append(job.function)
        return {"n": len(order)}

    monkeypatch.setattr("benchmarks.processes.run_job", run_job)
    assert take_turns("x", [Job("a", {}), Job("b", {})], 2) == [[{"n": 1}, {"n": 3}], [{"n": 2}, {"n": 4}]]
    assert order == ["a", "b", "a", "b"]


def test_a_failing_process_is_one_line() -> None:
    with pytest.raises(MeasurementError, match=r"exit code 3: the end$"):
        run(["-c", "import sys; print('first\\nthe end', file=sys.stderr); sys.exit(3)"])


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
