"""Layer render: the gradient horizon and the use of context, and the advice that follows from them."""

import math
from collections.abc import Iterator

from charrnn.inspection.context import WORTH, ContextUse
from charrnn.inspection.horizon import LAGS, Horizon
from charrnn.render.inspection.style import ReportStyle

_EXPLODING = 1.005  # a higher gain is reported as a growing gradient


def horizon_report(reach: Horizon, context: ContextUse, window: int, style: ReportStyle) -> Iterator[str]:
    """All numbers, then the advice."""
    yield f"{'':9}below 1% at   one more character leaves"
    for one in reach.reaches:
        near = f"> {reach.lags}" if one.near is None else str(one.near)
        yield f"  L{one.layer} {one.signal:4}{near:>12}   {gain_words(one.gain)}"
    shares = ", ".join(f"{share}% within {_characters(reach, share)}" for share in (50, 90, 99))
    yield from style.wrapped("input gradient:", [f"{shares} characters ({reach.places} losses followed back over "
                                                f"{reach.lags})"])
    worth = [f"{bits:.3f} at {length}" for length, bits in zip(context.lengths, context.excess, strict=True)
             if length in (1, 2, 4, 8, 16, 32, 64, 128)]
    yield from style.wrapped("context: bits each that are lost with only the last k characters:", worth, ", ")
    yield from style.wrapped("", [advice(reach, context, window)])


def advice(reach: Horizon, context: ContextUse, window: int) -> str:
    """What the horizon means for the window in training, in one line."""
    seen, k = f"{_characters(reach, 99)} characters", context.enough
    worth = (f"context beyond {k} is worth less than {WORTH:g} bits" if k is not None else
             f"even {context.lengths[-1]} characters are not enough context")
    summary = f"99% of the input gradient lies within {seen}, and {worth}; trained with windows of {window}"
    if reach.gain is not None and reach.gain > _EXPLODING:
        return f"{summary}: the gradient grows on its way back, so keep --clip on and the rate low"
    if not reach.settled and reach.lags < min(window, LAGS):
        return f"{summary}: the texts themselves are shorter than the window"
    needed = max(reach.within[99], k if k is not None else window)
    if not reach.settled or k is None or needed >= window:
        return f"{summary}: a longer --window may teach it more"
    if 3 * needed <= window:
        return f"{summary}: it does not use what longer windows offer; --window {_round(2 * needed)} would do"
    return f"{summary}: the window is long enough"


def gain_words(gain: float | None) -> str:
    """`0.959, half in 17 characters`."""
    if gain is None:
        return "nothing: it is gone too soon to measure it"
    if abs(gain - 1) < 1e-3:
        return f"{gain:.3f}, for ever"
    time = math.log(2) / abs(math.log(gain))
    return f"{gain:.3f}, {'half' if gain < 1 else 'twice as much'} in {time:.{0 if time >= 10 else 1}f} characters"


def _characters(reach: Horizon, share: int) -> str:
    return f"{'' if reach.settled else '> ' if reach.within[share] == reach.lags else 'about '}{reach.within[share]}"


def _round(number: int) -> int:
    """The next multiple of 10."""
    return -(-number // 10) * 10
