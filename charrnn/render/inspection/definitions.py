"""Layer render: the definitions of all numbers and features, for `inspect-cells --explain`."""

from collections.abc import Iterator

from charrnn.inspection.definitions import DEFINITIONS
from charrnn.inspection.features.builtin import all_rules, features
from charrnn.render.inspection.style import ReportStyle


def explained(style: ReportStyle) -> Iterator[str]:
    """All definitions."""
    for name, definition in DEFINITIONS.items():
        yield from style.wrapped(f"{name}:", [definition])
    yield ""
    yield "FEATURES"
    for rule in all_rules():
        yield from style.wrapped(f"{rule.name}:", [rule.definition])
    for one in features(["x"]):
        if (one.is_plain or not one.is_causal) and one.name != "the letter x":
            kind = "" if one.is_causal else " (looks ahead: no cell can know it)"
            yield from style.wrapped(f"{one.name}:", [one.definition + kind])
    yield from style.wrapped("the letter x:", ["for each of the 20 commonest characters"])
