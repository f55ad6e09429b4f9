"""The whole network, its loss and Adam in float64 NumPy, written to be read: what the kernels are held to.

One-hot or embedding -> layers of charrnn.cells -> output -> softmax loss. Parameters and gradients
are dicts by name (weight_ih_l{k}, weight_hh_l{k}, bias_l{k}, for the GRU bias_n_l{k}, embedding, weight_out,
bias_out); a state is a list with one (h,) or (h, c) a layer, each (N, H).
"""

from typing import NamedTuple

import numpy as np

from charrnn.cells.numpy_step import State
from charrnn.cells.registry import CELLS
from charrnn.settings import NetworkSettings

Arrays = dict[str, np.ndarray]


class Result(NamedTuple):
    loss: float  # nats, mean over the predicted positions
    gradients: Arrays  # same names and shapes as the parameters
    state: list[State]  # after the last character
    logits: np.ndarray  # (T, N, V)
    dstate: list[State]  # gradient of the state that was carried in


def parameter_shapes(network: NetworkSettings, vocabulary: int) -> dict[str, tuple[int, ...]]:
    """The shape of each parameter, by name, in the order in which the data meets them."""
    gates, H, shapes = CELLS[network.cell].gates, network.hidden, {}
    if network.embedding:
        shapes["embedding"] = (vocabulary, network.embedding)
    for k in range(network.layers):
        D = H if k else network.embedding or vocabulary
        shapes[f"weight_ih_l{k}"] = (gates * H, D)
        shapes[f"weight_hh_l{k}"] = (gates * H, H)
        shapes[f"bias_l{k}"] = (gates * H,)
        if network.cell == "gru":
            shapes[f"bias_n_l{k}"] = (H,)
        if network.cell == "peephole":
            shapes[f"weight_peep_l{k}"] = (3 * H,)
        if network.learn_initial_state:
            shapes |= {f"{letter}0_l{k}": (H,) for letter in "hc"[: 1 + CELLS[network.cell].has_memory]}
    return shapes | {"weight_out": (vocabulary, H), "bias_out": (vocabulary,)}


def random_parameters(network: NetworkSettings, vocabulary: int, rng: np.random.Generator) -> Arrays:
    """Parameters by name, all drawn: biases too, for a zero hides mistakes."""
    shapes = parameter_shapes(network, vocabulary)
    return {name: 0.4 * rng.standard_normal(shape) for name, shape in shapes.items()}


def random_state(network: NetworkSettings, N: int, rng: np.random.Generator) -> list[State]:
    """A state of random h, and another random c, for every layer."""
    arrays = 1 + CELLS[network.cell].has_memory
    return [tuple(0.4 * rng.standard_normal((N, network.hidden)) for _ in range(arrays))
            for _ in range(network.layers)]


def layer_arrays(arrays: Arrays, k: int) -> Arrays:
    """The arrays of layer k themselves, not copies, by the names that the cells know."""
    suffix = f"_l{k}"
    return {name.removesuffix(suffix): array for name, array in arrays.items() if name.endswith(suffix)}


def softmax_loss(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean loss in nats over the targets that are not -1, and dlogits (T, N, V)."""
    predicted = targets >= 0
    count = max(1, predicted.sum())
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    wanted = np.eye(logits.shape[-1])[targets] * predicted[..., None]  # one-hot, or all zero
    dlogits = (np.exp(log_probabilities) * predicted[..., None] - wanted) / count
    return float(-(log_probabilities * wanted).sum() / count), dlogits


def forward_backward(
    network: NetworkSettings,
    parameters: Arrays,
    inputs: np.ndarray,
    targets: np.ndarray,
    state: list[State] | None,
    masks: np.ndarray | None = None,
    start: int = -1,
) -> Result:
    """Loss, gradients, states and logits of one window.

    inputs, targets   (T, N)        character ids; target -1 is not predicted
    masks             (L, T, N, H)  dropout: factors on each layer's output, already scaled (0 or
                                    1/(1 - dropout)); upwards only, never on the recurrent path
    start             wherever this character stands, the state before it is the initial one
    state             None is the initial one; its gradient is then in the gradients, where it is learned
    """
    cell, (T, N) = CELLS[network.cell], inputs.shape
    vocabulary = parameters["bias_out"].size
    if masks is None:
        masks = np.ones((network.layers, T, N, network.hidden))
    table = parameters["embedding"] if network.embedding else np.eye(vocabulary)  # row of an id
    zero = np.zeros(network.hidden)
    initial = [tuple(parameters.get(f"{letter}0_l{k}", zero) for letter in "hc"[: 1 + cell.has_memory])
               for k in range(network.layers)]
    is_initial = state is None
    if state is None:
        state = [tuple(np.tile(array, (N, 1)) for array in layer) for layer in initial]
    begins = (inputs == start)[:, :, None]
    x, final_state, tapes = table[inputs], [], []
    for k in range(network.layers):
        layer, layer_state = layer_arrays(parameters, k), state[k]
        outputs, layer_tapes = [], []
        for t in range(T):
            layer_state = tuple(np.where(begins[t], *pair) for pair in zip(initial[k], layer_state, strict=True))
            layer_state, tape = cell.step(x[t], layer_state, layer)
            outputs.append(layer_state[0])
            layer_tapes.append(tape)
        x = np.stack(outputs) * masks[k]  # (T, N, H)
        final_state.append(layer_state)
        tapes.append(layer_tapes)
    logits = x @ parameters["weight_out"].T + parameters["bias_out"]  # (T, N, V)

    loss, dlogits = softmax_loss(logits, targets)
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    gradients["weight_out"] += np.einsum("tnv,tnh->vh", dlogits, x)
    gradients["bias_out"] += dlogits.sum(axis=(0, 1))
    dx, dstate = dlogits @ parameters["weight_out"], []
    for k in reversed(range(network.layers)):
        layer, layer_gradients = layer_arrays(parameters, k), layer_arrays(gradients, k)
        doutputs, dx = dx * masks[k], [None] * T
        dlayer = tuple(np.zeros_like(array) for array in state[k])
        for t in reversed(range(T)):
            dlayer = (dlayer[0] + doutputs[t], *dlayer[1:])  # h goes up, and on to the next step
            dx[t], dlayer = cell.step_backward(dlayer, tapes[k][t], layer, layer_gradients)
            _add_initial(layer_gradients, dlayer, begins[t])
            dlayer = tuple(np.where(begins[t], 0, array) for array in dlayer)
        if is_initial:
            _add_initial(layer_gradients, dlayer, True)
        dx = np.stack(dx)
        dstate.insert(0, dlayer)
    if network.embedding:
        np.add.at(gradients["embedding"], inputs, dx)
    return Result(loss, gradients, final_state, logits, dstate)


def _add_initial(gradients: Arrays, dstate: State, begins: np.ndarray | bool) -> None:
    """Adds dstate to the gradients of the initial state, if that is learned, in the rows that begin with it."""
    for letter, array in zip("hc", dstate, strict=False):
        if f"{letter}0" in gradients:
            gradients[f"{letter}0"] += np.where(begins, array, 0).sum(axis=0)


def clip_gradients(gradients: Arrays, limit: float) -> float:
    """The norm over all gradients together; scales them in place to norm `limit` if it is above."""
    norm = float(np.sqrt(sum((array * array).sum() for array in gradients.values())))
    if norm > limit:
        for array in gradients.values():
            array *= limit / norm
    return norm


def adam_update(
    parameters: Arrays, gradients: Arrays, first: Arrays, second: Arrays, step: int, lr: float,
    beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
) -> None:
    """Nothing; changes parameters and both moments in place (Kingma & Ba 2015). `step` counts from 1."""
    for name, gradient in gradients.items():
        first[name] += (1 - beta1) * (gradient - first[name])
        second[name] += (1 - beta2) * (gradient**2 - second[name])
        mean = first[name] / (1 - beta1**step)  # both started at 0: correct for it
        square = second[name] / (1 - beta2**step)
        parameters[name] -= lr * mean / (np.sqrt(square) + eps)
