"""Layer render: the targets of sources, and how far they are from their references: as lines, or as JSON."""

import dataclasses
import json
from collections.abc import Iterator, Sequence

from charrnn.completion.completer import Completion
from charrnn.completion.translator import TargetErrors
from charrnn.render.wording import counted


def targets_lines(source: str, found: Sequence[Completion], count: int) -> Iterator[str]:
    """The target alone; of several each with its source and probability, with tabs between."""
    if count == 1:
        yield found[0].text if found else ""
    else:
        yield from (f"{source}\t{one.text}\t{one.probability:.4g}" for one in found)


def targets_json(source: str, found: Sequence[Completion]) -> str:
    """One line of JSON."""
    return json.dumps({"source": source, "targets": [dataclasses.asdict(one) for one in found]}, ensure_ascii=False)


def refusal_json(source: str, reason: str) -> str:
    """The line of JSON for a source that was refused."""
    return json.dumps({"source": source, "error": reason}, ensure_ascii=False)


def errors_lines(errors: TargetErrors) -> Iterator[str]:
    """How good targets are, for people."""
    yield f"right            {errors.accuracy:.2%} ({errors.exact:,} of {counted(errors.pairs, 'pair')})"
    yield (f"character errors {errors.character_error_rate:.2%} ({errors.edits:,} of "
           f"{counted(errors.characters, 'character')})")


def errors_json(errors: TargetErrors) -> str:
    """The same in one object."""
    return json.dumps({"pairs": errors.pairs, "exact": errors.exact, "accuracy": errors.accuracy,
                       "character_error_rate": errors.character_error_rate})
