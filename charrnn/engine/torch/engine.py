"""Layer engine: the network on PyTorch, on a CPU or a GPU.

Parameters, optimizer and average are PyTorch's tensors; by our names they are views of them. Dropout is that of the
kernels, so that losses agree with the other engines to rounding, and a run may change from one to another.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from charrnn.cells.registry import CELLS
from charrnn.engine.initial import checked, initial_values, parameter_shapes
from charrnn.engine.interface import RAW, Arrays, Engine, Streams, average_share, named, refuse_norm
from charrnn.engine.ranks import this_rank
from charrnn.engine.torch.device import out_of_memory, too_many_rows
from charrnn.engine.torch.dropout import recurrent_mask
from charrnn.engine.torch.network import TorchNetwork
from charrnn.engine.torch.optimizers import TorchOptimizer
from charrnn.engine.torch.processes import Processes
from charrnn.engine.torch.shared_streams import SharedStreams
from charrnn.engine.torch.steps import STEPS
from charrnn.engine.torch.streams import TorchStreams
from charrnn.errors import SettingsError
from charrnn.settings import NetworkSettings, TrainingSettings


class TorchEngine(Engine):
    """A network, and with training settings its optimizer and its average."""

    def __init__(self, settings: NetworkSettings, vocabulary: int, training: TrainingSettings | None,
                 generator: np.random.Generator | None, start: int, threads: int, device: torch.device) -> None:
        if settings.cell not in STEPS:
            raise SettingsError(f"--engine torch has no {settings.cell} cell; it has {', '.join(STEPS)}")
        if settings.has_encoder:
            raise SettingsError("--engine torch has no networks with --encoder own; use --engine compiled")
        super().__init__(settings, vocabulary, training, start, threads)
        self.rank = this_rank()
        self._processes = Processes.joined() if self.rank.size > 1 else None
        if device.type == "cpu":
            torch.set_num_threads(threads)
        self.shapes = parameter_shapes(settings, vocabulary)
        try:
            self.network = TorchNetwork(settings, vocabulary).to(device)
            self.optimizer = TorchOptimizer(training, self.network.trained) if training else None
        except torch.OutOfMemoryError as error:
            raise SettingsError(f"out of memory on {device}: the network alone takes "
                                f"{4 * self.parameter_count / 1e9:.1f} GB; use --device cpu") from error
        self._keep = training.averaging if training else 0.0  # of the average in a step
        self._average: dict[nn.Parameter, Tensor] = {}
        if generator is not None:
            self.load(initial_values(settings, vocabulary, generator))
        else:
            self._start_average()

    @property
    def device(self) -> torch.device:
        return self.network.device

    @property
    def device_name(self) -> str:
        if self.device.type == "cpu":
            return ""
        return str(torch.cuda.get_device_name(self.device)) if self.device.type == "cuda" else self.device.type

    @property
    def steps(self) -> int:
        return self.optimizer.steps if self.optimizer else 0

    def parameters(self) -> Arrays:
        return _arrays(self.network.named())

    def load(self, arrays: Arrays) -> None:
        self.network.take(checked(arrays, self.shapes))
        self._start_average()

    def streams(self, rows: int, window: int, shards: int = 1) -> Streams:
        return SharedStreams(self, self._processes, rows) if self._processes else TorchStreams(self, range(rows))

    def agree(self, *values: float) -> tuple[float, ...]:
        return self._processes.largest(values) if self._processes else values

    def wait(self) -> None:
        if self._processes:
            self._processes.wait()

    def require_equal(self, facts: Mapping[str, str]) -> None:
        if self._processes:
            self._processes.require_equal({**facts, "PyTorch": torch.__version__})

    def gradients(self) -> list[Tensor]:
        """Of all parameters; learn() came before."""
        return [_gradient(parameter) for parameter in self.network.trained]

    def autocast(self) -> torch.autocast:
        """The context of a forward pass: with bf16 its matrix products are in bfloat16."""
        precision = self.training.precision if self.training else "float32"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=precision == "bf16")

    @contextmanager
    def dropped_weights(self, keys: np.ndarray | None) -> Iterator[None]:
        """A context in which some recurrent weights, and then their gradients, are dropped: one draw a layer."""
        if keys is None:
            yield
            return
        weights = [layer.places["weight_hh"].parameter for layer in self.network.recurrent]
        gates = CELLS[self.settings.cell].recurrent_gates
        masks = [recurrent_mask(self.settings, gates, int(key), self.device) for key in keys]
        own = [weight.detach().clone() for weight in weights]
        try:
            for weight, mask in zip(weights, masks, strict=True):
                weight.data.mul_(mask)
            yield
        finally:
            for weight, values in zip(weights, own, strict=True):
                weight.data.copy_(values)
        for weight, mask in zip(weights, masks, strict=True):
            if weight.grad is not None:
                weight.grad.mul_(mask)

    def backward(self, loss: Tensor) -> None:
        """Leaves the gradient of a loss in the parameters."""
        for parameter in self.network.trained:
            parameter.grad = None
        loss.backward()
        for parameter in self.network.trained:
            if parameter.grad is None:  # of an initial state, in a window that nothing begins in
                parameter.grad = torch.zeros_like(parameter)
        for layer in self.network.recurrent:
            layer.drop_unused_gradient()

    def update(self, rate: float, clip: float) -> float:
        assert self.optimizer is not None  # opened with training settings
        assert self.training is not None
        with torch.no_grad():
            gradients = self.gradients()
            norm = float(torch.linalg.vector_norm(torch.stack(
                [torch.linalg.vector_norm(gradient) for gradient in gradients])))
            refuse_norm(norm, self.steps)
            for gradient in gradients:
                if 0 < clip < norm:
                    gradient.mul_(clip / norm)
                if self.training.clip_value:
                    gradient.clamp_(-self.training.clip_value, self.training.clip_value)
        self.optimizer.step(rate)
        if self._keep:
            share = average_share(self._keep, self.steps)
            with torch.no_grad():
                for parameter, average in self._average.items():
                    average.lerp_(parameter, share)
        return norm

    @contextmanager
    def averaged(self) -> Iterator[None]:
        own = {parameter: parameter.detach().clone() for parameter in self._average}
        try:
            for parameter, average in self._average.items():
                parameter.data.copy_(average)
            yield
        finally:
            for parameter, values in own.items():
                parameter.data.copy_(values)

    def state(self) -> Arrays:
        arrays = _arrays(self.network.named(self._average.__getitem__ if self._keep else _itself))
        if self.optimizer:
            for kind in self.optimizer.memory:
                memory = self.optimizer.remembered(kind)
                arrays |= _arrays(self.network.named(memory.__getitem__), f"{kind}.")
        return arrays | (_arrays(self.network.named(), RAW) if self._keep else {})

    def restore(self, arrays: Arrays, steps: int) -> None:
        assert self.optimizer is not None  # opened with training settings
        self.load(named(arrays, RAW) if self._keep else arrays)
        if self._keep:
            self.network.take(checked(arrays, self.shapes), self._average.__getitem__)
        kinds: dict[str, dict[nn.Parameter, Tensor]] = {}
        for kind in self.optimizer.memory:
            kinds[kind] = {parameter: torch.zeros_like(parameter) for parameter in self.network.trained}
            self.network.take(checked(named(arrays, f"{kind}."), self.shapes), kinds[kind].__getitem__)
        self.optimizer.remember(kinds, steps)

    def memory(self, rows: int, window: int, shards: int) -> int:
        """About: parameters, gradients, what the optimizer keeps, and numbers for each character."""
        return self._fixed_memory + self.streams_memory(rows, window, shards)

    def streams_memory(self, rows: int, window: int, shards: int) -> int:
        """About, in this process."""
        return -(-rows // self.rank.size) * self._row_memory(window)

    @contextmanager
    def fitting(self, rows: int, window: int, learns: bool = False) -> Iterator[None]:
        """A context in which so many rows of a window are read, or learned; says how many would fit if they do not."""
        try:
            yield
        except torch.OutOfMemoryError as error:
            row = self._row_memory(window)
            if learns:
                raise out_of_memory(self.device, rows, self._fixed_memory, row, self.rank.size) from error
            # what is read keeps nothing for a backward pass
            raise too_many_rows(self.device, rows, self._fixed_memory, row // 2) from error

    @property
    def _fixed_memory(self) -> int:
        kinds = len(self.optimizer.memory) if self.optimizer else 0
        return 4 * self.parameter_count * (2 + kinds + (self._keep > 0))

    def _row_memory(self, window: int) -> int:
        """Of one row of a window: the gates and their gradients, states, and logits."""
        H, L, gates = self.settings.hidden, self.settings.layers, CELLS[self.settings.cell].gates
        return 4 * window * (L * H * (2 * gates + 4) + 4 * self.vocabulary)

    def _start_average(self) -> None:
        if self._keep:
            self._average = {parameter: parameter.detach().clone() for parameter in self.network.trained}


def _itself(parameter: nn.Parameter) -> Tensor:
    return parameter


def _gradient(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None  # learn() came before
    return parameter.grad


def _arrays(tensors: dict[str, Tensor], prefix: str = "") -> Arrays:
    return {prefix + name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}
