"""Saturation of the gates against a plain count, unit by unit over time; the flags against their definitions."""

import numpy as np
import pytest

from charrnn.inspection.gates import FLAGS, GATES, gates
from charrnn.inspection.stack import Trace
from tests.inspection.drawn import KINDS, drawn


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", KINDS)
def test_against_a_loop_over_places_and_units(cell, layers):
    """Three blocks of places and a rest: what is pooled is the whole text behind the warm-up, unit by unit."""
    settings, _, stack, trace = drawn(cell, layers, hidden=6, length=1300, warm_up=37, scale=3.0, seed=layers)
    found = gates(cell, stack, trace)
    assert found.places == 1300 - 37
    shut = {(k, g): [0] * 6 for k in range(layers) for g in GATES[cell]}
    open_ = {(k, g): [0] * 6 for k in range(layers) for g in GATES[cell]}
    state = [tuple(array[None] for array in layer) for layer in trace.first]
    for t, token in enumerate(trace.tokens):
        state, tapes = stack.step(np.asarray([token]), state)
        if t < 37:
            continue
        for (k, gate), counts in shut.items():
            for unit in range(6):
                value = getattr(tapes[k], gate)[0, unit]
                counts[unit] += value < 0.1
                open_[k, gate][unit] += value > 0.9
    assert [(one.layer, one.gate) for one in found.saturation] == [(k + 1, gate) for k, gate in shut]
    for one in found.saturation:
        np.testing.assert_allclose(one.left, np.array(shut[one.layer - 1, one.gate]) / found.places, rtol=1e-12)
        np.testing.assert_allclose(one.right, np.array(open_[one.layer - 1, one.gate]) / found.places, rtol=1e-12)
    if GATES[cell]:  # the case is worth its name: some units differ from others in both shares
        assert np.ptp([one.left for one in found.saturation]) > 0.2
        assert np.ptp([one.right for one in found.saturation]) > 0.2
    assert settings.layers == len(found.health)


def with_units(cell: str, carries: list[float]):
    """A network with one layer whose carry gate stands where `carries` say, unit by unit, whatever it reads."""
    _, _, stack, trace = drawn(cell, 1, hidden=len(carries), length=200)
    layer, H = stack.layers[0], len(carries)
    at = slice(H, 2 * H)  # f of an LSTM, z of a GRU: the second gate of both
    layer["weight_ih"][at] = layer["weight_hh"][at] = 0
    if "weight_peep" in layer:
        layer["weight_peep"][at] = 0
    layer["bias"][at] = np.log(np.array(carries) / (1 - np.array(carries)))
    return stack, stack.read(trace.tokens, trace.targets, warm_up=10)


@pytest.mark.parametrize("cell", [kind for kind in KINDS if kind != "rnn"])
def test_integrators_and_feed_forward_units(cell):
    stack, trace = with_units(cell, [0.95, 0.5, 0.05, 0.89, 0.11])
    flags = gates(cell, stack, trace).health[0].flags
    assert flags["integrator"].tolist() == [True, False, False, False, False]
    assert flags["feed-forward"].tolist() == [False, False, True, False, False]


@pytest.mark.parametrize("cell", KINDS)
def test_railed_and_dead_units(cell):
    """Set by hand: a state at its end at all but 1 place of 200 (railed) or at all but 3 (not), one that never moves,
    one that moves by 0.02 and one by 0.019; the warm-up would spoil all of it if it counted."""
    _, _, stack, trace = drawn(cell, 1, hidden=5, length=250, warm_up=50)
    rng = np.random.default_rng(1)
    h = np.tile(rng.uniform(-0.5, 0.5, 250)[:, None], 5)
    sign = np.where(rng.random(250) < 0.5, -1, 1)
    signal = h.copy()
    signal[:, 0], signal[:, 1] = 0.995 * sign, 0.995 * sign
    signal[60, 0] = signal[[60, 70, 80], 1] = 0
    h[50:, 2], h[50:, 3], h[50:, 4] = 0.3, 0.3 + 0.0102 * sign[50:], 0.3 + 0.0098 * sign[50:]
    if stack.cell.has_memory:
        states = (h, np.arctanh(signal))
    else:
        states = (np.where(np.arange(5) < 2, signal, h),)
    flags = gates(cell, stack, Trace(trace.tokens, trace.targets, trace.first, [states], 50)).health[0].flags
    assert flags["railed"].tolist() == [True, False, False, False, False]
    spread = h[50:].std(axis=0)
    assert spread[3] > 0.01 > spread[4]
    assert flags["dead"].tolist() == [False, False, True, False, True]


def test_a_plain_rnn_has_no_gates():
    _, _, stack, trace = drawn("rnn", 2)
    found = gates("rnn", stack, trace)
    assert found.saturation == []
    assert [one.counts() for one in found.health] == [dict.fromkeys(FLAGS, 0)] * 2


def test_as_plain_data():
    import json

    _, _, stack, trace = drawn("gru", 2, hidden=3)
    plain = gates("gru", stack, trace).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert [(one["layer"], one["gate"], len(one["left"])) for one in plain["gates"]] == [
        (1, "r", 3), (1, "z", 3), (2, "r", 3), (2, "z", 3)]
    assert [list(one) for one in plain["flags"]] == [["layer", *FLAGS]] * 2
