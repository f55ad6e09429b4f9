"""Exported parameters are those of PyTorch's own modules, and a state dict comes back as the network it was."""

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import save_file
from torch import nn

import charrnn
from charrnn.errors import CheckpointError, SettingsError
from charrnn.interchange.export import export_network
from charrnn.interchange.import_network import import_network
from charrnn.interchange.state_dict import NAMED_CELLS, TORCH_CELLS
from charrnn.interchange.tensor_files import read_tensors
from charrnn.interchange.torch_mogrifier import Mogrifier
from tests.interchange.made import CHARACTERS, SHAPES, V, checkpoint_of, ids, letters, logits, saved
from tests.pages import ROOT, fences, text_of

pytestmark = pytest.mark.torch
CLOSE = {"rtol": 0, "atol": 1e-5}
SHUFFLED = "e!\néc dba"


class Theirs(nn.Module):
    """A program for characters as PyTorch's documentation teaches it."""

    def __init__(self, kind, width, hidden, layers, bias=True, vocabulary=V):
        super().__init__()
        if width:
            self.embed = nn.Embedding(vocabulary, width)
        self.lstm = getattr(nn, kind)(width or vocabulary, hidden, layers, bias=bias)
        self.fc = nn.Linear(hidden, vocabulary, bias=bias)
        self.width, self.vocabulary = width, vocabulary

    def forward(self, x):
        x = self.embed(x) if self.width else nn.functional.one_hot(x, self.vocabulary).float()
        return self.fc(self.lstm(x)[0])


@pytest.mark.parametrize("cell", NAMED_CELLS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_file_is_what_pytorchs_modules_load(cell, shape, tmp_path):
    checkpoint = checkpoint_of(cell, **shape)
    export_network(saved(tmp_path, checkpoint), "safetensors", tmp_path / "made.safetensors")
    tensors, metadata = read_tensors(tmp_path / "made.safetensors")
    assert metadata["format"] == "pt"
    network = checkpoint.settings.network
    width = network.embedding or V
    layers = getattr(nn, TORCH_CELLS[cell]) if cell in TORCH_CELLS else Mogrifier
    modules = {"rnn": layers(width, 6, network.layers), "output": nn.Linear(6, V)}
    if network.embedding:
        modules["embedding"] = nn.Embedding(V, width)
    for name, module in modules.items():
        parts = {key.removeprefix(f"{name}."): torch.from_numpy(tensor) for key, tensor in tensors.items()
                 if key.startswith(f"{name}.")}
        module.load_state_dict(parts)  # strict: nothing is missing, nothing is left over
    left = {name for name in tensors if name.split(".")[0] not in modules}
    assert left == ({f"{letter}0" for letter in letters(cell)} if network.learn_initial_state else set())


@pytest.mark.parametrize("cell", NAMED_CELLS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_to_torch_and_back(cell, shape, tmp_path):
    checkpoint = checkpoint_of(cell, **shape)
    path = saved(tmp_path, checkpoint)
    module = charrnn.load(path).to_torch()
    assert not module.training
    with torch.no_grad():
        whole, state = module(torch.from_numpy(ids()))
        first, between = module(torch.from_numpy(ids()[:3]))
        second, after = module(torch.from_numpy(ids()[3:]), between)
    np.testing.assert_allclose(whole, logits(checkpoint, ids()), **CLOSE)
    np.testing.assert_allclose(torch.cat([first, second]), whole, **CLOSE)
    np.testing.assert_allclose(after[0], state[0], **CLOSE)
    export_network(path, "safetensors", tmp_path / "made.safetensors")
    run = import_network(tmp_path / "made.safetensors", runs=tmp_path / "runs")
    again = charrnn.load(run.folder)
    assert again.vocabulary.characters == CHARACTERS
    assert again.settings.network == checkpoint.settings.network
    for name, array in again.parameters.items():
        np.testing.assert_array_equal(array, checkpoint.arrays[name], err_msg=name)


def test_a_mogrifier_that_scales_nothing_is_pytorchs_gru():
    """With both of its biases, of which ours is the sum but for the third part."""
    torch.manual_seed(6)
    theirs, ours = nn.GRU(4, 5, 2), Mogrifier(4, 5, 2)
    nothing = {"weight_ih_l0": torch.zeros(5, 4), "weight_ih_l1": torch.zeros(5, 5), "bias_ih_l0": torch.zeros(5),
               "bias_ih_l1": torch.zeros(5)}
    ours.load_state_dict({name: torch.cat([tensor, nothing[name]]) if name in nothing else tensor
                          for name, tensor in theirs.state_dict().items()})
    x, state = torch.randn(7, 3, 4), torch.randn(2, 3, 5)
    torch.testing.assert_close(ours(x, state), theirs(x, state))
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("kind", TORCH_CELLS.values())
@pytest.mark.parametrize("width", [0, 4, 6])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_a_network_of_another_program(kind, width, layers, bias, ending, tmp_path):
    theirs = Theirs(kind, width, 6, layers, bias)
    file = tmp_path / f"theirs.{ending}"
    if ending == "pt":
        torch.save({"model": theirs.state_dict(), "epoch": 3, "optimizer": {"state": {}}}, file)
    else:
        save_file(theirs.state_dict(), file)
    (tmp_path / "vocabulary.txt").write_text(SHUFFLED + "\n", encoding="utf-8")
    run = import_network(file, tmp_path / "vocabulary.txt", runs=tmp_path)
    model = charrnn.load(run.folder)
    text = "abc de\n!éa"
    with torch.no_grad():
        expected = theirs(torch.tensor([[SHUFFLED.index(c)] for c in text]))[:, 0]
    places = [SHUFFLED.index(c) for c in model.vocabulary.characters]
    found = model.engine.streams(1, len(text)).read(model.vocabulary.encode(text)[:, None])[:, 0]
    found = found @ model.parameters["weight_out"].T + model.parameters["bias_out"]
    np.testing.assert_allclose(found, expected[:, places], **CLOSE)
    assert len(model.sample(20, seed=1)) == 20


@pytest.mark.parametrize(("change", "message"), [
    (lambda m: {k: v for k, v in m.items() if "hh_l1" not in k}, "lacks weight_hh_l1"),
    (lambda m: {k: v for k, v in m.items() if "lstm" not in k}, "no weight_ih_l0 and weight_hh_l0"),
    (lambda m: {k: v for k, v in m.items() if "fc" not in k}, "no output layer"),
    (lambda m: m | {"lstm.weight_ih_l0": torch.zeros(24, 7)}, "more than a network of charrnn: embed.weight"),
    (lambda m: m | {"lstm.weight_hh_l0": torch.zeros(24, 5)}, "none of an LSTM"),
    (lambda m: m | {"lstm.weight_hh_l1": torch.zeros(24, 5)}, r"of shape \(24, 5\), and \(24, 6\) would fit"),
    (lambda m: m | {"norm.weight": torch.zeros(6)}, "more than a network of charrnn: norm.weight"),
    (lambda m: m | {"gru.weight_hh_l0": torch.zeros(18, 6)}, "2 recurrent stacks"),
    (lambda m: m | {"lstm.weight_hr_l0": torch.zeros(3, 6)}, "projects its output"),
    (lambda m: m | {"lstm.weight_hh_l0_reverse": torch.zeros(24, 6)}, "bidirectional"),
    (lambda m: m | {"fc.bias": torch.full((V,), torch.nan)}, "NaN or too large"),
    (lambda m: m | {"fc.bias": torch.zeros(V, dtype=torch.complex64)}, "fc.bias of torch.complex64"),
    (lambda m: {}, "holds no state dict"),
    (lambda m: {"model": print}, "more than tensors"),
    (lambda m: [1, 2], "no state dict"),
])
def test_what_is_no_network_of_ours_is_refused(change, message, tmp_path):
    torch.save(change(Theirs("LSTM", 4, 6, 2).state_dict()), tmp_path / "theirs.pt")
    (tmp_path / "v.txt").write_text(SHUFFLED, encoding="utf-8")
    with pytest.raises(CheckpointError, match=message) as error:
        import_network(tmp_path / "theirs.pt", tmp_path / "v.txt", runs=tmp_path / "runs")
    assert "theirs.pt" in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "runs").exists()


def test_code_in_a_file_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "written"), "w"))

    torch.save({"weight_hh_l0": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(CheckpointError, match="can't be read safely"):
        import_network(tmp_path / "evil.pt", runs=tmp_path)
    assert not (tmp_path / "written").exists()


def test_cells_that_pytorch_lacks(tmp_path):
    model = charrnn.load(saved(tmp_path, checkpoint_of("peephole")))
    with pytest.raises(SettingsError, match="PyTorch has no peephole cell; charrnn export --to onnx"):
        model.to_torch()


@pytest.mark.parametrize(("heading", "kind"), [("To PyTorch", "safetensors"), ("To ONNX", "onnx")])
def test_the_scripts_in_the_docs(heading, kind, tmp_path):
    """They run as they stand, on a network that knows one sentence."""
    pytest.importorskip("onnxruntime")
    page = text_of(ROOT / "docs/interchange.md").partition(f"## {heading}\n")[2]
    script = next(fence.content for fence in fences(page) if fence.language == "python")
    (tmp_path / "script.py").write_text(script)
    export_network(ROOT / "tests/golden/tiny.safetensors", kind, tmp_path / f"net.{kind}")
    done = subprocess.run([sys.executable, "script.py", f"net.{kind}"], cwd=tmp_path, capture_output=True, text=True,
                          check=True, timeout=300)
    assert len(done.stdout) == 200
    assert "the quick brown fox jumps over the lazy dog." in done.stdout
