"""The compiled network behind the interface of truncated_bptt(), so that it can be held to the reference."""

import numpy as np

from charrnn.cells.numpy_step import Arrays, State
from charrnn.cells.registry import CELLS
from charrnn.engine.compiled.engine import CompiledEngine
from charrnn.engine.compiled.network import Network
from charrnn.engine.compiled.streams import CompiledStreams
from charrnn.engine.reference.backpropagation import Result
from charrnn.kernels.cpu import padded
from charrnn.kernels.dropout import drop
from charrnn.settings import NetworkSettings
from tests.networks import random_parameters, random_state

# What float32 kernels may differ from float64, here and wherever they are compared; stated once.
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def compiled_network(settings: NetworkSettings, parameters: Arrays, threads: int = 1, precision: str = "float32",
                     start: int = -1) -> Network:
    """A network with these parameters."""
    network = Network(settings, parameters["bias_out"].size, threads=threads, precision=precision, start=start)
    network.parameters.from_arrays(parameters)
    network.refresh()
    return network


def compiled_engine(settings: NetworkSettings, parameters: Arrays, threads: int = 1, start: int = -1) -> CompiledEngine:
    """The same as an engine, to be read only."""
    engine = CompiledEngine(settings, parameters["bias_out"].size, start=start, threads=threads)
    engine.load(parameters)
    return engine


def named(state: list[State]) -> Arrays:
    """A state as Streams takes and gives it: h_l{k}, c_l{k}."""
    return {f"{letter}_l{k}": array
            for k, layer in enumerate(state) for letter, array in zip("hc", layer, strict=False)}


def listed(arrays: Arrays, settings: NetworkSettings) -> list[State]:
    """The other way round: (h,) or (h, c) for each layer."""
    letters = "hc" if CELLS[settings.cell].has_memory else "h"
    return [tuple(arrays[f"{letter}_l{k}"] for letter in letters) for k in range(settings.layers)]


def ids(array: np.ndarray) -> np.ndarray:
    """Characters as the windows give them to the kernels."""
    return np.ascontiguousarray(array, np.int32)


def logits_of(batch: CompiledStreams, network: Network, inputs: np.ndarray,
              keys: np.ndarray | None = None) -> np.ndarray:
    """Logits (T, N, V) of the recurrent part's float32 output; the batch's state stays."""
    parameters, H = network.parameters.to_arrays(), network.settings.hidden
    outputs = [shard.read(ids(inputs[:, part]), keys)[:, :, :H].astype(np.float64)
               for shard, part in zip(batch.shards, batch.slices, strict=True)]
    return np.concatenate(outputs, axis=1) @ parameters["weight_out"].T + parameters["bias_out"]


def dstate_of(batch: CompiledStreams, settings: NetworkSettings) -> list[State]:
    """The gradient of the state that was carried into the window just learned."""
    H = settings.hidden
    h = [np.concatenate([shard.dh[k][:, :H] for shard in batch.shards]) for k in range(settings.layers)]
    c = [np.concatenate([shard.dc[k][:, :H] for shard in batch.shards]) for k in range(settings.layers)]
    return list(zip(h, c, strict=True)) if CELLS[settings.cell].has_memory else [(array,) for array in h]


def forward_backward(
    settings: NetworkSettings,
    parameters: Arrays,
    inputs: np.ndarray,
    targets: np.ndarray,
    state: list[State] | None,
    keys: np.ndarray | None = None,
    shards: int = 1,
    threads: int = 1,
    window: int = 0,
    precision: str = "float32",
    start: int = -1,
) -> Result:
    """What truncated_bptt() of the reference engine gives, from the kernels; `window` may be longer than needed."""
    (T, N), network = inputs.shape, compiled_network(settings, parameters, threads, precision, start)
    batch, gradients = CompiledStreams(network, N, max(T, window), shards), network.gradients_of(min(shards, N))
    if state is None:
        batch.reset()
    else:
        batch.set_state(named(state))
    logits = logits_of(batch, network, inputs, keys)
    loss = batch.learn(ids(inputs), ids(targets), keys)
    gradients[0] = gradients.sum(axis=0)
    return Result(loss, network.parameters.to_arrays(gradients[0]), listed(batch.state(), settings), logits,
                  dstate_of(batch, settings))


def masks_of(settings: NetworkSettings, keys: np.ndarray, T: int, N: int) -> np.ndarray:
    """The dropout masks (L, T, N, H) that these keys stand for, as factors."""
    masks = np.ones((settings.layers, T, N, padded(settings.hidden)), np.float32)
    for k in range(settings.layers):
        drop(masks[k], settings.dropout, keys[k], 0)
    return masks[..., : settings.hidden].astype(np.float64)


def drawn(settings: NetworkSettings, V: int, T: int, N: int, seed: int):
    """Parameters, inputs, targets and state, random and exact in float32; some places are not predicted.

    Wide networks get smaller weights: were they chaotic, rounding would grow with every character.
    """
    rng = np.random.default_rng(seed)
    shrink = min(1.0, 2.0 / np.sqrt(settings.hidden))
    parameters = {name: (shrink * array).astype(np.float32).astype(np.float64)
                  for name, array in random_parameters(settings, V, rng).items()}
    state = [tuple(array.astype(np.float32).astype(np.float64) for array in layer)
             for layer in random_state(settings, N, rng)]
    inputs, targets = rng.integers(V, size=(T, N)), rng.integers(V, size=(T, N))
    targets[rng.random((T, N)) < 0.1] = -1
    return parameters, inputs, targets, state


def assert_close(result: Result, expected: Result, **close: float) -> None:
    """Everything in one is as close to the other as CLOSE says, or as is said here."""
    close = close or CLOSE
    np.testing.assert_allclose(result.logits, expected.logits, **close, err_msg="logits")
    np.testing.assert_allclose(result.loss, expected.loss, **close, err_msg="loss")
    assert result.gradients.keys() == expected.gradients.keys()
    for name, gradient in expected.gradients.items():
        np.testing.assert_allclose(result.gradients[name], gradient, **close, err_msg=f"d{name}")
    np.testing.assert_allclose(result.state, expected.state, **close, err_msg="state")
    np.testing.assert_allclose(result.dstate, expected.dstate, **close, err_msg="dstate")


def assert_same(result: Result, expected: Result) -> None:
    """Equal to the last bit, in whatever the kernels themselves computed."""
    assert_close(result, expected, rtol=0, atol=0)
