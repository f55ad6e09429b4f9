"""Compiled kernels are kept from one test run to the next, in a folder for each process that tests.

numba's index of a kernel is not made for two processes that write different signatures at once. So every kernel is
compiled before the tests begin, in the one signature that runs have, and each of pytest-xdist's workers takes a copy.
charrnn puts jit.fingerprint() into the names of folders: code that was changed is compiled anew.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".pytest_cache" / "kernels"
# Builds that are kept: of this code and the last, with one numba and another.
KEPT = 4
STAMP = "all-kernels"


def use_own_folder() -> None:
    """Names this process's folder in NUMBA_CACHE_DIR, unless the user has; numba must not be imported yet."""
    common = Path(os.environ.setdefault("NUMBA_CACHE_DIR", str(FOLDER)))
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None or common.name == worker:  # the latter in a pytest that a worker's test has started
        return
    own = common / worker
    for build in (common / "charrnn").glob("kernels-*"):
        if not (own / "charrnn" / build.name).exists():
            shutil.copytree(build, own / "charrnn" / build.name)
    os.environ["NUMBA_CACHE_DIR"] = str(own)


def fill() -> None:
    """Compiles what is not compiled yet, for workers to copy; a process a core, each with cells of its own."""
    from charrnn.cells.registry import CELLS
    from charrnn.kernels.jit import CACHE_FOLDER

    if CACHE_FOLDER is None or (CACHE_FOLDER / STAMP).exists():
        return
    for folder in (FOLDER, *FOLDER.glob("gw*")):
        builds = sorted((folder / "charrnn").glob("kernels-*"), key=lambda build: build.stat().st_mtime, reverse=True)
        for build in builds[KEPT:]:
            shutil.rmtree(build)
    print("compiling kernels for the tests", file=sys.stderr, flush=True)
    count = min(os.cpu_count() or 1, len(CELLS))
    code = "from tests.every_kernel import ALL_KINDS, report; report([kind for kind in ALL_KINDS if kind.cell in {}])"
    processes = [subprocess.Popen([sys.executable, "-c", code.format(list(CELLS)[first::count])], cwd=ROOT,
                                  stdout=subprocess.DEVNULL) for first in range(count)]
    if not any([process.wait() for process in processes]):
        (CACHE_FOLDER / STAMP).touch()
