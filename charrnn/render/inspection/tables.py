"""Layer render: findings as lines: a table of those that say more than the current character, the others in a line."""

from collections.abc import Iterator, Sequence

from charrnn.inspection.cells import CellFacts
from charrnn.inspection.finder import Finding
from charrnn.render.inspection.look import Look, bits_words, memory_words, score_words, share_words


def table(findings: Sequence[Finding], facts: CellFacts, costs: Sequence[float] = ()) -> Iterator[str]:
    """A row for each finding, with a line of what the columns are; at most 80 columns.

    costs   of silencing each cell, in bits a character, if somebody measured
    """
    width = max((len(str(one.cell)) for one in findings), default=4)
    room = 80 - (width + 5) - 14 - 5 - 5 - 7 - (8 if costs else 0)
    yield (f" {'cell':{width}}    {'tracks':{room}}{'score [chance]':14}{'IoU':>5}{'char':>5}{'memory':>7}"
           + (f"{'cost':>8}" if costs else ""))
    for number, one in enumerate(findings):
        yield (f" {one.cell!s:{width}} {mark_of(one)} {_cut(one.feature.name, room - 1):{room}}{scored(one):14}"
               f"{score_words(one.threshold.iou) if one.threshold else '-':>5}{share_words(one.current):>5}"
               f"{memory_words(float(facts.tau[one.cell])):>7}"
               + (f"{bits_words(costs[number]):>8}" if costs else ""))


def mark_of(finding: Finding) -> str:
    """`c+`: which signal, and whether it is high or low where the feature is."""
    return finding.signal + ("+" if finding.sign > 0 else "-")


def scored(finding: Finding) -> str:
    """`AUC .97 [.70]`"""
    return f"{finding.feature.measure} {score_words(finding.score)} [{score_words(finding.chance)}]"


def brief(finding: Finding) -> str:
    """`L3:64 white space .99`"""
    return f"{finding.cell} {finding.feature.name} {score_words(finding.score)}"


def missing(findings: Sequence[Finding], untested: Sequence[str], look: Look) -> Iterator[str]:
    """What was looked for in vain, and what could not be tested; single letters are left out."""
    named = [f"{one.feature.name} {score_words(one.score)}" for one in findings if not one.feature.is_plain]
    yield from look.wrapped("not found on the other half:", named, ", ", 2)
    yield from look.wrapped("too rare in this text to be tested:", untested, ", ", 2)


def _cut(name: str, room: int) -> str:
    return name if len(name) <= room else name[:room - 1] + "."
