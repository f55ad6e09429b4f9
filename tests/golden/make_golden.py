"""Writes golden.json: what PyTorch's modules and its Adam make of small networks of ours. Needs torch.

To compute it anew:  python -m tests.golden.make_golden
Parameters and states are drawn on a grid of 1/128, so that float32 kernels start from the same numbers to the
last bit; results keep all digits of float64.
"""

import json
from typing import Any

import numpy as np
import torch

from charrnn.settings import NetworkSettings
from tests.golden.load import MAGIC, PATH, VERSION
from tests.networks import random_parameters, random_state
from tests.torch import twin

N, T, H, V, E = 2, 3, 5, 7, 4
STEPS, LR, CLIP = 10, 0.02, 0.57  # the gradient's norm is above CLIP at some steps and below at others
SHAPES = [(1, 0), (2, 0), (3, 0), (2, E)]  # layers, embedding


def build() -> dict[str, Any]:
    """The whole document, ready for JSON."""
    settings = [NetworkSettings(cell=cell, hidden=H, layers=layers, embedding=embedding)
                for cell in twin.CELLS for layers, embedding in SHAPES]
    cases, trajectories = [], []
    for seed, network in enumerate(settings):
        given = _draw(network, np.random.default_rng(seed), (T, N))
        given["targets"][1, 0] = -1  # one position that is not predicted
        cases.append(given | case_results(given))
        if network.embedding:
            given = _draw(network, np.random.default_rng(100 + seed), (STEPS, T, N))
            given |= {"lr": LR, "clip": CLIP}
            trajectories.append(given | trajectory_results(given))
    return {"magic": MAGIC, "version": VERSION, "torch": torch.__version__,
            "cases": _plain(cases), "trajectories": _plain(trajectories)}


def case_results(given: dict[str, Any]) -> dict[str, Any]:
    """Logits, loss, gradients and final state of the case whose other fields are `given`."""
    parameters = twin.leaves(given["parameters"])
    logits, final_state = twin.forward(given["settings"], parameters, given["inputs"], given["state"])
    loss = twin.loss(logits, given["targets"])
    gradients = dict(zip(parameters, torch.autograd.grad(loss, list(parameters.values())), strict=True))
    return {"logits": logits.detach().numpy(), "loss": loss.item(), "gradients": twin.arrays(gradients),
            "final_state": final_state}


def trajectory_results(given: dict[str, Any]) -> dict[str, Any]:
    """Losses, norms, final parameters and final state of the trajectory whose other fields are `given`."""
    parameters, state, limit = twin.leaves(given["parameters"]), given["state"], given["clip"]
    adam = torch.optim.Adam(parameters.values(), lr=given["lr"])
    losses, norms = [], []
    for inputs, targets in zip(given["inputs"], given["targets"], strict=True):
        logits, state = twin.forward(given["settings"], parameters, inputs, state)
        loss = twin.loss(logits, targets)
        adam.zero_grad()
        loss.backward()
        norm = torch.nn.utils.get_total_norm([tensor.grad for tensor in parameters.values()])
        # clip_grad_norm_ divides by norm + 1e-6; a limit raised to match makes that exactly limit / norm.
        torch.nn.utils.clip_grad_norm_(parameters.values(), float(limit * (norm + 1e-6) / norm))
        adam.step()
        losses.append(loss.item())
        norms.append(norm.item())
    return {"losses": np.array(losses), "norms": np.array(norms), "final_parameters": twin.arrays(parameters),
            "final_state": state}


def _draw(network: NetworkSettings, rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any]:
    width = f"embedding {network.embedding}" if network.embedding else "one-hot"
    return {
        "name": f"{network.cell}, layers {network.layers}, {width}",
        "settings": network,
        "parameters": {name: _grid(array) for name, array in random_parameters(network, V, rng).items()},
        "inputs": rng.integers(V, size=shape),
        "targets": rng.integers(V, size=shape),
        "state": [tuple(_grid(array) for array in layer) for layer in random_state(network, N, rng)],
    }


def _grid(array: np.ndarray) -> np.ndarray:
    return np.round(array * 128) / 128


def _plain(value: Any) -> Any:
    """The same in lists, dicts and numbers, as JSON gives them back."""
    if isinstance(value, NetworkSettings):
        return value.to_dict()
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


if __name__ == "__main__":
    document = build()
    PATH.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"wrote {PATH.name}: {len(document['cases'])} cases, {PATH.stat().st_size:,} bytes")
