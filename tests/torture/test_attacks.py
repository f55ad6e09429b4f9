"""The attacks in small: a few tries with the fast tests, more with the slow ones; `make torture` runs them whole."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("pty")  # not on Windows

from tests.torture import faults, kills, mutations, numbers, options, surroundings, texts
from tests.torture.attacks import ATTACKS, Attack
from tests.torture.commands import new_folder
from tests.torture.findings import Findings
from tests.torture.forked import CAN_FORK

ROOT = Path(__file__).parents[2]
needs_fork = pytest.mark.skipif(not CAN_FORK, reason="no fork on this system")


@needs_fork
@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack(attack: Attack) -> None:
    call = [sys.executable, "-m", f"tests.torture.{attack.name}", "--tries", str(attack.middle)]
    done = subprocess.run(call, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].startswith(f"{attack.name}: ")


@needs_fork
@pytest.mark.parametrize(("attack", "tries", "figure"), [
    (kills, 1, "kills: 1 of 1 resumed to the same bytes"),
    (faults, 3, "faults: 3 of 3 with one clear line"),
    (surroundings, 2, "surroundings: 2 of 2 cases as they should be"),
], ids=lambda value: getattr(value, "__name__", None))
def test_a_few(attack: ModuleType, tries: int, figure: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        attack.main(["--tries", str(tries)])
    out = capsys.readouterr().out
    assert end.value.code == 0, out
    assert out.startswith(figure)


@pytest.mark.parametrize(("attack", "tries"), [
    (partial(mutations.attack, kinds=1), 10), (texts.attack, 2), (options.attack, 30),
    (partial(numbers.attack, ways=[numbers.huge_logits, numbers.poisoned]), 6)],
    ids=["mutations", "texts", "options", "numbers"])
def test_a_few_tries(attack: Callable[[Findings], object], tries: int) -> None:
    findings = Findings("", tries, [])
    with new_folder():
        attack(findings)
    assert findings.found == []


def test_attacks_have_names_of_their_own() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names)
    assert all((Path(__file__).parent / f"{name}.py").exists() for name in names)
