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


def out_of_memory(device: "torch.device", batch: int, fixed: int, row: int, processes: int = 1) -> TrainingError:
    """What to say when a window of `batch` rows does not fit into each of several processes: `fixed` bytes, and `row`
    more for each of them. What is said of --batch is said of all processes together."""
    fitting, has = _fitting(device, batch, fixed, row)
    advice = f"--batch {fitting * processes} should fit" if fitting > 0 else "use a smaller --hidden or --window"
    each = " in each process" if processes > 1 else ""
    return TrainingError(f"out of memory on {device}: --batch {batch * processes} takes about "
                         f"{(fixed + batch * row) / 1e9:.1f} GB{each}{has}; {advice}")


def too_many_rows(device: "torch.device", rows: int, fixed: int, row: int) -> SettingsError:
    """What to say when so many rows of text can't be read side by side."""
    fitting, has = _fitting(device, rows, fixed, row)
    advice = (f"{fitting} should fit (--rows of score, -n of sample)" if fitting > 0
              else "leave --engine torch out, or use --device cpu")
    return SettingsError(f"out of memory on {device}: {rows} rows of text side by side take about "
                         f"{(fixed + rows * row) / 1e9:.1f} GB{has}; {advice}")


def _fitting(device: "torch.device", rows: int, fixed: int, row: int) -> tuple[int, str]:
    """How many rows should fit, and how much memory there is, in words."""
    free = free_memory(device)
    if free is None:
        return rows // 2, ""
    return min(rows - 1, (free - fixed) // max(1, row)), f", and {free / 1e9:.1f} GB are there"
