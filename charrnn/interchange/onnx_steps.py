"""Layer interchange: the steps of cells that ONNX has no operator for, as bodies of its operator Scan.

A body is a graph of its own: from row (N, G*H), which is W x + b, and the state h (N, H) before, it makes the state
after, twice: what is carried on, and the output. It sees the layer's other parameters from outside, by their names; its
own names must not stand outside.
"""

from collections.abc import Callable
from typing import Any

# What a body sees from outside, each with `_l{k}` behind it: weight_hh turned round, (H, 3*H), and bias_n; the sizes of
# the gates in a row and in a product; the number 2.
OUTSIDE = ("recurrent", "bias_n", "sizes_of_row", "sizes_of_product", "double")


def mogrifier(k: int, H: int) -> Any:
    """A step of charrnn/cells/mogrifier.py."""
    from onnx import TensorProto, helper

    def named(names: str) -> list[str]:
        return [f"{name}_l{k}" if name in OUTSIDE else f"step_l{k}_{name}" for name in names.split()]

    def node(operator: str, inputs: str, outputs: str, **attributes: Any) -> Any:
        return helper.make_node(operator, named(inputs), named(outputs), **attributes)

    nodes = [
        node("Split", "row sizes_of_row", "input_r input_z input_n input_m", axis=-1),
        node("Sigmoid", "input_m", "m"),
        node("Mul", "m h", "half"),
        node("Mul", "half double", "q"),
        node("MatMul", "q recurrent", "product"),
        node("Split", "product sizes_of_product", "before_r before_z before_n", axis=-1),
        node("Add", "input_r before_r", "sum_r"),
        node("Sigmoid", "sum_r", "r"),
        node("Add", "input_z before_z", "sum_z"),
        node("Sigmoid", "sum_z", "z"),
        node("Add", "before_n bias_n", "s"),
        node("Mul", "r s", "reset"),
        node("Add", "input_n reset", "sum_n"),
        node("Tanh", "sum_n", "n"),
        node("Sub", "h n", "difference"),
        node("Mul", "z difference", "kept"),
        node("Add", "n kept", "h_after"),
        node("Identity", "h_after", "output")]
    h, row, h_after, output = (
        helper.make_tensor_value_info(*named(name), TensorProto.FLOAT, ["N", width])
        for name, width in (("h", H), ("row", 4 * H), ("h_after", H), ("output", H)))
    return helper.make_graph(nodes, f"step_l{k}", [h, row], [h_after, output])


STEPS: dict[str, Callable[[int, int], Any]] = {"mogrifier": mogrifier}
