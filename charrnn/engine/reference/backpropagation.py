"""Layer engine: one window of text in NumPy: forward, loss, and truncated backpropagation through time.

    character -> one-hot or embedding -> layers of cells -> output layer -> softmax -> cross-entropy

The cells' own steps, forward and backward, are in charrnn/cells. Here they are put together. N sequences, T characters,
H hidden size, V vocabulary, L layers; parameters and gradients are dicts by PyTorch's names; a state is a list with one
(h,) or (h, c) a layer, each (N, H). Any float type; the reference engine uses float64.
"""

from typing import Any, NamedTuple

import numpy as np

from charrnn.cells.numpy_step import Array, Arrays, State
from charrnn.cells.registry import CELLS
from charrnn.engine.interface import LayerStep, OnLayer
from charrnn.engine.predictions import log_softmax
from charrnn.engine.reference.encoder import LayerReader, encoder_arrays, step, step_backward
from charrnn.settings import NetworkSettings
from charrnn.text.windows import WindowLabels


class Forward(NamedTuple):
    """What a window leaves behind: all that the backward pass needs.

    output   (T, N, H) of the last layer, dropout applied
    logits   (T, N, V)
    first    the state before the first character
    states   for each layer and character, the state after it
    tapes    for each layer and character, what happened inside the cell
    begins   (T, N, 1) true where a character starts a document
    layers   who reads in each layer: the network, or its decoder and its encoder (encoder.py)
    """

    output: Array
    logits: Array
    first: list[State]
    states: list[list[State]]
    tapes: list[list[Any]]
    begins: Array
    layers: list[list[LayerReader]]

    @property
    def state(self) -> list[State]:
        """After the last character."""
        return [layer[-1] for layer in self.states]


class Result(NamedTuple):
    loss: float  # nats, mean over the predicted positions
    gradients: Arrays  # same names and shapes as the parameters
    state: list[State]  # after the last character
    logits: Array  # (T, N, V)
    dstate: list[State]  # gradient of the state that was carried in: this is what gets cut


def layer_arrays(arrays: Arrays, k: int) -> Arrays:
    """The arrays of layer k themselves, not copies, by the names that the cells know."""
    suffix = f"_l{k}"
    return {name.removesuffix(suffix): array for name, array in arrays.items() if name.endswith(suffix)}


def readers_of(layer: Arrays, inputs: Array, V: int) -> list[LayerReader]:
    """Who reads in a layer with these arrays, and where."""
    is_target = (inputs < V)[:, :, None]
    encoder = encoder_arrays(layer)
    return [LayerReader(layer, is_target), *([LayerReader(encoder, ~is_target)] if encoder else [])]


def with_label_columns(layer: Arrays) -> Arrays:
    """A layer's arrays, in which weight_ih (G*H, D + C) takes the label behind the input."""
    return {**layer, "weight_ih": np.hstack([layer["weight_ih"], layer["weight_label"]])}


def initial_state(settings: NetworkSettings, parameters: Arrays, N: int) -> list[State]:
    """The state before a text's first character, N times: learned, or zero."""
    zero, letters = np.zeros(settings.hidden), CELLS[settings.cell].letters
    return [tuple(np.tile(parameters.get(f"{letter}0_l{k}", zero), (N, 1)) for letter in letters)
            for k in range(settings.layers)]


def forward(settings: NetworkSettings, parameters: Arrays, inputs: Array, state: list[State] | None,
            masks: Array | None = None, start: int = -1, on_layer: OnLayer | None = None,
            labels: WindowLabels | None = None) -> Forward:
    """Reads a window of characters, inputs (T, N).

    state     the carried state; None is the initial one
    masks     (L, T, N, H) dropout: factors on each layer's output, 0 or 1 / (1 - dropout). They act on the way up to
              the next layer, never on the recurrent path.
    start     wherever this character stands, a document begins and the state before it is the initial one
    on_layer  as Streams.read() has it
    labels    the label at each place: the first layer reads it behind the character

    With an encoder, unit v of a source is v + V, and read with the encoder's parameters.
    """
    cell, (T, N), V = CELLS[settings.cell], inputs.shape, len(parameters["bias_out"])
    initial = initial_state(settings, parameters, N)
    first = initial if state is None else state
    begins = (inputs == start)[:, :, None]
    table = parameters["embedding"] if settings.embedding else np.eye(V)
    x: Array = table[inputs % V]
    arrays = [layer_arrays(parameters, k) for k in range(settings.layers)]
    if labels is not None:
        x, arrays[0] = np.concatenate([x, labels.vectors[labels.numbers]], axis=2), with_label_columns(arrays[0])
    layers = [readers_of(layer, inputs, V) for layer in arrays]
    states: list[list[State]] = []
    tapes: list[list[Any]] = []
    for k in range(settings.layers):
        layer, layer_state = layers[k], first[k]
        states.append([])
        tapes.append([])
        for t in range(T):
            before = tuple(np.where(begins[t], *pair) for pair in zip(initial[k], layer_state, strict=True))
            layer_state, tape = step(cell, x[t], before, layer, t)
            if on_layer is not None:
                h, *c = layer_state
                on_layer(k, LayerStep(h, c[0] if c else None, before[0], getattr(tape, "o", None)))
            states[k].append(layer_state)
            tapes[k].append(tape)
        x = np.stack([h for h, *_ in states[k]])  # (T, N, H)
        if masks is not None:
            x = x * masks[k]
    logits = x @ parameters["weight_out"].T + parameters["bias_out"]
    return Forward(x, logits, first, states, tapes, begins, layers)


def softmax_loss(logits: Array, targets: Array) -> tuple[float, Array]:
    """The mean cross-entropy in nats over the targets that are not -1, and dlogits (T, N, V)."""
    predicted = (targets >= 0)[..., None]
    count = max(1, int(predicted.sum()))
    log_probabilities = log_softmax(logits)
    wanted = np.eye(logits.shape[-1])[targets] * predicted  # one-hot, or all zero
    dlogits = (np.exp(log_probabilities) * predicted - wanted) / count
    return float(-(log_probabilities * wanted).sum() / count), dlogits


def truncated_bptt(settings: NetworkSettings, parameters: Arrays, inputs: Array, targets: Array,
                   state: list[State] | None, masks: Array | None = None, start: int = -1,
                   labels: WindowLabels | None = None) -> Result:
    """Truncated backpropagation through time (TBPTT, Williams & Peng 1990) over one window; arguments as in forward().

    A text is one long computation, too long to backpropagate through. So it is cut into windows of T characters. Over
    the edge between two windows

        the STATE is carried: the next window starts from the h and c that this one ends with, so what the network
        knows may be as old as the text;
        the GRADIENT is cut: nothing flows from the next window's losses into this window's steps. The last step here
        therefore starts with a gradient of zero (`dlayer` below), and the gradient of the state that was carried in
        (`dstate`) is thrown away.

    Inside the window the gradient is exact. What must be learned over more than T characters gets no gradient.
    """
    cell, T = CELLS[settings.cell], len(inputs)
    done = forward(settings, parameters, inputs, state, masks, start, labels=labels)
    loss, dlogits = softmax_loss(done.logits, targets)

    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    gradients["weight_out"] += np.einsum("tnv,tnh->vh", dlogits, done.output)
    gradients["bias_out"] += dlogits.sum(axis=(0, 1))
    dx: Array = dlogits @ parameters["weight_out"]  # the gradient of a layer's output, from above
    dstate: list[State] = []
    for k in reversed(range(settings.layers)):
        own_gradients = layer_arrays(gradients, k)
        has_label = k == 0 and labels is not None
        layer_gradients = with_label_columns(own_gradients) if has_label else own_gradients
        every_gradient = [layer_gradients, encoder_arrays(own_gradients)][:len(done.layers[k])]
        doutput = dx if masks is None else dx * masks[k]
        below: list[Array] = [dx] * T
        dlayer = tuple(np.zeros_like(array) for array in done.first[k])  # cut: nothing comes from the next window
        for t in reversed(range(T)):
            dlayer = (dlayer[0] + doutput[t], *dlayer[1:])  # h acts twice: upwards, and on the next step
            below[t], dlayer = step_backward(cell, dlayer, done.tapes[k][t], done.layers[k], every_gradient, t)
            # where a document starts, the state before is the initial one: the gradient is its own, and goes no further
            _add_initial(layer_gradients, dlayer, done.begins[t])
            dlayer = tuple(np.where(done.begins[t], 0, array) for array in dlayer)
        if state is None:
            _add_initial(layer_gradients, dlayer, True)
        if has_label:
            D = own_gradients["weight_ih"].shape[1]
            own_gradients["weight_ih"][:], own_gradients["weight_label"][:] = np.split(
                layer_gradients["weight_ih"], [D], axis=1)
        dx = np.stack(below)
        dstate.insert(0, dlayer)
    if settings.embedding:
        np.add.at(gradients["embedding"], inputs % len(parameters["bias_out"]), dx[..., :settings.embedding])
    return Result(loss, gradients, done.state, done.logits, dstate)


def _add_initial(gradients: Arrays, dstate: State, begins: Array | bool) -> None:
    """Adds dstate to the gradient of the initial state, if that is learned, in the rows that begin with it."""
    for letter, array in zip("hc", dstate, strict=False):
        if f"{letter}0" in gradients:
            gradients[f"{letter}0"] += np.where(begins, array, 0).sum(axis=0)
