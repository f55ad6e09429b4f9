"""The memory that `train` announces is what its process takes at most, network and interpreter together."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.tiny import ROOT

CASES = {"many parameters": "--layers 2 --hidden 512 --batch 16 --window 64 --epochs 0.1",
         "long windows": "--layers 1 --hidden 256 --batch 32 --window 1000 --epochs 1",
         "few long windows": "--layers 1 --hidden 128 --batch 2 --window 5000 --epochs 0.2",
         "no average": "--layers 1 --hidden 512 --batch 16 --window 64 --epochs 0.1 --averaging 0 --optimizer rmsprop"}


# Runs a command, and prints the most memory that it took: a process that starts as a copy of a large one, such as that
# of these tests, would count that one's memory as its own.
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def announced_and_taken(options: str, folder: Path) -> tuple[float, float]:
    """Megabytes that a run announces, and that its process took at its peak."""
    draw = random.Random(1)
    (folder / "text.txt").write_text("".join(draw.choices("abcdefghijklmnopqrstuvwxyz .,\n", k=60_000)))
    command = [sys.executable, "-m", "charrnn", "train", "text.txt", "--cell", "lstm", "--precision", "float32",
               "--validations", "2", *options.split()]
    done = subprocess.run([sys.executable, "-c", MEASURE, *command], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    found = re.search(r" parameters, ([\d,]+) MB to train", done.stderr)
    assert found, done.stderr
    assert done.returncode == 0, done.stderr
    unit = 1 if sys.platform == "darwin" else 1024
    return float(found[1].replace(",", "")), int(done.stdout) * unit / 1e6


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="os.wait4 measures")
@pytest.mark.parametrize("options", CASES.values(), ids=list(CASES))
def test_what_is_announced_is_taken(options: str, tmp_path: Path) -> None:
    announced, taken = announced_and_taken(options, tmp_path)
    assert taken == pytest.approx(announced, rel=0.15)
