"""Layer storage: where runs are kept, and what lies in a run's folder."""

from pathlib import Path

RUNS = Path("checkpoints")
BEST, LAST = "best.safetensors", "last.safetensors"


def run_name_of(path: Path) -> str:
    """What the network in a checkpoint file is called: its run's folder, or the file where it lies in none."""
    path = path.absolute()
    return path.parent.name if path.name in (BEST, LAST) else path.stem
