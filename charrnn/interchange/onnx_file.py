"""Layer interchange: a network as an ONNX model, on the operators LSTM, GRU and RNN, or on Scan (onnx_steps.py).

    inputs    ids (T, N) int64; h (L, N, H), and c where the cell has one: the state before the first character
    outputs   logits (T, N, V); h_next, and c_next: the state after the last

T and N are free: a model steps through a text one character at a time or reads whole windows. Where the initial state
was learned, h_initial and c_initial (L, N, H) give it; otherwise it is zero.
"""

import importlib.util
from typing import Any, NamedTuple

import numpy as np

from charrnn.cells.registry import CELLS
from charrnn.errors import SettingsError
from charrnn.interchange.description import description
from charrnn.interchange.onnx_steps import STEPS
from charrnn.interchange.state_dict import Arrays, initial_state, two_biases
from charrnn.runs.checkpoint import Checkpoint
from charrnn.settings import NetworkSettings
from charrnn.text.vocabulary import Vocabulary

# Versions that every ONNX Runtime of the last years reads.
OPSET, IR_VERSION = 17, 8


class Operator(NamedTuple):
    """How ONNX has a cell.

    name         of the operator
    gates        the places of its gates among ours, in its order
    peepholes    the same for P
    attributes   beside the width
    """

    name: str
    gates: tuple[int, ...]
    peepholes: tuple[int, ...] = ()
    attributes: tuple[tuple[str, int], ...] = ()


OPERATORS = {
    "rnn": Operator("RNN", (0,)),
    "lstm": Operator("LSTM", (0, 3, 1, 2)),  # i o f g
    "peephole": Operator("LSTM", (0, 3, 1, 2), (0, 2, 1)),  # P has i o f
    "gru": Operator("GRU", (1, 0, 2), (), (("linear_before_reset", 1),)),  # z r n
    "gru-original": Operator("GRU", (1, 0, 2), (), (("linear_before_reset", 0),))}


def check_installed() -> None:
    """Raises SettingsError where the onnx package is not there, and says how to get it."""
    if importlib.util.find_spec("onnx") is None:
        raise SettingsError("an ONNX file needs the onnx package: pip install 'charrnn-numba[onnx]'; --to safetensors "
                            "needs nothing")


def onnx_bytes(checkpoint: Checkpoint, vocabulary: Vocabulary) -> bytes:
    """The whole file; raises SettingsError for a cell that ONNX does not have, or without the onnx package."""
    check_installed()
    import onnx
    from onnx import helper

    network = checkpoint.settings.network
    if network.cell not in (*OPERATORS, *STEPS):
        raise SettingsError(f"ONNX has no {network.cell} cell; it has {', '.join((*OPERATORS, *STEPS))}")
    graph = _Graph(network, {name: np.asarray(array, np.float32) for name, array in checkpoint.arrays.items()},
                   len(vocabulary))
    model = helper.make_model(graph.made(), opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
                              producer_name="charrnn")
    helper.set_model_props(model, description(checkpoint, vocabulary))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


class _Graph:
    """The nodes of a network, from its input to its output."""

    def __init__(self, network: NetworkSettings, arrays: Arrays, vocabulary: int) -> None:
        self.network, self.arrays, self.vocabulary = network, arrays, vocabulary
        self.letters = CELLS[network.cell].letters
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def made(self) -> Any:
        """The onnx graph."""
        from onnx import TensorProto, helper

        network, H = self.network, self.network.hidden
        x, after = self._input(), {letter: list[str]() for letter in self.letters}
        before = {letter: self._layers_of(letter) for letter in self.letters}
        layer = self._stepped_layer if network.cell in STEPS else self._layer
        for k in range(network.layers):
            x, layer_after = layer(k, x, [before[letter][k] for letter in self.letters])
            for letter, name in zip(self.letters, layer_after, strict=True):
                after[letter].append(name)
        product = self._node("MatMul", [x, self._constant("weight_out", self.arrays["weight_out"].T)], "product")
        self._node("Add", [product, self._constant("bias_out", self.arrays["bias_out"])], "logits")
        for letter in self.letters:
            self._node("Concat", after[letter], f"{letter}_next", axis=0)

        def states(*names: str) -> list[Any]:
            return [helper.make_tensor_value_info(name, TensorProto.FLOAT, [network.layers, "N", H]) for name in names]

        initial = [self._initial(letter) for letter in self.letters] if network.learn_initial_state else []
        outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["T", "N", self.vocabulary]),
                   *states(*(f"{letter}_next" for letter in self.letters), *initial)]
        inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["T", "N"]), *states(*self.letters)]
        return helper.make_graph(self._nodes, "charrnn", inputs, outputs, self._constants)

    def _input(self) -> str:
        """x (T, N, D)."""
        if self.network.embedding:
            return self._node("Gather", [self._constant("embedding", self.arrays["embedding"]), "ids"], "x")
        depth = self._constant("vocabulary_size", np.array(self.vocabulary, np.int64))
        return self._node("OneHot", ["ids", depth, self._constant("off_and_on", np.array([0, 1], np.float32))], "x",
                          axis=-1)

    def _layers_of(self, letter: str) -> list[str]:
        """The state that came in, (1, N, H) a layer."""
        if self.network.layers == 1:
            return [letter]
        names = [f"{letter}_l{k}" for k in range(self.network.layers)]
        sizes = self._constant(f"{letter}_sizes", np.ones(len(names), np.int64))
        self._node("Split", [letter, sizes], *names, axis=0)
        return names

    def _layer(self, k: int, x: str, before: list[str]) -> tuple[str, list[str]]:
        """The output (T, N, H) of layer k, and its state after the last character."""
        operator, cell = OPERATORS[self.network.cell], CELLS[self.network.cell]
        H, arrays = self.network.hidden, self.arrays

        def ordered(array: np.ndarray, places: tuple[int, ...]) -> np.ndarray:
            """The gates in ONNX's order, with its axis for directions."""
            return array.reshape(-1, H, *array.shape[1:])[list(places)].reshape(1, *array.shape)

        biases = [ordered(bias, operator.gates) for bias in two_biases(self.network, arrays, k)]
        inputs = [x, *(self._constant(f"{name}_l{k}", ordered(arrays[f"{name}_l{k}"], operator.gates))
                       for name in ("weight_ih", "weight_hh")),
                  self._constant(f"bias_l{k}", np.concatenate(biases, axis=1)), "", *before]
        if operator.peepholes:
            assert cell.extra is not None
            name = f"{cell.extra.name}_l{k}"
            inputs.append(self._constant(name, ordered(arrays[name], operator.peepholes)))
        after = [f"{letter}_l{k}_next" for letter in self.letters]
        y = self._node(operator.name, inputs, f"y_l{k}", *after, hidden_size=H, **dict(operator.attributes))
        axes = self._constant(f"directions_l{k}", np.array([1], np.int64))
        return self._node("Squeeze", [y, axes], f"output_l{k}"), after

    def _stepped_layer(self, k: int, x: str, before: list[str]) -> tuple[str, list[str]]:
        """The same, of a cell that is a Scan over its step."""
        H, arrays, cell = self.network.hidden, self.arrays, CELLS[self.network.cell]
        weights = self._constant(f"input_l{k}", arrays[f"weight_ih_l{k}"].T)
        product = self._node("MatMul", [x, weights], f"product_l{k}")
        rows = self._node("Add", [product, self._constant(f"bias_l{k}", arrays[f"bias_l{k}"])], f"rows_l{k}")
        for name, values in (("recurrent", arrays[f"weight_hh_l{k}"].T), ("bias_n", arrays[f"bias_n_l{k}"]),
                             ("sizes_of_row", np.full(cell.gates, H, np.int64)),
                             ("sizes_of_product", np.full(cell.recurrent_gates, H, np.int64)),
                             ("double", np.array(2, np.float32))):
            self._constant(f"{name}_l{k}", values)
        axis = self._constant(f"axis_l{k}", np.array([0], np.int64))
        h = self._node("Squeeze", [before[0], axis], f"first_l{k}")
        last = self._node("Scan", [h, rows], f"last_l{k}", f"output_l{k}", body=STEPS[cell.name](k, H),
                          num_scan_inputs=1)
        return f"output_l{k}", [self._node("Unsqueeze", [last, axis], f"h_l{k}_next")]

    def _initial(self, letter: str) -> str:
        """The learned initial state, once for each row."""
        L, H = self.network.layers, self.network.hidden
        if letter == "h":
            shape = self._node("Shape", ["ids"], "shape")
            rows = self._node("Slice", [shape, self._constant("one", np.array([1], np.int64)),
                                        self._constant("two", np.array([2], np.int64))], "rows")
            ends = [self._constant(name, np.array([size], np.int64)) for name, size in (("layers", L), ("units", H))]
            self._node("Concat", [ends[0], rows, ends[1]], "state_shape", axis=0)
        learned = self._constant(f"{letter}0", initial_state(self.network, self.arrays, letter))
        return self._node("Expand", [learned, "state_shape"], f"{letter}_initial")

    def _constant(self, name: str, values: np.ndarray) -> str:
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values).reshape(values.shape), name))
        return name

    def _node(self, operator: str, inputs: list[str], *outputs: str, **attributes: Any) -> str:
        """Adds a node; the name of its first output."""
        from onnx import helper

        self._nodes.append(helper.make_node(operator, inputs, list(outputs), **attributes))
        return outputs[0]
