"""What follows from measurements, and the lines they are shown in."""

import json

import pytest

from charrnn.bench import table
from charrnn.bench.processes import Job
from charrnn.bench.results import Bench, Measured, Rate
from charrnn.bench.shape import Shape

SHAPE = Shape("lstm", 2, 256)
MEASURED = Measured(SHAPE, Rate([1000.0, 3000.0, 1500.0], [500.0, 600.0, 400.0], "fused"), [20.0, 40.0, 25.0],
                    Rate([200.0, 100.0, 300.0], [20.0, 10.0, 5.0], "threads: 1"))
LIMITS = {
    "peak": [{"threads": 1, "gflops": 122.04}, {"threads": 2, "gflops": 243.5}],
    "bandwidth": [{"place": place, "threads": threads, "bytes": size // threads, "gbytes_per_second": rate * threads}
                  for threads in (1, 2) for place, size, rate in (("L1", 16384, 217.3), ("L3", 16 * 1024**2, 80.06))]}


def test_medians_over_rounds() -> None:
    assert (MEASURED.training.median, MEASURED.training.torch, MEASURED.training.ratio) == (1500.0, 500.0, 3.0)
    assert (MEASURED.sampling.median, MEASURED.sampling.torch, MEASURED.sampling.ratio) == (200.0, 10.0, 20.0)
    assert (Rate([1.0]).torch, Rate([1.0]).ratio) == (None, None)


def test_arithmetic_and_bytes() -> None:
    weights = 4 * 256 * 256 * 3 + 65 * 256
    assert MEASURED.gflops == pytest.approx(1500 * 6 * weights / 1e9)
    # each round is held to the peak of the same round: here it is the second one that is the median
    assert MEASURED.share == pytest.approx(1500 / 25 * 6 * weights / 1e9)
    assert MEASURED.weight_gbytes == pytest.approx(200 * 4 * weights / 1e9)


def test_a_table_against_pytorch() -> None:
    shown = table.columns([SHAPE, Shape("gru", 1, 64)], True)
    lines = [*table.head(shown), table.row(shown, MEASURED)]
    assert [line.split() for line in lines] == [
        ["training", "sampling"],
        ["network", "batch", "x", "window", "char/s", "GFLOP/s", "of", "peak", "PyTorch", "ratio", "char/s", "PyTorch",
         "ratio", "GB/s"],
        ["lstm", "2x256", "64", "x", "100", "1,500", "7.23", "29%", "500", "3.00", "200", "10.0", "20.00", "0.642"]]


def test_columns_are_aligned() -> None:
    shown = table.columns([SHAPE], False)
    assert [*table.head(shown), table.row(shown, MEASURED)] == [
        "                             training                     sampling",
        "network     batch x window     char/s  GFLOP/s  of peak     char/s   GB/s",
        "lstm 2x256        64 x 100      1,500     7.23      29%        200  0.642"]


def test_the_machines_lines() -> None:
    assert table.limit_lines(LIMITS) == [
        "                                      1 thread   2 threads",
        "multiply and add, float32  GFLOP/s         122         244",
        "read L1, 16 KB             GB/s            217         435",
        "read L3, 16 MB             GB/s           80.1         160"]


def test_notes_speak_of_what_is_shown() -> None:
    assert not [line for line in table.notes(1, False) if "PyTorch" in line or "threads" in line]
    assert [line for line in table.notes(2, True) if "PyTorch" in line]


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
        "characters_per_second": 1500.0, "rounds": [1000.0, 3000.0, 1500.0], "ratio": 3.0,
        "torch": {"characters_per_second": 500.0, "rounds": [500.0, 600.0, 400.0], "setting": "fused"}}
    assert (found["cell"], found["layers"], found["hidden"], found["batch"], found["window"]) == (
        "lstm", 2, 256, 64, 100)
    assert set(Rate([1.0]).to_dict()) == {"characters_per_second", "rounds"}


def test_the_best_of_the_machine_and_medians_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"limits:measure": [{"peak": [{"threads": 1, "gflops": rate}], "bandwidth": []} for rate in (5, 9, 7)],
               "ours:train": [{"seconds": seconds, "peak": 9.0} for seconds in (2.0, 1.0, 4.0)],
               "rival:train": [{"seconds": 8.0, "adam": adam} for adam in ("loop", "fused", "fused")]}
    asked: list[Job] = []

    def run_job(job: Job) -> object:
        asked.append(job)
        return answers[job.function.removeprefix("charrnn.bench.")].pop(0)

    monkeypatch.setattr("charrnn.bench.processes.run_job", run_job)
    bench = Bench(3, 0.1, 4, True, lambda *told: None)
    assert bench.limits() == {"peak": [{"threads": 1, "gflops": 9, "rounds": [5, 9, 7]}], "bandwidth": []}
    rate, peaks = bench.training(Shape("gru", 1, 5, 2, 4))
    assert rate == Rate([4.0, 8.0, 2.0], [1.0, 1.0, 1.0], "fused")
    assert peaks == [9.0] * 3
    assert [job.function.rpartition(".")[2] for job in asked[3:]] == ["ours:train", "rival:train"] * 3
    assert asked[-1].arguments == {"shape": {"cell": "gru", "layers": 1, "hidden": 5, "batch": 2, "window": 4},
                                   "form": "embedding", "seconds": 0.1, "threads": 4}


def test_with_bf16_the_peak_is_named_for_what_it_is() -> None:
    exact, rounded = (table.notes(2, False, precision) for precision in ("float32", "bf16"))
    assert len(exact) == len(rounded)
    assert [a for a, b in zip(exact, rounded, strict=True) if a != b] == [exact[2]]
    assert "float32 peak of 2 threads" in rounded[2]
