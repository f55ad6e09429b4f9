"""Layer bench: a rival in sampling: ONNX Runtime's recurrent layers, called once a character from a loop in Python.

One-hot vectors go in, which is faster than an embedding as wide as the layer; probabilities and the new state come out.
"""

from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from charrnn.bench.clock import median_seconds
from charrnn.bench.shape import TEMP, VOCABULARY, Shape

GATES = {"lstm": 4, "gru": 3, "rnn": 1}
# PyTorch's GRU, and ours, resets after the product.
ATTRIBUTES: dict[str, dict[str, Any]] = {"gru": {"linear_before_reset": 1}}


def step_model(shape: Shape) -> bytes:
    """A model of one step with random weights: x (1, 1, V) and the state in, probabilities (1, 1, V) and state out."""
    random, H, gates = np.random.default_rng(1), shape.hidden, GATES[shape.cell]
    constants, nodes, inputs, outputs = [], [], [_float("x", 1, 1, VOCABULARY)], [_float("p", 1, 1, VOCABULARY)]

    def weights(name: str, *size: int) -> str:
        values = random.uniform(-1, 1, size).astype(np.float32) / np.sqrt(np.float32(H))
        constants.append(onnx.numpy_helper.from_array(values, name))
        return name

    below, width = "x", VOCABULARY
    for layer in range(shape.layers):
        names = [f"{part}{layer}" for part in state_parts(shape.cell)]
        inputs += [_float(name, 1, 1, H) for name in names]
        outputs += [_float(f"{name}_new", 1, 1, H) for name in names]
        parameters = [weights(f"W{layer}", 1, gates * H, width), weights(f"R{layer}", 1, gates * H, H),
                      weights(f"B{layer}", 1, 2 * gates * H)]
        nodes += [helper.make_node(shape.cell.upper(), [below, *parameters, "", *names],
                                   [f"Y{layer}", *(f"{name}_new" for name in names)], hidden_size=H,
                                   **ATTRIBUTES.get(shape.cell, {})),
                  helper.make_node("Squeeze", [f"Y{layer}", "directions"], [f"y{layer}"])]
        below, width = f"y{layer}", H
    constants += [onnx.numpy_helper.from_array(np.array([1]), "directions"),
                  onnx.numpy_helper.from_array(np.array(TEMP, np.float32), "temp")]
    nodes += [helper.make_node("MatMul", [below, weights("O", H, VOCABULARY)], ["product"]),
              helper.make_node("Add", ["product", weights("o", VOCABULARY)], ["logits"]),
              helper.make_node("Div", ["logits", "temp"], ["scaled"]),
              helper.make_node("Softmax", ["scaled"], ["p"], axis=-1)]
    graph = helper.make_graph(nodes, "step", inputs, outputs, constants)
    # Versions that every ONNX Runtime of the last years reads.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def state_parts(cell: str) -> tuple[str, ...]:
    """What is carried from step to step."""
    return ("h", "c") if cell == "lstm" else ("h",)


def _float(name: str, *size: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, size)


def sample(shape: dict[str, Any], seconds: float, threads: int) -> dict[str, Any]:
    """The median seconds of one character drawn from a stream, and the number of threads that was fastest for it."""
    measured = Shape(**shape)
    model, medians = step_model(measured), {}
    for count in sorted({1, threads}):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = count, 1
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        medians[f"threads {count}"] = median_seconds(drawing(session, measured), seconds / 2)
    fastest = min(medians, key=lambda name: medians[name])
    return {"seconds": medians[fastest], "setting": fastest}


def drawing(session: onnxruntime.InferenceSession, shape: Shape) -> Any:
    """A function that draws the next character of a stream."""
    random, characters = np.random.default_rng(1), np.eye(VOCABULARY, dtype=np.float32)[:, None, None]
    names = [f"{part}{layer}" for layer in range(shape.layers) for part in state_parts(shape.cell)]
    state = [np.zeros((1, 1, shape.hidden), np.float32) for _ in names]
    outputs, text = ["p", *(f"{name}_new" for name in names)], [0]

    def draw(i: int) -> None:
        p, *state[:] = session.run(outputs, {"x": characters[text[-1]], **dict(zip(names, state, strict=True))})
        sums = p.ravel().cumsum()
        text.append(int(sums.searchsorted(random.random() * sums[-1])))

    return draw
