"""Each rule on a line of numbers, against its published formula in float64, and its way through a checkpoint."""

import numpy as np
import pytest

from charrnn.cells.registry import CELLS as KINDS
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.optimizers import RULES, optimizer_of
from charrnn.settings import NetworkSettings, TrainingSettings
from charrnn.training.schedules import fitting_rate

V, STEPS, LR = 7, 9, 0.03


def made(rule, **settings):
    """A small network with random parameters, and its optimizer."""
    network = Network(NetworkSettings(cell="gru", hidden=5, layers=2), V, np.random.default_rng(3), threads=2)
    return network, optimizer_of(network, TrainingSettings(optimizer=rule, **settings))


def gradients_of(network, step):
    """Gradients of two shards, padding 0; their sizes differ by six orders of magnitude."""
    rng, gradients = np.random.default_rng(step), network.gradients_of(2)
    for gradient in gradients:
        network.parameters.from_arrays(
            {name: rng.standard_normal(array.shape) * 10.0 ** rng.integers(-4, 2, array.shape)
             for name, array in network.parameters.to_arrays().items()}, gradient)
    return gradients


def expected(rule, p, slopes, decay, momentum):
    """The parameters after all steps, in float64, as the papers write the rule."""
    m, v, p = np.zeros_like(p), np.zeros_like(p), p.copy()
    for step, g in enumerate(slopes, start=1):
        if rule in ("adam", "adamw"):
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            shrunk = p * (1 - LR * decay) if rule == "adamw" else p
            p = shrunk - LR * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        elif rule == "rmsprop":
            v = 0.95 * v + 0.05 * g * g
            p = p - LR * g / (np.sqrt(v) + 1e-8)
        elif rule == "adagrad":
            v = v + g * g
            p = p - LR * g / (np.sqrt(v) + 1e-8)
        else:
            v = momentum * v + g
            p = p - LR * v
    return p


@pytest.mark.parametrize("clip_value", [0.0, 0.5])
@pytest.mark.parametrize("rule", list(RULES))
def test_a_rule_against_its_formula(rule, clip_value):
    network, optimizer = made(rule, weight_decay=0.7, momentum=0.8, clip_value=clip_value)
    start, slopes = network.parameters.flat.astype(np.float64), []
    for step in range(STEPS):
        gradients = gradients_of(network, step)
        total = gradients.astype(np.float64).sum(axis=0)[:start.size]
        total *= min(1.0, 20.0 / np.sqrt((total**2).sum()))  # the norm is clipped first
        slopes.append(np.clip(total, -clip_value, clip_value) if clip_value else total)
        optimizer.update(gradients, LR, 20.0)
    assert not clip_value or max(np.abs(slope).max() for slope in slopes) == clip_value
    wanted = expected(rule, start, slopes, 0.7, 0.8)
    assert np.abs(wanted - start).max() > 0.02
    np.testing.assert_allclose(network.parameters.flat, wanted, rtol=1e-5, atol=5e-6)


@pytest.mark.parametrize("rule", list(RULES))
def test_a_rule_goes_on_as_if_nothing_had_happened(rule):
    (network, optimizer), (other_network, other) = made(rule), made(rule)
    optimizer.update(gradients_of(network, 1), LR, 1.0)
    other_network.parameters.from_arrays(network.parameters.to_arrays())
    arrays = optimizer.to_arrays()
    assert len(arrays) == len(optimizer.memory) * len(network.parameters.table)
    other.from_arrays(arrays, optimizer.steps)
    for one in (optimizer, other):
        one.update(gradients_of(network, 2), LR, 1.0)
    np.testing.assert_array_equal(network.parameters.flat, other_network.parameters.flat)


def test_weight_decay_is_adamws_alone():
    after = {}
    for rule in ("adam", "adamw"):
        network, optimizer = made(rule, weight_decay=0.5)
        before = network.parameters.flat.copy()
        optimizer.update(network.gradients_of(2), LR, 1.0)  # no gradient at all
        after[rule] = network.parameters.flat / np.where(before, before, 1)
    assert set(np.unique(after["adam"])) == {0.0, 1.0}
    np.testing.assert_allclose(after["adamw"][after["adamw"] > 0], 1 - LR * 0.5, rtol=1e-6)


def test_every_rule_that_can_be_chosen_is_there():
    assert tuple(RULES) == next(spec.metadata["choices"] for spec in TrainingSettings.__dataclass_fields__.values()
                                if spec.name == "optimizer")


@pytest.mark.parametrize("rule", list(RULES))
@pytest.mark.parametrize("cell", KINDS)
def test_every_rule_has_a_rate(rule, cell):
    assert 0 < fitting_rate(NetworkSettings(cell=cell), rule) <= 1
