"""Group `quality`: what a preset makes of a text in so many minutes; the loss read in two ways."""

import hashlib
from collections.abc import Iterator

from benchmarks.learning import automatic
from benchmarks.options import Options
from benchmarks.table import Table
from charrnn.bench.processes import Job, take_turns

# Minutes -> nats, with the state carried, that the defaults are to reach on tiny Shakespeare. nanoGPT's recipe for a
# CPU is said to take 74 s to 1.886, of which 0.123 minutes are a tenth; 1.4697 is what its 10.65 M parameters reach in
# 3 minutes on an A100 (its README).
GOALS = {0.123: 1.886, 1.0: 1.54, 3.0: 1.49, 8.0: 1.4697}
GOAL_BEST = 1.44
# 1,115,394 characters
TINYSHAKESPEARE = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
HEADERS = ("preset", "minutes", "validations", "steps", "state carried", "cold blocks of 256", "goal", "met")
SAMPLE = 300


def measure(options: Options) -> Iterator[Table]:
    """A table a text: the lowest validation loss of each training; under it what the last network writes then."""
    for text in options.texts:
        is_known = hashlib.sha256(text.read_bytes()).hexdigest() == TINYSHAKESPEARE
        lines, sample = [], ""
        for minutes in options.minutes:
            given = {"val_fraction": 0.1, **({"minutes": minutes} if minutes else {})}
            job = Job("benchmarks.learning:learned", {
                "text": str(text), "settings": automatic(text, given, options.preset), "sample": SAMPLE})
            [[found]] = take_turns(f"quality, {options.preset}, {minutes:g} min", [job], 1, options.tell)
            goal = GOAL_BEST if options.preset == "best" else GOALS.get(minutes)
            judged = ("", "") if goal is None or not is_known else (
                f"{goal:g}", "yes" if found["validation"] <= goal else "no")
            lines.append((options.preset, f"{minutes:g}", str(found["validations"]), f"{found['steps']:,}",
                          f"{found['validation']:.4f}", f"{found['cold']:.4f}", *judged))
            sample = found["sample"]
        yield Table(f"Quality on {text.stem}, the last tenth kept for validation", lines, [
            "Nats a character at the best validation. Goals are for the state carried through the text; a cold block "
            "begins from the initial state, and all its characters count.", "", "What it writes:", "", sample], HEADERS)
