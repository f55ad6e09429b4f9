"""README and docs speak of the program as it is: commands, options, targets, names and variables exist."""

import re
import statistics
from pathlib import Path

import click
import pytest

import charrnn
from benchmarks.learning import read_rows
from charrnn.cli.group import COMMANDS
from charrnn.cli.group import charrnn as group
from tests.pages import PAGES, ROOT, calls, command_lines, fences, text_of, tokens

README = ROOT / "README.md"
TEXTS = {page: text_of(page) for page in PAGES}
CALLS = [(page, arguments) for page, text in TEXTS.items() for line in command_lines(text)
         for arguments in calls(line, "charrnn")]


def code(language: str) -> str:
    """All blocks of code in README and docs that are written in `language`."""
    return "".join(fence.content for text in TEXTS.values() for fence in fences(text) if fence.language == language)


def test_the_reference_has_every_command() -> None:
    [names] = re.findall(r"^ *:commands: (.*)$", TEXTS[ROOT / "docs/reference/commands.md"], re.MULTILINE)
    assert names.split(",") == list(COMMANDS)


def test_readme_is_short() -> None:
    assert len(TEXTS[README].splitlines()) <= 150


@pytest.mark.parametrize(("page", "arguments"), CALLS, ids=[
    f"{page.relative_to(ROOT)}: {' '.join(arguments)}" for page, arguments in CALLS])
def test_every_call_shown_is_understood(page: Path, arguments: list[str], tmp_path: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """Each option exists and takes the value that it is given. Nothing is run."""
    monkeypatch.chdir(tmp_path)
    # `for cell in rnn lstm gru`
    arguments = [argument.replace("$cell", "lstm") for argument in arguments]
    if arguments and not arguments[0].startswith("-"):
        command = group.get_command(click.Context(group), arguments[0])
        assert command is not None, f"there is no charrnn {arguments[0]}"
        for argument in arguments:
            if argument.endswith(".toml"):
                Path(argument).write_text("")
        if not {"--help", "-h"} & set(arguments):
            command.make_context(arguments[0], arguments[1:])


# Options of other programs that the pages mention.
FOREIGN = {"--from", "--rounds", "--text", "--trials", "--group"}


def test_options_named_in_the_text_exist() -> None:
    commands = [group.get_command(click.Context(group), name) for name in COMMANDS]
    known = {name for command in commands if command for param in command.params
             for name in (*param.opts, *param.secondary_opts)} | {"--help", "--version"}
    assert known
    for page, text in TEXTS.items():
        if page.name == "CHANGELOG.md":  # it speaks of old names too
            continue
        inline = {child.content for token in tokens(text) for child in token.children or ()
                  if child.type == "code_inline"}
        named = {name for content in inline if content.startswith(("--", "charrnn "))
                 for name in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", content)}
        assert named - known - FOREIGN == set(), page


def kept_speeds(group: str, rival: str) -> dict[str, tuple[float, float, float]]:
    """Characters a second of each shape that is kept, those of the rival's fastest form, and their ratio; float32
    unless the shape says otherwise."""
    kept = {}
    for row in read_rows(ROOT / "benchmarks/results/speed.jsonl"):  # the line that was written last counts
        theirs = [statistics.median(rounds) for name, rounds in row["rivals"].items() if name.startswith(rival)]
        if row["group"] == group and row["unit"] == "char/s" and theirs:
            ours = statistics.median(row["rounds"])
            kept[row["what"]] = ours, max(theirs), ours / max(theirs)
    return kept


def rounded(number: float) -> str:
    """To three digits, as tables show it."""
    return f"{float(f'{number:.3g}'):,.0f}"


@pytest.mark.parametrize("page", [README, ROOT / "docs/speed.md"], ids=lambda page: page.name)
def test_speeds_in_training_are_those_that_are_kept(page: Path) -> None:
    kept = kept_speeds("training", "PyTorch")
    rows = [row.strip("| ").split(" | ") for row in TEXTS[page].splitlines()]
    shown = [row for row in rows if len(row) == 7 and re.match(r"(LSTM|GRU|RNN) ", row[0])]
    assert len(shown) >= 4
    for shape, *figures in shown:
        both = kept[shape.lower()], kept[f"{shape.lower()}, bf16"]
        assert figures == [figure for ours, rival, ratio in both
                           for figure in (rounded(ours), rounded(rival), f"{ratio:.2f}")], shape


def test_the_readme_claims_the_speeds_that_are_kept() -> None:
    def span(ratios: list[float]) -> str:
        return f"{min(ratios):.1f} to {max(ratios):.1f} times"

    def ratios(cell: str) -> list[float]:
        return [ratio for shape, (_, _, ratio) in kept_speeds("training", "PyTorch").items()
                if shape.startswith(cell) and int(re.findall(r"\dx(\d+)", shape)[0]) >= 128]

    claim = (f"LSTMs of 128 units and more train {span(ratios('lstm'))}, GRUs {span(ratios('gru'))} as fast as the "
             "fastest form of PyTorch in the same precision, and an LSTM writes "
             f"{span([ratio for _, _, ratio in kept_speeds('sampling', 'ONNX').values()])} as fast as ONNX Runtime.")
    assert claim in " ".join(TEXTS[README].split())


def test_speeds_in_sampling_are_those_that_are_kept() -> None:
    onnx, torch = (kept_speeds("sampling", rival) for rival in ("ONNX", "PyTorch"))
    rows = [row.strip("| ").split(" | ") for row in TEXTS[ROOT / "docs/speed.md"].splitlines()]
    shown = {row[0].lower().removesuffix(", float32"): row[1:] for row in rows
             if len(row) == 6 and re.match(r"LSTM .*, (float32|bf16)$", row[0])}
    assert shown == {shape: [rounded(ours), *((rounded(onnx[shape][1]), f"{onnx[shape][2]:.1f}") if shape in onnx
                                              else ("", "")), rounded(rival), f"{ratio:.0f}"]
                     for shape, (ours, rival, ratio) in torch.items()}
    one, half = torch["lstm 1x512"], torch["lstm 1x512, bf16"]
    sentence = (f"LSTM 1x512 in float32: {rounded(one[0])} characters a second, ONNX Runtime "
                f"{rounded(onnx['lstm 1x512'][1])}, PyTorch {rounded(one[1])}. With bf16: {rounded(half[0])}, PyTorch "
                f"{rounded(half[1])};")
    assert sentence in " ".join(TEXTS[README].split())


@pytest.mark.parametrize("page", [README, ROOT / "docs/speed.md"], ids=lambda page: page.name)
def test_losses_are_those_that_are_kept(page: Path) -> None:
    kept = {row["minutes"]: (f"{float(row['state carried']):.3f}", f"{float(row['cold blocks of 256']):.3f}")
            for row in read_rows(ROOT / "benchmarks/results/quality.jsonl") if row["preset"] == "default"}
    shown = re.findall(r"^\| `--minutes ([\d.]+)` (?:\| [^|]+ )?\| (\d\.\d{3}) \| (\d\.\d{3}) \|", TEXTS[page],
                       re.MULTILINE)
    assert {minutes: tuple(losses) for minutes, *losses in shown} == kept


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    named = {name for text in TEXTS.values() for name in re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)$", text, re.M)}
    assert {first or second for first, second in named} <= targets
    assert ("", "test") in named


def test_names_of_the_python_interface_exist() -> None:
    python = code("python")
    called, attributes = re.findall(r"charrnn\.(\w+)\(", python), re.findall(r"\bmodel\.(\w+)", python)
    assert called
    assert attributes
    assert all(callable(getattr(charrnn, name)) for name in called)
    assert all(hasattr(charrnn.Model, name) or name in ("path", "settings", "vocabulary", "corpus", "progress", "mark")
               for name in attributes)


def test_the_whole_python_interface_is_documented() -> None:
    text = TEXTS[ROOT / "docs/reference/python-api.md"]
    documented = set(re.findall(r"auto\w+:: charrnn\.(\w+)", text))
    assert documented == set(charrnn.__all__) - {"__version__"}


# Set for libraries that we load or for processes that we start; nobody else sets them.
OWN = {"OPENBLAS_NUM_THREADS", "PYTHONIOENCODING"}


def test_environment_variables_are_documented() -> None:
    text = TEXTS[ROOT / "docs/reference/environment.md"]
    read = {name for file in (ROOT / "charrnn").rglob("*.py")
            for name in re.findall(r'environ\b[^\n]*?"([A-Z][A-Z_]+)"', text_of(file))} - OWN
    assert read
    assert {name for name in read if f"`{name}`" not in text} == set()
    assert "`CHARRNN_CACHE_GB`" in text
