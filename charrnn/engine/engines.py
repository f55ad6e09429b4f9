"""Layer engine: opens an engine by its name."""

import numpy as np

from charrnn.engine.interface import Engine
from charrnn.errors import SettingsError
from charrnn.settings import NetworkSettings, TrainingSettings


def open_engine(name: str, settings: NetworkSettings, vocabulary: int, *, training: TrainingSettings | None = None,
                generator: np.random.Generator | None = None, start: int = -1, threads: int = 1,
                device: str = "auto") -> Engine:
    """A network of that shape on the engine `name`, with initial values from `generator` (None: zeros, to be loaded).

    device   of the engine torch: auto (a GPU if there is one), cpu, cuda, mps

    The other arguments are explained at Engine. Raises SettingsError for a precision that the engine does not have,
    and where PyTorch or the device is not there.
    """
    if name == "compiled":
        from charrnn.engine.compiled.engine import CompiledEngine

        return CompiledEngine(settings, vocabulary, training, generator, start, threads)
    if name == "reference":
        from charrnn.engine.reference.engine import ReferenceEngine

        if training is not None and training.precision != "float32":
            raise SettingsError(f"--precision {training.precision} contradicts --engine reference, which computes in "
                                "float64; use --engine compiled")
        return ReferenceEngine(settings, vocabulary, training, generator, start)
    if name == "torch":
        from charrnn.engine.torch.device import open_device

        opened = open_device(device)
        from charrnn.engine.torch.engine import TorchEngine

        return TorchEngine(settings, vocabulary, training, generator, start, threads, opened)
    raise SettingsError(f"no engine is called {name!r}; there are compiled, reference and torch")
