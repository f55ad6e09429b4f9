"""Layer render: the gradient horizon and the use of context, and the advice that follows from them."""

import math
from collections.abc import Iterator

from charrnn.inspection.advice import advice, within_words
from charrnn.inspection.context import ContextUse
from charrnn.inspection.horizon import Horizon
from charrnn.render.inspection.style import ReportStyle


def horizon_report(reach: Horizon, context: ContextUse, window: int, style: ReportStyle) -> Iterator[str]:
    """All numbers, then the advice."""
    yield f"{'':9}below 1% at   one more character leaves"
    for one in reach.reaches:
        near = f"> {reach.lags}" if one.near is None else str(one.near)
        yield f"  L{one.layer} {one.signal:4}{near:>12}   {gain_words(one.gain)}"
    shares = ", ".join(f"{share}% within {within_words(reach, share)}" for share in (50, 90, 99))
    yield from style.wrapped("input gradient:", [f"{shares} characters ({reach.places} losses followed back over "
                                                f"{reach.lags})"])
    worth = [f"{bits:.3f} at {length}" for length, bits in zip(context.lengths, context.excess, strict=True)
             if length in (1, 2, 4, 8, 16, 32, 64, 128)]
    yield from style.wrapped("context: bits each that are lost with only the last k characters:", worth, ", ")
    yield from style.wrapped("", [advice(reach, context, window)])


def gain_words(gain: float | None) -> str:
    """`0.959, half in 17 characters`."""
    if gain is None:
        return "nothing: it is gone too soon to measure it"
    if abs(gain - 1) < 1e-3:
        return f"{gain:.3f}, for ever"
    time = math.log(2) / abs(math.log(gain))
    return f"{gain:.3f}, {'half' if gain < 1 else 'twice as much'} in {time:.{0 if time >= 10 else 1}f} characters"
