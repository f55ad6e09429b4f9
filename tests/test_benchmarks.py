"""The benchmarks' arithmetic and tables; what is measured is not tested here, and PyTorch is not needed."""

import hashlib
import importlib.util
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import (
    learning,
    memory,
    pairs,
    phases,
    pictures,
    precision,
    quality,
    sampling,
    scaling,
    search,
    search_texts,
    startup,
    training,
    widths,
)
from benchmarks.__main__ import main
from benchmarks.options import Options
from benchmarks.table import Table, cells, number
from charrnn.bench import processes
from charrnn.bench.processes import Job
from charrnn.bench.results import Row
from charrnn.bench.rivals import RIVALS
from charrnn.bench.shape import Shape
from charrnn.engine.engines import open_engine
from charrnn.errors import MeasurementError
from charrnn.settings import NetworkSettings
from charrnn.settings.bounded import PRECISIONS
from charrnn.training.evaluation import Evaluation


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


def test_a_table_of_words() -> None:
    table = Table("T", [("gru", "1.5", ""), ("lstm", "12", "")], (), ("cell", "nats", "note"))
    assert table.render().splitlines() == ["T", "", "| cell | nats |", "| ---- | ---: |", "| gru  |  1.5 |",
                                           "| lstm |   12 |"]
    assert table.to_dicts()[1] == {"title": "T", "cell": "lstm", "nats": "12", "note": ""}


def test_a_row_with_a_rival() -> None:
    row = Row("steps", "char/s", [100.0, 120.0], {"torch": [50.0, 50.0], "slow": [9.0, 9.0]}, 2.0, "quick")
    assert cells(row) == ("steps", "110 char/s", "torch 50.0 char/s", "2.20x", "2x", "yes",
                          "quick; ratios 2.00 to 2.40")


def test_a_table_as_json() -> None:
    [row] = json.loads(json.dumps(Table("T", [Row("a", "s", (1.0, 3.0))]).to_dicts()))
    assert (row["title"], row["ours"], row["rounds"], row["met"]) == ("T", 2.0, [1.0, 3.0], None)


def test_phases_add_up_to_the_step() -> None:
    totals = {"Shard.read": 4.0, "Shard._output": 2.0, "Shard._learn_layer": 8.0, "Shard.learn": 15.0,
              "CompiledStreams.learn": 9.0, "updates.sum_gradients": 2.0, "Weights.refresh_part": 1.0,
              "Adam.update": 1.0}
    found = phases.split(totals.__getitem__, shards=2, threads=4)
    assert set(found) == set(phases.PHASES)
    assert found["waiting"] == 9.0 - 7.5
    assert found["Adam"] == 0.25
    assert sum(found.values()) == 9.0 + 1.0


@pytest.mark.parametrize("precision", PRECISIONS)
def test_phases_of_a_real_step(precision: str) -> None:
    shape = {"cell": "gru", "layers": 1, "hidden": 20, "batch": 3, "window": 4, "embedding": 0}
    found = processes.run_job(Job("benchmarks.phases:ours", {"shape": shape, "seconds": 0.01, "threads": 2,
                                                              "precision": precision}))
    assert all(found[phase] > 0 for phase in ("forward", "output and loss", "backward", "sum of gradients", "Adam",
                                              "packing"))
    assert found.keys() == {"step", *phases.PHASES, phases.PRODUCTS}


def test_the_clock_around_a_method() -> None:
    class Machine:
        def work(self, times: int, *, more: int = 0) -> int:
            return times + more

    watch = phases.Clock()
    watch.watch(Machine, "work")
    assert Machine().work(2, more=3) == 5
    assert watch.total("Machine.work") > 0
    assert watch.total("Machine.rest") == 0


def test_without_pytorch_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = CliRunner().invoke(main, ["training"])
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "Error: PyTorch is not installed, and speed is measured beside it; make bench installs it"]


@pytest.mark.parametrize("group", ["quality", "search"])
def test_without_a_text_it_says_so(group: str) -> None:
    result = CliRunner().invoke(main, [group])
    assert result.exit_code == 1
    assert result.output.splitlines() == [f"Error: {group} needs a text: --text tinyshakespeare.txt"]


def test_rows_are_kept_as_lines_of_json(linear: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    file = tmp_path / "kept.jsonl"
    arguments = ["training", "--shape", "lstm-1x8-4x5", "--rounds", "2", "--json", str(file)]
    for times in (1, 2):
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert [line["what"] for line in lines] == 2 * times * [
            "lstm 1x8, 4 x 5", "lstm 1x8, 4 x 5, bf16"]
    assert lines[0]["group"] == "training"
    assert {len(rounds) for rounds in lines[0]["rivals"].values()} == {2}
    assert "versions" in lines[0]["machine"]


@pytest.fixture
def linear(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Training on a machine whose steps cost 1 ms, and 2 ms a sequence and layer; the jobs that it is given."""
    asked: list[Job] = []

    def run_job(job: Job) -> dict[str, Any]:
        asked.append(job)
        arguments = job.arguments
        shape = Shape(**arguments["shape"])
        cost = (1 + 2 * shape.batch * shape.layers * shape.window / 100) / arguments["threads"]
        slower = {"embedding": 8, "one-hot": 4}.get(arguments.get("form"), 1)
        return {"seconds": slower * cost / 1000, "peak": 200.0, "setting": "Adam fused"}

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
    assert cells(odd.rows[1])[-1].startswith("ms a sequence: 1.07 with 7, 1.08 with 6, 1.06 with 8")
    assert odd.rows[1].unit == "char/s"
    assert odd.rows[1].ours == pytest.approx(700 / 0.0075)


def test_scaling_on_one_thread_has_no_threads_to_compare(linear: list[Job]) -> None:
    assert len(list(scaling.measure(Options(rounds=1, threads=1)))) == 2
    assert {job.arguments["threads"] for job in linear} == {1}


def test_a_straight_line() -> None:
    assert scaling.line((2, 6), ([10.0, 1.0], [30.0, 1.0]), 3) == [15.0, 1.0]


def test_training_is_held_to_the_faster_form_in_the_same_precision(linear: list[Job]) -> None:
    float32, bf16, shares, bf16_shares = training.measure(Options(rounds=2, rivals=["torch"]))
    for rates, name in ((float32, "float32"), (bf16, "bf16")):
        assert len(rates.rows) == len(training.SHAPES)
        assert name in rates.title
        assert {(row.ratio, row.rival_name) for row in rates.rows} == {(4.0, "PyTorch one-hot")}
        assert {tuple(row.rivals) for row in rates.rows} == {("PyTorch embedding", "PyTorch one-hot")}
    assert {row.what.endswith(", bf16") for row in float32.rows} == {False}
    for job in linear:  # ours and both forms before the other precision begins
        assert job.arguments["precision"] == ("float32" if linear.index(job) < len(linear) // 2 else "bf16")
    assert [(row.what.split(",")[0], row.goal) for row in shares.rows if row.goal] == [
        ("lstm 1x256", 0.80), ("lstm 1x512", 0.87), ("lstm 2x512", 0.87), ("lstm 3x512", 0.87)]
    assert [(row.what.split(",")[0], row.goal) for row in bf16_shares.rows if row.goal] == [
        ("lstm 1x256", 0.75), ("lstm 1x512", 0.85), ("lstm 2x512", 0.85)]
    assert {row.rival for row in (*shares.rows, *bf16_shares.rows)} == {200.0}


def test_sampling_has_goals(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine where a second thread helps a half, bf16 twice, and 64 streams ten times."""
    def run_job(job: Job) -> dict[str, Any]:
        given = job.arguments
        gain = (1.5 if given["threads"] > 1 else 1) * (2 if given.get("precision") == "bf16" else 1)
        gain /= 5 if "torch" in job.function else 1
        return {"seconds": 1 / gain / (10 if given.get("streams", 1) > 1 else 1), "setting": "threads 1"}

    monkeypatch.setattr(processes, "run_job", run_job)
    alone, ways = sampling.measure(Options(rounds=1, rivals=list(RIVALS)))
    assert [(row.what, row.rival_name.split()[0], row.ratio, row.goal) for row in alone.rows] == [
        (f"lstm {shape}{', bf16' * (rival == 'bf16')}", "ONNX" if rival == "ONNX" else "PyTorch",
         pytest.approx(1.0 if rival == "ONNX" else 5.0), goal if rival == "ONNX" else None)
        for shape, goal in (("1x128", None), ("1x512", None), ("2x512", 2.0)) for rival in ("PyTorch", "ONNX", "bf16")]
    ratios = {row.what.removeprefix("lstm 1x512, "): row.ratio for row in ways.rows if "1x512" in row.what}
    assert ratios == pytest.approx({"2 threads": 1.5, "bf16": 2, "2 threads, bf16": 3, "64 streams, 2 threads": 15,
                                    "64 streams, 2 threads, bf16": 30})
    assert [row.what for row in ways.rows if row.goal] == ["lstm 1x512, 64 streams, 2 threads"]


def test_precision_tells_what_it_costs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run_job(job: Job) -> dict[str, Any]:
        settings = job.arguments["settings"]
        return {"validation": 1.5 + 0.001 * (settings["precision"] == "bf16") * settings["seed"], "rounded": 1.5007}

    monkeypatch.setattr(processes, "run_job", run_job)
    [losses] = precision.measure(Options(rounds=3, texts=[tmp_path / "any.txt"]))
    assert [row.ours for row in losses.rows] == pytest.approx([0.002, 1.5, 0.0007 / math.log(2)])
    assert losses.rows[0].met


TEXT = "what a tiny text this is, and how short\n" * 60


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_what_a_training_comes_to(text: Path) -> None:
    settings = {"cell": "gru", "hidden": 8, "batch": 2, "window": 10, "epochs": 0.2, "validations": 2, "seed": 3}
    found = learning.learned(str(text), settings, test_share=0.1, sample=7)
    assert 0 < found["validation"] < math.log(20)
    for name in ("cold", "rounded", "training", "test"):
        assert 0 < abs(found[name] - found["validation"]) < 0.5, name
    assert abs(found["rounded"] - found["validation"]) < 0.05
    assert (found["validations"], len(found["sample"])) == (2, 7)
    assert learning.learned(str(text), settings)["test"] is None


def test_a_cold_block_begins_from_the_initial_state_and_all_of_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside each block read alone, by what validation reads a text with; 3 rows at a time, and a rest."""
    monkeypatch.setattr(learning, "SIDE_BY_SIDE", 3)
    settings = NetworkSettings(cell="lstm", hidden=7, layers=2, dropout=0.0)
    engine = open_engine("compiled", settings, 5, generator=np.random.default_rng(1))
    engine.load({name: 3 * array for name, array in engine.parameters().items()})
    ids = np.random.default_rng(2).integers(5, size=7 * 11 + 4, dtype=np.int32)
    total = 0.0
    for start in range(0, len(ids) - 1, 11):
        block = ids[start:start + 12]
        total += (Evaluation(engine, block, len(block), 1, rows=1).loss() or 0.0) * (len(block) - 1)
    cold = learning.cold_loss(engine, ids, 11)
    assert cold == pytest.approx(total / (len(ids) - 1), abs=2e-5)
    assert cold != pytest.approx(Evaluation(engine, ids, 11, 1, rows=1).loss(), abs=1e-3)
    assert learning.cold_loss(engine, ids[:1]) is None


def test_settings_are_those_that_training_would_have(text: Path) -> None:
    settings = {"epochs": 0.01, "val_fraction": 0.1, "hidden": 20}
    chosen = learning.learned(str(text), settings, preset="default")["chosen"]
    assert "hidden 20, " in chosen
    assert "lstm" not in chosen
    assert "beta" not in learning.learned(str(text), settings)["chosen"]


def test_quality_reads_the_loss_in_two_ways(monkeypatch: pytest.MonkeyPatch, text: Path) -> None:
    asked = []

    def run_job(job: Job) -> dict[str, Any]:
        settings = job.arguments["settings"]
        asked.append((job.arguments["preset"], settings.get("minutes"), settings["seed"]))
        return {"validation": 1.5 + settings["seed"] / 8, "cold": 1.5625, "steps": 2500, "sample": "so it goes",
                "chosen": "hidden 7"}

    monkeypatch.setattr(processes, "run_job", run_job)
    [table] = quality.measure(Options(texts=[text], minutes=(3.0, 0.0), rounds=2))
    assert asked == [("default", 3.0, 1), ("default", 3.0, 2), ("default", None, 1), ("default", None, 2)]
    assert table.rows == [("default", "3", "2", "2,500", "1.6875", "", "1.5625", "", "0.1250"),
                          ("default", "0", "2", "2,500", "1.6875", "", "1.5625", "", "0.1250")]
    assert table.notes[-1] == "so it goes"
    monkeypatch.setattr(quality, "TINYSHAKESPEARE", hashlib.sha256(TEXT.encode()).hexdigest())
    [table] = quality.measure(Options(texts=[text], minutes=(3.0, 0.2), rounds=1))
    assert [(row[5], row[7]) for row in table.rows] == [("1.44", "1.4697"), ("", "")]


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """The settings that were trained; trials come to a loss by their seed, the defaults to 1.6 and more."""
    trained: list[dict[str, Any]] = []

    def run_job(job: Job) -> dict[str, Any]:
        settings = job.arguments["settings"]
        trained.append(settings)
        if settings["seed"] == 4 and "cell" in settings:
            raise MeasurementError("not enough memory")
        loss = (1.6 if "cell" not in settings else 1.55) + 0.01 * settings["seed"]
        return {"validation": loss, "cold": loss + 0.1}

    monkeypatch.setattr(learning, "run_job", run_job)
    monkeypatch.setattr(search, "RESULTS", tmp_path / "results" / "search.jsonl")
    return trained


def test_a_search_tells_the_regret(searched: list[dict[str, Any]], text: Path) -> None:
    regret, best = search.measure(Options(texts=[text], minutes=(0.25, 1.0), trials=5))
    assert len(searched) == 2 * (3 + 5)
    assert [row[0] for row in regret.rows] == ["text.txt, 0.25", "text.txt, 1"]
    # the trial that failed is none
    assert [row[1:] for row in regret.rows] == [
        ("1.6200", "0.0200", "1.7200", "4", "1.5600", "1.6600", "+0.0600")] * 2
    assert re.search(r"cell \w+, hidden \d+, layers \d, lr 0", best.rows[0][1])


def test_a_search_goes_on_where_it_was_stopped(searched: list[dict[str, Any]], text: Path) -> None:
    list(search.measure(Options(texts=[text], minutes=(1.0,), trials=2)))
    first = list(searched)
    list(search.measure(Options(texts=[text], minutes=(1.0,), trials=5)))
    assert searched[:len(first)] == first
    assert len(searched) == len(first) + 3  # only what is new, not even what failed
    list(search.measure(Options(texts=[text], minutes=(1.0,), trials=5)))
    assert len(searched) == len(first) + 3
    assert len({json.dumps(settings) for settings in searched}) == len(searched)


def test_defaults_that_were_changed_are_measured_anew(searched: list[dict[str, Any]], text: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    list(search.measure(Options(texts=[text], trials=1)))
    before = len(searched)
    monkeypatch.setattr(search, "rules", lambda *place: "others")
    regret, _ = search.measure(Options(texts=[text], trials=1))
    assert [settings["seed"] for settings in searched[before:]] == [1, 2, 3]
    assert regret.rows[0][4] == "1"


def test_a_search_with_fewer_threads_or_on_another_processor_is_one_of_its_own(
        searched: list[dict[str, Any]], text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for threads, processor, trained in ((2, "one", 4), (1, "one", 4), (2, "other", 4), (2, "one", 0)):
        before = len(searched)
        monkeypatch.setattr(search, "physical_cores", lambda threads=threads: threads)
        monkeypatch.setattr(search, "processor", lambda processor=processor: processor)
        regret, _ = search.measure(Options(texts=[text], trials=1))
        assert len(searched) == before + trained
        assert regret.title.endswith(f"{threads} thread{'' if threads == 1 else 's'}")
        assert regret.rows[0][4] == "1"  # trial, of this number of threads and processor


def test_the_texts_of_a_search_are_made_of_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wanted = ("code.txt", "tunes.txt")  # the others need packages that tests do without
    monkeypatch.setattr(search_texts, "TEXTS", {name: search_texts.TEXTS[name] for name in wanted})
    search_texts.main(str(tmp_path / "texts"))
    found = [(tmp_path / "texts" / name).read_text(encoding="utf-8") for name in wanted]
    modules = "class BaseEventLoop", "class Context", "class EmailMessage"
    places = [found[0].index(f"\n{module}(") if f"\n{module}(" in found[0] else found[0].index(f"\n{module}:")
              for module in modules]
    assert places == sorted(places)
    assert found[1].startswith("X:")


def test_trials_are_all_different_and_can_be_trained(text: Path) -> None:
    trials = [search.drawn(text, 1.0, number) for number in range(300)]
    assert len({json.dumps(trial) for trial in trials}) == 300
    assert {trial["cell"] for trial in trials} == set(search.CELLS)
    assert min(trial["averaging"] for trial in trials) == 0.0
    assert max(trial["averaging"] for trial in trials) > 0.99
    for trial in trials:
        learning.settings_of({**trial, "minutes": 1.0})
    assert search.drawn(text, 2.0, 0) != trials[0]


def test_a_really_short_search(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "RESULTS", tmp_path / "search.jsonl")
    monkeypatch.setattr(search, "SEEDS", (1,))
    tiny = {"cell": "rnn", "hidden": 8, "batch": 4, "window": 9, "seed": 1}
    monkeypatch.setattr(search, "drawn", lambda *given: tiny)
    monkeypatch.setattr(learning, "run_job", lambda job: learning.learned(**job.arguments))
    regret, _ = search.measure(Options(texts=[text], minutes=(0.002,), trials=1))
    assert float(regret.rows[0][1]) > 0
    assert len(learning.read_rows(tmp_path / "search.jsonl")) == 2
    with open(tmp_path / "search.jsonl", "a") as file:
        file.write('{"text": "torn')  # by a kill
    assert len(learning.read_rows(tmp_path / "search.jsonl")) == 2


def test_pictures_of_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linear: list[Job]) -> None:
    monkeypatch.setattr(pictures, "RESULTS", tmp_path)
    monkeypatch.setattr(pictures, "PICTURES", tmp_path)
    with pytest.raises(MeasurementError, match="there is nothing to draw in"):
        list(pictures.measure(Options()))
    lines = [{"group": "training", **row} for table in training.measure(Options(rounds=2, rivals=["torch"]))
             for row in table.to_dicts()]
    lines += [{"group": "quality", "preset": preset, "minutes": minutes, "state carried": "1.5",
               "cold blocks of 256": "1.6"} for preset, minutes in (("default", "1"), ("default", "3"), ("best", "9"))]
    lines += [{"group": "rival-losses", "name": "nanoGPT", "minutes": 0.5 * n, "loss": 3 / n} for n in (1, 2)]
    (tmp_path / "all.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"text": "cells"}]))
    [table] = pictures.measure(Options())
    shapes = len(training.SHAPES)
    # each series has a mark in the legend too
    assert [(row[0], int(row[2])) for row in table.rows] == [
        ("docs/pictures/losses.svg", 2 + 2 + 2 + 3), ("docs/pictures/speed.svg", 6 * shapes + 3),
        ("docs/pictures/peak.svg", 2 * shapes + 1)]
    speed = (tmp_path / "speed.svg").read_text()
    for words in ("PyTorch embedding", "PyTorch one-hot", "charrnn", "float32", "bf16", "lstm 3x512, 64 x 100"):
        assert f">{words}<" in speed
    assert ">nanoGPT<" in (tmp_path / "losses.svg").read_text()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_products_of_every_width(precision: str) -> None:
    made = widths.works(16, precision)
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


def test_a_target_may_be_right_in_several_ways() -> None:
    task = pairs.Task([], {"read": [["R", "IY", "D"], ["R", "EH", "D"]], "a": [["AH"], ["EY"]]}, between=" ")
    assert pairs.errors(["R EH D", "EY EY"], task) == (0.5, 1 / 4)
    assert pairs.errors(["abd"], pairs.Task([], {"x": [list("abcd")]})) == (0.0, 0.25)


def test_no_right_word_is_on_both_sides_of_spelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "codespell_lib" / "data").mkdir(parents=True)
    (tmp_path / "codespell_lib" / "__init__.py").touch()
    letters = [f"{one}{two}" for one in "abcde" for two in "abcde"]
    (tmp_path / "codespell_lib" / "data" / "dictionary.txt").write_text(
        "".join(f"x{word}->{word}\n" for word in letters) + "yaa->aa, ab, why it is kept\nyee->aa, bb,\nz'->zz\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = pairs.spelling()
    assert len(found.ways) == 3
    assert not {right for _, right in found.pairs} & {"".join(way) for ways in found.ways.values() for way in ways}
    assert not {"z'", "yaa"} & {source for source, _ in found.pairs}


def test_pairs_without_a_package_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MeasurementError, match="pip install --group pairs"):
        list(pairs.measure(Options()))
