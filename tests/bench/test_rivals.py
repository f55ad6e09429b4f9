"""The rivals do what they are measured for; each is tested where it is installed."""

from typing import Any

import numpy as np
import pytest

from charrnn.bench.rivals import CELLS, FORMS
from charrnn.bench.shape import VOCABULARY, Shape

TINY = {"cell": "lstm", "layers": 2, "hidden": 8, "batch": 3, "window": 5}


@pytest.mark.torch
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("precision", ["float32", "bf16"])
# PyTorch's own, when oneDNN is turned off
@pytest.mark.filterwarnings("ignore:TF32 acceleration:UserWarning")
def test_pytorch_in_its_four_forms(form: str, precision: str) -> None:
    torch = pytest.importorskip("torch")
    from charrnn.bench import rival_torch

    network = rival_torch.CharNetwork(form, Shape(**TINY, embedding=4))
    with rival_torch.autocast(precision):
        logits, _ = network(torch.zeros(5, 3, dtype=torch.long))
    assert logits.dtype == (torch.bfloat16 if precision == "bf16" else torch.float32)
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    step, before = rival_torch.training_step(network, Shape(**TINY), precision), network.output.weight.clone()
    losses = [step(i, torch.optim.Adam(network.parameters(), lr=1e-2)) for i in range(2)]
    assert losses == pytest.approx([np.log(VOCABULARY)] * 2, abs=0.3)
    assert not torch.equal(network.output.weight, before)
    for function in (rival_torch.train, rival_torch.sample):
        found = function(TINY, form, precision, 0.001, 1)
        assert found["seconds"] > 0
        assert found["setting"].startswith(("Adam ", "threads 1, "))


@pytest.mark.parametrize("cell", CELLS)
def test_onnx_runtime_steps_through_a_text(cell: str) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    from charrnn.bench import rival_onnx

    shape = Shape(**{**TINY, "cell": cell})
    session = onnxruntime.InferenceSession(rival_onnx.step_model(shape), providers=["CPUExecutionProvider"])
    state: dict[str, Any] = {one.name: np.zeros((1, 1, 8), np.float32) for one in session.get_inputs()[1:]}
    assert len(state) == (4 if cell == "lstm" else 2)
    character, seen = np.eye(VOCABULARY, dtype=np.float32)[:1, None], []
    for _ in range(3):
        probabilities, *new = session.run(None, {"x": character, **state})
        state = {one.name.removesuffix("_new"): array
                 for one, array in zip(session.get_outputs()[1:], new, strict=True)}
        assert probabilities.sum() == pytest.approx(1.0, abs=1e-5)
        seen.append(probabilities.ravel())
    # the same character each time: only the state makes a difference
    assert np.abs(seen[0] - seen[1]).max() > 1e-5
    assert np.abs(seen[1] - seen[2]).max() > 1e-6
    assert rival_onnx.sample({**TINY, "cell": cell}, 0.001, 1)["seconds"] > 0
