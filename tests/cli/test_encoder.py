"""`charrnn train --pairs --encoder own`: what reads sources has weights of its own, in all that a run can do."""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charrnn
from charrnn.cells.numpy_step import Arrays
from charrnn.cells.registry import CELLS
from charrnn.engine.initial import parameter_shapes
from charrnn.engine.reference.backpropagation import layer_arrays
from charrnn.errors import SettingsError
from charrnn.runs.checkpoint import load_checkpoint
from charrnn.settings import NetworkSettings, Settings, TextSettings
from charrnn.text.documents import Documents
from charrnn.text.windows import as_read, evaluation_windows
from charrnn.training.trainer import Trainer
from tests.cli.conftest import Program

TINY = ("--hidden", "12", "--cell", "gru", "--layers", "1", "--batch", "4", "--window", "5", "--lr", "0.02",
        "--dropout", "0", "--precision", "float32", "--epochs", "8", "--validations", "2", "--shards", "1")
OWN = ("train", "pairs.tsv", "--pairs", "--encoder", "own", *TINY)
PAIRS = [(word, word[::-1]) for word in (a + b for a in "abc" for b in "abc")]
TEXT = "".join(f"{source}\t{target}\n" for source, target in PAIRS)
OPTIONS: dict[str, Any] = {
    "hidden": 12, "cell": "gru", "layers": 1, "batch": 4, "window": 5, "lr": 0.02, "dropout": 0.0, "pairs": True,
    "precision": "float32", "validations": 2, "shards": 1, "val_fraction": 0.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs, and networks trained on them: windows are shorter than pairs, so that they end anywhere."""
    folder = tmp_path_factory.mktemp("encoder")
    (folder / "pairs.tsv").write_text(TEXT)
    for encoder, epochs in (("own", 150), ("shared", 2)):
        charrnn.train(folder / "pairs.tsv", encoder=encoder, epochs=epochs, name=encoder,
                      folder=folder / "checkpoints", **OPTIONS)
    return folder


@pytest.fixture
def own(charrnn: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Commands in the folder of these networks."""
    monkeypatch.chdir(folder)
    return charrnn


def read_by_hand(model: charrnn.Model, source: str, target: str) -> tuple[list[float], list[Any]]:
    """-log p of each character of the target and of its end, in plain NumPy; and the last state."""
    network, parameters = model.settings.network, {name: array.astype(np.float64)
                                                   for name, array in model.parameters.items()}
    cell, V = CELLS[network.cell], len(model.vocabulary)
    table = parameters["embedding"] if network.embedding else np.eye(V)
    layers = [layer_arrays(parameters, k) for k in range(network.layers)]
    zero = np.zeros((1, network.hidden))
    state = [tuple(layer.get(f"{letter}0", zero).reshape(1, -1) for letter in cell.letters) for layer in layers]
    nats = []
    for text, following, part in ((f"\n{source}", "", "_encoder"), (f"\t{target}", f"{target}\n", "")):
        for place, unit in enumerate(model.vocabulary.encode(text)):
            x = table[[unit]]
            for k, layer in enumerate(layers):
                weights: Arrays = {name: layer[name + part] for name in layer if name + part in layer}
                state[k], _ = cell.step(x, state[k], weights)
                x = state[k][0]
            if following:
                logits = (x @ parameters["weight_out"].T + parameters["bias_out"])[0]
                wanted = model.vocabulary.encode(following)[place]
                nats.append(float(np.log(np.exp(logits - logits[wanted]).sum())))
    return nats, state


@pytest.mark.few(3)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", [{"layers": 1}, {"layers": 2, "embedding": 3, "learn_initial_state": True}])
def test_targets_are_those_of_plain_numpy(cell: str, shape: dict[str, Any], tmp_path: Path) -> None:
    options = {**OPTIONS, **shape, "cell": cell}
    model = charrnn.train(text=TEXT, encoder="own", epochs=30, folder=tmp_path, name="one", **options)
    [found] = model.translate(["ab"], 3, length=4)
    assert len(found) == 3
    for one in found:
        nats, _ = read_by_hand(model, "ab", one.text)
        assert sum(nats[:len(one.text) + (one.end != "length")]) == pytest.approx(one.nats, abs=1e-4)
    [sample] = model.generate(1, 3, prime="ca\ta", seed=1)
    nats, _ = read_by_hand(model, "ca", "a" + sample.text)
    np.testing.assert_allclose(sample.nats[:len(sample.text)], nats[1:len(sample.text) + 1], atol=1e-4)
    scored = model.score("ab\tba\nca\tcc\n")
    expected = [*read_by_hand(model, "ab", "ba")[0], *read_by_hand(model, "ca", "cc")[0]]
    assert scored.nats == pytest.approx(np.mean(expected), abs=1e-5)
    assert scored.predicted == len(expected)
    for engine in ("reference", "compiled"):
        other = charrnn.load(model.path, engine=engine)
        assert other.loss("ab\tba\nca\tcc\n") == pytest.approx(np.mean(expected), abs=1e-5)
        assert other.sample(3, prime="ca\ta", seed=1) == sample.text
    both = charrnn.Ensemble([model, model])
    assert both.score("ab\tba\nca\tcc\n").nats == pytest.approx(scored.nats, abs=1e-5)
    assert both.sample(3, prime="ca\ta", seed=1) == sample.text
    assert model.score("ab\tba\nca\tcc\n", adapt=True).plain.nats == pytest.approx(scored.nats, abs=1e-5)


def test_a_completer_reads_only_what_has_changed(folder: Path) -> None:
    model = charrnn.load(folder / "checkpoints" / "own")
    warm = model.completer()
    for prefix in ("a\t", "ab\t", "ab\tb", "abcabc\tcb", "abc\t", "ab\t"):
        assert warm.complete(prefix, 2, until="line") == model.complete(prefix, 2, until="line")


def test_windows_tell_sources_from_targets() -> None:
    """Here V is 5: \\n \\t a b c."""
    text, ids = "\nab\tba\nc\tbb\n", {unit: number for number, unit in enumerate("\n\tabc")}
    numbers = np.array([ids[unit] for unit in text], np.int32)
    marks = np.flatnonzero(numbers == 0)
    documents = Documents(numbers, marks, source_ends=np.flatnonzero(numbers == 1))
    shared, own = (as_read(documents, NetworkSettings(encoder=encoder), 5) for encoder in ("shared", "own"))
    assert shared is documents
    assert isinstance(own, Documents)
    assert (own.start, own.mark) == (5, 0)
    for part in (own, *own.split(0.5)):
        assert part.source_shift == 5
    inputs, targets = (np.concatenate([getattr(window, name)[:, 0] for window in evaluation_windows(own, 1, 2)])
                       for name in ("inputs", "targets"))
    assert inputs.tolist() == [5, 7, 8, 1, 3, 2, 5, 9, 1, 3, 3]
    assert targets.tolist() == [-1, -1, -1, 3, 2, 0, -1, -1, 3, 3, 0]
    # a row that has come to its end reads marks, which is the encoder's part
    for window in evaluation_windows(own, 2, 4):
        assert ((window.inputs >= 5) == (window.targets < 0)).all()


def test_pairs_are_learned(own: Program) -> None:
    done = own("translate", "own", "pairs.tsv", "--score")
    assert done.out == "right            100.00% (9 of 9 pairs)\ncharacter errors 0.00% (0 of 18 characters)\n"
    done = own("translate", "own", "-", "--json", stdin=b"a?b\nab\n")  # each source has its line
    refused, answered = map(json.loads, done.out.splitlines())
    assert (done.code, done.err, refused["source"], answered["source"]) == (1, "", "a?b", "ab")
    assert "'?' (U+003F)" in refused["error"]
    done = own("translate", "own", "-", "-k", "2", "--json", stdin=b"ab\n")
    assert json.loads(done.out)["targets"][0]["text"] == "ba"
    assert '  "ba"\n' in own("complete", "own", "ab\t", "--until", "line", "-k", "1").out
    assert own("sample", "own", "--prime", "ca\t", "--temp", "0", "--length", "5").out.strip().endswith("ac")
    many = own("sample", "own", "--prime", "ca\t", "--temp", "0.1", "-n", "9", "--length", "5", "--json", "--seed", "1")
    assert {json.loads(line)["text"] for line in many.out.splitlines()} == {"ac"}
    alone, twice = (own("score", "own", "pairs.tsv", *more).out.splitlines() for more in ((), ("--with", "own")))
    assert alone[1:] == twice[1:]
    assert "gru, 1 layer of 12, one-hot input, encoder own: " in own("info", "own").out
    assert "encoder own" not in own("info", "shared").out


def test_it_resumes_to_the_byte(own: Program, folder: Path) -> None:
    call = (*OWN[:-8], "--dropout", "0.2", "--recurrent-dropout", "0.2", "--layers", "2", "--embedding", "3",
            "--learn-initial-state", "--averaging", "0.9", "--epochs", "8", "--validations", "2", "--shards", "2")
    for name in ("whole", "half"):
        shutil.rmtree(folder / "checkpoints" / name, ignore_errors=True)
    assert own(*call, "--name", "whole").code == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "_is_out_of_patience", property(lambda trainer: trainer.progress >= 0.5))
        assert own(*call, "--name", "half").code == 0
    assert own("train", "--resume", "half").code == 0
    whole, half = ((folder / "checkpoints" / name / "last.safetensors").read_bytes() for name in ("whole", "half"))
    assert whole == half
    (folder / "again.toml").write_text(own("info", "whole", "--config").out)
    shutil.rmtree(folder / "checkpoints" / "again", ignore_errors=True)
    assert 'encoder = "own"' in (folder / "again.toml").read_text()
    assert own("train", "--config", "again.toml", "--name", "again").code == 0
    assert (folder / "checkpoints" / "again" / "last.safetensors").read_bytes() == whole


def test_engines_take_over_from_each_other(own: Program, folder: Path) -> None:
    for name in ("there", "back"):
        shutil.rmtree(folder / "checkpoints" / name, ignore_errors=True)
    losses = []
    for name, engines in (("there", ("reference", "compiled")), ("back", ("compiled", "reference"))):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Trainer, "_is_out_of_patience", property(lambda trainer: trainer.progress >= 0.5))
            assert own(*OWN, "--name", name, "--engine", engines[0]).code == 0
        assert own("train", "--resume", name, "--engine", engines[1]).code == 0
        history = load_checkpoint(folder / "checkpoints" / name / "last.safetensors").progress["history"]
        losses.append([(point["step"], point["train"], point["val"] or 0.0) for point in history["points"]])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


def test_the_checkpoint_of_a_shared_encoder_says_nothing_new(folder: Path) -> None:
    settings = load_checkpoint(folder / "checkpoints" / "shared" / "best.safetensors").settings
    assert "encoder" not in settings.to_dict()["network"]
    own = load_checkpoint(folder / "checkpoints" / "own" / "best.safetensors")
    assert own.settings.to_dict()["network"]["encoder"] == "own"
    assert Settings.from_dict(own.settings.to_dict()) == own.settings
    shapes = parameter_shapes(own.settings.network, len(own.vocabulary))
    assert {name for name in own.arrays if "." not in name} == shapes.keys()
    twins = [name for name in shapes if "_encoder" in name]
    assert twins == ["weight_ih_encoder_l0", "weight_hh_encoder_l0", "bias_encoder_l0", "bias_n_encoder_l0"]
    lstm = dataclasses.replace(own.settings.network, cell="lstm")
    assert list(parameter_shapes(lstm, 5)).index("bias_encoder_l0") == 5


def test_a_run_begins_from_one_of_its_kind(own: Program, folder: Path) -> None:
    (folder / "more.tsv").write_text(TEXT + "da\tad\nxa\tax\n")
    done = own("train", "more.tsv", "--pairs", "--init-from", "own", "--epochs", "1", "--val-fraction", "0", "--name",
               "more")
    assert done.code == 0, done.err
    assert load_checkpoint(folder / "checkpoints" / "more" / "last.safetensors").settings.network.encoder == "own"
    assert own("translate", "more", "-", stdin=b"da\n").code == 0
    runs = sorted((folder / "checkpoints").iterdir())
    for arguments, said in (
            (("--pairs", "--init-from", "shared", "--encoder", "own"),
             "--encoder own contradicts shared, which has --encoder shared; leave --encoder out, or --init-from"),
            (("--pairs", "--init-from", "own", "--encoder", "shared"),
             "--encoder shared contradicts own, which has --encoder own; leave --encoder out, or --init-from"),
            (("--documents", "line", "--init-from", "own"),
             "own has --encoder own, which reads the sources of pairs; give --pairs, or begin from another run")):
        done = own("train", "more.tsv", *arguments, "--epochs", "1")
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done.err
        assert said in done.err
    assert sorted((folder / "checkpoints").iterdir()) == runs


@pytest.mark.parametrize(("arguments", "said"), [
    (("train", "pairs.tsv", "--encoder", "own"), "--encoder own reads the sources of pairs, and has no effect without "
                                                 "--pairs; leave it out, or give --pairs"),
    ((*OWN, "--show-samples"), "leave --show-samples and --samples-every out"),
    (("sample", "own"), "begin the prime with a source and a tab, or use charrnn translate"),
    (("sample", "own", "--prime", "ab"), "begin the prime with a source and a tab"),
    (("sample", "own", "--prime", "\tab"), "begin the prime with a source and a tab"),
    (("play", "own"), "begin the prime with a source and a tab"),
    (("complete", "own", "ab"), "begin the prefix with a source and a tab"),
    (("inspect-cells", "own", "--text", "pairs.tsv"), "can't be inspected; train one with --encoder shared"),
    (("export", "own", "--to", "safetensors"), "can't be written for other programs"),
    (("export", "own", "--to", "onnx"), "can't be written for other programs"),
    (("export", "own", "--to", "hf"), "can't be written for other programs"),
    (("export", "own", "--html", "page.html"), "the page has no place for a network with --encoder own"),
    (("classify", "own", "pairs.tsv"), "trained without labels"),
    (("score", "own", "pairs.tsv", "--with", "shared"), "differ in --encoder"),
    (("sample", "own", "--prime", "ab\t", "--with", "shared"), "differ in --encoder")])
def test_what_it_cannot_do_is_one_line(own: Program, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    before = sorted(path for path in folder.rglob("*"))
    done = own(*arguments)
    lines = [line for line in done.err.splitlines() if "compiling kernels" not in line]
    assert done.code in (1, 2)
    assert not done.out
    assert said in lines[-1]
    assert "Traceback" not in done.err
    assert sorted(path for path in folder.rglob("*")) == before


@pytest.mark.torch
def test_the_engine_of_pytorch_refuses_it(own: Program) -> None:
    done = own(*OWN, "--engine", "torch", "--name", "torch")
    assert (done.code, done.out) == (2, "")
    assert "--engine torch has no networks with --encoder own; use --engine compiled" in done.err
    with pytest.raises(SettingsError, match="can't be written for other programs"):
        charrnn.load("own").to_torch()


def test_notebooks_show_its_name(folder: Path) -> None:
    assert charrnn.load(folder / "checkpoints" / "own")._repr_html_() is None


def test_settings_know_where_it_belongs() -> None:
    with pytest.raises(SettingsError, match="has no effect without --pairs"):
        Settings(NetworkSettings(encoder="own"))
    settings = Settings(NetworkSettings(encoder="own"), text=TextSettings(pairs=True))
    assert settings.network.has_encoder
    assert not NetworkSettings().has_encoder


@pytest.mark.slow
def test_a_new_process_resumes_to_the_byte_too(own: Program, folder: Path) -> None:
    for name in ("all", "part"):
        shutil.rmtree(folder / "checkpoints" / name, ignore_errors=True)
    assert own(*OWN, "--name", "all").code == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "_is_out_of_patience", property(lambda trainer: trainer.progress >= 0.5))
        assert own(*OWN, "--name", "part").code == 0
    subprocess.run([sys.executable, "-m", "charrnn", "train", "--resume", "part"], cwd=folder, check=True,
                   capture_output=True)
    whole, part = ((folder / "checkpoints" / name / "last.safetensors").read_bytes() for name in ("all", "part"))
    assert whole == part
