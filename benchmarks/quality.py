"""Group `quality`: what a preset makes of a text in so many minutes; the loss read in two ways."""

import hashlib
import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench.processes import Job, take_turns
from charrnn.engine.threads import physical_cores

# Minutes -> nats that the defaults are to reach on tiny Shakespeare, with the state carried and in cold blocks; 0
# stands for --preset best to its end. nanoGPT's 10.65 M parameters reach 1.4697 in cold blocks, in 3 minutes on an A100
# (its README).
GOALS = {0.25: (1.62, None), 1.0: (1.47, None), 3.0: (1.44, 1.4697), 8.0: (1.42, 1.45), 0.0: (1.40, 1.43)}
# 1,115,394 characters
TINYSHAKESPEARE = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
HEADERS = ("preset", "minutes", "seeds", "steps", "state carried", "goal", "cold blocks of 256", "cold goal", "spread")
SAMPLE = 300


def measure(options: Options) -> Iterator[Table]:
    """A table a text: the lowest validation loss of each training, the mean of a seed a round; under it what the last
    network writes then."""
    for text in options.texts:
        is_known = hashlib.sha256(text.read_bytes()).hexdigest() == TINYSHAKESPEARE
        lines, sample, chosen = [], "", []
        for minutes in options.minutes:
            given = {"val_fraction": 0.1, **({"minutes": minutes} if minutes else {})}
            found: list[dict[str, Any]] = []
            for seed in range(1, options.rounds + 1):
                job = Job("benchmarks.learning:learned", {
                    "text": str(text), "settings": {**given, "seed": seed}, "preset": options.preset,
                    "sample": SAMPLE, "threads": physical_cores()})
                [[one]] = take_turns(f"quality, {options.preset}, {minutes:g} min, seed {seed}", [job], 1, options.tell)
                found.append(one)
            goals = GOALS.get(0.0 if options.preset == "best" else minutes) if is_known else None
            carried, cold = ([one[key] for one in found] for key in ("validation", "cold"))
            lines.append((options.preset, f"{minutes:g}", str(len(found)),
                          f"{statistics.mean(one['steps'] for one in found):,.0f}",
                          f"{statistics.mean(carried):.4f}", *_goal(goals and goals[0]),
                          f"{statistics.mean(cold):.4f}", *_goal(goals and goals[1]),
                          f"{max(carried) - min(carried):.4f}"))
            sample = found[-1]["sample"]
            chosen.append(f"{minutes:g} minutes: {found[-1]['chosen']}.")
        yield Table(f"Quality on {text.stem}, the last tenth kept for validation", lines, [
            "Nats a character at the best validation, the mean of the seeds, and the highest less the lowest. A cold "
            "block begins from the initial state, and all its characters count.", "", *chosen, "", "What it writes:",
            "", sample], HEADERS)


def _goal(goal: float | None) -> tuple[str]:
    return ("" if goal is None else f"{goal:g}",)
