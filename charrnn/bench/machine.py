"""Layer bench: what the figures are of: processor, versions, and whether it had time for them."""

import importlib.metadata
import os
import platform
from collections.abc import Sequence

# Programs that wait for a core, on average over the last minute, from which on a machine is busy.
BUSY = 0.5
# The peak of a quiet machine stays within this share of its highest.
STEADY = 0.85


def processor() -> str:
    """The processor's name as the system has it, or as the compiler has."""
    import llvmlite.binding as llvm

    compiler = str(llvm.get_host_cpu_name())
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    except OSError:
        name = platform.processor()
    return f"{name} ({compiler})" if name and name != compiler else compiler


def describe() -> dict[str, str]:
    """Name -> text: processor, cores, vector width, versions."""
    from charrnn import __version__
    from charrnn.engine.threads import physical_cores
    from charrnn.kernels.cpu import TARGET

    versions = [f"charrnn {__version__}", f"Python {platform.python_version()}"]
    for package in ("numpy", "numba", "torch"):
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            pass
    cores = physical_cores()
    return {"processor": f"{processor()}, {cores} core{'s' if cores > 1 else ''}, vectors of {32 * TARGET.lanes} bits, "
                         f"{platform.system()}",
            "versions": ", ".join(versions)}


def load() -> float:
    """Programs that waited for a core, on average over the last minute; 0 where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def load_note(load: float) -> str:
    """A line of doubt if other programs were running before; empty if not."""
    if load <= BUSY:
        return ""
    return f"note: this machine is busy (load {load:.1f}), which can flatter the ratios; measure when it is quiet"


def peak_note(peaks: Sequence[float]) -> str:
    """A line of doubt if the machine's peak was not always the same: other programs then took part of it."""
    if min(peaks) > STEADY * max(peaks):
        return ""
    return (f"note: the peak fell to {min(peaks):.0f} from {max(peaks):.0f} GFLOP/s at times: the machine was busy "
            "with other things, which can flatter the ratios; measure again when it is quiet")
