"""Layer engine: PyTorch's optimizers with our constants, and their memory by the names that checkpoints have."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from charrnn.engine.interface import EPSILON, RMSPROP_DECAY
from charrnn.settings import TrainingSettings


class OptimizerRule(NamedTuple):
    """An optimizer of PyTorch, and its names for what ours remember."""

    kind: Any
    memory: dict[str, str]


RULES = {
    "adam": OptimizerRule(torch.optim.Adam, {"adam_mean": "exp_avg", "adam_square": "exp_avg_sq"}),
    "adamw": OptimizerRule(torch.optim.AdamW, {"adam_mean": "exp_avg", "adam_square": "exp_avg_sq"}),
    "rmsprop": OptimizerRule(torch.optim.RMSprop, {"rmsprop_square": "square_avg"}),
    "adagrad": OptimizerRule(torch.optim.Adagrad, {"adagrad_total": "sum"}),
    "sgd": OptimizerRule(torch.optim.SGD, {"sgd_velocity": "momentum_buffer"})}


class TorchOptimizer:
    """The optimizer that the settings name, over some parameters; the rate comes with each step."""

    def __init__(self, training: TrainingSettings, parameters: list[nn.Parameter]) -> None:
        self.memory = RULES[training.optimizer].memory
        self.parameters, self.steps = parameters, 0
        self._optimizer = RULES[training.optimizer].kind(parameters, **_options(training))

    def step(self, rate: float) -> None:
        """Changes the parameters by their gradients."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self.steps += 1

    def remembered(self, kind: str) -> dict[nn.Parameter, Tensor]:
        """One kind of memory of each parameter; zeros where there is none yet."""
        theirs = self.memory[kind]
        found = {parameter: self._optimizer.state.get(parameter, {}).get(theirs) for parameter in self.parameters}
        return {parameter: torch.zeros_like(parameter) if tensor is None else tensor
                for parameter, tensor in found.items()}

    def remember(self, kinds: dict[str, dict[nn.Parameter, Tensor]], steps: int) -> None:
        """Takes the memory back that remembered() gave after so many steps."""
        self.steps = steps
        state: dict[int, Any] = {}
        for number, parameter in enumerate(self.parameters):
            state[number] = {self.memory[kind]: tensors[parameter].clone() for kind, tensors in kinds.items()}
            if "sgd_velocity" not in kinds:
                state[number]["step"] = torch.tensor(float(steps))
        self._optimizer.load_state_dict({**self._optimizer.state_dict(), "state": state})


def _options(training: TrainingSettings) -> dict[str, Any]:
    if training.optimizer in ("adam", "adamw"):
        options = {"betas": (training.beta1, training.beta2), "eps": EPSILON}
        return {**options, "weight_decay": training.weight_decay} if training.optimizer == "adamw" else options
    if training.optimizer == "rmsprop":
        return {"alpha": RMSPROP_DECAY, "eps": EPSILON}
    if training.optimizer == "adagrad":
        return {"eps": EPSILON}
    return {"lr": 0.0, "momentum": training.momentum}
