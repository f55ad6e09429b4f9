"""A learned initial state: its gradient, where it is put, and that it is a parameter like all others."""

import dataclasses

import numpy as np
import pytest

from charrnn.cells.registry import CELLS
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.parameters import Parameters
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.engine.reference import backpropagation as reference
from charrnn.errors import CheckpointError
from charrnn.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.sampling.constraints import SamplingRule
from charrnn.sampling.sampler import Sampler
from charrnn.settings import NetworkSettings, Settings, TrainingSettings, WindowSettings
from charrnn.training.evaluation import Evaluation
from charrnn.training.trainer import Trainer
from tests.differences import every_derivative, relative_error
from tests.engine import compiled
from tests.engine.compiled import compiled_engine, compiled_network, drawn, ids
from tests.engine.test_starts import START, V, packed, texts_of

KINDS = pytest.mark.parametrize("cell", CELLS)


def settings_of(cell, **others):
    return NetworkSettings(cell=cell, learn_initial_state=True, **{"hidden": 20, "layers": 2} | others)


def initial_names(settings):
    return {f"{letter}0_l{k}" for k in range(settings.layers) for letter in "hc"[: 1 + CELLS[settings.cell].has_memory]}


@pytest.mark.few(3)
@KINDS
@pytest.mark.parametrize("is_initial", [True, False])
def test_every_derivative(cell, is_initial):
    """By finite differences; where the window goes on from another one, only the starts inside it count."""
    settings = settings_of(cell, hidden=3, embedding=2)
    # with seed 1, a derivative is 2e-8: too small to compare
    parameters, inputs, targets, state = packed(settings, 4, 3, seed=2)
    assert initial_names(settings) <= parameters.keys()
    given = inputs, targets, None if is_initial else state
    result = reference.truncated_bptt(settings, parameters, *given, start=START)

    def loss():
        return reference.truncated_bptt(settings, parameters, *given, start=START).loss

    errors = {name: relative_error(result.gradients[name], every_derivative(loss, array))
              for name, array in parameters.items()}
    assert max(errors.values()) <= 1e-6, errors
    assert all(result.gradients[name].any() for name in initial_names(settings))


# (hidden, layers, embedding, N, T)
SIZES = [(20, 1, 0, 5, 13), (70, 2, 0, 7, 40), (33, 2, 6, 1, 300), (20, 3, 0, 2, 1)]


@pytest.mark.few(10)
@KINDS
@pytest.mark.parametrize("is_initial", [True, False])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_kernels_agree_with_the_reference(cell, is_initial, sizes):
    hidden, layers, embedding, N, T = sizes
    settings = settings_of(cell, hidden=hidden, layers=layers, embedding=embedding, dropout=0.3)
    *given, state = packed(settings, T, N, seed=hidden)
    given = *given, None if is_initial else state
    keys = np.arange(3, 3 + layers).astype(np.uint32)
    masks = compiled.masks_of(settings, keys, T, N)
    for start in (START, -1):
        expected = reference.truncated_bptt(settings, *given, masks, start=start)
        for shards in (1, 3):
            compiled.assert_close(compiled.forward_backward(settings, *given, keys, shards, start=start), expected)


@KINDS
def test_bf16(cell):
    settings = settings_of(cell)
    *given, _ = packed(settings, 13, 5, seed=2)
    result = compiled.forward_backward(settings, *given, None, precision="bf16", start=START)
    expected = reference.truncated_bptt(settings, *given, None, start=START)
    compiled.assert_close(result, expected, rtol=0.05, atol=0.01)


@KINDS
def test_packed_texts_are_texts_one_by_one(cell):
    settings = settings_of(cell)
    parameters, inputs, targets, _ = packed(settings, 17, 4, seed=3)
    inputs[0] = START  # every text begins in this window
    total = (targets >= 0).sum()
    whole = compiled.forward_backward(settings, parameters, inputs, targets, None, start=START)
    gradients = {name: 0.0 for name in parameters}
    for n, begin, stop, _ in texts_of(inputs):
        cut = slice(begin, stop), slice(n, n + 1)
        result = compiled.forward_backward(settings, parameters, inputs[cut], targets[cut], None)
        for name, gradient in result.gradients.items():
            gradients[name] += gradient * (targets[cut] >= 0).sum() / total
    for name, gradient in gradients.items():
        np.testing.assert_allclose(whole.gradients[name], gradient, rtol=1e-5, atol=1e-6, err_msg=name)


@KINDS
def test_the_state_is_the_learned_one_only_after_a_reset(cell):
    settings = settings_of(cell)
    parameters, inputs, targets, state = drawn(settings, V, 6, 3, seed=4)
    network = compiled_network(settings, parameters)
    batch, gradients = CompiledStreams(network, 3, 6, 2), network.gradients_of(2)
    learned = {name: np.tile(parameters[name.replace("_", "0_")], (3, 1)) for name in batch.state()}
    for name, array in batch.state().items():  # a new batch
        np.testing.assert_array_equal(array, learned[name], err_msg=name)
    batch.set_state(compiled.named(state))
    batch.learn(ids(inputs), ids(targets))
    gradients[0] = gradients.sum(axis=0)
    for name in initial_names(settings):  # no text began in that window
        assert not network.parameters.to_arrays(gradients[0])[name].any()
    batch.reset()
    for name, array in batch.state().items():
        np.testing.assert_array_equal(array, learned[name], err_msg=name)
    for is_first in (True, False):
        batch.learn(ids(inputs), ids(targets))
        gradients[0] = gradients.sum(axis=0)
        for name in initial_names(settings):  # the second window goes on from the first
            assert network.parameters.to_arrays(gradients[0])[name].any() == is_first, name


@KINDS
def test_parameters_by_name(cell):
    settings = settings_of(cell, hidden=21)
    network = Network(settings, V, np.random.default_rng(0))
    arrays = network.parameters.to_arrays()
    plain = Network(dataclasses.replace(settings, learn_initial_state=False), V, np.random.default_rng(0))
    assert arrays.keys() - plain.parameters.to_arrays().keys() == initial_names(settings)
    for name, array in arrays.items():  # it begins as the network that learns none
        expected = plain.parameters.to_arrays()[name] if name in plain.parameters.table else np.zeros(21)
        np.testing.assert_array_equal(array, expected, err_msg=name)
    with pytest.raises(CheckpointError, match="h0_l0 is missing"):
        Parameters(settings, V).from_arrays(plain.parameters.to_arrays())


@pytest.mark.few(1)
@KINDS
def test_training_evaluation_and_sampling_begin_with_it(cell, tmp_path):
    text = np.tile(np.array([START, 1, 2, 3]), 60)
    settings = Settings(settings_of(cell, dropout=0.1), WindowSettings(window=5, batch=3, val_fraction=0.2),
                        TrainingSettings(epochs=2, validations=1, shards=2, lr=0.01))
    trainer = Trainer(settings, text, V)
    list(trainer.events())
    arrays, _ = trainer.state()
    for name in initial_names(settings.network):  # Adam moved it, and padding stayed
        assert arrays[name].any()
        assert arrays[f"adam_mean.{name}"].any()
        stored = trainer.engine.network.parameters.stored(name)
        assert not stored[settings.network.hidden :].any()
    # one step from the initial state, by the reference
    parameters = {name: array.astype(np.float64) for name, array in trainer.engine.parameters().items()}
    for name in initial_names(settings.network):  # an opinion of it that can be seen
        parameters[name] *= 40
    engine = compiled_engine(settings.network, parameters)
    inputs, targets = np.array([[START]]), np.array([[2]])
    expected = reference.truncated_bptt(settings.network, parameters, inputs, targets, None)
    loss = Evaluation(engine, np.array([START, 2]), 5, 1).loss()
    assert loss == pytest.approx(expected.loss, rel=1e-5)
    logits = expected.logits[0, 0]
    sampler = Sampler(settings.network, engine.network.weights, 4000)
    sampler.begin(np.full((1, 4000), START, np.int32))
    draws = np.random.default_rng(0).random((1, 4000))
    first = sampler.generate(np.zeros((0, 4000), np.int32), draws, SamplingRule())[0]
    likelihood = 4000 * np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert np.sum((np.bincount(first, minlength=V) - likelihood) ** 2 / likelihood) < 29.6  # once in a thousand times
    without = reference.truncated_bptt(settings.network, parameters | {
        name: 0 * parameters[name] for name in initial_names(settings.network)}, inputs, targets, None)
    assert np.abs(without.logits - expected.logits).max() > 0.1


@KINDS
def test_sampling_steps_as_the_reference_does(cell):
    settings = settings_of(cell)
    parameters, *_ = drawn(settings, V, 1, 1, seed=6)
    network = compiled_network(settings, {name: 2 * array for name, array in parameters.items()}, start=START)
    prime = np.array([[1, 2], [START, 3]], np.int32)
    sampler = Sampler(settings, network.weights, 2)
    sampler.begin(prime)
    text = sampler.generate(prime[:0], np.zeros((60, 2)), SamplingRule(temp=0.0))
    read = np.concatenate([prime, text])
    parameters = {name: array.astype(np.float64) for name, array in network.parameters.to_arrays().items()}
    logits = reference.truncated_bptt(settings, parameters, read[:-1], read[1:], None, start=START).logits[1:]
    chosen = np.take_along_axis(logits, text[..., None].astype(np.int64), axis=-1)[..., 0]
    assert np.all(chosen >= logits.max(axis=-1) - 1e-4)


def test_checkpoints_from_before_there_was_one(tmp_path):
    settings = Settings(NetworkSettings("gru", hidden=3, layers=2))
    values = settings.to_dict()
    del values["network"]["learn_initial_state"]
    assert Settings.from_dict(values) == settings
    learned = Settings(settings_of("lstm", hidden=3))
    arrays = Network(learned.network, 4, np.random.default_rng(0)).parameters.to_arrays()
    arrays["c0_l1"] += np.arange(3, dtype=np.float32)
    save_checkpoint(tmp_path / "a.safetensors", Checkpoint(learned, "abcd", CorpusInfo("a"), {}, arrays))
    loaded = load_checkpoint(tmp_path / "a.safetensors")
    assert loaded.settings == learned
    np.testing.assert_array_equal(loaded.arrays["c0_l1"], [0, 1, 2])
