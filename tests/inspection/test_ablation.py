"""Ablating a cell against a loop written out for one text; its estimate against finite differences and against it."""

import dataclasses
import json
import math

import numpy as np
import pytest

import charrnn
from charrnn.cells.numpy_step import sigmoid
from charrnn.inspection.ablation import ablate, losses, means
from charrnn.inspection.cell_statistics import CellName
from charrnn.inspection.estimate import estimate, slopes
from charrnn.inspection.held import HeldCell
from charrnn.inspection.recording import record
from charrnn.inspection.stack import Stack, trace_of
from tests.cli.tiny import TEXT
from tests.differences import derivative
from tests.engine.compiled import compiled_engine
from tests.inspection.drawn import KINDS, drawn


def ablated_alone(stack, trace, cell, value, of_h=False):
    """The losses with one cell's c (or h) held at `value`: one text, one step after the other, the equations written
    out."""
    state, nats, H = [tuple(array[None] for array in layer) for layer in trace.first], [], stack.hidden
    for token, target in zip(trace.tokens, trace.targets, strict=True):
        if token == stack.start:
            state = [tuple(array[None] for array in layer) for layer in stack.initial]
        x, after = stack.table[[token]], []
        for k, before in enumerate(state):
            p = stack.layers[k]
            now, tape = stack.cell.step(x, before, p)
            now = [array.copy() for array in now]
            if k == cell.layer:
                now[0 if of_h else -1][0, cell.unit] = value
                if len(now) == 2 and not of_h:
                    o = (p["weight_ih"] @ x[0] + p["weight_hh"] @ before[0][0] + p["bias"])[3 * H:]
                    if "weight_peep" in p:
                        o = o + p["weight_peep"][2 * H:] * now[1][0]
                    now[0] = (sigmoid(o) * np.tanh(now[1][0]))[None]
                    others = np.arange(H) != cell.unit
                    np.testing.assert_allclose(now[0][0, others], tape.o[0, others] * tape.tanh_c[0, others])
            after.append(tuple(now))
            x = now[0]
        state = after
        logits = stack.weight_out @ x[0] + stack.bias_out
        nats.append(np.log(np.exp(logits).sum()) - logits[target])
    return np.array(nats)


def held(stack, cells, values):
    signal = "c" if stack.cell.has_memory else "h"
    return [HeldCell(cell, signal, value) for cell, value in zip(cells, values, strict=True)]


@pytest.mark.parametrize("cell", ["lstm", "peephole"])
def test_a_pinned_memory_speaks_through_its_output_gate(cell):
    """Its c at the mean changes nothing, so its h is held, and only its own; by the estimate too."""
    settings, arrays, _, trace = drawn(cell, 2, hidden=4, length=60, warm_up=10, scale=1.5)
    counts = np.array([1, 5, 9])  # i f g of unit 1 in both layers: it counts up for ever
    for k in range(2):
        arrays[f"weight_ih_l{k}"][counts] = arrays[f"weight_hh_l{k}"][counts] = 0
        arrays[f"bias_l{k}"][counts] = 30
    stack = Stack.from_arrays(settings, arrays, -1, np.float64)
    trace = stack.read(trace.tokens, trace.targets, None, 10)
    unit = CellName(0, 1)
    [found] = ablate(stack, trace, [unit])
    alone = [ablated_alone(stack, trace, unit, value, of_h) for value, of_h in (
        (trace.states[0][0][10:, 1].mean(), True), (trace.states[0][1][10:, 1].mean(), False))]
    usual = stack.nats(trace.states[-1][0], trace.targets)
    by_h, by_c = ((nats - usual)[10:].mean() / math.log(2) for nats in alone)
    assert found.signal == "h"
    assert found.overall.bits == pytest.approx(by_h, rel=1e-9)
    if cell == "lstm":  # the output gate of a peephole reads c itself
        assert 20 * abs(by_c) < abs(by_h)
    assert estimate(stack, trace)[0, 1] != 0
    assert [one.signal for one in ablate(stack, trace, [CellName(0, 0), CellName(1, 1)])] == ["c", "h"]


@pytest.mark.few(5)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", KINDS)
def test_each_cell_as_if_it_were_alone(cell, layers):
    """The first unit and the last, of every layer, at their means and at 0, side by side; and nothing ablated."""
    _, _, stack, trace = drawn(cell, layers, hidden=4, length=50, warm_up=13, start=2 if layers == 3 else -1,
                               scale=1.5, embedding=3 if layers == 2 else 0)
    cells = [CellName(layer, unit) for layer in range(layers) for unit in (0, 3)]
    at, holds_h = means(trace)
    assert holds_h.all() or not holds_h.any()  # of these, none is pinned
    memory = trace.states[-1][-1]
    np.testing.assert_allclose(at[-1], memory[13:].mean(axis=0), rtol=1e-12)
    for values in (None, [0.0] * len(cells), [0.7, *[-0.4] * (len(cells) - 1)]):
        wanted = values or [at[one.layer, one.unit] for one in cells]
        nats = losses(stack, trace, held(stack, cells, wanted))
        for n, one in enumerate(cells):
            np.testing.assert_allclose(nats[:, n], ablated_alone(stack, trace, one, wanted[n]), rtol=1e-9)
        np.testing.assert_allclose(nats[:, -1], stack.nats(trace.states[-1][0], trace.targets), rtol=1e-9)
        for one, value, found, column in zip(cells, wanted, ablate(stack, trace, cells, None, values), nats.T,
                                             strict=False):
            assert (found.cell, found.value) == (one, pytest.approx(value))
            lost = (column - nats[:, -1])[13:].mean() / math.log(2)
            assert abs(lost) > 1e-6
            assert found.overall.bits == pytest.approx(lost, rel=1e-9)
            assert found.overall.places == 37


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", KINDS)
def test_the_kernels_ablate(cell, layers):
    """Every unit of every layer at a value of its own, 0 among them; a text begins inside, with a state."""
    settings, arrays, stack, trace = drawn(cell, layers, hidden=5, length=60, start=2, scale=1.0,
                                           embedding=3 if layers == 2 else 0)
    cells = [CellName(layer, unit) for layer in range(layers) for unit in range(5)]
    values = np.random.default_rng(2).uniform(-1, 1, len(cells)).tolist()
    values[1] = 0.0
    network = compiled_engine(settings, arrays, start=2)
    each = held(stack, cells, values)
    exact, fast = losses(stack, trace, each), losses(Stack.of(network), trace, each, engine=network)
    np.testing.assert_allclose(fast, exact, rtol=1e-4, atol=1e-5)
    assert len({round(total, 6) for total in exact.sum(axis=0)}) == len(cells) + 1  # each of them matters


def test_by_condition():
    """Each condition has the mean of its own places; one that never holds, or only in the warm-up, says nothing."""
    _, _, stack, trace = drawn("gru", 1, length=200, warm_up=20)
    rng, places = np.random.default_rng(1), np.arange(200)
    often, never, early = rng.random(200) < 0.3, np.zeros(200, bool), places < 20
    once = places == 150
    cell = CellName(0, 2)
    [found] = ablate(stack, trace, [cell], {"often": often, "not": ~often, "never": never, "early": early,
                                            "once": once})
    nats = losses(stack, trace, held(stack, [cell], [found.value]))
    lost = (nats[:, 0] - nats[:, 1]) / math.log(2)
    for name, mask in (("often", often), ("not", ~often), ("once", once)):
        cost = found.by[name]
        assert cost.bits == pytest.approx(lost[mask & (places >= 20)].mean())
        assert cost.places == np.count_nonzero(mask & (places >= 20))
    assert found.by["never"] is found.by["early"] is None
    assert math.isnan(found.by["once"].error)
    assert 0 < found.by["often"].error < 1
    assert found.overall.bits == pytest.approx(
        sum(found.by[name].bits * found.by[name].places for name in ("often", "not")) / 180)
    plain = found.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert (plain["cell"], plain["by"]["never"], plain["by"]["once"]["se"]) == ("L1:2", None, None)


def test_a_cell_that_stands_still_is_worth_nothing():
    """It is held at the value that it has anyway."""
    _, _, stack, trace = drawn("lstm", 2, hidden=3, length=60)
    layer = stack.layers[1]
    for gate in (0, 2):  # nothing is let in, nothing is new
        layer["weight_ih"][gate * 3 + 1] = layer["weight_hh"][gate * 3 + 1] = 0
        layer["bias"][gate * 3 + 1] = -800 if gate == 0 else 0
    first = [tuple(np.where(np.arange(3) == 1, 0.0, array) for array in layer) for layer in trace.first]
    trace = stack.read(trace.tokens, trace.targets, first)
    found = ablate(stack, trace, [CellName(1, 1), CellName(1, 0)])
    assert found[0].overall.bits == 0
    assert found[1].overall.bits != 0
    assert estimate(stack, trace)[1, 1] == 0


def total_when(stack, trace, time, layer, unit, by, with_carry):
    """The sum of the losses when a unit's h is moved after one character; what a GRU passes to itself is taken back."""
    z = stack.tapes(trace, np.arange(len(trace)))[0][layer].z if with_carry else None
    state, total = [tuple(array[None] for array in one) for one in trace.first], 0.0
    for t in range(len(trace)):
        def move(k, tape, after, t=t):
            if k == layer and t == time:
                after[0][0, unit] += by
            if k == layer and t == time + 1 and with_carry and trace.tokens[t] != stack.start:
                after[0][0, unit] -= z[t, unit] * by
            return after
        state, _ = stack.step(trace.tokens[t:t + 1], state, move)
        total += stack.nats(state[-1][0], trace.targets[t:t + 1])[0]
    return total


@pytest.mark.few(5)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", KINDS)
def test_the_slopes_against_finite_differences(cell, layers):
    """In stretches of 5 places, the last of them cut short, and a text that begins inside."""
    _, _, stack, trace = drawn(cell, layers, hidden=3, length=18, scale=1.0, start=1 if layers == 2 else -1)
    found = np.full((layers, 18, 3), np.nan)
    for places, of_layers in slopes(stack, trace, stretch=5, after=40):
        for k, (slope, tape) in enumerate(of_layers):
            found[k, places] = slope
            np.testing.assert_allclose(tape.h_before[places > 0],
                                       np.where((trace.tokens[places[places > 0]] == stack.start)[:, None],
                                                stack.initial[k][0], trace.states[k][0][places[places > 0] - 1]))
    for time in (0, 4, 9, 10, 17):
        for k in range(layers):
            units = [time % 3, (time + k + 1) % 3]
            expected = [derivative(lambda by, k=k, unit=unit, time=time: total_when(
                stack, trace, time, k, unit, by, "z" in stack.cell.gate_names)) for unit in units]
            np.testing.assert_allclose(found[k, time, units], expected, rtol=1e-6, atol=1e-9)
    assert np.isfinite(found).all()


@pytest.mark.few(2)
@pytest.mark.parametrize("cell", KINDS)
def test_the_estimate_ranks_cells_as_ablation_does(cell, tmp_path):
    model = charrnn.train(text=TEXT, folder=tmp_path, name=cell, lr=0.01, epochs=20, batch=4, window=20, shards=1,
                          val_fraction=0.1, validations=2, averaging=0, recurrent_dropout=0.0, precision="float32",
                          hidden=24, layers=1, dropout=0.0, cell=cell)
    recording = record(model.engine, model.vocabulary.encode(TEXT))
    stack = Stack.of(model.engine)
    trace = trace_of(stack, recording)
    assert recording.nats < 1.0  # it has learned something
    exact = np.array([one.overall.bits for one in ablate(stack, trace, [CellName(0, unit) for unit in range(24)])])
    cheap = estimate(stack, trace)[0]
    ranks = np.argsort(np.argsort([exact, cheap], axis=1), axis=1)
    assert np.corrcoef(ranks)[0, 1] >= 0.7
    assert 0.5 < cheap.sum() / exact.sum() < 2  # and tells their size


def test_warm_up_has_no_part_in_the_estimate():
    _, _, stack, trace = drawn("lstm", 2, length=300)
    late = dataclasses.replace(trace, warm_up=170)
    middle = np.stack([layer[1][170:].mean(axis=0) for layer in trace.states])
    np.testing.assert_allclose(means(late)[0], middle, rtol=1e-12)
    x = np.zeros((2, 5))
    for places, layers in slopes(stack, trace, stretch=300):
        for k, (slope, tape) in enumerate(layers):
            if places[0] >= 170:
                one = slope[0] * (tape.o[0] * np.tanh(middle[k]) - trace.states[k][0][places[0]])
                x[k] += one + one * one / 2
    # the same in stretches of 128 places, losses more than 128 behind left out: nearly the same
    np.testing.assert_allclose(estimate(stack, late), x / 130 / math.log(2), rtol=1e-3, atol=1e-6)
