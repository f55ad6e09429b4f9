"""`charrnn complete`: a table or JSON of how a text goes on; one text, or one after the other from a pipe."""

import json
from pathlib import Path

import pytest

import charrnn as package
from charrnn.completion.completer import Completion
from charrnn.render.completion import completions_table, quoted_text
from tests.cli.conftest import Program
from tests.cli.tiny import ROOT, finish, start

TINY = str(ROOT / "tests" / "golden" / "tiny.safetensors")
COMPILING = "compiling kernels for the first time on this machine (a few seconds)\n"


def completed(charrnn: Program, *arguments: str, stdin: bytes = b"") -> str:
    done = charrnn("complete", *arguments, stdin=stdin)
    assert done.code == 0, done.err
    assert done.err in ("", COMPILING)
    return done.out


def test_a_table_of_what_was_learned_by_heart(charrnn: Program) -> None:
    head, first, second, verdict = completed(charrnn, TINY, "the quick brown f", "-k", "2").splitlines()
    assert head == 'probability  after "the quick brown f"'
    probability, text = first.split()
    assert (text, float(probability) > 0.9) == ('"ox"', True)
    assert float(second.split()[0]) < 0.05
    assert verdict.endswith(" together; proven to be the most probable")
    assert 0.9 < float(verdict.split()[0]) <= 1.0


@pytest.mark.parametrize(("text", "options", "expected", "end"), [
    ("the qu", ["--until", "word"], "ick", "word"),
    ("the quick", ["--until", "word"], " brown", "word"),
    ("the quick ", ["--until", "line"], "brown fox jumps over the lazy dog.", "line"),
    ("the quick ", ["--until", "line", "--length", "9"], "brown fox", "length"),
    ("the lazy do", ["--until", "length", "--length", "7"], "g.\nthe ", "length"),
    ("the lazy dog.\n", ["--until", "length"], "the quick ", "length"),
    ("", [], "the", "word"),
])
def test_json_has_what_python_gives(charrnn: Program, text: str, options: list[str], expected: str, end: str) -> None:
    said = json.loads(completed(charrnn, TINY, text, "--json", *options))
    named = dict(zip((option.removeprefix("--") for option in options[::2]), options[1::2], strict=True))
    chosen = {name: int(value) if name == "length" else value for name, value in named.items()}
    found = package.load(TINY).complete(text, **chosen)
    assert said["text"] == text
    assert said["until"] == chosen.get("until", "word")
    assert said["length"] == chosen.get("length", {"word": 32, "line": 60, "length": 10}[said["until"]])
    assert [one["text"] for one in said["completions"]] == [one.text for one in found]
    assert said["proven"] is all(one.proven for one in found)
    assert len(found) == 5
    first = said["completions"][0]
    assert (first["text"], first["end"], first["proven"]) == (expected, end, True)
    assert 0.4 < first["probability"] <= 1.0
    assert set(first) == {"text", "probability", "nats", "end", "proven"}


def test_the_newest_run_is_asked_where_none_is_named(charrnn: Program, run: Path) -> None:
    assert completed(charrnn, "the c") == completed(charrnn, "tiny", "the c")


def test_the_search_is_as_wide_as_is_asked_for(charrnn: Program, run: Path) -> None:
    text = completed(charrnn, "the c", "--until", "line", "--beams", "1", "--prove", "0")
    assert text.splitlines()[-1].endswith("; not proven to be the most probable")


def test_lines_of_a_pipe_are_completed_one_by_one(charrnn: Program) -> None:
    done = charrnn("complete", TINY, "-", "--json", "-k", "1", stdin=b"the qu\r\nthe Q\n\ndog.\\nthe q")
    assert done.code == 1
    first, refused, empty, last = map(json.loads, done.out.splitlines())
    assert (first["text"], first["completions"][0]["text"]) == ("the qu", "ick")
    assert set(refused) == {"text", "error"}
    assert refused["text"] == "the Q"
    assert "'Q' (U+0051)" in refused["error"]
    assert (empty["text"], empty["completions"][0]["text"]) == ("", "the")
    assert (last["text"], last["completions"][0]["text"]) == ("dog.\nthe q", "uick")


def test_tables_of_a_pipe_have_their_refusals_on_stderr(charrnn: Program) -> None:
    done = charrnn("complete", TINY, "-", "-k", "1", stdin=b"the Q\nthe qu\n")
    assert done.code == 1
    assert done.out.splitlines()[0] == 'probability  after "the qu"'
    assert done.err.removeprefix(COMPILING).startswith("charrnn: the text has characters that the model has never seen")
    assert charrnn("complete", TINY, "-").code == 0


def test_an_answer_comes_before_the_next_line_is_asked_for(tmp_path: Path) -> None:
    import subprocess

    process = start("-m", "charrnn", "complete", TINY, "-", "--json", folder=tmp_path, stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    for text, expected in (("the qu", "ick"), ("the qui", "ck"), ("the quick b", "rown")):
        process.stdin.write(text + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["completions"][0]["text"] == expected
    assert finish(process)[0] == 0


def test_what_the_model_never_saw(charrnn: Program) -> None:
    done = charrnn("complete", TINY, "thé qu", "--unknown", "fold", "-k", "1")
    assert (done.code, done.err.removeprefix(COMPILING)) == (
        0, "note: the model never saw 'é' (U+00E9): 'e' is read in its place\n")
    assert done.out.splitlines()[0] == 'probability  after "the qu"'


@pytest.mark.parametrize(("arguments", "code", "words"), [
    ([], 2, "missing argument '[CHECKPOINT] TEXT'"),
    (["To", "be", "or"], 2, "give one text, in quotes, and before it at most the name of a checkpoint"),
    ([TINY, "a", "--until", "page"], 2, "'page' is not one of 'word', 'line', 'length'"),
    ([TINY, "a", "-k", "0"], 2, "0 is out of bounds: 1 to 1000"),
    ([TINY, "a", "--beams", "1000"], 2, "1000 is out of bounds: 1 to 512"),
    ([TINY, "aÄ"], 1, "'Ä' (U+00C4), the first at position 1"),
    (["nowhere", "a"], 1, "no checkpoint at nowhere"),
])
def test_what_is_refused(charrnn: Program, arguments: list[str], code: int, words: str) -> None:
    done = charrnn("complete", *arguments)
    assert (done.code, done.out) == (code, "")
    [line] = done.err.removeprefix(COMPILING).splitlines()
    assert words in line


def test_a_pipe_that_is_no_text(charrnn: Program) -> None:
    done = charrnn("complete", TINY, "-", stdin=b"the \xff\n")
    assert (done.code, done.out) == (1, "")
    assert "standard input is not UTF-8" in done.err


def completion(text: str, probability: float, end: str = "word", proven: bool = True) -> Completion:
    return Completion(text, probability, 1.0, end, proven)


@pytest.mark.parametrize("width", [1, 10, 20, 37])
def test_a_table_in_a_terminal_that_is_too_narrow(width: int) -> None:
    lines = completions_table("a long text that ends here", [completion("d" * 40, 0.5)], width)
    assert lines[:3] == ['probability  after "...hat ends here"', '     0.5000  "' + "d" * 23,
                         "             " + "d" * 17 + '"']


def test_a_table_fits_its_width_and_shows_what_cannot_be_seen() -> None:
    lines = completions_table("x" * 100 + "end", [
        completion(" ab", 0.25), completion("", 0.001, "document"), completion("\tc\n", 0.00099),
        completion("d" * 100, 1e-12, "length", False)], 80)
    assert lines == [
        'probability  after "...' + "x" * 53 + 'end"',
        '     0.2500  " ab"',
        '     0.0010  "" and the document ends',
        '    9.9e-04  "\\tc\\n"',
        '    1.0e-12  "' + "d" * 66,
        "             " + "d" * 34 + '"...',
        "0.2520 together; the first 3 proven to be the most probable, the others not",
    ]
    assert max(map(len, lines)) == 80


@pytest.mark.parametrize(("text", "shown"), [
    (" not", '" not"'), ("a\nb", '"a\\nb"'), ('say "x"', '"say \\"x\\""'), ("a\\n", '"a\\\\n"'),
    ("\x1b[1m", '"\\x1b[1m"'), ("don't", '"don\'t"'), ("é中", '"é中"'), ("\u202e", '"\\u202e"')])
def test_what_cannot_be_seen_is_shown(text: str, shown: str) -> None:
    assert quoted_text(text) == shown
