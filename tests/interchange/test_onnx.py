"""An exported ONNX model gives the logits of the network, in ONNX Runtime, however the text is cut."""

import json

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.errors import SettingsError
from charrnn.interchange import onnx_file
from charrnn.interchange.onnx_file import onnx_bytes
from charrnn.runs.trained_network import check_network
from tests.interchange.made import CHARACTERS, SHAPES, N, T, checkpoint_of, ids, letters, logits

pytestmark = pytest.mark.torch
CLOSE = {"rtol": 0, "atol": 1e-5}


def session_of(checkpoint):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    data = onnx_bytes(checkpoint, check_network(checkpoint))
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])


def initial_state(session, checkpoint):
    network = checkpoint.settings.network
    zero = {letter: np.zeros((network.layers, N, 6), np.float32) for letter in letters(network.cell)}
    if not network.learn_initial_state:
        return zero
    names = [f"{letter}_initial" for letter in zero]
    return dict(zip(zero, session.run(names, {"ids": ids()[:1], **zero}), strict=True))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("window", [1, 3, T])
def test_logits(cell, shape, window):
    checkpoint = checkpoint_of(cell, **shape)
    session, inputs = session_of(checkpoint), ids()
    state, found = initial_state(session, checkpoint), []
    names = ["logits", *(f"{letter}_next" for letter in state)]
    for start in range(0, T, window):
        part, *after = session.run(names, {"ids": inputs[start:start + window], **state})
        state = dict(zip(state, after, strict=True))
        found.append(part)
    np.testing.assert_allclose(np.concatenate(found), logits(checkpoint, inputs), **CLOSE)


def test_what_it_says_of_itself():
    session = session_of(checkpoint_of("gru", layers=2))
    said = session.get_modelmeta().custom_metadata_map
    assert json.loads(said["vocabulary"]) == list(CHARACTERS)
    assert json.loads(said["network"])["cell"] == "gru"
    assert [(one.name, one.shape) for one in session.get_inputs()] == [("ids", ["T", "N"]), ("h", [2, "N", 6])]
    assert [one.name for one in session.get_outputs()] == ["logits", "h_next"]


def test_a_body_makes_no_name_that_stands_outside():
    onnx = pytest.importorskip("onnx")
    checkpoint = checkpoint_of("mogrifier", layers=2, learn_initial_state=True)
    graph = onnx.load_from_string(onnx_bytes(checkpoint, check_network(checkpoint))).graph
    bodies = [node.attribute[0].g for node in graph.node if node.op_type == "Scan"]

    def made(one):
        return [name for node in one.node for name in node.output] + [value.name for value in one.input]

    names = [*made(graph), *(array.name for array in graph.initializer), *made(bodies[0]), *made(bodies[1])]
    assert len(bodies) == 2
    assert len(names) == len(set(names))


def test_another_cell_is_refused(monkeypatch):
    pytest.importorskip("onnx")
    checkpoint = checkpoint_of("lstm")
    monkeypatch.delitem(onnx_file.OPERATORS, "lstm")
    with pytest.raises(SettingsError, match="ONNX has no lstm cell"):
        onnx_bytes(checkpoint, check_network(checkpoint))
