"""Layer interchange: the tensors in a file of another program, as float32 arrays by name. No code in a file is run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from safetensors import SafetensorError

from charrnn.errors import CheckpointError
from charrnn.interchange.state_dict import Arrays
from charrnn.interchange.torch_module import check_torch

_PICKLED = {".pt", ".pth", ".bin"}
_LONGEST = 200  # characters of what a library says of a file


def read_tensors(path: Path) -> tuple[Arrays, dict[str, str]]:
    """The tensors, and the text beside them; the message of a CheckpointError is to follow the file's name."""
    try:
        with open(path, "rb"):  # what the libraries say of it differs, and may be false
            pass
    except OSError as error:
        raise CheckpointError(f"can't be read ({(error.strerror or str(error)).lower()}); give a file you may read"
                              ) from error
    if path.suffix.lower() in _PICKLED:
        return _pickled(path), {}
    try:
        with safetensors.safe_open(path, "numpy") as file:
            return {name: _float32(name, file.get_tensor(name)) for name in file.keys()}, dict(file.metadata() or {})
    except (SafetensorError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(f"can't be read as a safetensors file ({_shown(error)}); give a .safetensors, or a .pt "
                              "with a state dict") from error


def _pickled(path: Path) -> Arrays:
    """What torch.save() wrote, read without running any code in it."""
    check_torch(f"a {path.suffix} file")
    import pickle

    import torch

    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, TypeError, LookupError) as error:
        raise CheckpointError("holds more than tensors, or is damaged, and can't be read safely; save "
                              "model.state_dict() alone") from error
    found = _state_dict(loaded)
    if found is None:
        raise CheckpointError("holds no state dict; save model.state_dict()")
    for name, tensor in found.items():
        if not tensor.is_floating_point():
            raise CheckpointError(f"has a tensor {name} of {tensor.dtype}, and parameters are floating-point numbers")
    return {name: _float32(name, tensor.detach().to(torch.float32).numpy()) for name, tensor in found.items()}


def _state_dict(loaded: Any) -> "Mapping[str, Any] | None":
    """The state dict itself, or the one that stands in a dictionary beside an optimizer's."""
    if not isinstance(loaded, Mapping):
        return None
    inner = [value for value in (loaded, *loaded.values()) if isinstance(value, Mapping) and _is_state_dict(value)]
    return inner[0] if len(inner) == 1 else None


def _is_state_dict(values: "Mapping[Any, Any]") -> bool:
    import torch

    return bool(values) and all(isinstance(name, str) and isinstance(value, torch.Tensor)
                                for name, value in values.items())


def _float32(name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind != "f":
        raise CheckpointError(f"has a tensor {name} of {array.dtype}, and parameters are floating-point numbers")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, np.float32).reshape(array.shape)


def _shown(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
