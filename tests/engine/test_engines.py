"""The reference engine and the compiled one behind their common interface: they agree to rounding, in all they do."""

import dataclasses
import math

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.engines import open_engine
from charrnn.engine.interface import RAW
from charrnn.engine.reference.dropout import mask
from charrnn.errors import CheckpointError, SettingsError, TrainingError
from charrnn.kernels.dropout import drop
from charrnn.settings import NetworkSettings, TrainingSettings
from tests.engine.compiled import CLOSE

V, N, T, START = 11, 5, 9, 4
CLIP = 0.15
KINDS = pytest.mark.parametrize("cell", CELLS)
LAYERS = pytest.mark.parametrize("layers", [1, 2])
ENGINES = ("reference", "compiled")
PLAIN = {"dropout": 0.0}
BOTH_DROPOUTS = {"dropout": 0.3, "recurrent_dropout": 0.2}


def opened(name, network, training=None, start=-1, seed=1):
    return open_engine(name, network, V, training=training, generator=np.random.default_rng(seed), start=start)


def pair(network, training=None, start=-1):
    return [opened(name, network, training, start) for name in ENGINES]


def window(seed, T=T):
    """Inputs and targets in which a document starts now and then; some places are not predicted."""
    rng = np.random.default_rng(seed)
    inputs, targets = rng.integers(V, size=(2, T, N)).astype(np.int32)
    targets[rng.random((T, N)) < 0.1] = -1
    return inputs, targets


def keys_of(network, seed):
    rng = np.random.default_rng(1000 + seed)
    return [rng.integers(0, 2**32, network.layers, np.uint32) if rate else None
            for rate in (network.dropout, network.recurrent_dropout)]


def taught(engine, steps, first=0, streams=None):
    """Losses and norms of so many steps from step `first` on, and the streams that they were taken with."""
    streams, losses, norms = streams or engine.streams(N, T, 2), [], []
    for step in range(first, first + steps):
        losses.append(streams.learn(*window(step), *keys_of(engine.settings, step)))
        norms.append(engine.update(0.01, CLIP))
    return losses, norms, streams


def assert_near(one, other, rtol=1e-4, atol=2e-5):
    """Two dicts of arrays, as close as float32 stays to float64 over some steps."""
    assert one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_allclose(other[name], array, rtol=rtol, atol=atol, err_msg=name)


def assert_twenty_steps_agree(network, training, start=-1):
    reference, compiled = pair(network, training, start)
    assert_near(reference.parameters(), compiled.parameters(), 0, 0)  # the same initial values, to the bit
    (losses, norms, streams), (others, other_norms, other_streams) = (taught(one, 20) for one in (reference, compiled))
    np.testing.assert_allclose(others, losses, rtol=2e-5)
    np.testing.assert_allclose(other_norms, norms, rtol=1e-3)
    assert max(norms) > CLIP  # some are clipped
    assert_near(streams.state(), other_streams.state())
    assert_near(reference.state(), compiled.state(), atol=2e-4)
    with reference.averaged(), compiled.averaged():
        loss = streams.evaluate(*window(99))
        assert other_streams.evaluate(*window(99)) == pytest.approx(loss, rel=2e-5)


@pytest.mark.few(8)
@KINDS
@LAYERS
@pytest.mark.parametrize("dropout", [PLAIN, BOTH_DROPOUTS], ids=["plain", "dropout"])
def test_twenty_steps_agree(cell, layers, dropout):
    assert_twenty_steps_agree(NetworkSettings(cell, 20, layers, **dropout), TrainingSettings())


@KINDS
def test_twenty_steps_over_documents_agree(cell):
    network = NetworkSettings(cell, 20, 2, embedding=6, learn_initial_state=True, **BOTH_DROPOUTS)
    assert_twenty_steps_agree(network, TrainingSettings(averaging=0.9), START)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "adagrad", "sgd"])
@pytest.mark.parametrize("clip_value", [0.0, 0.02])
def test_twenty_steps_of_each_optimizer_agree(optimizer, clip_value):
    training = TrainingSettings(optimizer=optimizer, clip_value=clip_value, averaging=0.8, weight_decay=0.5, beta1=0.7,
                                beta2=0.95)
    assert_twenty_steps_agree(NetworkSettings("gru", 20, 1, dropout=0.0), training)


@KINDS
@pytest.mark.parametrize("names", [ENGINES, ENGINES[::-1]], ids="-".join)
def test_what_one_engine_saves_the_other_takes_up(cell, names):
    network, training = NetworkSettings(cell, 20, 2, **BOTH_DROPOUTS), TrainingSettings(averaging=0.9)
    whole, first, second = (opened(name, network, training) for name in (names[0], *names))
    expected, _, _ = taught(whole, 20)
    begun, _, streams = taught(first, 10)
    assert begun == expected[:10]
    second.restore(first.state(), first.steps)
    assert second.steps == 10
    going_on = second.streams(N, T, 2)
    going_on.set_state(streams.state())
    losses, _, _ = taught(second, 10, 10, going_on)
    np.testing.assert_allclose(losses, expected[10:], rtol=2e-5)


def test_the_reference_goes_on_to_the_bit():
    network, training = NetworkSettings("lstm", 20, 2, **BOTH_DROPOUTS), TrainingSettings(averaging=0.9)
    whole, first, second = (opened("reference", network, training) for _ in range(3))
    expected, _, _ = taught(whole, 12)
    _, _, streams = taught(first, 6)
    second.restore({name: array.copy() for name, array in first.state().items()}, 6)
    going_on = second.streams(N, T)
    going_on.set_state(streams.state())
    assert taught(second, 6, 6, going_on)[0] == expected[6:]
    assert_near(whole.state(), second.state(), 0, 0)


@KINDS
@LAYERS
def test_predictions_signals_and_outputs_agree(cell, layers):
    network = NetworkSettings(cell, 20, layers, embedding=3, learn_initial_state=True)
    engines = pair(network, start=START)
    signals = ["h", *(["c"] if CELLS[cell].has_memory else []), *(CELLS[cell].gate_names if cell != "rnn" else [])]
    for read_before in (False, True):
        reference, compiled = (engine.streams(N, T, 2) for engine in engines)
        if read_before:
            np.testing.assert_allclose(compiled.read(window(7)[0]), reference.read(window(7)[0]), **CLOSE)
            np.testing.assert_allclose(compiled.logits(window(5)[0]), reference.logits(window(5)[0]), **CLOSE)
        (scores, recorded), (others, other_recorded) = (
            streams.record(*window(8), 4, signals) for streams in (reference, compiled))
        assert_near(recorded, other_recorded, **CLOSE)
        assert recorded["h"].shape == (layers, T, N, 20)
        for one, other in zip(scores, others, strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-5)
        assert (scores.ranks == 0).sum() == (window(8)[1] < 0).sum() > 0
        assert_near(reference.state(), compiled.state(), **CLOSE)
        reference.reset()
        compiled.reset()
        assert_near(reference.state(), compiled.state(), 0, 0)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_what_is_changed_in_a_layer_is_what_the_next_reads(name, cell):
    streams = opened(name, NetworkSettings(cell, 20, 2)).streams(N, 1)
    inputs, seen = window(1, 1)[0], []

    def hold(k, layer):
        seen.append((k, layer.c is None, layer.o is None, layer.h_before.copy()))
        layer.h[:, 3] = k + 1

    output = streams.read(inputs, hold)
    assert [(k, *nothing) for k, *nothing, _ in seen] == [(k, cell == "gru", cell == "gru") for k in range(2)]
    assert not any(h_before.any() for *_, h_before in seen)
    assert (output[0, :, 3] == 2).all()
    state = streams.state()
    assert (state["h_l0"][:, 3] == 1).all()
    streams.reset()
    assert np.abs(streams.read(inputs) - output)[..., :3].max() > 1e-3


def test_the_reference_makes_the_kernels_masks():
    for T, N, H, rate, key, first in [(3, 4, 20, 0.3, 7, 0), (1, 9, 5, 0.95, 2**32 - 1, 3), (2, 1, 70, 0.01, 0, 100)]:
        kernels = np.ones((T, N, H), np.float32)
        drop(kernels, rate, np.uint32(key), first)
        ours = mask(T, first + np.arange(N), H, rate, np.uint32(key))
        np.testing.assert_array_equal(ours > 0, kernels > 0)
        np.testing.assert_allclose(ours, kernels, rtol=1e-6)


@pytest.mark.parametrize("name", ENGINES)
def test_a_gradient_that_is_not_finite_never_reaches_a_weight(name):
    engine = opened(name, NetworkSettings("gru", 20, 1), TrainingSettings())
    taught(engine, 2)
    arrays = engine.parameters()
    arrays["weight_out"][0, 0] = np.nan
    engine.load(arrays)
    kept = engine.state()
    engine.streams(N, T).learn(*window(5))
    with pytest.raises(TrainingError, match=r"after 2 steps.*lower --lr"):
        engine.update(0.01, 1.0)
    assert engine.steps == 2
    assert_near(kept, engine.state(), 0, 0)


@pytest.mark.parametrize("name", ENGINES)
def test_averaged_is_a_context(name):
    engine = opened(name, NetworkSettings("rnn", 20, 1), TrainingSettings(averaging=0.9))
    taught(engine, 5)
    own, state = engine.parameters(), engine.state()
    with engine.averaged():
        average = engine.parameters()
    assert_near(engine.parameters(), own, 0, 0)
    assert_near({name: state[name] for name in average}, average, 0, 0)
    assert_near({name: state[RAW + name] for name in own}, own, 0, 0)
    assert (average["weight_hh_l0"] != own["weight_hh_l0"]).any()
    engine.load(own)
    with engine.averaged():
        assert_near(engine.parameters(), own, 0, 0)


@pytest.mark.parametrize("name", ENGINES)
def test_parameters_that_do_not_fit_are_refused(name):
    engine = opened(name, NetworkSettings("lstm", 20, 1))
    arrays = engine.parameters()
    assert engine.parameter_count == sum(array.size for array in arrays.values())
    with pytest.raises(CheckpointError, match="bias_out is missing"):
        engine.load({name: array for name, array in arrays.items() if name != "bias_out"})
    with pytest.raises(CheckpointError, match=r"weight_hh_l0 has shape \(3, 2\)"):
        engine.load(arrays | {"weight_hh_l0": np.zeros((3, 2))})


@pytest.mark.parametrize("name", ENGINES)
def test_the_gradient_stops_at_the_window_and_the_state_does_not(name):
    """Truncated backpropagation: two windows see the losses of one, but not its gradient."""
    network = NetworkSettings("lstm", 20, 1, dropout=0.0)
    engine = opened(name, network, TrainingSettings(optimizer="sgd", momentum=0.0))
    inputs, targets = window(3, 8)
    targets[:-1], targets[-1] = -1, 2  # only the last character is predicted
    whole, cut = engine.streams(N, 8), engine.streams(N, 8)
    before, norms = engine.parameters(), []
    loss = whole.learn(inputs, targets)
    norms.append(engine.update(0.0, 0.0))
    cut.learn(inputs[:4], targets[:4])
    assert engine.update(0.0, 0.0) == 0  # nothing is predicted in the first half
    assert cut.learn(inputs[4:], targets[4:]) == pytest.approx(loss, rel=1e-6)
    norms.append(engine.update(0.0, 0.0))
    assert abs(norms[0] - norms[1]) > 1e-4 * norms[0]
    assert_near(before, engine.parameters(), 0, 0)


def test_finite_differences_of_the_whole_loss():
    """Of the reference engine, through its interface: every parameter moves the loss as the update says."""
    network = NetworkSettings("peephole", 5, 2, embedding=3, learn_initial_state=True, **BOTH_DROPOUTS)
    given = (*window(1), *keys_of(network, 1))
    engine = opened("reference", network, TrainingSettings(), START)
    arrays = {name: array + 0.3 * np.random.default_rng(2).standard_normal(array.shape)
              for name, array in engine.parameters().items()}

    def loss(moved):
        engine.load(moved)
        return engine.streams(N, T).learn(*given)

    rng, eps = np.random.default_rng(3), 1e-5
    loss(arrays)
    gradients = {name: gradient.copy() for name, gradient in engine.gradients.items()}
    for _ in range(20):
        towards = {name: rng.standard_normal(array.shape) for name, array in arrays.items()}
        up, down = (loss({name: array + sign * eps * towards[name] for name, array in arrays.items()})
                    for sign in (1, -1))
        slope = sum((gradients[name] * towards[name]).sum() for name in arrays)
        assert (up - down) / (2 * eps) == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_what_cannot_be_opened_is_refused_in_one_line():
    network = NetworkSettings("lstm", 20, 1)
    with pytest.raises(SettingsError, match="--precision bf16 contradicts --engine reference") as error:
        opened("reference", network, TrainingSettings(precision="bf16"))
    assert "\n" not in str(error.value)
    with pytest.raises(SettingsError, match="compiled, reference and torch"):
        opened("steam", network)


def test_the_reference_says_what_it_takes():
    network = NetworkSettings("lstm", 20, 1)
    small, large = (opened("reference", dataclasses.replace(network, hidden=hidden), TrainingSettings())
                    for hidden in (20, 200))
    assert 8 * 7 * small.parameter_count < small.memory(N, T, 1) < large.memory(N, T, 1)
    assert small.is_compiled
    assert math.isfinite(taught(small, 1)[0][0])
