"""Layer bench: a rival: what a PyTorch program for characters looks like, written as its documentation teaches.

`embedding`   nn.Embedding(V, H), a recurrent layer of width H, nn.Linear: what such programs usually are
`one-hot`     one-hot vectors into a recurrent layer of width V, nn.Linear: the very parameters that ours has
"""

import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from charrnn.bench.clock import median_seconds
from charrnn.bench.shape import TEMP, VOCABULARY, Shape, token_windows

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
ADAMS: dict[str, dict[str, Any]] = {"loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}
# updates that each Adam is tried for; the first of them does not count
TRIAL = 12


class CharNetwork(nn.Module):
    """Characters in, logits and state out; the rival's way to read a character is `form`."""

    def __init__(self, form: str, shape: Shape) -> None:
        super().__init__()
        width = (shape.embedding or shape.hidden) if form == "embedding" else VOCABULARY
        self.embedding = nn.Embedding(VOCABULARY, width) if form == "embedding" else None
        self.layers = CELLS[shape.cell](width, shape.hidden, shape.layers)
        self.output = nn.Linear(shape.hidden, VOCABULARY)

    def forward(self, tokens: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """Logits (T, N, V) and the next state for tokens (T, N)."""
        if self.embedding is not None:
            x = self.embedding(tokens)
        else:
            x = functional.one_hot(tokens, VOCABULARY).float()
        h, state = self.layers(x, state)
        return self.output(h), state


def autocast(precision: str) -> torch.autocast:
    """The context in which products have this precision."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16")


def detached(state: Any) -> Any:
    """The state without its past, so that the gradient ends at the window's edge."""
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def training_step(network: CharNetwork, shape: Shape,
                  precision: str) -> Callable[[int, torch.optim.Optimizer], float]:
    """A function that makes training step `i` with an optimizer; its loss."""
    inputs, targets = (torch.from_numpy(part).long() for part in token_windows(shape))
    carried: list[Any] = [None]

    def step(i: int, optimizer: torch.optim.Optimizer) -> float:
        at = i % len(inputs)
        optimizer.zero_grad(set_to_none=True)
        with autocast(precision):
            logits, state = network(inputs[at], carried[0])
            loss = functional.cross_entropy(logits.view(-1, VOCABULARY), targets[at].view(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        carried[0] = detached(state)
        return float(loss.item())

    return step


def fastest_adam(network: CharNetwork) -> str:
    """The name of the implementation of Adam that makes updates along the present gradients in the least time."""
    medians = {}
    for name, choice in ADAMS.items():
        optimizer, times = torch.optim.Adam(network.parameters(), lr=1e-3, **choice), []
        for _ in range(TRIAL):
            start = time.perf_counter()
            optimizer.step()
            times.append(time.perf_counter() - start)
        medians[name] = statistics.median(times[1:])
    return min(medians, key=lambda name: medians[name])


def train(shape: dict[str, Any], form: str, precision: str, seconds: float, threads: int) -> dict[str, Any]:
    """The median seconds of a training step, and the Adam that it used."""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    measured = Shape(**shape)
    network = CharNetwork(form, measured)
    step = training_step(network, measured, precision)
    step(0, torch.optim.Adam(network.parameters(), lr=1e-3))
    adam = fastest_adam(network)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, **ADAMS[adam])
    return {"seconds": median_seconds(lambda i: step(i, optimizer), seconds), "setting": f"Adam {adam}"}


def sample(shape: dict[str, Any], form: str, precision: str, seconds: float, threads: int) -> dict[str, Any]:
    """The median seconds of one character drawn from a stream, and the setting that was fastest for it.

    Single steps are so short that oneDNN, which pays in training, may cost several times what it saves.
    """
    torch.manual_seed(1)
    network = CharNetwork(form, Shape(**shape)).eval()
    token, state = torch.zeros(1, 1, dtype=torch.long), None
    text: list[int] = []

    def draw(i: int) -> None:
        nonlocal token, state
        logits, state = network(token, state)
        token = torch.multinomial(functional.softmax(logits[-1].float() / TEMP, dim=-1), 1)
        text.append(int(token.item()))

    medians = {}
    with torch.no_grad(), autocast(precision):
        for count, onednn in itertools.product(sorted({1, threads}), (True, False)):
            torch.set_num_threads(count)
            with torch.backends.mkldnn.flags(enabled=onednn):
                name = f"threads {count}, oneDNN {'on' if onednn else 'off'}"
                medians[name] = median_seconds(draw, seconds / 2)
    fastest = min(medians, key=lambda name: medians[name])
    return {"seconds": medians[fastest], "setting": fastest}
