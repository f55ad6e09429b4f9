"""Layer cells: what the NumPy steps of all cells share.

A step takes the input x (N, D) and the state before it, and gives back the state after it and a tape: the values of
everything inside, by name, which is all that the backward pass needs. A step backward takes the gradient of the state
after the step and gives back that of x and of the state before; it adds the gradients of the parameters to
`gradients`, unless that is None. Any float dtype. The equations use these names:

    N sequences side by side    D width of the input    H hidden size    G gates of the cell
    W = weight_ih (G*H, D)      U = weight_hh (G*H, H)    b = bias (G*H)    * element by element

Derivatives are written in terms of the output: y = tanh(a) has 1 - y*y, y = sigmoid(a) has y*(1 - y).
"""

import numpy as np

Array = np.ndarray
Arrays = dict[str, Array]  # the parameters of one layer by name, or their gradients
State = tuple[Array, ...]  # (h,), or (h, c) for a cell with memory; each (N, H)


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), written with tanh because that never overflows."""
    return 0.5 * np.tanh(0.5 * a) + 0.5


def products(x: Array, h_before: Array, parameters: Arrays) -> tuple[Array, Array]:
    """W x + b and U h_before, the two halves of every gate, each (N, G*H)."""
    return x @ parameters["weight_ih"].T + parameters["bias"], h_before @ parameters["weight_hh"].T


def products_backward(
    dinput: Array, drecurrent: Array, x: Array, h_before: Array, parameters: Arrays, gradients: Arrays | None
) -> tuple[Array, Array]:
    """dx (N, D) and dh_before (N, H) from the gradients of the two halves; adds dW, dU, db to `gradients`."""
    if gradients is not None:
        gradients["weight_ih"] += dinput.T @ x
        gradients["weight_hh"] += drecurrent.T @ h_before
        gradients["bias"] += dinput.sum(axis=0)
    return dinput @ parameters["weight_ih"], drecurrent @ parameters["weight_hh"]
