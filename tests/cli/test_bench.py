"""`charrnn bench`: a table for people, JSON for programs, one line for what is missing or fails."""

import importlib
import importlib.util
import json
import os
import signal
import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from charrnn.bench import machine, processes
from charrnn.bench.processes import Job
from charrnn.bench.shape import Shape
from charrnn.engine.threads import physical_cores
from charrnn.kernels import jit
from tests.cli.conftest import Program
from tests.cli.tiny import finish, start

command = importlib.import_module("charrnn.cli.bench")
TINY = ("--shape", "rnn-1x8-4x5", "--seconds", "0.001", "--rounds", "1", "--threads", "1")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """No processes: answers that grow from job to job, on a quiet machine that has compiled all kernels; the jobs."""
    asked: list[Job] = []

    def run_job(job: Job) -> dict[str, Any]:
        asked.append(job)
        if job.function == "charrnn.bench.limits:measure":
            return {"peak": [{"threads": 1, "gflops": 100.0 + len(asked)}],
                    "bandwidth": [{"place": "L1", "threads": 1, "bytes": 2048, "gbytes_per_second": 50.0}]}
        slower = 10 if "rival" in job.function else 1
        return {"seconds": slower * len(asked) / 1000, "peak": 100.0, "setting": "threads 1"}

    monkeypatch.setattr(processes, "run_job", run_job)
    monkeypatch.setattr(machine, "load", lambda: 0.0)
    monkeypatch.setattr(command, "_announce_compiling", lambda shapes: None)
    return asked


def with_torch(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if there else None)


@pytest.mark.slow
def test_it_really_measures(tmp_path: Path) -> None:
    code, out, err = finish(start("-m", "charrnn", "bench", *TINY, "--json", folder=tmp_path))
    assert code == 0, err
    report = json.loads(out)
    assert (report["threads"], report["rounds"], report["seconds"]) == (1, 1, 0.001)
    assert [peak["threads"] for peak in report["peak"]] == [1]
    assert report["bandwidth"][-1]["place"] == "memory"
    [shape] = report["shapes"]
    assert (shape["network"], shape["batch"], shape["window"]) == ("rnn 1x8", 4, 5)
    assert len(shape["training"]["rounds"]) == len(shape["sampling"]["rounds"]) == len(shape["peak_rounds"]) == 1
    # not compared with one another: in a thousandth of a second a busy machine may reach anything
    assert min(shape["share_of_peak"], shape["gflops"], report["peak"][0]["gflops"]) > 0
    told = [line for line in err.splitlines() if line.startswith("measuring ")]
    assert told == ["measuring the machine's limits", "measuring training of rnn 1x8, 4 x 5",
                    "measuring sampling with rnn 1x8"]
    assert list(tmp_path.iterdir()) == []


def test_json_has_what_the_table_has(charrnn: Program, quick: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    with_torch(monkeypatch, True)
    arguments = ("bench", "--shape", "lstm-1x8-4x5", "--shape", "gru-2x8-4x5", "--rounds", "2", "--against", "torch",
                 "--threads", "1")
    printed = charrnn(*arguments)
    quick.clear()
    report = json.loads(charrnn(*arguments, "--json").out)
    lines = printed.out.splitlines()
    about, limits, rows = lines[:2], lines[3:6], lines[9:11]
    assert about == [f"{name:11}{text}" for name, text in report["machine"].items()]
    assert [line.split()[-1] for line in limits[1:]] == ["102", "50.0"]
    assert (report["peak"][0]["gflops"], report["bandwidth"][0]["gbytes_per_second"]) == (102.0, 50.0)
    for line, shape in zip(rows, report["shapes"], strict=True):
        training, sampling = shape["training"], shape["sampling"]
        rivals = [statistics.median(rate["rivals"][rate["rival"]]) for rate in (training, sampling)]
        figures = [training["ours"], shape["gflops"], rivals[0], training["ratio"], sampling["ours"], rivals[1],
                   sampling["ratio"], shape["weight_gbytes_per_second"]]
        cells = line.split()
        assert cells[:6] == [*shape["network"].split(), "4", "x", "5", "float32"]
        assert cells.pop(8) == f"{shape['share_of_peak']:.0%}"
        assert [float(cell.replace(",", "")) for cell in cells[6:]] == pytest.approx(figures, rel=6e-3)
        assert len(training["rounds"]) == len(sampling["rivals"]["PyTorch one-hot"]) == 2
    assert printed.err.splitlines() == [
        "measuring the machine's limits",
        "measuring training of lstm 1x8, 4 x 5", "measuring sampling with lstm 1x8",
        "measuring training of gru 2x8, 4 x 5", "measuring sampling with gru 2x8"]


def test_the_usual_shapes(charrnn: Program, quick: list[Job]) -> None:
    done = charrnn("bench", "--rounds", "1")
    assert (done.code, len(done.out.splitlines())) == (0, 9 + 12 + 1 + 4)
    assert not [job for job in quick if "rival" in job.function]
    training = [job.arguments for job in quick if job.function.endswith(":train")]
    assert [arguments["seconds"] for arguments in training] == [0.4] * 12
    assert {arguments["threads"] for arguments in training} == {physical_cores()}


def test_one_stream_is_measured_once_a_network(charrnn: Program, quick: list[Job]) -> None:
    done = charrnn("bench", "--rounds", "1", "--json", *(
        word for shape in ("gru-1x8-1x5", "gru-1x8-9x5", "gru-1x8-9x5") for word in ("--shape", shape)))
    first, second = json.loads(done.out)["shapes"]
    assert first["sampling"] == second["sampling"]
    assert [job.function.rpartition(":")[2] for job in quick] == ["measure", "train", "sample", "train"]


def test_without_pytorch_it_says_so(charrnn: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    with_torch(monkeypatch, False)
    done = charrnn("bench", "--against", "torch")
    assert (done.code, done.out) == (1, "")
    assert done.err == ("charrnn: PyTorch is not installed; pip install torch installs it, or leave --against torch "
                        "out\n")


def test_without_onnx_it_says_so(charrnn: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else object())
    done = charrnn("bench", "--against", "onnx")
    assert (done.code, done.out) == (1, "")
    assert done.err == ("charrnn: ONNX Runtime is not installed; pip install onnx onnxruntime installs it, or leave "
                        "--against onnx out\n")


def test_onnx_has_no_bf16(charrnn: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    with_torch(monkeypatch, True)
    done = charrnn("bench", "--against", "onnx", "--precision", "bf16")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("charrnn: ONNX Runtime has no recurrent layers in bf16; leave out --against onnx or "
                               "--precision")


def test_all_forms_of_pytorch_in_both_precisions(charrnn: Program, quick: list[Job],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    with_torch(monkeypatch, True)
    done = charrnn("bench", *TINY, "--precision", "both", "--against", "torch", "--against", "onnx")
    assert [line.split()[5] for line in done.out.splitlines() if line.startswith("rnn 1x8")] == ["float32", "bf16"]
    for function in ("train", "sample"):
        asked = [job.arguments for job in quick if job.function == f"charrnn.bench.rival_torch:{function}"]
        assert [(arguments["form"], arguments["precision"]) for arguments in asked] == [
            (form, precision) for precision in ("float32", "bf16") for form in ("embedding", "one-hot")]
    assert sum("onnx" in job.function for job in quick) == 1


def test_a_cell_that_pytorch_has_not(charrnn: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    with_torch(monkeypatch, True)
    done = charrnn("bench", "--shape", "lstm-1x8", "--shape", "gru-original-1x8", "--against", "torch")
    assert (done.code, done.out) == (1, "")
    assert done.err == "charrnn: PyTorch has no gru-original; leave out that shape, or --against\n"


def test_a_process_that_fails(charrnn: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_announce_compiling", lambda shapes: None)
    monkeypatch.setattr(machine, "load", lambda: 0.0)
    (tmp_path / "charrnn").mkdir()
    (tmp_path / "charrnn" / "__init__.py").touch()
    monkeypatch.setattr(processes, "ROOT", tmp_path)  # a package with nothing in it
    done = charrnn("bench", *TINY, "--json")
    assert (done.code, done.out) == (1, "")
    told, refusal = done.err.splitlines()
    assert told == "measuring the machine's limits"
    assert refusal.startswith("charrnn: the machine's limits: charrnn.bench.limits:measure failed with exit code 1: ")
    assert refusal.endswith("No module named 'charrnn.bench')")


def test_a_busy_machine(charrnn: Program, quick: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "load", lambda: 1.5)
    done = charrnn("bench", *TINY, "--json")
    assert done.err.startswith("note: this machine is busy (load 1.5)")
    assert json.loads(done.out)["load"] == 1.5


def test_waiting_for_the_compiler_is_announced(capsys: pytest.CaptureFixture[str],
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = {"gru_backward_one", "generate_gru", "multiply_and_add", "read"}
    monkeypatch.setattr(jit, "is_compiled", compiled.__contains__)
    command._announce_compiling((Shape("gru", 1, 8),))
    assert capsys.readouterr().err == ""
    compiled.remove("read")
    command._announce_compiling((Shape("gru", 1, 8),))
    assert "compiling kernels" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="POSIX signals and process groups")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_both_processes(tmp_path: Path, number: int, code: int) -> None:
    process = start("-m", "charrnn", "bench", "--shape", "rnn-1x8-4x5", "--seconds", "600", "--rounds", "1",
                    folder=tmp_path, start_new_session=True)
    assert process.stderr is not None
    while "measuring" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.2)  # the process that measures begins after these words
    process.send_signal(number)  # to this one only, not to the group
    ended, _, err = finish(process, 20)
    assert (ended, err) == (code, "")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
