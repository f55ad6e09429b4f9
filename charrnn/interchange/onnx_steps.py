"""Layer interchange: the steps of cells that ONNX has no operator for, as bodies of its operator Scan.

A body is a graph of its own: from row (N, G*H), which is W x + b, and the state h (N, H) before, it makes the state
after, twice: what is carried on, and the output. The layer's other parameters are seen from outside, by their names.
"""

from collections.abc import Callable
from typing import Any


def mogrifier(k: int, H: int) -> Any:
    """A step of charrnn/cells/mogrifier.py; reads recurrent_l{k} (H, 3H), bias_n_l{k} (H), and what _Graph has
    for all layers: double, sizes_of_row, sizes_of_product."""
    from onnx import TensorProto, helper

    def node(operator: str, inputs: str, outputs: str, **attributes: Any) -> Any:
        return helper.make_node(operator, inputs.split(), outputs.split(), **attributes)

    nodes = [
        node("Split", "row sizes_of_row", "input_r input_z input_n input_m", axis=-1),
        node("Sigmoid", "input_m", "m"),
        node("Mul", "m h", "half"),
        node("Mul", "half double", "q"),
        node("MatMul", f"q recurrent_l{k}", "product"),
        node("Split", "product sizes_of_product", "before_r before_z before_n", axis=-1),
        node("Add", "input_r before_r", "sum_r"),
        node("Sigmoid", "sum_r", "r"),
        node("Add", "input_z before_z", "sum_z"),
        node("Sigmoid", "sum_z", "z"),
        node("Add", f"before_n bias_n_l{k}", "s"),
        node("Mul", "r s", "reset"),
        node("Add", "input_n reset", "sum_n"),
        node("Tanh", "sum_n", "n"),
        node("Sub", "h n", "difference"),
        node("Mul", "z difference", "kept"),
        node("Add", "n kept", "h_after"),
        node("Identity", "h_after", "output")]
    shapes = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width])
              for name, width in (("h", H), ("row", 4 * H), ("h_after", H), ("output", H))}
    return helper.make_graph(nodes, f"step_l{k}", [shapes["h"], shapes["row"]],
                             [shapes["h_after"], shapes["output"]])


STEPS: dict[str, Callable[[int, int], Any]] = {"mogrifier": mogrifier}
