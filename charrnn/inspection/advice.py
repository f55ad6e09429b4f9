"""Layer inspection: what the gradient horizon and the use of context mean for the window in training."""

from charrnn.inspection.context import WORTH, ContextUse
from charrnn.inspection.horizon import LAGS, Horizon

_EXPLODING = 1.005  # a higher gain is reported as a growing gradient


def reach_words(reach: Horizon, context: ContextUse) -> str:
    """How far back the gradient and the predictions reach, in one line: every report says it in the same words."""
    k = context.enough
    worth = (f"context beyond {k} is worth less than {WORTH:g} bits" if k is not None else
             f"even {context.lengths[-1]} characters are not enough context")
    return f"99% of the input gradient lies within {within_words(reach, 99)} characters, and {worth}"


def within_words(reach: Horizon, share: int) -> str:
    """`46`; `about 96` or `more than 150` where the gradient had not ended when the lags did."""
    within = reach.within[share]
    return f"{'' if reach.settled else 'more than ' if within == reach.lags else 'about '}{within}"


def advice(reach: Horizon, context: ContextUse, window: int) -> str:
    """What the horizon means for the window in training, in one line; window 0 is not known."""
    if not window:
        return reach_words(reach, context)
    k, summary = context.enough, f"{reach_words(reach, context)}; trained with windows of {window}"
    if reach.gain is not None and reach.gain > _EXPLODING:
        return f"{summary}: the gradient grows as it is propagated back, so keep --clip on and the rate low"
    if not reach.settled and reach.lags < min(window, LAGS):
        return f"{summary}: the texts themselves are shorter than the window"
    needed = max(reach.within[99], k if k is not None else window)
    if not reach.settled or k is None or needed >= window:
        return f"{summary}: a longer --window may teach it more"
    if 3 * needed <= window:
        return f"{summary}: it does not use what longer windows offer; --window {_round(2 * needed)} would do"
    return f"{summary}: the window is long enough"


def _round(number: int) -> int:
    """The next multiple of 10."""
    return -(-number // 10) * 10
