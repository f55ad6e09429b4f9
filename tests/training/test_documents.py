"""Training on documents: each is read from the initial state, whatever stands before it in its row."""

import json

import numpy as np
import pytest

from charrnn.cells.registry import CELLS as KINDS
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.engine.reference.backpropagation import truncated_bptt
from charrnn.settings import NetworkSettings, TextSettings
from charrnn.text.documents import Documents
from charrnn.text.windows import PackedDocuments
from charrnn.training.evaluation import Evaluation
from charrnn.training.events import Finished, Step, Validated
from charrnn.training.progress import TrainingProgress
from charrnn.training.trainer import Trainer
from tests.engine.compiled import CLOSE, compiled_engine, compiled_network
from tests.networks import random_parameters
from tests.training.runs import V, advance, flat_state, settings_of

MARK = 4
CELLS = pytest.mark.parametrize("cell", KINDS)


def documents_of(count=40, longest=23, seed=0):
    """Documents of many lengths, some of them equal; each character depends a little on the one before."""
    rng = np.random.default_rng(seed)
    others = np.array([i for i in range(V) if i != MARK])
    pieces = [others[np.cumsum(rng.integers(0, 3, rng.integers(1, longest))) % len(others)] for _ in range(count)]
    pieces += pieces[:5]
    return Documents.of(np.concatenate([[MARK], *(np.append(piece, MARK) for piece in pieces)]).astype(np.int32), MARK)


def one_by_one(settings, parameters, documents):
    """The reference's loss in nats and its gradients, summed over documents that are read alone."""
    total, gradients = 0.0, {name: np.zeros_like(array) for name, array in parameters.items()}
    for d in documents.which:
        read = documents.ids[documents.marks[d]:documents.marks[d + 1] + 1][:, None]
        state = [(np.zeros((1, settings.hidden)),) * (1 + (KINDS[settings.cell].has_memory))] * settings.layers
        result = truncated_bptt(settings, parameters, read[:-1], read[1:], state)
        total += result.loss * (len(read) - 1)
        for name, gradient in result.gradients.items():
            gradients[name] += gradient * (len(read) - 1)
    return total, gradients


@pytest.mark.few(3)
@CELLS
@pytest.mark.parametrize(("window", "shards"), [(3, 1), (7, 2), (1_000, 3)])
def test_the_loss_is_that_of_documents_read_alone(cell, window, shards):
    settings = NetworkSettings(cell=cell, hidden=9, layers=2, embedding=3)
    parameters, documents = random_parameters(settings, V, np.random.default_rng(window)), documents_of()
    evaluation = Evaluation(compiled_engine(settings, parameters, start=MARK), documents, window, shards)
    expected = one_by_one(settings, parameters, documents)[0] / documents.transitions
    assert evaluation.loss() == pytest.approx(expected, rel=1e-6)
    assert evaluation.loss() == evaluation.loss()


@pytest.mark.few(2)
@CELLS
def test_gradients_are_those_of_documents_read_alone(cell):
    settings = NetworkSettings(cell=cell, hidden=9, layers=2, dropout=0.0)
    parameters, documents = random_parameters(settings, V, np.random.default_rng(5)), documents_of()
    network = compiled_network(settings, parameters, start=MARK)
    packed = PackedDocuments(documents, 3, 1_000, np.random.default_rng(6))
    assert packed.windows_per_epoch == 1  # so that no gradient is cut off
    window = packed.next_window()
    batch, gradients = CompiledStreams(network, 3, 1_000, 2), network.gradients_of(2)
    loss = batch.learn(window.inputs, window.targets)
    gradients[0] = gradients.sum(axis=0)
    total, expected = one_by_one(settings, parameters, documents)
    assert loss == pytest.approx(total / documents.transitions, rel=1e-6)
    for name, gradient in network.parameters.to_arrays(gradients[0]).items():
        np.testing.assert_allclose(gradient, expected[name] / documents.transitions, **CLOSE)


def with_documents(**others):
    settings = settings_of(**others)
    return type(settings)(settings.network, settings.windows, settings.training, TextSettings(documents="line"))


@pytest.mark.few(2)
@CELLS
def test_bit_for_bit(cell):
    settings = with_documents(cell=cell, epochs=4.0)
    whole, first = (Trainer(settings, documents_of(), V, 1) for _ in range(2))
    steps = whole.cutter.windows_per_epoch + 3
    expected = advance(whole, 2 * steps)
    events = advance(first, steps)
    arrays, progress = first.state()
    second = Trainer(settings, documents_of(), V, 2)
    second.restore({name: array.copy() for name, array in arrays.items()},
                   TrainingProgress.from_dict(json.loads(json.dumps(progress.to_dict()))))
    assert flat_state(second) == flat_state(first)
    events = events[:-1] + advance(second, steps)[1:]
    assert repr(events) == repr(expected)
    assert flat_state(second) == flat_state(whole)


def test_a_run_predicts_each_document_once_an_epoch():
    trainer = Trainer(with_documents(epochs=3.0, batch=4, window=6), documents_of(), V, 1)
    events = list(trainer.events())
    train, val = trainer.characters
    assert sum(event.characters for event in events if isinstance(event, Step)) == 3 * train
    assert train + val == documents_of().transitions
    assert sum(trainer.documents) == 45
    assert isinstance(events[-1], Finished)
    assert events[-1].epoch == 3
    losses = [event.loss for event in events if isinstance(event, Validated)]
    assert losses[-1] < losses[0]


@pytest.mark.few(1)
@CELLS
def test_a_run_measures_and_learns_as_if_documents_were_read_alone(cell):
    settings = with_documents(cell=cell, dropout=0.0, batch=3, window=1_000, lr=1e-9, epochs=1.0)
    trainer = Trainer(settings, documents_of(), V, 1)
    parameters = {name: array.astype(float) for name, array in trainer.engine.parameters().items()}
    train, val = documents_of().split(None)
    assert trainer.documents == (len(train), len(val))
    for documents, loss in ((val, trainer.evaluation.loss()), (train, trainer._step().loss)):
        assert loss == pytest.approx(one_by_one(settings.network, parameters, documents)[0] / documents.transitions,
                                     rel=1e-5)
