"""The engine on PyTorch behind the common interface: what it does agrees with the other engines to rounding."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from charrnn.cells.registry import CELLS
from charrnn.engine.engines import open_engine
from charrnn.engine.ranks import Rank
from charrnn.engine.reference.dropout import dropout_masks, recurrent_masks
from charrnn.engine.torch.dropout import dropout_mask, recurrent_mask
from charrnn.engine.torch.segments import Segments
from charrnn.engine.torch.streams import TorchStreams
from charrnn.errors import CheckpointError, SettingsError, TrainingError
from charrnn.settings import NetworkSettings, TrainingSettings
from tests.engine.test_engines import (
    BOTH_DROPOUTS,
    CLIP,
    PLAIN,
    START,
    N,
    T,
    V,
    assert_near,
    opened,
    taught,
    window,
)

pytestmark = pytest.mark.torch
KINDS = pytest.mark.parametrize("cell", CELLS)
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def assert_steps_agree(network, training, start=-1, steps=20, other="reference"):
    ours, theirs = (opened(name, network, training, start) for name in (other, "torch"))
    assert_near(ours.parameters(), theirs.parameters(), 0, 0)  # the same initial values, to the bit
    (losses, norms, streams), (others, other_norms, other_streams) = (taught(one, steps) for one in (ours, theirs))
    np.testing.assert_allclose(others, losses, rtol=2e-5)
    np.testing.assert_allclose(other_norms, norms, rtol=1e-3)
    assert max(norms) > CLIP  # some are clipped
    assert_near(streams.state(), other_streams.state(), atol=1e-4)
    assert_near(ours.state(), theirs.state(), atol=3e-4)
    with ours.averaged(), theirs.averaged():
        loss = streams.evaluate(*window(99))
        assert other_streams.evaluate(*window(99)) == pytest.approx(loss, rel=2e-5)


@KINDS
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("dropout", [PLAIN, BOTH_DROPOUTS], ids=["plain", "dropout"])
def test_twenty_steps_agree(cell, layers, dropout):
    assert_steps_agree(NetworkSettings(cell, 20, layers, **dropout), TrainingSettings())


@KINDS
def test_fifty_steps_agree_with_the_kernels(cell):
    assert_steps_agree(NetworkSettings(cell, 32, 2, **PLAIN), TrainingSettings(averaging=0.9), -1, 50, "compiled")


@KINDS
def test_documents_agree(cell):
    network = NetworkSettings(cell, 20, 2, embedding=6, learn_initial_state=True, **BOTH_DROPOUTS)
    assert_steps_agree(network, TrainingSettings(averaging=0.9), START)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "adagrad", "sgd"])
@pytest.mark.parametrize("clip_value", [0.0, 0.02])
def test_each_optimizer_agrees(optimizer, clip_value):
    training = TrainingSettings(optimizer=optimizer, clip_value=clip_value, averaging=0.8, weight_decay=0.5, beta1=0.7,
                                beta2=0.95)
    assert_steps_agree(NetworkSettings("gru", 20, 1, dropout=0.0), training)


@KINDS
@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "adagrad"])
@pytest.mark.parametrize("names", [("torch", "compiled"), ("compiled", "torch"), ("torch", "torch")], ids="-".join)
def test_what_one_engine_saves_the_other_takes_up(cell, optimizer, names):
    network = NetworkSettings(cell, 20, 2, **BOTH_DROPOUTS)
    training = TrainingSettings(averaging=0.9, optimizer=optimizer)
    whole, first, second = (opened(name, network, training) for name in (names[0], *names))
    expected, _, _ = taught(whole, 20)
    begun, _, streams = taught(first, 10)
    assert begun == expected[:10]
    second.restore(first.state(), first.steps)
    assert second.steps == 10
    going_on = second.streams(N, T, 2)
    going_on.set_state(streams.state())
    losses, _, _ = taught(second, 10, 10, going_on)
    np.testing.assert_allclose(losses, expected[10:], rtol=2e-5 if len(set(names)) == 2 else 0)


@KINDS
@pytest.mark.parametrize("layers", [1, 2])
def test_predictions_signals_and_outputs_agree(cell, layers):
    network = NetworkSettings(cell, 20, layers, embedding=3, learn_initial_state=True)
    both = [opened(name, network, None, START) for name in ("reference", "torch")]
    signals = ["h", *(["c"] if CELLS[cell].has_memory else []), *(CELLS[cell].gate_names if cell != "rnn" else [])]
    for read_before in (False, True):
        reference, ours = (engine.streams(N, T, 2) for engine in both)
        if read_before:
            np.testing.assert_allclose(ours.read(window(7)[0]), reference.read(window(7)[0]), **CLOSE)
            np.testing.assert_allclose(ours.logits(window(5)[0]), reference.logits(window(5)[0]), **CLOSE)
            np.testing.assert_allclose(ours.read(window(6)[0], lambda k, step: None),
                                       reference.read(window(6)[0]), **CLOSE)
        (scores, recorded), (others, other_recorded) = (
            streams.record(*window(8), 4, signals) for streams in (reference, ours))
        assert_near(recorded, other_recorded, **CLOSE)
        for one, other in zip(scores, others, strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-5)
        for one, other in zip(reference.score(*window(9), 4), ours.score(*window(9), 4), strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-5)
        assert_near(reference.state(), ours.state(), **CLOSE)
        reference.reset()
        ours.reset()
        assert_near(reference.state(), ours.state(), 0, 0)


@pytest.mark.parametrize("cell", ["lstm", "gru", "peephole"])
def test_what_is_changed_in_a_layer_is_what_the_next_reads(cell):
    streams = opened("torch", NetworkSettings(cell, 20, 2)).streams(N, 1)
    inputs, seen = window(1, 1)[0], []

    def hold(k, layer):
        seen.append((k, layer.c is None, layer.o is None, layer.h_before.copy()))
        layer.h[:, 3] = k + 1

    output = streams.read(inputs, hold)
    assert [(k, *nothing) for k, *nothing, _ in seen] == [(k, cell == "gru", cell == "gru") for k in range(2)]
    assert not any(h_before.any() for *_, h_before in seen)
    assert (output[0, :, 3] == 2).all()
    assert (streams.state()["h_l0"][:, 3] == 1).all()


def test_the_masks_are_those_of_the_kernels():
    network, keys = NetworkSettings("gru", 21, 2, dropout=0.3, recurrent_dropout=0.95), np.array([7, 2**32 - 1], "u4")
    cpu = torch.device("cpu")
    for k, key in enumerate(keys.tolist()):
        ours = dropout_mask(network, 6, range(5), key, cpu).numpy()
        np.testing.assert_allclose(ours, dropout_masks(network, 6, 5, keys)[k], rtol=1e-6)
        np.testing.assert_array_equal(dropout_mask(network, 6, range(3, 5), key, cpu).numpy(), ours[:, 3:])
        np.testing.assert_allclose(recurrent_mask(network, 3, key, cpu).numpy(),
                                   recurrent_masks(network, keys)[f"weight_hh_l{k}"], rtol=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_segments_cover_a_window_once(seed):
    rng = np.random.default_rng(seed)
    T, N = (int(size) for size in rng.integers(1, 9, 2))
    begins = rng.random((T, N)) < rng.random()
    made = Segments.of(begins, torch.device("cpu"))
    places, sizes = made.places.numpy(), made.sizes.numpy()
    assert sorted(places) == list(range(T * N))
    np.testing.assert_array_equal(places[made.inverse.numpy()], np.arange(T * N))
    assert (np.diff(sizes) <= 0).all()
    starts = np.cumsum(sizes) - sizes
    for s, row in enumerate(made.rows.tolist()):
        own = places[starts[sizes > s] + s]
        assert set(own % N) == {row}
        times = own // N
        np.testing.assert_array_equal(times, np.arange(times[0], times[0] + len(times)))
        assert bool(made.fresh[s]) == begins[times[0], row]
        assert not begins[times[1:], row].any()
        assert (made.last[row] == s) == (times[-1] == T - 1)


def test_bf16_is_close_and_its_state_is_float32():
    network = NetworkSettings("lstm", 32, 1, **PLAIN)
    engines_ = [opened("torch", network, TrainingSettings(precision=name)) for name in ("float32", "bf16")]
    (losses, *_), (others, _, streams) = (taught(engine, 20) for engine in engines_)
    assert losses != others
    np.testing.assert_allclose(others, losses, rtol=0.02)
    assert {array.dtype for array in (engines_[1].state() | streams.state()).values()} == {np.dtype(np.float32)}


@KINDS
def test_bf16_of_all_cells(cell):
    taught(opened("torch", NetworkSettings(cell, 16, 2, **BOTH_DROPOUTS), TrainingSettings(precision="bf16"), START), 2)


def test_a_gradient_that_is_not_finite_never_reaches_a_weight():
    engine = opened("torch", NetworkSettings("gru", 20, 1), TrainingSettings())
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


def test_averaged_is_a_context():
    engine = opened("torch", NetworkSettings("rnn", 20, 1), TrainingSettings(averaging=0.9))
    taught(engine, 5)
    own, state = engine.parameters(), engine.state()
    with engine.averaged():
        average = engine.parameters()
    assert_near(engine.parameters(), own, 0, 0)
    assert_near({name: state[name] for name in average}, average, 0, 0)
    assert_near({name: state[f"raw.{name}"] for name in own}, own, 0, 0)
    assert (average["weight_hh_l0"] != own["weight_hh_l0"]).any()


def test_parameters_that_do_not_fit_are_refused():
    engine = opened("torch", NetworkSettings("lstm", 20, 1))
    arrays = engine.parameters()
    with pytest.raises(CheckpointError, match="bias_out is missing"):
        engine.load({name: array for name, array in arrays.items() if name != "bias_out"})
    with pytest.raises(CheckpointError, match=r"weight_hh_l0 has shape \(3, 2\)"):
        engine.load(arrays | {"weight_hh_l0": np.zeros((3, 2))})


def test_memory_that_is_full(monkeypatch):
    engine = opened("torch", NetworkSettings("lstm", 20, 1), TrainingSettings())

    def full(*given):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(engine.network, "logits", full)
    with pytest.raises(TrainingError, match=r"out of memory on cpu: --batch 5 .* GB; --batch 2 should fit"):
        engine.streams(N, T).learn(*window(1))
    needed = engine.memory(N, T, 1)
    monkeypatch.setattr("charrnn.engine.torch.device.free_memory", lambda device: needed * 7 // 8)
    with pytest.raises(TrainingError, match=r"GB are there; --batch [1-4] should fit"):
        engine.streams(N, T).learn(*window(1))
    engine.rank = Rank(0, 4, 0, 4)  # each of four processes has N rows of a batch of 4 N
    with pytest.raises(TrainingError, match=r"--batch 20 takes .* GB in each process, .*; --batch (4|8|12|16) should"):
        TorchStreams(engine, range(N)).learn(*window(1))
    engine.rank = Rank()
    monkeypatch.setattr("charrnn.engine.torch.device.free_memory", lambda device: 10)
    with pytest.raises(TrainingError, match="use a smaller --hidden or --window"):
        engine.streams(N, T).learn(*window(1))


@pytest.mark.parametrize("call", [
    lambda streams: streams.evaluate(*window(1)), lambda streams: streams.score(*window(1), 3),
    lambda streams: streams.record(*window(1), 3, ["h"]), lambda streams: streams.logits(window(1)[0])],
    ids=["evaluate", "score", "record", "logits"])
def test_memory_that_is_full_when_a_text_is_read(call, monkeypatch):
    engine = opened("torch", NetworkSettings("lstm", 20, 1))

    def full(*given):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(engine.network, "logits", full)
    with pytest.raises(SettingsError, match=r"out of memory on cpu: 5 rows .* GB; 2 should fit \(--rows of score, "):
        call(engine.streams(N, T))
    monkeypatch.setattr("charrnn.engine.torch.device.free_memory", lambda device: 10)
    with pytest.raises(SettingsError, match="GB are there; leave --engine torch out, or use --device cpu"):
        call(engine.streams(N, T))
    monkeypatch.setattr("charrnn.engine.torch.network.TorchNetwork.to", full)
    with pytest.raises(SettingsError, match=r"the network alone takes 0.0 GB; use --device cpu"):
        opened("torch", NetworkSettings("lstm", 20, 1))


def test_what_is_not_there(monkeypatch):
    with pytest.raises(SettingsError, match=r"PyTorch \S+ finds no cuda device on this machine; use --device cpu"):
        open_engine("torch", NetworkSettings(), V, device="cuda")
    monkeypatch.setitem(CELLS, "other", CELLS["lstm"])
    network = NetworkSettings("lstm")
    object.__setattr__(network, "cell", "other")
    with pytest.raises(SettingsError, match="--engine torch has no other cell"):
        open_engine("torch", network, V)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
@KINDS
def test_on_a_gpu(cell):
    network, training = NetworkSettings(cell, 64, 2, **BOTH_DROPOUTS), TrainingSettings(averaging=0.9)
    cpu, gpu = (open_engine("torch", network, V, training=training, generator=np.random.default_rng(1), start=START,
                            device=device) for device in ("cpu", "cuda"))
    (losses, *_), (others, *_) = (taught(engine, 20) for engine in (cpu, gpu))
    np.testing.assert_allclose(others, losses, rtol=1e-4)
