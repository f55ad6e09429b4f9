"""Layer render: what every number and every feature means, as `inspect-cells --explain` prints it."""

from collections.abc import Iterator

from charrnn.inspection.definitions import DEFINITIONS
from charrnn.inspection.features.builtin import features
from charrnn.inspection.features.enclosures import comments
from charrnn.render.inspection.look import Look


def explained(look: Look) -> Iterator[str]:
    """All definitions, those of the features among them."""
    for name, definition in DEFINITIONS.items():
        yield from look.wrapped(f"{name}:", [definition])
    yield ""
    yield "FEATURES"
    for one in [*features(["x"]), comments("x")]:
        if one.name != "the letter x":
            kind = "" if one.is_causal else " (looks ahead: no cell can know it)"
            yield from look.wrapped(f"{one.name}:", [one.definition + kind])
    yield from look.wrapped("the letter x:", ["for each of the 20 commonest characters"])
