"""Every command in odd surroundings: signals, pipes, closed and full streams, terminals of 20 columns, locales, no home
folder, folders that can't be written, full disks, limits of the system, clocks that jump, and several commands at once.

After each: the exit code is right; one clear line says what is wrong, if anything is; outputs are the old ones or the
whole new ones, and equal the usual ones where the command succeeds; no temporary is left; checkpoints stay as they are.
"""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.torture import together
from tests.torture.disturbed import COMMANDS, OLD, RUN, TRAIN, Command, Place
from tests.torture.findings import Findings
from tests.torture.forked import Outcome, warm
from tests.torture.surrounding_kinds import SURROUNDINGS, Surrounding

Usual = tuple[Outcome, dict[str, bytes]]  # what was said, and what was written
LOST = "standard error could not be written"  # how `train` says so
_LONGEST = 650  # characters of a message
# Changes of the environment that matter before Python starts, so that they need a process that is not forked.
LOCALES: dict[str, dict[str, str]] = {
    **{name: {"LC_ALL": name} for name in ("C", "POSIX", "C.UTF-8", "tr_TR.UTF-8", "ja_JP.eucJP", "nonsense")},
    "no UTF-8 mode": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ASCII streams": {"PYTHONIOENCODING": "ascii"}, "UTF-16 streams": {"PYTHONIOENCODING": "utf-16"},
    "no bytecode": {"PYTHONDONTWRITEBYTECODE": "1"}, "warnings as errors": {"PYTHONWARNINGS": "error"},
    "no docstrings": {"PYTHONOPTIMIZE": "2"}, "unbuffered": {"PYTHONUNBUFFERED": "1"},
    "development mode": {"PYTHONDEVMODE": "1"}}
IN_LOCALES = (COMMANDS[1], COMMANDS[9], Command(("info", "runö")),
              Command(("sample", "run", "--length", "10", "--prime", "thé")))


def checkpoints(place: Place) -> dict[str, bytes]:
    """The bytes of the run's files."""
    return {path.name: path.read_bytes() for path in (place.folder / RUN).glob("*") if path.is_file()}


def wrong_words(outcome: Outcome) -> str | None:
    """What is wrong with what was said."""
    if "Traceback" in outcome.err or "Exception ignored" in outcome.err:
        return f"a traceback: {outcome.shown}"
    lines = [line for line in outcome.err.splitlines() if line.startswith("charrnn: ")]
    if outcome.code in (1, 2) and (len(lines) > 1 or any(len(line) > _LONGEST for line in lines)):
        return f"not one clear line: {outcome.shown}"
    return None


def try_one(place: Place, usual: Usual, kind: Surrounding, draw: random.Random) -> str | None:
    """Runs the place's command in surroundings of this kind; what is wrong then, if anything."""
    expected, outputs = usual
    before = checkpoints(place)
    with contextlib.ExitStack() as stack:
        streams, meanwhile = kind.open(stack, place, draw)
        try:
            outcome = place.call(kind.prepare, environment=kind.environment, streams=streams, meanwhile=meanwhile)
        except TimeoutError as error:
            return str(error)
    if outcome.code not in kind.codes:
        return f"exit code {outcome.code}: {outcome.shown}"
    if wrong := wrong_words(outcome):
        return wrong
    if outcome.code in (1, 2) and kind.says and "charrnn: " not in outcome.err:
        return f"refused without a word: {outcome.shown}"
    said = "".join(line for line in outcome.out.splitlines(keepends=True) if not line.startswith(LOST))
    if outcome.code == 0 and kind.is_same and streams[1] is None and said != expected.out:
        return f"another output: {outcome.shown}"
    if outcome.code > -1 and kind.is_tidy and (left := place.left_over()):
        return f"left over: {left}; {outcome.shown}"
    if place.command.trains:
        return None
    if checkpoints(place) != before:
        return f"the run's files changed: {outcome.shown}"
    now = place.outputs()
    good = {name: (OLD, outputs[name]) if outcome.code else (outputs[name],) for name in now}
    if bad := [name for name in now if kind.is_same and now[name] not in good[name]]:
        return f"neither old nor new: {bad}; {outcome.shown}"
    return None


def try_locale(place: Place, environment: dict[str, str]) -> str | None:
    """Runs a command in a Python of its own."""
    done = subprocess.run([sys.executable, "-m", "charrnn", *place.command.arguments], cwd=place.folder,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          env={**os.environ, **place.environment, "PYTHONPATH": str(Path(__file__).parents[2]),
                               **environment})
    outcome = Outcome(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
    if outcome.code not in (0, 1):
        return f"exit code {outcome.code}: {outcome.shown}"
    return wrong_words(outcome)


class Attack:
    """The model and what commands usually do, found out when first asked."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._number = folder, 0
        self._usual: dict[Command, Usual] = {}
        first = Place(folder / "first", folder, Command(TRAIN))
        warm(*TRAIN, "--name", "run", folder=first.folder)
        self.model = first.folder / RUN

    def place(self, command: Command, below: Path | None = None) -> Place:
        """A new place for a command."""
        self._number += 1
        return Place((below or self.folder) / str(self._number), self.model, command)

    def usual(self, command: Command) -> Usual:
        if command not in self._usual:
            place = self.place(command)
            if not command.stdin:
                warm(*command.arguments, folder=place.folder)
                shutil.rmtree(place.folder)
                place = self.place(command)
            outcome = place.call(lambda: None)
            self._usual[command] = outcome, place.outputs()
            shutil.rmtree(place.folder)
        return self._usual[command]


def main(arguments: list[str] | None = None) -> None:
    findings = Findings(__doc__, 2000, arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        attack = Attack(folder)
        cases = [(command, kind) for command in COMMANDS for kind in SURROUNDINGS if kind.suits(command)]
        others = [(command, {name: environment}) for command in IN_LOCALES for name, environment in LOCALES.items()]
        ways = list(together.WAYS)
        everything = [*cases, *others, *ways]
        findings.random.shuffle(everything)
        done = 0
        for case in everything[:findings.tries]:
            if callable(case):
                title = case.__name__
                wrong = case(attack.model, folder / title)
                shutil.rmtree(folder / title)
            else:
                command, kind = case
                place = attack.place(command)
                if isinstance(kind, Surrounding):
                    title, wrong = kind.name, try_one(place, attack.usual(command), kind, findings.random)
                else:
                    (title, environment), = kind.items()
                    wrong = try_locale(place, environment)
                title = f"{command.name} with {title}"
                shutil.rmtree(place.folder)
            if wrong:
                findings.add(f"{title}: {wrong}")
            else:
                done += 1
    skipped = f"; not tried here: {', '.join(kind.name for kind in SURROUNDINGS if not kind.is_possible)}"
    findings.leave(f"surroundings: {done} of {min(findings.tries, len(everything))} cases as they should be "
                   f"({len(SURROUNDINGS)} surroundings, {len(LOCALES)} environments of Python, {len(ways)} ways to run "
                   f"at once){skipped if not all(kind.is_possible for kind in SURROUNDINGS) else ''}")


if __name__ == "__main__":
    main()
