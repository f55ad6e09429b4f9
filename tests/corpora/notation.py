"""Reads as much of ABC notation 2.1 as it takes to tell how long each bar is."""

import re
from fractions import Fraction
from itertools import pairwise

FIELDS = "XTRMLK"
TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<grace>\{[^{}]*\})|(?P<triplet>\(3)|(?P<broken>>+|<+)"
    r"|(?:\[(?P<chord>(?:[_^=]*[A-Ga-g][,']*[\d/]*)+)\]|(?P<note>[_^=]*[A-Ga-g][,']*|z))(?P<length>[\d/]*)"
)
NOTE_LENGTH = re.compile(r"[_^=]*[A-Ga-g][,']*([\d/]*)")


class ABCError(ValueError):
    """Not what a tune may hold."""


def length_of(text: str) -> Fraction:
    """The factor written after a note: "" is 1, "3" is 3, "/" is 1/2, "//" is 1/4, "3/2" is 3/2."""
    match = re.fullmatch(r"(\d*)(?:(/+)|/(\d+))?", text)
    if not match or "0" in (match[1], match[3]):
        raise ABCError(f"no length: {text!r}")
    return Fraction(int(match[1] or 1), 2 ** len(match[2] or "") * int(match[3] or 1))


def bar_length(bar: str, unit: Fraction) -> Fraction:
    """The length of the notes and rests of one bar, in whole notes."""
    lengths: list[Fraction] = []
    place = in_triplet = 0
    factor = Fraction(1)  # what a broken rhythm does to the note after it
    while place < len(bar):
        match = TOKEN.match(bar, place)
        if not match:
            raise ABCError(f"cannot read {bar[place:]!r} in bar {bar!r}")
        place = match.end()
        if match["triplet"]:
            if in_triplet:
                raise ABCError(f"a triplet within a triplet in bar {bar!r}")
            in_triplet = 3
        elif match["broken"]:
            if not lengths or factor != 1:
                raise ABCError(f"a broken rhythm that follows no note in bar {bar!r}")
            short = Fraction(1, 2 ** len(match["broken"]))
            before, factor = (2 - short, short) if match["broken"][0] == ">" else (short, 2 - short)
            lengths[-1] *= before
        elif match["note"] or match["chord"]:
            length = length_of(match["length"]) * factor
            if match["chord"]:
                length *= length_of(NOTE_LENGTH.findall(match["chord"])[0])
            if in_triplet:
                length *= Fraction(2, 3)
                in_triplet -= 1
            lengths.append(length)
            factor = Fraction(1)
    if in_triplet or factor != 1:
        raise ABCError(f"bar {bar!r} ends too soon")
    return sum(lengths, Fraction()) * unit


def metre(text: str) -> Fraction:
    """The length of a bar in whole notes."""
    return Fraction(1) if text in ("C", "C|") else Fraction(text)


def fields_of(tune: str) -> dict[str, str]:
    """The fields by letter; they stand before the body, each once, in the order X T R M L K."""
    lines = tune.split("\n")[:len(FIELDS)]
    if [line[:2] for line in lines] != [f"{letter}:" for letter in FIELDS]:
        raise ABCError(f"fields out of order: {lines}")
    return {line[0]: line[2:] for line in lines}


def passes_of(tune: str) -> list[list[str]]:
    """The bars of each part, in the order played; a part with two endings gives two lists, one for each."""
    body = " ".join(tune.split("\n")[len(FIELDS):])
    before, *parts = body.split("|:")
    if before.strip() or not parts:
        raise ABCError("the body does not begin with |:")
    passes = []
    for part in parts:
        if ends := re.fullmatch(r"([^:]*)\|1([^:]*):\|2([^:]*)\|\]\s*", part):
            passes += [[*ends[1].split("|"), *ending.split("|")] for ending in (ends[2], ends[3])]
        elif once := re.fullmatch(r"([^:]*):\|\s*", part):
            passes.append(once[1].split("|"))
        else:
            raise ABCError(f"a part without its repeat: {part!r}")
    return [[bar.strip() for bar in bars] for bars in passes]


def faults(tune: str, bars_in_a_part: int = 8) -> list[str]:
    """What is wrong with the lengths of a tune's bars; a pickup is made up for by the last bar of its part."""
    fields = fields_of(tune)
    full, unit = metre(fields["M"]), Fraction(fields["L"])
    found = []
    for bars in passes_of(tune):
        lengths = [bar_length(bar, unit) for bar in bars]
        pickup = lengths[0] if lengths[0] < full else Fraction(0)
        expected = [full] * bars_in_a_part
        if pickup:
            expected = [pickup, *expected[:-1], full - pickup]
        if len(bars) != len(expected):
            found.append(f"{len(bars)} bars")
        found += [f"{bar!r} lasts {length}, not {wanted}"
                  for bar, length, wanted in zip(bars, lengths, expected, strict=False) if length != wanted]
    return found


def neighbours(bars: list[str]) -> set[tuple[str, str]]:
    """Each two bars that follow one another."""
    return set(pairwise(bars))
