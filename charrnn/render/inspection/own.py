"""Layer render: which cells follow the features that the user asked for."""

from collections.abc import Iterator

from charrnn.inspection.inspection import Inspection
from charrnn.render.inspection.look import Look, score_words, share_words
from charrnn.render.inspection.summary import on_the_text
from charrnn.render.inspection.tables import table


def own_report(done: Inspection, look: Look, top: int) -> Iterator[str]:
    """For each of them the best cells, and the best of all on the text."""
    for feature in done.own:
        yield ""
        places = int(feature.values[done.recording.warm_up:].sum())
        name = feature.name if look.width > len(feature.name) else feature.name[:look.width - 1]
        yield f"{name}: true at {places:,} places"
        reason = done.search.untested.get(feature.name)
        if reason:
            yield f"  {reason} in this text to be tested: see --explain"
            continue
        best = done.search.ranking(feature.name, top)
        if not best:
            yield "  no cell varies"
            continue
        yield from table(best, done.facts)
        first = best[0]
        claim = "confirmed" if first.is_confirmed else "NOT confirmed: it may be chance"
        yield from look.wrapped(f" {first.cell} is {claim};", [
            f"the current character alone would give {score_words(first.alone)}, a cell that is always on an IoU of "
            f"{share_words(first.threshold.prevalence if first.threshold else 0.0)}"])
        yield from on_the_text(done, first, look)
