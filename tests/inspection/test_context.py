"""What context is worth, against texts read one by one; how sure a mean over a text is."""

import dataclasses
import json
import math

import numpy as np
import pytest

from charrnn.inspection.context import ContextUse, context_use
from charrnn.inspection.recording import record
from charrnn.inspection.stack import Stack, trace_of
from charrnn.inspection.statistics import block_error
from tests.engine.compiled import compiled_engine
from tests.inspection.drawn import KINDS, drawn


@pytest.mark.few(4)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("cell", KINDS)
def test_against_texts_read_one_by_one(cell, threads):
    """Learned initial states, three layers, a text that begins now and then; places after the warm-up only."""
    settings, arrays, exact, _ = drawn(cell, 3, hidden=5, scale=1.2, start=4)
    network = compiled_engine(settings, arrays, threads, start=4)
    ids = np.random.default_rng(1).integers(7, size=121).astype(np.int32)
    signals = ("h", "c") if exact.cell.has_memory else ("h",)
    trace = dataclasses.replace(trace_of(Stack.of(network), record(network, ids, signals)), warm_up=30)
    found = context_use(network, trace, places=20, lengths=(1, 3, 7, 40, 46))
    assert found.lengths.tolist() == [1, 3, 7, 40]  # half of the 90 places behind the warm-up, and no more
    starts = np.linspace(30, 80, 20).round().astype(int)
    assert found.places == 20
    full = exact.nats(exact.read(ids[:-1], ids[1:]).states[-1][0], ids[1:])
    assert found.full == pytest.approx(full[30:].mean() / math.log(2), rel=1e-5)
    for k, bits, error in zip(found.lengths, found.excess, found.errors, strict=True):
        lost = []
        for start in starts:
            alone = exact.read(ids[start:start + k], ids[start + 1:start + k + 1])
            lost.append((exact.nats(alone.states[-1][0], alone.targets)[-1] - full[start + k - 1]) / math.log(2))
        assert bits == pytest.approx(np.mean(lost), abs=1e-5)
        assert error == pytest.approx(block_error(np.array(lost)), abs=1e-4)
    assert abs(found.excess[0]) > 1e-3
    plain = found.to_dict()
    assert json.loads(json.dumps(plain)) == plain


def test_one_text_has_no_error_and_json_takes_that():
    use = ContextUse(1, np.array([1, 2]), np.array([0.5, 0.2]), np.array([block_error(np.ones(1)), 0.125]), 2.0)
    assert json.loads(json.dumps(use.to_dict(), allow_nan=False))["errors"] == [None, 0.125]


def test_the_least_context_that_is_enough():
    def use(*excess):
        return ContextUse(9, np.array([1, 2, 4, 8]), np.array(excess), np.zeros(4), 2.0).enough

    assert use(0.5, 0.011, 0.01, 0.0) == 4
    assert use(-0.1, 0.5, 0.5, 0.5) is None  # below the bound once, by chance
    assert use(0.5, 0.0, 0.5, 0.0) == 8
    assert use(0.0, 0.0, 0.0, 0.0) == 1
    assert use(0.5, 0.4, 0.3, 0.2) is None


def test_the_error_of_a_mean():
    """Of independent numbers it is the textbook's; of numbers that hang together it is larger, as it should be."""
    rng = np.random.default_rng(0)
    errors, means = [], []
    for _ in range(40):
        noise = rng.standard_normal(4020)
        hanging = np.convolve(noise, np.ones(21), "valid")  # its mean varies with 21 / sqrt(n)
        errors.append((block_error(noise), block_error(hanging)))
        means.append((noise.mean(), hanging.mean()))
    apart, together = np.mean(errors, axis=0)
    assert apart == pytest.approx(1 / math.sqrt(4020), rel=0.15)
    assert together == pytest.approx(21 / math.sqrt(4000), rel=0.15)
    np.testing.assert_allclose((apart, together), np.std(means, axis=0), rtol=0.35)


def test_the_error_of_a_mean_over_some_places():
    rng = np.random.default_rng(0)
    values, counted = rng.standard_normal(4000), rng.random(4000) < 0.25
    spoilt = np.where(counted, values, 1e6)
    assert block_error(spoilt, counted) == pytest.approx(1 / math.sqrt(1000), rel=0.3)
    assert block_error(values) == block_error(values)
    assert math.isnan(block_error(values, np.arange(4000) < 100))  # all in one block
    assert math.isnan(block_error(values, np.zeros(4000, bool)))
    assert block_error(np.ones(7)) == 0
