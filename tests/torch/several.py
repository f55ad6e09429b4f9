"""Several processes that train together on this machine, started as torchrun starts them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cli.tiny import ROOT

# Kills the process that runs it, in the middle of its fifth step; or stops it, so that it holds its connections.
DYING = """
import os, signal
from charrnn.training.trainer import Trainer
step = Trainer._step
def _step(self):
    if self.step == 5:
        os.kill(os.getpid(), signal.{signal})
    return step(self)
Trainer._step = _step
"""
RUN = "import sys; from charrnn.cli.main import main; main()"


def environment(number: int, size: int, port: int) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "RANK": str(number), "LOCAL_RANK": str(number),
            "WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def start(size: int, arguments: Sequence[str], folder: Path, before: Mapping[int, str] | None = None,
          own: Mapping[int, Sequence[str]] | None = None) -> "list[subprocess.Popen[str]]":
    """The processes; `before` has Python code that a rank runs first, `own` other arguments of a rank."""
    port = free_port()
    return [subprocess.Popen(
        [sys.executable, "-c", (before or {}).get(number, "") + RUN, *(own or {}).get(number, arguments)],
        cwd=folder, env=environment(number, size, port), text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE) for number in range(size)]


def finish(processes: "Sequence[subprocess.Popen[str]]", seconds: float = 300) -> list[tuple[int, str, str]]:
    """Exit code, stdout and stderr of each."""
    try:
        found = [process.communicate(timeout=seconds) for process in processes]
    finally:
        for process in processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
    return [(process.returncode, *streams) for process, streams in zip(processes, found, strict=True)]


def together(size: int, *arguments: str, folder: Path) -> list[tuple[int, str, str]]:
    """What all of them leave behind; 1 process is an ordinary one."""
    if size == 1:
        done = subprocess.run([sys.executable, "-c", RUN, *arguments], cwd=folder, env={
            **os.environ, "PYTHONPATH": str(ROOT)}, text=True, capture_output=True, timeout=300)
        return [(done.returncode, done.stdout, done.stderr)]
    return finish(start(size, arguments, folder))
