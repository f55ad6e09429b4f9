"""What follows from measurements, and the lines they are shown in."""

import dataclasses
import json

import pytest

from charrnn.bench import table
from charrnn.bench.processes import Job
from charrnn.bench.results import Measured, Plan, Row, times_as_good
from charrnn.bench.shape import Shape

SHAPE = Shape("lstm", 2, 256)
TRAINING = Row("lstm 2x256, 64 x 100", "char/s", [1000.0, 3000.0, 1500.0], {
    "PyTorch embedding": [400.0, 900.0, 300.0], "PyTorch one-hot": [500.0, 600.0, 450.0]})
SAMPLING = Row("lstm 2x256", "char/s", [200.0, 100.0, 300.0], {
    "PyTorch embedding": [5.0, 4.0, 3.0], "PyTorch one-hot": [20.0, 10.0, 5.0], "ONNX Runtime": [40.0, 50.0, 60.0]})
MEASURED = Measured(SHAPE, "float32", TRAINING, [20.0, 40.0, 25.0], SAMPLING)
LIMITS = {
    "peak": [{"threads": 1, "gflops": 122.04}, {"threads": 2, "gflops": 243.5}],
    "bandwidth": [{"place": place, "threads": threads, "bytes": size // threads, "gbytes_per_second": rate * threads}
                  for threads in (1, 2) for place, size, rate in (("L1", 16384, 217.3), ("L3", 16 * 1024**2, 80.06))]}


def test_a_row_takes_medians_over_rounds() -> None:
    row = Row("steps", "char/s", [90.0, 300.0, 100.0], {"torch": [50.0, 45.0, 60.0]}, goal=2.0)
    assert (row.ours, row.rival, row.ratio, row.met) == (100.0, 50.0, 2.0, True)
    assert row.ratios == (100 / 60, 300 / 45)


def test_the_best_rival_counts() -> None:
    assert (TRAINING.rival_name, TRAINING.rival, TRAINING.ratio) == ("PyTorch one-hot", 500.0, 3.0)
    assert TRAINING.ratios == (2.0, 5.0)
    slow = Row("waiting", "s", [1.0], {"a": [3.0], "b": [2.0]})
    assert (slow.rival_name, slow.ratio) == ("b", 2.0)
    alone = Row("waiting", "s", [1.0])
    assert (alone.rival_name, alone.rival, alone.ratio, alone.ratios) == ("", None, None, None)


def test_some_of_the_rivals() -> None:
    assert SAMPLING.rival_name == "ONNX Runtime"
    assert SAMPLING.against("PyTorch").rival_name == "PyTorch one-hot"
    assert SAMPLING.against("nobody").ratio is None


@pytest.mark.parametrize(("unit", "ratio"), [("char/s", 4.0), ("GFLOP/s", 4.0), ("s", 0.25), ("ms", 0.25)])
def test_a_ratio_above_one_means_that_we_are_ahead(unit: str, ratio: float) -> None:
    assert times_as_good(8.0, 2.0, unit) == ratio


@pytest.mark.parametrize(("row", "met"), [
    (Row("", "char/s", [199.0], {"a": [100.0]}, goal=2.0), False),
    (Row("", "s", [2.0], {"a": [5.0]}, goal=2.0), True),
    (Row("", "s", [2.0], goal=2.0), True),
    (Row("", "s", [2.1], goal=2.0), False),
    (Row("", "nats", [1.61], goal=1.6), False),
    (Row("", "s", [2.1]), None),
])
def test_goals(row: Row, met: bool | None) -> None:
    assert row.met is met


def test_arithmetic_and_bytes() -> None:
    weights = 4 * 256 * 256 * 3 + 65 * 256
    assert MEASURED.arithmetic.ours == pytest.approx(1500 * 6 * weights / 1e9)
    assert MEASURED.arithmetic.ratio == pytest.approx(1500 / 25 * 6 * weights / 1e9)
    assert MEASURED.weight_gbytes == pytest.approx(200 * 4 * weights / 1e9)
    assert dataclasses.replace(MEASURED, precision="bf16").weight_gbytes == MEASURED.weight_gbytes / 2


def test_a_table_against_the_rivals() -> None:
    shown = table.columns([SHAPE, Shape("gru", 1, 64)], ["torch", "onnx"])
    rounded = dataclasses.replace(MEASURED, precision="bf16", sampling=SAMPLING.against("PyTorch"))
    lines = [*table.head(shown), table.row(shown, MEASURED), table.row(shown, rounded)]
    assert [line.split() for line in lines] == [
        ["training", "sampling"],
        ["network", "batch", "x", "window", "numbers", "char/s", "GFLOP/s", "of", "peak", "PyTorch", "ratio", "char/s",
         "PyTorch", "ratio", "ONNX", "ratio", "GB/s"],
        ["lstm", "2x256", "64", "x", "100", "float32", "1,500", "7.23", "29%", "500", "3.00", "200", "10.0", "20.00",
         "50.0", "4.00", "0.642"],
        ["lstm", "2x256", "64", "x", "100", "bf16", "1,500", "7.23", "29%", "500", "3.00", "200", "10.0", "20.00",
         "-", "-", "0.321"]]


def test_columns_are_aligned() -> None:
    shown = table.columns([SHAPE], [])
    assert [*table.head(shown), table.row(shown, MEASURED)] == [
        "                                      training                     sampling",
        "network     batch x window  numbers     char/s  GFLOP/s  of peak     char/s   GB/s",
        "lstm 2x256        64 x 100  float32      1,500     7.23      29%        200  0.642"]


def test_the_machines_lines() -> None:
    assert table.limit_lines(LIMITS) == [
        "                                      1 thread   2 threads",
        "multiply and add, float32  GFLOP/s         122         244",
        "read L1, 16 KB             GB/s            217         435",
        "read L3, 16 MB             GB/s           80.1         160"]


def test_notes_speak_of_what_is_shown() -> None:
    assert not [line for line in table.notes(1, []) if "PyTorch" in line or "threads" in line]
    assert [line.split()[0] for line in table.notes(2, ["torch", "onnx"])[-2:]] == ["PyTorch", "ONNX"]


@pytest.mark.parametrize(("value", "text"), [
    (345_678.0, "346,000"), (1234.0, "1,230"), (123.4, "123"), (99.96, "100"), (12.34, "12.3"), (10.0, "10.0"),
    (1.234, "1.23"), (0.01234, "0.0123"), (0.0, "0"), (-0.02, "-0.02"), (None, "")])
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert table.three_digits(value) == text


@pytest.mark.parametrize(("size", "text"), [(16384, "16 KB"), (24 * 1024, "24 KB"), (1536 * 1024, "1.5 MB")])
def test_sizes(size: int, text: str) -> None:
    assert table.size_words(size) == text


def test_json_has_every_round() -> None:
    found = json.loads(json.dumps(MEASURED.to_dict()))
    assert found["training"] == {
        "what": "lstm 2x256, 64 x 100", "unit": "char/s", "ours": 1500.0, "rounds": [1000.0, 3000.0, 1500.0],
        "rivals": {"PyTorch embedding": [400.0, 900.0, 300.0], "PyTorch one-hot": [500.0, 600.0, 450.0]},
        "rival": "PyTorch one-hot", "ratio": 3.0, "goal": None, "met": None, "note": ""}
    assert (found["cell"], found["layers"], found["hidden"], found["batch"], found["window"], found["precision"]) == (
        "lstm", 2, 256, 64, 100, "float32")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Jobs that were asked for: the machine's peak rises to 9, a step of ours takes 1, 2 and 4 s, a rival's 8 s."""
    asked: list[Job] = []
    answers = {"limits:measure": [{"peak": [{"threads": 1, "gflops": rate}], "bandwidth": []} for rate in (5, 9, 7)],
               "ours:train": [{"seconds": seconds, "peak": 9.0} for seconds in (2.0, 1.0, 4.0)],
               "rival_torch:train": [{"seconds": 8.0, "setting": f"Adam {adam}"}
                                     for adam in ("loop", "loop", "fused", "fused", "fused", "fused")]}

    def run_job(job: Job) -> object:
        asked.append(job)
        known = answers.get(job.function.removeprefix("charrnn.bench."))
        return known.pop(0) if known else {"seconds": 1.0, "setting": "threads 1"}

    monkeypatch.setattr("charrnn.bench.processes.run_job", run_job)
    return asked


def test_the_best_of_the_machine_and_medians_of_ours(asked: list[Job]) -> None:
    plan = Plan(3, 0.1, 4, ("torch", "onnx"), lambda *told: None)
    assert plan.limits() == {"peak": [{"threads": 1, "gflops": 9, "rounds": [5, 9, 7]}], "bandwidth": []}
    row, peaks = plan.training(Shape("gru", 1, 5, 2, 4), "bf16")
    assert row == Row("gru 1x5, 2 x 4, bf16", "char/s", [4.0, 8.0, 2.0],
                      {"PyTorch embedding": [1.0] * 3, "PyTorch one-hot": [1.0] * 3},
                      note="PyTorch embedding 1 (Adam fused); PyTorch one-hot 1 (Adam fused)")
    assert peaks == [9.0] * 3
    assert [job.function.rpartition(".")[2] for job in asked[3:]] == [
        "ours:train", "rival_torch:train", "rival_torch:train"] * 3
    assert {job.arguments["precision"] for job in asked[3:]} == {"bf16"}
    assert asked[-1].arguments == {
        "shape": {"cell": "gru", "layers": 1, "hidden": 5, "batch": 2, "window": 4, "embedding": 0}, "form": "one-hot",
        "precision": "bf16", "seconds": 0.1, "threads": 4}


@pytest.mark.parametrize(("rivals", "precision", "names"), [
    (("torch", "onnx"), "float32", ["PyTorch embedding", "PyTorch one-hot", "ONNX Runtime"]),
    (("torch", "onnx"), "bf16", ["PyTorch embedding", "PyTorch one-hot"]),
    (("onnx",), "float32", ["ONNX Runtime"]), ((), "float32", [])])
def test_who_samples_beside_us(asked: list[Job], rivals: tuple[str, ...], precision: str, names: list[str]) -> None:
    row = Plan(1, 0.1, 1, rivals, lambda *told: None).sampling(Shape("lstm", 1, 5), precision)
    assert list(row.rivals) == names
    assert {job.arguments["form"] for job in asked if "torch" in job.function} == (
        {"embedding", "one-hot"} if "torch" in rivals else set())
