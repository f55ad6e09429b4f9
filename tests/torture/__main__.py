"""Runs all attacks, or those that are named, one on each core, and prints their figures as a table.

python -m tests.torture [NAME ...] [--share PERCENT] [--at-once N]
"""

import argparse
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from charrnn.engine.threads import physical_cores
from tests.torture.attacks import ATTACKS, Attack

FOUND_NOTHING = "ok"


def run_attack(attack: Attack, tries: int) -> tuple[bool, str, float]:
    """Whether it found nothing, its last line, and the seconds it took; what it prints is passed on at its end."""
    print(f"{attack.name}: {tries:,} tries begin", flush=True)
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", f"tests.torture.{attack.name}", "--tries", str(tries)],
                          stdout=subprocess.PIPE, text=True, errors="replace", check=False)
    print(done.stdout, end="", flush=True)
    lines = done.stdout.split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), f"{attack.name}: printed nothing")
    return done.returncode == 0, last, time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *(attack.name for attack in ATTACKS)],
                        help="only these attacks")
    parser.add_argument("--share", type=float, default=100.0, metavar="PERCENT", help="of the tries")
    parser.add_argument("--at-once", type=int, default=physical_cores(), metavar="N",
                        help="attacks at a time (default: %(default)s, one a core)")
    given = parser.parse_args()
    attacks = [attack for attack in ATTACKS if not given.names or attack.name in given.names]
    began = time.monotonic()
    with ThreadPoolExecutor(max(1, given.at_once)) as at_once:
        results = list(at_once.map(run_attack, attacks, [max(1, round(attack.tries * given.share / 100))
                                                         for attack in attacks]))
    print()
    for is_good, figure, seconds in results:
        print(f"{FOUND_NOTHING if is_good else 'FOUND':5}  {seconds:>5.0f} s  {figure}")
    print(f"{'':5}  {time.monotonic() - began:>5.0f} s  in all")
    sys.exit(any(not is_good for is_good, _, _ in results))


if __name__ == "__main__":
    main()
