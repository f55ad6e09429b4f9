"""Layer render: the definitions of all numbers and features, for `inspect-cells --explain`."""

from collections.abc import Iterator

from charrnn.inspection.definitions import DEFINITIONS
from charrnn.inspection.features.builtin import features
from charrnn.inspection.features.enclosures import comments
from charrnn.render.inspection.style import ReportStyle


def explained(style: ReportStyle) -> Iterator[str]:
    """All definitions."""
    for name, definition in DEFINITIONS.items():
        yield from style.wrapped(f"{name}:", [definition])
    yield ""
    yield "FEATURES"
    for one in [*features(["x"]), comments("x")]:
        if one.name != "the letter x":
            kind = "" if one.is_causal else " (looks ahead: no cell can know it)"
            yield from style.wrapped(f"{one.name}:", [one.definition + kind])
    yield from style.wrapped("the letter x:", ["for each of the 20 commonest characters"])
