"""The single cells: finite differences of every element, and values worked out by hand."""

import inspect
import math

import numpy as np
import pytest

from charrnn.cells.numpy_step import sigmoid
from charrnn.cells.registry import CELLS
from charrnn.engine.reference.backpropagation import layer_arrays
from charrnn.settings import NetworkSettings
from tests.differences import every_derivative, relative_error
from tests.networks import random_parameters, random_state

N, T, D, H = 2, 3, 4, 5
KINDS = pytest.mark.parametrize("kind", CELLS)


def drawn(kind, seed=0):
    """A cell, its parameters, a state of different h and c, and T inputs, all random."""
    rng = np.random.default_rng(seed)
    network = NetworkSettings(cell=kind, hidden=H)
    parameters = layer_arrays(random_parameters(network, D, rng), 0)
    return CELLS[kind], parameters, random_state(network, N, rng)[0], rng.standard_normal((T, N, D)), rng


def unrolled(cell, parameters, state, x):
    """The states after each of the T steps, and the tapes."""
    states, tapes = [], []
    for x_t in x:
        state, tape = cell.step(x_t, state, parameters)
        states.append(state)
        tapes.append(tape)
    return states, tapes


@KINDS
def test_every_derivative_of_a_cell(kind):
    cell, parameters, state, x, rng = drawn(kind)
    R, S = rng.standard_normal((T, N, H)), rng.standard_normal((N, H))

    def loss():
        states, _ = unrolled(cell, parameters, state, x)
        total = sum((h * R_t).sum() for (h, *_), R_t in zip(states, R, strict=True))
        return total + (states[-1][1] * S).sum() if cell.has_memory else total

    _, tapes = unrolled(cell, parameters, state, x)
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    dstate = (np.zeros((N, H)), S)[: len(state)]
    dx = np.empty_like(x)
    for t in reversed(range(T)):
        dstate = (dstate[0] + R[t], *dstate[1:])
        dx[t], dstate = cell.step_backward(dstate, tapes[t], parameters, gradients)

    errors = {name: relative_error(gradients[name], every_derivative(loss, array))
              for name, array in parameters.items()}
    errors["dx"] = relative_error(dx, every_derivative(loss, x))
    for name, analytic, array in zip(("dh0", "dc0"), dstate, state, strict=False):
        errors[name] = relative_error(analytic, every_derivative(loss, array))
    assert len(errors) == 5 + cell.has_memory + (cell.extra is not None)
    assert max(errors.values()) <= 1e-6, errors


# One unit, one input, x = 1: the numbers on the right can be followed with a pocket calculator.


def sig(a):
    return 1 / (1 + math.exp(-a))


def one_unit(weight_ih, weight_hh, bias, bias_n=None):
    parameters = {"weight_ih": np.array(weight_ih)[:, None], "weight_hh": np.array(weight_hh)[:, None],
                  "bias": np.array(bias)}
    return parameters if bias_n is None else parameters | {"bias_n": np.array([bias_n])}


def stepped(kind, parameters, *state):
    after, tape = CELLS[kind].step(np.ones((1, 1)), tuple(np.array([[value]]) for value in state), parameters)
    return [array.item() for array in after], tape


def test_rnn_by_hand():
    (h,), tape = stepped("rnn", one_unit([0.5], [2.0], [-0.25]), 0.125)
    assert h == pytest.approx(math.tanh(0.5 + 0.25 - 0.25), abs=1e-15)  # tanh(1/2)
    assert h == pytest.approx((math.e - 1) / (math.e + 1), abs=1e-15)
    assert tape.h.item() == h


def test_lstm_by_hand():
    # The gates see a = 1*W + 0.5*U + b; each is made to come out at a number of its own.
    parameters = one_unit([1.0, 2.0, 3.0, 4.0], [2.0, -2.0, 4.0, -4.0], [-1.0, 0.5, -4.5, -3.0])
    (h, c), tape = stepped("lstm", parameters, 0.5, -2.0)
    i, f, g, o = sig(1.0), sig(1.5), math.tanh(0.5), sig(-1.0)
    assert [getattr(tape, name).item() for name in "ifgo"] == pytest.approx([i, f, g, o], abs=1e-15)
    assert c == pytest.approx(f * -2.0 + i * g, abs=1e-15)
    assert h == pytest.approx(o * math.tanh(c), abs=1e-15)
    # The same from a table of logistic and tanh values, four digits.
    assert (i, f, g, o) == pytest.approx((0.7311, 0.8176, 0.4621, 0.2689), abs=5e-5)
    assert (c, h) == pytest.approx((-1.2973, -0.2316), abs=1e-4)


def test_gru_by_hand():
    # r and z see a = 1*W + 0.5*U + b; n sees W + b + r*(0.5*U + bias_n) = 0.25 + r*(1.5 + 0.5).
    parameters = one_unit([1.0, 2.0, 0.5], [2.0, -2.0, 3.0], [-2.0, -2.0, -0.25], bias_n=0.5)
    (h,), tape = stepped("gru", parameters, 0.5)
    r, z, n = sig(0.0), sig(-1.0), math.tanh(0.25 + 0.5 * 2.0)
    assert [getattr(tape, name).item() for name in "rzn"] == pytest.approx([r, z, n], abs=1e-15)
    assert h == pytest.approx((1 - z) * n + z * 0.5, abs=1e-15)
    assert (z, n, h) == pytest.approx((0.2689, 0.8483, 0.7546), abs=1e-4)


def test_mogrifier_by_hand():
    # m sees 0.5 alone; r, z and s see what it leaves of 0.5: q = 2*m*0.5 = m.
    m = sig(0.5)
    parameters = one_unit([1.0, 2.0, 0.5, 1.5], [2.0, -2.0, 3.0], [-2.0, -2.0, -0.25, -1.0], bias_n=0.5)
    (h,), tape = stepped("mogrifier", parameters, 0.5)
    r, z = sig(2 * m - 1), sig(-2 * m)
    n = math.tanh(0.25 + r * (3 * m + 0.5))
    assert [getattr(tape, name).item() for name in "mqrzn"] == pytest.approx([m, m, r, z, n], abs=1e-15)
    assert h == pytest.approx((1 - z) * n + z * 0.5, abs=1e-15)  # what is kept is the unit's value, not q
    assert (m, r, h) == pytest.approx((0.6225, 0.5609, 0.8248), abs=1e-4)


def test_peephole_by_hand():
    # As the LSTM above, but the gates i, f, o lack 2, 1, 1 that they see in c: i and f in -2, o in the c after it.
    parameters = one_unit([1.0, 2.0, 3.0, 4.0], [2.0, -2.0, 4.0, -4.0], [-3.0, -0.5, -4.5, -4.0])
    i, f, g = sig(1.0), sig(1.5), math.tanh(0.5)
    c = f * -2.0 + i * g
    parameters["weight_peep"] = np.array([-1.0, -0.5, 1 / c])
    (h, after), tape = stepped("peephole", parameters, 0.5, -2.0)
    assert [getattr(tape, name).item() for name in "ifgo"] == pytest.approx([i, f, g, sig(-1.0)], abs=1e-15)
    assert after == pytest.approx(c, abs=1e-15)
    assert h == pytest.approx(sig(-1.0) * math.tanh(c), abs=1e-15)
    assert (after, h) == pytest.approx((-1.2973, -0.2316), abs=1e-4)


@pytest.mark.parametrize(("kind", "plain"), [("peephole", "lstm"), ("gru-original", "gru"), ("mogrifier", "gru")])
def test_where_it_is_the_cell_it_comes_from(kind, plain):
    """Without peepholes, for a reset gate that is open, and for one that scales nothing, nothing differs."""
    _, parameters, state, x, _ = drawn(kind)
    if kind == "peephole":
        parameters["weight_peep"][:] = 0
        others = parameters
    elif kind == "mogrifier":
        parameters["weight_ih"][3 * H:] = parameters["bias"][3 * H:] = 0
        others = parameters | {name: parameters[name][:3 * H] for name in ("weight_ih", "bias")}
    else:
        parameters["bias"][:H] = 1000
        others = parameters | {"bias_n": np.zeros(H)}
    for one, other in zip(CELLS[kind].step(x[0], state, parameters)[0], CELLS[plain].step(x[0], state, others)[0],
                          strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-14)


def test_gru_original_by_hand():
    # r and z see a = 1*W + 0.5*U + b; n sees W + b + (r*0.5)*U = 0.25 + r*1.5, not r*2 as the other GRU.
    parameters = one_unit([1.0, 2.0, 0.5], [2.0, -2.0, 3.0], [-2.0, -2.0, -0.25])
    (h,), tape = stepped("gru-original", parameters, 0.5)
    r, z, n = sig(0.0), sig(-1.0), math.tanh(0.25 + 0.5 * 1.5)
    assert [getattr(tape, name).item() for name in "rzn"] == pytest.approx([r, z, n], abs=1e-15)
    assert h == pytest.approx((1 - z) * n + z * 0.5, abs=1e-15)
    assert (z, n, h) == pytest.approx((0.2689, 0.7616, 0.6912), abs=1e-4)
    # two units, r = (1, 0): what the second recalls does not reach the first, whatever its own r
    parameters = {"weight_ih": np.zeros((6, 1)), "weight_hh": np.zeros((6, 2)), "bias": np.zeros(6)}
    parameters["bias"][:4] = [1000, -1000, -1000, -1000]  # z = 0: h is n
    parameters["weight_hh"][4:] = [[1.0, 2.0], [3.0, 4.0]]
    (h,), _ = CELLS["gru-original"].step(np.ones((1, 1)), (np.array([[0.25, 0.5]]),), parameters)
    np.testing.assert_allclose(h, np.tanh([[0.25, 0.75]]), rtol=0, atol=1e-15)


def test_open_forget_gate_keeps_the_memory_and_its_gradient():
    parameters = one_unit([0.0] * 4, [0.0] * 4, [-100.0, 100.0, 0.0, 0.0])  # i = 0, f = 1
    (_, c), tape = stepped("lstm", parameters, 0.5, 0.75)
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    dafter = (np.zeros((1, 1)), np.full((1, 1), 3.0))
    _, (_, dc) = CELLS["lstm"].step_backward(dafter, tape, parameters, gradients)
    assert (c, dc.item()) == (0.75, 3.0)


@KINDS
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_dtype_is_kept(kind, dtype):
    cell, parameters, state, x, _ = drawn(kind)
    parameters = {name: array.astype(dtype) for name, array in parameters.items()}
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    after, tape = cell.step(x[0].astype(dtype), tuple(array.astype(dtype) for array in state), parameters)
    dx, before = cell.step_backward(after, tape, parameters, gradients)
    assert {array.dtype for array in (dx, *before, *after, *tape, *gradients.values())} == {np.dtype(dtype)}


@KINDS
def test_a_step_changes_nothing_it_was_given(kind):
    cell, parameters, state, x, _ = drawn(kind)
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    for array in (*parameters.values(), *state, x):
        array.flags.writeable = False
    after, tape = cell.step(x[0], state, parameters)
    for array in (*after, *tape):
        array.flags.writeable = False
    cell.step_backward(after, tape, parameters, gradients)


@KINDS
def test_interface(kind):
    cell, parameters, state, x, _ = drawn(kind)
    after, tape = cell.step(x[0], state, parameters)
    assert cell.gates == {"rnn": 1, "lstm": 4, "gru": 3, "mogrifier": 4, "peephole": 4, "gru-original": 3}[kind]
    assert len(after) == 1 + cell.has_memory
    assert all(getattr(tape, name).shape == (N, H) for name in cell.gate_names)
    rnn = CELLS["rnn"]
    for of_cell, of_rnn in ((cell.step, rnn.step), (cell.step_backward, rnn.step_backward)):
        assert list(inspect.signature(of_cell).parameters) == list(inspect.signature(of_rnn).parameters)


def test_sigmoid_at_its_ends():
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
