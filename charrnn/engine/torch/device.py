"""Layer engine: whether PyTorch and a device of it are there, and what to say when its memory is full."""

import importlib.util
from typing import TYPE_CHECKING

from charrnn.engine.ranks import this_rank
from charrnn.errors import SettingsError, TrainingError

if TYPE_CHECKING:
    import torch


def open_device(name: str) -> "torch.device":
    """The device of that name; `auto` is a GPU if there is one. Raises SettingsError where it is not there."""
    if importlib.util.find_spec("torch") is None:
        raise SettingsError("--engine torch needs PyTorch: pip install 'charrnn-numba[torch]'")
    import torch

    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, is_there in has.items() if is_there)
    if not has[name]:
        others = " or ".join(kind for kind, is_there in has.items() if is_there)
        raise SettingsError(f"PyTorch {torch.__version__} finds no {name} device on this machine; use --device "
                            f"{others}")
    if name == "cuda":
        # float32 is meant: TF32 keeps 10 bits of each number's 23
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        rank, count = this_rank(), torch.cuda.device_count()
        if rank.local >= count:
            raise SettingsError(f"{rank.local_size} processes were started on a machine with {count} GPUs; give "
                                f"torchrun --nproc-per-node {count}")
        torch.cuda.set_device(rank.local)
        return torch.device(name, rank.local)
    return torch.device(name)


def free_memory(device: "torch.device") -> int | None:
    """Bytes that are free on a device, with what PyTorch holds; None where that is not known."""
    import torch

    if device.type != "cuda":
        return None
    return int(torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device))


def out_of_memory(device: "torch.device", free: int | None, batch: int, fixed: int, row: int) -> TrainingError:
    """What to say when a window of `batch` rows does not fit: `fixed` bytes, and `row` more for each of them."""
    fitting = batch // 2 if free is None else min(batch - 1, (free - fixed) // max(1, row))
    has = "" if free is None else f", and {free / 1e9:.1f} GB are there"
    advice = f"--batch {fitting} should fit" if fitting > 0 else "use a smaller --hidden or --window"
    return TrainingError(f"out of memory on {device}: --batch {batch} takes about {(fixed + batch * row) / 1e9:.1f} GB"
                         f"{has}; {advice}")
