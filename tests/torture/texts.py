"""Hostile texts: read, encoded, trained on, and shown by every command on a terminal.

    python -m tests.torture.texts [--tries 5000] [--seed 1]

Each text is made of control characters, escape sequences, letters that turn the writing round, broken UTF-8 and the
like; its file may have such a name too. It has to be read back as it was, or refused in a line; a network is trained on
it for a step or two, and commands that are drawn by chance show it on a terminal. No control character reaches that but
line ends, tabs, our own colours, and what moves the progress bar.
"""

import json
import os
import random
import re
import shutil
from pathlib import Path
from typing import NoReturn
from unittest import mock

import numpy as np

from charrnn.errors import CharrnnError
from charrnn.render.terminal_text import SIGNS
from charrnn.text.corpus import read_corpus
from tests.torture.commands import Answer, answer, answer_on_terminal, bounded_memory, new_folder
from tests.torture.findings import Findings

# Colours of the form of ours that we do not have, as RGB and as numbers; and signs that end a string, a page, a tag.
OURS_BUT = ["\x1b[38;5;201;48;5;19m", "\x1b[38;2;1;2;3;48;2;4;5;6m", "\x1b[38;5;16;48;5;16m"]
ESCAPES = ["\x1b]0;title\x07", "\x1b[2J", "\x1b[H", "\x1b[8m", "\x1b[5;7m", "\x1b[31;1m", "\x1b[?1049h",
    "\x1bc", "\x1b[6n", "\x1bP$q\"p\x1b\\", "\x9b31m", "\x9d0;x\x9c", "\x1b]8;;http://x\x07y\x1b]8;;\x07",
    "\x1b[1A\x1b[2K", "\x90", "\x85", "\x1b", "\x1b[", "\x08\x08", "\x0b", "\x0c", "\x0e", "\x7f", "\x1e",
    "\x1f", "\x1a", "\x04", "\x03", *OURS_BUT]
ODD = ["\u202e", "\u2066", "\u2069", "\u200f", "\u061c", "\u200b", "\ufeff", "\u2028", "\u2029", "\u00ad",
    "\u2060", "\ufffd", "\ufffe", "\U000e0041", "\U0010ffff", "\ue000", "e\u0301\u0301\u0301", "\u0301",
    "👩‍👩‍👧", "🏳️‍🌈", "\uff37\uff29\uff24\uff25", "中文", "שלום", "مرحبا",
    "ǆ", "ﬁ", "İ", "ß", "٣", "½", "\u1160", "\u3164", "ༀ", "\U0001d518"]
SYNTAX = ["</script>", "<!--", "&lt;", "%s%n", "{}", "{0}", "\\", "\\n", "\"", "'", "`", "$(x)", "---\n", "===",
    "\n", "\n\n\n", "\r", "\r\n", "\t", " ", "   ", "a\rb", "a = 1", "[x]", "#", "-", "--help", ",", ";",
    "\u00a0", "nan", "null"]
PLAIN = ["the cat ", "and ", "a", "x", "Zürich ", "0123 ", "to be. "]
BROKEN = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\0", b"\xef\xbb\xbf",
    b"\xff\xfe", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"]
READINGS: list[tuple[str, ...]] = [
    (), (), ("--unit", "byte"), ("--unit", "word"), ("--unit", "token"), ("--documents", "line"),
    ("--documents", "blank"), ("--documents", "---"), ("--normalize", "NFKC"), ("--lowercase",), ("--min-count", "2"),
    ("--unit", "word", "--min-count", "3"), ("--between", "\x1b[2J"), ("--documents", "file"), ("--val-from", "files")]
TRAIN = ("--layers", "1", "--batch", "2", "--window", "4", "--epochs", "0.02", "--hidden", "4", "--shards", "1",
         "--cell", "lstm", "--val-fraction", "0.2", "--show-samples", "--name", "run")
# What the progress bar moves the cursor with, and colours: those of palettes, and of click.
MOVES = re.compile(r"\x1b\[\d*[AK]|\x1b\[\?25[hl]|\r")
COLOURS = re.compile(r"\x1b\[(?:0|2|1|3[0-7]|(?:30|97);(?:4|10)[0-7]|38;5;\d+;48;5;\d+|"
                     r"38;2;\d+;\d+;\d+;48;2;\d+;\d+;\d+)m")
DEPTHS = [{"TERM": "xterm"}, {"TERM": "xterm-256color"}, {"COLORTERM": "truecolor"}, {"TERM": "dumb"},
          {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"COLUMNS": "20"}, {"COLUMNS": "200"}]


def hostile(rng: random.Random) -> bytes:
    """A text, in UTF-8 as a rule."""
    kinds = [PLAIN, *rng.sample([ESCAPES, ODD, SYNTAX], rng.randint(1, 3))]
    if rng.random() < 0.1:
        return rng.choice(["", "\n", "a", "ab", "\n" * 500, "a" * 500, "\ufeff" * 40, "x" * 5000, "ab" * 20, " " * 99]
                          ).encode()
    if rng.random() < 0.2:
        kinds.append([chr(rng.choice([rng.randrange(0x20), rng.randrange(0x300), rng.randrange(0x800, 0xd800),
                                      rng.randrange(0xe000, 0x110000)])) for _ in range(rng.choice([5, 50]))])
    pieces = [rng.choice(rng.choice(kinds)) for _ in range(rng.choice([30, 100, 100, 400]))]
    data = "".join(pieces).replace("\0", "").encode()
    if rng.random() < 0.1:
        place = rng.choice([0, rng.randrange(len(data)), len(data)])
        data = data[:place] + rng.choice(BROKEN) + data[place:]
    return data


def calls(file: str, text: str, rng: random.Random) -> list[tuple[tuple[str, ...], bytes]]:
    """Commands that show something of the run, the text, or what is typed; and their standard input."""
    start = rng.randrange(max(1, len(text)))
    piece = text[start:start + rng.choice([1, 5, 30])].replace("\0", "")
    unknown = ("--unknown", rng.choice(["error", "fold", "skip", "replace"]))
    sample = ("sample", "run", "--seed", "1", "--length", rng.choice(["30", "300"]))
    typed = (f"{piece}\n/branch 2\n1\n/show\n/settings\n/undo\n/again\n/save {piece}\n/open {piece}\n/temp {piece}\n"
             f"/{piece}\n")
    return [
        (("info", "run"), b""), (("info", "run", "--config"), b""),
        ((*sample, "--prime", piece, *unknown), b""), (sample, b""),
        ((*sample, "--surprisal", "--prime", piece, *unknown), b""),
        ((*sample, "--temps", "0.5,1,9"), b""),
        ((*sample, "-n", "3", "--novelty"), b""), ((*sample, "--json"), b""), ((*sample, "--ban", piece), b""),
        ((*sample, "--stop", piece, "--bias", f"{piece[:1]}=2"), b""), (sample, piece.encode(errors="replace")),
        (("complete", "run", piece, *unknown), b""), (("complete", "run", piece, "--until", "line", *unknown), b""),
        (("complete", "run", piece, "--json", *unknown), b""),
        (("complete", "run", "-"), text[:200].encode(errors="replace")),
        *((("score", "run", file, *more), b"") for more in (
            (), ("--show",), ("--table",), ("--by", "line"), ("--by", "document"), ("--csv",), ("--json", "--table"),
            ("--show", "--color", "always", "--color-depth", "24bit"), ("--show", "--color", "never"))),
        (("score", "run", "-", "--table", *unknown), f"{piece} {text[:50]}".encode(errors="replace")),
        *((("novelty", "run", file, *more), b"") for more in ((), ("--json",), ("--csv",), ("--corpus", file))),
        (("plot", "run"), b""), (("plot", "run", "--log", "--bits"), b""),
        *((("inspect-cells", "run", "--text", file, "--chars", "300", *more), b"") for more in (
            (), ("--cell", "L1:1"), ("--cell", "L1:0", "--color", "always"), ("--gates",), ("--horizon",),
            ("--ablate",), ("--labels", file),
            ("--find", re.escape(piece) or "x"), ("--feature", f"{piece.replace('=', '')}=x"), ("--json", "-"),
            ("--csv", "-"), ("--csv-chars", "-"), ("--html", "page.html"), ("--find", piece),
            ("--compare", "run"))),
        (("train", file, *TRAIN[:-1], piece or "x"), b""), (("sample", piece or "x"), b""),
        (("train", *TRAIN[:-1], "three", "--", piece or "x"), b""),
        (("export", "run", "--to", "safetensors", "-o", f"{piece.replace('/', '')}.x"), b""),
        (("import", file), b""),
        (("train", "--resume", "run", file, "--epochs", "0.03"), b""),
        (("play", "run"), typed.encode(errors="replace")),
        (("train", "-", *TRAIN[:-1], "two", "--init-from", "run"), text.encode(errors="replace")),
        (("play", "run", "--open", file, *unknown), b"/show\n/quit\n")]


def wrong(found: Answer, arguments: tuple[str, ...]) -> str:
    """What is wrong with what a command showed; empty for nothing."""
    if found.error is not None:
        return found.cause
    if found.code not in (0, 1, 2):
        return f"exit code {found.code}"
    if found.code and not found.err.rstrip("\n").rpartition("\n")[2].startswith(("charrnn: ", "\x1b", "\r")):
        return f"exit code {found.code} with {found.err[-200:]!r}"
    for ours in OURS_BUT:
        if ours in found.out + found.err:
            return f"a colour from outside: {_around(found.out + found.err, ours)!r}"
    for name, shown in (("output", COLOURS.sub("", found.out)), ("error", MOVES.sub("", COLOURS.sub("", found.err)))):
        for character in shown:
            if ord(character) in SIGNS and character not in "\n\t":
                return f"{character!r} in standard {name}: {_around(shown, character)!r}"
    return ""


def _around(text: str, what: str) -> str:
    place = text.index(what)
    return text[max(0, place - 30):place + 30]


def check_reading(file: str, data: bytes) -> str:
    """Whether the text in a file is what its ids say; empty if so, or if it is refused in a line."""
    try:
        corpus = read_corpus([file])
    except CharrnnError as error:
        return "" if len(str(error).splitlines()) == 1 else f"refused in several lines: {str(error)[:200]!r}"
    text = data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    read = corpus.vocabulary.decode(corpus.ids.take(np.arange(len(corpus))))
    return "" if read == text else f"it is read as {read[:100]!r}"


def attack(findings: Findings) -> int:
    """Uses so many texts in the current folder; how many commands were run."""
    count = 0
    for number in range(findings.seed, findings.seed + findings.tries):
        rng = random.Random(number)
        data = hostile(rng)
        shutil.rmtree("checkpoints", ignore_errors=True)
        for path in Path(".").iterdir():
            if path.is_file():
                path.unlink()
        name = rng.choice(["text.txt"] * 3 + ESCAPES[:14] + ODD[:12])
        file = name.replace("/", "") or "text.txt"
        Path(file).write_bytes(data)
        with mock.patch.dict(os.environ, rng.choice(DEPTHS)):
            count += _try(file, data, rng, findings, f"--seed {number} --tries 1")
    return count


def _try(file: str, data: bytes, rng: random.Random, findings: Findings, case: str) -> int:
    """One text; how many commands were run."""
    try:
        what = check_reading(file, data)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
    if what:
        findings.add(f"{case}: {what}")
    train = ("train", file, *TRAIN, *rng.choice(READINGS))
    text = data.decode(errors="replace")
    drawn = [(train, b""), *rng.sample(calls(file, text, rng), 3)]
    for arguments, stdin in drawn:
        if arguments[0] != "train" and not Path("checkpoints/run").exists():  # the text, or that reading, was refused
            _train_anyway(data)
        found = answer_on_terminal(*arguments, stdin=stdin)
        if what := wrong(found, arguments):
            findings.add(f"{case}: charrnn {' '.join(map(repr, arguments))}: {what}")
    if Path("checkpoints/run").exists():
        return len(drawn) + _check_json(file, findings, case)
    return len(drawn)


def _train_anyway(data: bytes) -> None:
    """A run on what is left of a text that was refused, and some more."""
    text = data.decode(errors="ignore").replace("\0", "") + "\x1b[2Jto be\u202e or not.\n" * 9
    Path("text.txt").write_text(text, encoding="utf-8")
    answer("train", "text.txt", *TRAIN)


def _check_json(file: str, findings: Findings, case: str) -> int:
    """What goes into a pipe as JSON is JSON, and says what the network wrote."""
    found = answer("sample", "run", "--json", "--length", "40", "--seed", "1")
    plain = answer("sample", "run", "--length", "40", "--seed", "1")
    try:
        text = json.loads(found.out)["text"]
    except (ValueError, KeyError) as error:
        findings.add(f"{case}: sample --json: {error}: {found.out[:200]!r} {found.err[-200:]}")
        return 2
    if text.rstrip("\n") != plain.out.rstrip("\n"):
        findings.add(f"{case}: sample says {plain.out[:80]!r}, with --json {text[:80]!r}")
    return 2


def main(arguments: list[str] | None = None) -> NoReturn:
    findings = Findings(__doc__ or "", arguments=arguments, tries=5000)
    with bounded_memory(4), new_folder():
        count = attack(findings)
    findings.leave(f"texts: {findings.tries:,} hostile texts, {count:,} commands on a terminal")


if __name__ == "__main__":
    main()
