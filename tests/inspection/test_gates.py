"""Saturation of the gates against a plain count, unit by unit over time."""

import json

import numpy as np
import pytest

import charrnn.inspection.gates
from charrnn.cells.registry import CELLS
from charrnn.inspection.cell_statistics import FLAGS, cell_statistics
from charrnn.inspection.gates import gates, saturation
from charrnn.inspection.recording import record, signals_of
from charrnn.inspection.stack import Stack
from tests.engine.compiled import compiled_engine
from tests.inspection.drawn import KINDS, drawn


@pytest.mark.few(5)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", KINDS)
def test_against_a_loop_over_places_and_units(cell, layers, monkeypatch):
    """Three blocks of places and a rest: what is pooled is the whole text behind the warm-up, unit by unit."""
    _, _, stack, trace = drawn(cell, layers, hidden=6, length=330, warm_up=37, scale=3.0, seed=layers)
    monkeypatch.setattr(charrnn.inspection.gates, "_BLOCK", 90)
    found, places = saturation(cell, stack, trace), 330 - 37
    shut = {(k, g): [0] * 6 for k in range(layers) for g in CELLS[cell].sigmoid_gates}
    open_ = {(k, g): [0] * 6 for k in range(layers) for g in CELLS[cell].sigmoid_gates}
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
    assert [(one.layer, one.gate) for one in found] == [(k + 1, gate) for k, gate in shut]
    for one in found:
        np.testing.assert_allclose(one.left, np.array(shut[one.layer - 1, one.gate]) / places, rtol=1e-12)
        np.testing.assert_allclose(one.right, np.array(open_[one.layer - 1, one.gate]) / places, rtol=1e-12)
    if CELLS[cell].sigmoid_gates:  # the case is worth its name: some units differ from others in both shares
        assert np.ptp([one.left for one in found]) > 0.2
        assert np.ptp([one.right for one in found]) > 0.2


@pytest.mark.parametrize("cell", KINDS)
def test_with_the_recording_of_a_network(cell):
    """The gates that the kernels kept say the same, and the flags are those of the cells."""
    settings, arrays, _, trace = drawn(cell, 3, hidden=5, scale=2.0, seed=4)
    network = compiled_engine(settings, arrays)
    ids = np.append(np.tile(trace.tokens, 40), 0)
    recording = record(network, ids, signals_of(cell))
    found = gates(Stack.of(network), recording)
    assert (found.cell, found.places, found.layers) == (cell, 1100, 3)
    for one in found.saturation:
        gate = recording.settled().signals[one.gate][one.layer - 1]
        # places that stand right at the border may go either way in float32
        np.testing.assert_allclose(one.left, (gate < 0.1).mean(axis=0), atol=0.003)
        np.testing.assert_allclose(one.right, (gate > 0.9).mean(axis=0), atol=0.003)
    for name, mask in cell_statistics(recording).flags.items():
        np.testing.assert_array_equal(found.flags[name], mask)
    assert found.counts(3) == {name: mask[2].sum() for name, mask in found.flags.items()}
    plain = found.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert [(one["layer"], one["gate"], len(one["left"])) for one in plain["gates"]] == [
        (layer, gate, 5) for layer in (1, 2, 3) for gate in CELLS[cell].sigmoid_gates]
    assert [list(one) for one in plain["flags"]] == [["layer", *FLAGS]] * 3
