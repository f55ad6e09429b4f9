"""Runs all attacks one after another, or those that are named, and prints their figures as a table.

python -m tests.torture [NAME ...] [--share PERCENT]
"""

import argparse
import subprocess
import sys
import time
from collections import deque

from tests.torture.attacks import ATTACKS, Attack

FOUND_NOTHING = "ok"


def run_attack(attack: Attack, tries: int) -> tuple[bool, str, float]:
    """Whether it found nothing, its last line, and the seconds it took; what it prints is passed on."""
    began, last = time.monotonic(), deque([f"{attack.name}: printed nothing"], maxlen=1)
    with subprocess.Popen([sys.executable, "-m", f"tests.torture.{attack.name}", "--tries", str(tries)],
                          stdout=subprocess.PIPE, text=True, errors="replace") as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.strip():
                last.append(line.strip())
    return process.returncode == 0, last[0], time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *(attack.name for attack in ATTACKS)],
                        help="only these attacks")
    parser.add_argument("--share", type=float, default=100.0, metavar="PERCENT", help="of the tries")
    given = parser.parse_args()
    rows = []
    for attack in ATTACKS:
        if not given.names or attack.name in given.names:
            is_good, figure, seconds = run_attack(attack, max(1, round(attack.tries * given.share / 100)))
            rows.append((FOUND_NOTHING if is_good else "FOUND", f"{seconds:.0f} s", figure))
    print()
    for verdict, took, figure in rows:
        print(f"{verdict:5}  {took:>7}  {figure}")
    sys.exit(any(verdict != FOUND_NOTHING for verdict, _, _ in rows))


if __name__ == "__main__":
    main()
