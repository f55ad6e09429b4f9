"""Every option of every command with wrong values, in wrong company and misspelled, from the commands' own definitions.

    python -m tests.torture.options [--tries 4000] [--seed 1]

Each row has to be refused with exit code 1 or 2 and one line of at most 300 characters, which names the option (or the
file) and says what would be right; nothing is printed on standard output, and no file appears, changes or goes.
"""

import itertools
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

import click

from charrnn.cli.config import part_of
from charrnn.cli.group import COMMANDS, charrnn
from charrnn.cli.options import Number, Numbers, SettingOption, Whole
from charrnn.interchange.export import export_network
from charrnn.settings.training import PARTS
from charrnn.storage.run_folders import BEST
from tests.cli.tiny import OPTIONS, tiny_corpus, train_tiny
from tests.torture.commands import Answer, answer, bounded_memory, new_folder
from tests.torture.findings import Findings

LONGEST = 300
RUN = "tiny"
LONG, NUL, COLOUR = "x" * 300, "a\0b", "\x1b[31mx"
# What makes each command work but for the option that a row adds.
BASES = {"train": ("text.txt", *OPTIONS), "sample": (RUN, "--length", "5"), "play": (RUN,), "complete": (RUN, "the "),
         "score": (RUN, "text.txt"), "novelty": (RUN, "text.txt"), "info": (RUN,), "plot": (RUN,),
         "inspect-cells": (RUN, "--text", "text.txt", "--chars", "100"), "bench": (),
         "export": (RUN, "--to", "safetensors", "-o", "network.safetensors"), "import": ("exported.safetensors",),
         "classify": (RUN, "text.txt"), "translate": (RUN, "text.txt"), "serve": (RUN,)}
READ = ("missing.txt", "empty", "", NUL, LONG)
WRITTEN = ("empty", "missing/x.svg", "", NUL, f"{LONG}.svg")
RUNS = ("missing", "", NUL, "text.txt", LONG, "empty")
WRONG_NAMES = ("", "a/b", ".", "..", "-x", "nul", "COM1.txt", NUL, LONG, "a ", "a\n", COLOUR, "a:b", "a*")
WRONG_FOLDERS = ("text.txt", NUL, LONG, "text.txt/x", "/dev/null")
CELLS = ("x", "", "L0:1", "L9:0", "L1:999", "L1:-1", "L1:", "1:1", "L1:1.5", "L1:x", COLOUR, LONG)
LABELS = ("x", "", "x:0.5", COLOUR, "1,2")
PATTERNS = ("(", "[", "*", "a{99999999999}", "(?P<x", "\\", "(?<=a+)b", LONG + "(")
# Values of texts and names, of commands' options by Python name, that are always wrong.
WRONG_TEXTS: dict[str, dict[str, Sequence[str]]] = {
    "train": {"config": READ, "init_from": RUNS, "resume": RUNS[:1] + RUNS[2:], "documents": ("",),
              "name": WRONG_NAMES, "folder": WRONG_FOLDERS},
    "sample": {"prime_file": READ,
               "bias": ("", "x", "=1", "a=", "a=x", "a=nan", "a=inf", "ab=1", "§=1", "a=1e400", LONG),
               "clamp": (*CELLS[:9], "L1:1=", "L1:1=x", "L1:1=nan", "L1:1=1@", "L1:1=1@5:2",
                                              "L1:1=1@x:y", "L1:1=sd", "L9:1=1", "L1:99=1"),
               "stop": ("",), "others": RUNS, "output": WRITTEN, "prime": ("§§", "\udcff")},
    "play": {"bias": ("", "x", "=1", "a=", "a=x", "a=nan", "§=1"), "clamp": (*CELLS[:9], "L1:1="),
             "stop": ("",), "prime": ("§§",)},
    "complete": {}, "info": {}, "corpora": {},
    "export": {"output": WRITTEN, "text": READ},
    "import": {"vocabulary": READ, "name": WRONG_NAMES, "folder": WRONG_FOLDERS},
    "novelty": {"corpus": READ}, "score": {"others": RUNS},
    **{name: {"output": (*WRITTEN, "x.gif", "x", "svg")} for name in ("plot", "translate")},
    "inspect-cells": {"text": READ, "patterns": PATTERNS,
                      "named": ("", "x", "=a", "x=(", "x=*", "x=[", LONG), "labels": READ,
                      "cells": CELLS, "ablate": ("x", "", "top:", "top:0", "top:x", "top:-1", "L9:1", "L1:99", "L1:1,"),
                      "others": RUNS, "since": ("",), "html_cells": ("", "x", "-1", "1.5", "ALL", "٣", COLOUR),
                      **dict.fromkeys(("html_file", "json_file", "csv_file", "chars_file", "npz_file"), WRITTEN)},
    "bench": {"shapes": ("", "x", "lstm", "lstm-1x8-2", "lstm-0x8-2x3", "lstm-1x0-2x3", "lstm-1x8-0x3",
                         "lstm-1x8-2x0", "xyz-1x8-2x3", "lstm-99x8-2x3", "lstm-1x99999-2x3", "lstm-1x8-2x3x4",
                         "-1x8-2x3", "lstm-1.5x8-2x3", "lstm-1x8-99999999x3", LONG, COLOUR)}}
# What can't be together: the options of one command, and what is typed for them.
CONTRADICTIONS: dict[str, Sequence[tuple[str, ...]]] = {
    "train": [("--minutes", "1"), ("--documents", "line", "--between", "x"), ("--targets", "last"),
              ("--documents", "line", "--windows", "snippets"), ("--unit", "byte", "--min-count", "2"),
              ("--documents", "line", "--val-from", "files"), ("--epochs", "0"), ("--encoder", "own")],
    "sample": [("--temp", "1", "--temps", "1,2"), ("--min-length", "10"), ("--surprisal", "--json"),
               ("--surprisal", "--temps", "1,2"), ("--surprisal", "-o", "x"), ("--corpus", "text.txt"),
               ("--prime", "a", "--prime-file", "text.txt")],
    "play": [("--prime", "a", "--open", "text.txt"), ("--prime", "a", "--resume"), ("--open", "text.txt", "--resume"),
             ("--length", "5", "--min-length", "10")],
    "score": [("--json", "--csv"), ("--show", "--table"), ("--csv", "--show"), ("--csv", "--table"), ("--top", "5"),
              ("--min-length", "3"), ("--adapt", "--rows", "2"), ("--adapt-rate", "1"), ("--by", "document"),
              ("--adapt", "--with", RUN)],
    "novelty": [("--json", "--csv")],
    "plot": [], "translate": [("-o", "x.svg")],
    "inspect-cells": [("--sample", "50"), ("--gates", "--horizon"), ("--gates", "--ablate"), ("--horizon", "--ablate"),
                      ("--gates", "--cell", "L1:1"), ("--compare", RUN, "--gates"), ("--compare", RUN, "--ablate"),
                      ("-o", "x.svg"), ("--gates", "-o", "x.gif"), ("--json", "a", "--csv", "a"),
                      ("--html", "a", "--npz", "a"), ("--csv", "-", "--json", "-"), ("--npz", "-"),
                      ("--signal", "r", "--cell", "L1:1")],
    "bench": [("--against", "onnx", "--precision", "bf16")]}
REMEDY = re.compile(r"; |not one of|not a (whole )?number|\d to -?\d|at (least|most) |requires an argument|"
                    r"does not take a value|[Nn]o such option|must be|should |without --|needs? |in place of|name |"
                    r"can't both|leave out|give |it is |as in ")


class Row(NamedTuple):
    """arguments   of the command, behind those of its base
    names       one of them has to be in the line: the option, its key, or a file
    config      the text of config.toml
    """

    command: str
    arguments: tuple[str, ...]
    names: tuple[str, ...]
    config: str = ""


def rows() -> Iterator[Row]:
    """All rows but the pairs."""
    for name in COMMANDS:
        command = _command(name)
        for param in command.params:
            if isinstance(param, click.Option):
                yield from _wrong_values(name, param)
                yield from _misspelled(name, param, command)
        for typed in CONTRADICTIONS.get(name, ()):
            yield Row(name, typed, tuple(word.strip("-") for word in typed))
    yield from _without_use()
    yield from _resumed()
    yield from _configs()


def pairs(rng: random.Random) -> Iterator[Row]:
    """Two wrong values at once, for ever: one of them is named."""
    every = {name: [row for row in rows() if row.command == name and not row.config] for name in COMMANDS}
    names = [name for name in COMMANDS if len(every[name]) > 1]
    while True:
        one, other = rng.sample(every[rng.choice(names)], 2)
        if "--resume" not in (*one.arguments, *other.arguments):
            yield Row(one.command, (*one.arguments, *other.arguments), (*one.names, *other.names))


def _command(name: str) -> click.Command:
    command = charrnn.get_command(click.Context(charrnn), name)
    assert command is not None
    return command


def wrong_values(param: click.Option) -> list[str]:
    """What can't be the value of an option, by its type and its bounds."""
    kind = param.type
    if isinstance(kind, click.Choice):
        choices = [str(choice) for choice in kind.choices]
        return ["", "x", " ", "0", choices[0].swapcase() if choices[0].swapcase() not in choices else "X",
                f"{choices[0]}x", choices[-1][:-1] or "x", ",".join(choices), COLOUR, LONG]
    if isinstance(kind, Whole):
        return ["", " ", "x", "1.5", "nan", "1e3", "0x10", "1,5", "--", str(int(kind.min or 0) - 1), "-0.5",
                str(int(kind.max or 0) + 1), "1" + "0" * 30, "9" * 5000, COLOUR, LONG]
    if isinstance(kind, Number):
        low, high = kind.min or 0.0, kind.max or 0.0
        return ["", " ", "x", "nan", "-nan", "inf", "-inf", "1,5", "0x10", "1e400", "--", repr(low - 1e-6),
                repr(high * 1.001 + 1), str(-10**30), "9" * 5000, COLOUR, LONG]
    if isinstance(kind, Numbers):
        return ["", ",", "x", "1,", "1,x", "1;2", "nan,1", "-1,1", "1,101", "inf", COLOUR, LONG]
    return []


def _wrong_values(name: str, param: click.Option) -> Iterator[Row]:
    option = max(param.opts, key=len)
    if param.is_flag:
        for written in (option, *param.secondary_opts):
            yield from (Row(name, (f"{written}={value}",), (written,)) for value in ("", "1", "x", "true"))
        return
    for written in param.opts:
        if not getattr(param, "_flag_needs_value", False):
            yield Row(name, (written,), (written, option))
    values = (*wrong_values(param), *_wrong_texts(name, param))
    for value in values:
        named = (*param.opts, str(param.name).replace("_", "-"), option[2:])
        is_text = value in _wrong_texts(name, param)
        if is_text:  # which a message may name by its kind
            named = (*named, *[_beginning(value)] * bool(value), "names no cell", "regular expression", "name a",
                     "text has", "file or folder", "needs a name")
        for arguments in ((f"{option}={value}",), *[(option, value)] * (not value.startswith("-"))):
            yield Row(name, arguments, named)


def _wrong_texts(name: str, param: click.Option) -> Sequence[str]:
    """The texts that are always wrong for an option; RUN has no labels."""
    return LABELS if param.name == "label" else WRONG_TEXTS.get(name, {}).get(str(param.name), ())


def _beginning(value: str) -> str:
    """What of a value a message shows at least."""
    return re.split(r"[\0\x1b§\udcff\n]", value)[0][:20] or value[:1]


def _misspelled(name: str, param: click.Option, command: click.Command) -> Iterator[Row]:
    known = {option for other in command.params for option in (*other.opts, *other.secondary_opts)}
    word = max(param.opts, key=len)[2:]
    for wrong in {f"--{word[:-1]}", f"--{word}x", f"--{word[0]}{word}", f"---{word}", f"--{word.upper()}",
                  f"--{word[1:]}", f"--{word.replace('-', '_')}_"} - known - {"--"}:
        yield Row(name, (wrong,), (wrong,))
        yield Row(name, (f"{wrong}=1",), (wrong,))


def _without_use() -> Iterator[Row]:
    """Settings that have no effect beside another."""
    for part in PARTS.values():
        for spec in part.__dataclass_fields__.values():
            other, *useful = spec.metadata["only_with"].split() or [""]
            if useful:
                choices = part.__dataclass_fields__[other].metadata["choices"]
                low, high = spec.metadata["low"], spec.metadata["high"]
                for choice, value in itertools.product(choices, {low, high} - {spec.default}):
                    if choice not in useful:
                        option = f"--{spec.name.replace('_', '-')}"
                        yield Row("train", (option, str(value), f"--{other}", choice), (option,))


def _resumed() -> Iterator[Row]:
    """What can't change when a run is resumed."""
    for param in _command("train").params:
        if isinstance(param, SettingOption) and param.name not in {
                "epochs", "minutes", "threads", "engine", "device", "resume", "folder", "show_samples", "samples_every",
                "keep_last", "max_size", "tensorboard", "quiet", "verbose"}:
            option = param.opts[0]
            if param.is_flag:
                values: Sequence[str] = ("",)
            elif isinstance(param.type, click.Choice):
                values = [str(choice) for choice in param.type.choices]
            elif isinstance(param.type, (Whole, Number)):
                values = [str(param.type.min), str(param.type.max)]
            else:
                values = ["x", "line"]
            for value in values:
                yield Row("train", ("--resume", RUN, option, *[value] * bool(value)), (option,))


def _configs() -> Iterator[Row]:
    """Each option in a file, with values of other types and beyond its bounds, and in other tables."""
    command = _command("train")
    for param in command.params:
        key = str(param.name)
        if not isinstance(param, SettingOption) or key in ("config", "resume"):
            continue
        values = ["[1]", "[]", "{}", "1979-05-27", "[[1.5]]", "nan", "inf", *map(_toml, wrong_values(param))]
        if not param.is_flag:
            values.append("true")
        if not isinstance(param.type, (Whole, Number)):
            values += ["5", "-1.5"]
        else:
            values += [str(value) for value in (param.type.min, param.type.max) if value is not None
                       for value in (value - 1 if value == param.type.min else value + 1,)]
        for value in values:
            is_text = isinstance(param.type, click.types.StringParamType) and value.startswith('"')
            if not is_text and (key, value) != ("windows", "{}"):  # which is a part of the settings too
                yield Row("train", ("--config", "config.toml"), (key,), f"{key} = {value}\n")
        right = part_of(key)
        for table in PARTS:
            if table != right:
                yield Row("train", ("--config", "config.toml"), (key,), f"[{table}]\n{key} = 1\n")
        yield Row("train", ("--config", "config.toml"), (key, "line 2"), f"{key} = 1\n{key} = 2\n")
        yield Row("train", ("--config", "config.toml"), (f"{key}x",), f"{key}x = 1\n")
        yield Row("train", ("--config", "config.toml"), (key,), f"[{key}]\nx = 1\n")


def _toml(value: str) -> str:
    return json.dumps(value, ensure_ascii=True).replace("\\u007f", "")


def wrong(row: Row, found: Answer, before: set[str], after: set[str]) -> str:
    """What is wrong with how a row was refused; empty for nothing."""
    if found.error is not None:
        return found.cause
    first = found.err.partition("\n")[0]
    if found.code not in (1, 2):
        return f"exit code {found.code}, {first[:200]!r}"
    if found.out:
        return f"standard output: {found.out[:100]!r}"
    if not first.startswith("charrnn: ") or found.err.count("\n") != 1:
        return f"no single line: {found.err[:400]!r}"
    if len(first) > LONGEST:
        return f"{len(first)} characters: {first!r}"
    if not any(name in first for name in row.names):
        return f"it does not name {' or '.join(row.names[:4])}: {first!r}"
    if not REMEDY.search(re.sub(r"\. Usage: .*", "", first)):
        return f"it does not say what would be right: {first!r}"
    if before != after:
        return f"files appeared or went: {sorted(before ^ after)}"
    return ""


def attack(findings: Findings) -> int:
    """All rows, and pairs until there are enough; fewer are drawn from all. How many there were."""
    prepare()
    table: list[Row] = list(rows())
    rng = findings.random
    if findings.tries < len(table):
        table = rng.sample(table, findings.tries)
    table += itertools.islice(pairs(rng), findings.tries - len(table))
    before = _files()
    for row in table:
        Path("config.toml").write_text(row.config, encoding="utf-8")
        arguments = (row.command, *BASES.get(row.command, ()), *row.arguments)
        if "--resume" in row.arguments:
            arguments = (row.command, *row.arguments)
        found = answer(*arguments)
        if what := wrong(row, found, before, _files()):
            shown = [f"{argument[:60]}..." if len(argument) > 60 else argument for argument in row.arguments]
            findings.add(f"charrnn {row.command} {shown} {row.config[:60]!r}: {what[:400]}")
            before = _files()
    return len(table)


def prepare() -> None:
    """A text, a trained run, and an empty one, in the current folder."""
    tiny_corpus()
    train_tiny(Path("checkpoints"), name=RUN)
    export_network(Path("checkpoints") / RUN / BEST, "safetensors", Path("exported.safetensors"))
    answer("play", RUN, stdin=b"/quit\n")  # what has to be compiled is compiled
    Path("empty").mkdir()
    Path("config.toml").touch()


def _files() -> set[str]:
    return {f"{path} {path.stat().st_mtime_ns if path.is_file() and path.name != 'config.toml' else ''}"
            for path in Path(".").rglob("*")}


def main(arguments: list[str] | None = None) -> NoReturn:
    findings = Findings(__doc__ or "", arguments=arguments, tries=5_000)
    with bounded_memory(4), new_folder():
        count = attack(findings)
    findings.leave(f"options: {count:,} rows, of every option of {len(COMMANDS)} commands")


if __name__ == "__main__":
    main()
