"""`charrnn score`: what goes where, what is refused, and that every form says the same."""

import csv
import dataclasses
import io
import json
import math
from pathlib import Path

import pytest

import charrnn as package
from charrnn.settings import TextSettings
from tests.cli.conftest import Program
from tests.cli.tiny import SETTINGS, TEXT, train_tiny

LINES = TEXT.split("\n")
PIECE = "\n".join(LINES[:12])


@pytest.fixture
def piece(tmp_path: Path, run: Path) -> str:
    (tmp_path / "piece.txt").write_text(PIECE, encoding="utf-8")
    return "piece.txt"


@pytest.fixture
def model(run: Path) -> package.Model:
    return package.load(run)


def test_the_whole(charrnn: Program, piece: str, model: package.Model) -> None:
    done = charrnn("score", "tiny", piece)
    assert done.code == 0
    rows = dict(line.split(None, 1) for line in done.out.splitlines())
    loss = model.loss(PIECE)
    assert rows["loss"] == f"{loss:.4f} nats ({loss / math.log(2):.4f} bits) a character"
    assert rows["text"] == f"piece.txt, {len(PIECE)} characters"
    assert rows["perplexity"] == f"{math.exp(loss):.2f}"
    assert "\x1b" not in done.out
    assert "note" not in done.err  # nothing that the whole's numbers need


def test_a_name_alone_is_the_text(charrnn: Program, piece: str) -> None:
    expected = charrnn("score", "tiny", piece).out.splitlines()[1:]
    assert charrnn("score", piece).out.splitlines()[1:] == expected
    piped = charrnn("score", "-", stdin=PIECE.encode()).out.splitlines()[1:]
    assert piped == [expected[0].replace("piece.txt", "-"), *expected[1:]]
    assert charrnn("score", "checkpoints/tiny/best.safetensors", piece).out.splitlines()[1:] == expected


@pytest.mark.parametrize(("arguments", "words"), [
    ((), "missing argument 'FILE'"), (("a", "b", "c"), "got 3 names"),
    (("--json", "--csv", "x"), "--json and --csv contradict"), (("--show", "--table", "x"), "--show and --table"),
    (("--csv", "--show", "x"), "--csv and --show"), (("--csv", "--table", "x"), "--csv and --table"),
    (("--top", "3", "x"), "no effect without --by"), (("--min-length", "3", "x"), "no effect without --by"),
    (("--top", "-1", "--by", "line", "x"), "at least 0"), (("--by", "word", "x"), "word"),
    (("--rows", "0", "x"), "out of bounds"), (("--palette", "red", "x"), "red")])
def test_wrong_usage(charrnn: Program, arguments: tuple[str, ...], words: str) -> None:
    done = charrnn("score", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(("arguments", "stdin", "code", "words"), [
    (("nothing.txt",), b"", 1, "no file or folder 'nothing.txt'"), (("nobody", "piece.txt"), b"", 1, "nobody"),
    ((".",), b"", 1, "'.' is a folder"), (("-",), b"a", 1, "too short"),
    (("-",), b"", 1, "standard input is empty; give a text with something in it"),
    (("-",), "the ça".encode(), 1, "--unknown fold would read 'c' for 'ç'"), (("-",), b"a\xff", 1, "not UTF-8"),
    (("--by", "document", "piece.txt"), b"", 2, "no documents")])
def test_refusals(charrnn: Program, piece: str, arguments: tuple[str, ...], stdin: bytes, code: int,
                  words: str) -> None:
    done = charrnn("score", *arguments, stdin=stdin)
    assert (done.code, done.out) == (code, "")
    assert words in done.err
    assert done.err.count("charrnn: ") == 1


def test_unknown(charrnn: Program, piece: str) -> None:
    done = charrnn("score", "-", "--unknown", "skip", stdin="the ça漢t 1234567".encode())
    assert done.code == 0
    assert dict(line.split(None, 1) for line in done.out.splitlines())["text"] == "-, 8 characters"
    assert "note: the model never saw 'ç' (U+00E7): 'c' is read in its place" in done.err
    assert ("note: the model never saw '漢' (U+6F22), '1' (U+0031), '2' (U+0032), '3' (U+0033), '4' (U+0034) and 3 "
            "more: they are left out\n") in done.err
    assert done.err.count("note: the model never saw") == 2


def test_short_lines_are_listed_where_there_are_no_others(charrnn: Program, piece: str) -> None:
    done = charrnn("score", "-", "--by", "line", stdin=b"the cat\na mat\n")
    assert [row.split()[0] for row in done.out.split("\n\n")[1].splitlines()[1:]] in (["1", "2"], ["2", "1"])
    assert "left out" not in done.err
    done = charrnn("score", "-", "--by", "line", "--min-length", "9", stdin=b"the cat\na mat\n")
    assert "\n\n" not in done.out
    assert "note: all 2 lines have fewer than 9 characters and are left out; --min-length 0 lists them\n" in done.err


def test_lines_by_surprise(charrnn: Program, piece: str, model: package.Model) -> None:
    parts = sorted(model.score(PIECE).by("line"), key=lambda part: -part.bits)
    done = charrnn("score", piece, "--by", "line", "--top", "0", "--min-length", "0")
    head, *rows = done.out.split("\n\n")[1].splitlines()
    assert head.split() == ["line", "chars", "bits", "perplexity", "text"]
    assert [int(row.split()[0]) for row in rows] == [part.number for part in parts]
    assert [float(row.split()[2]) for row in rows] == pytest.approx([part.bits for part in parts], abs=6e-4)
    assert rows[0].endswith(f"  {parts[0].text.rstrip()}⏎" if parts[0].text.endswith("\n") else parts[0].text)
    assert "read in 16 parts" in done.err
    top = charrnn("score", piece, "--by", "line", "--top", "3").out.split("\n\n")[1].splitlines()
    assert top == [head, *[row for row in rows if int(row.split()[1]) >= 20][:3]]
    assert len(charrnn("score", piece, "--by", "line").out.split("\n\n")[1].splitlines()) == 11


def test_what_is_left_out_is_told(charrnn: Program, run: Path) -> None:
    done = charrnn("score", "-", "--by", "line", stdin=("it.\n" + PIECE).encode())
    assert "note: 1 of 13 lines have fewer than 20 characters and are left out; --min-length 0 lists them" in done.err


def test_min_length_itself_is_long_enough(charrnn: Program, run: Path) -> None:
    for length, listed in ((6, ["it was", "the box."]), (7, ["the box."])):
        out = charrnn("score", "-", "--csv", "--by", "line", "--min-length", str(length + 1),
                      stdin=b"so\nit was\nthe box.").out
        assert sorted(row["text"].strip() for row in csv.DictReader(io.StringIO(out, newline=""))) == listed


def test_read_in_one_go(charrnn: Program, piece: str, model: package.Model) -> None:
    done = charrnn("score", piece, "--rows", "1", "--show")
    assert "note" not in done.err
    assert f"loss        {model.score(PIECE, rows=1).nats:.4f} nats" in done.out
    assert model.score(PIECE, rows=1).nats != pytest.approx(model.loss(PIECE), abs=1e-4)


def test_json(charrnn: Program, piece: str, model: package.Model) -> None:
    score = model.score(PIECE)
    done = charrnn("score", piece, "--json", "--by", "line", "--show", "--predictions", "2")
    told = json.loads(done.out)
    assert done.out.count("\n") == 1
    assert told["format"] == "charrnn-score/1"
    assert told["source"] == "piece.txt"
    assert told["nats"] == pytest.approx(model.loss(PIECE), abs=1e-9)
    assert [line["number"] for line in told["lines"]] == [
        part.number for part in sorted(score.by("line"), key=lambda part: -part.bits)]
    for line in told["lines"]:
        assert line["text"] == PIECE[line["start"]:line["stop"]]
    assert "".join(unit["text"] for unit in told["units"]) == PIECE
    assert told["units"][0]["bits"] is None
    assert [unit["rank"] for unit in told["units"][1:]] == score.ranks[1:].tolist()
    assert [unit["bits"] for unit in told["units"][1:]] == pytest.approx(score.surprisals[1:].tolist(), abs=1e-6)
    assert {len(unit["predictions"]) for unit in told["units"][1:]} == {2}
    assert "units" not in json.loads(charrnn("score", piece, "--json").out)
    assert charrnn("score", piece, "--json").out == charrnn("score", piece, "--json").out


def test_csv_of_characters(charrnn: Program, piece: str, model: package.Model) -> None:
    score = model.score(PIECE)
    rows = list(csv.reader(io.StringIO(charrnn("score", piece, "--csv").out, newline="")))
    assert rows[0] == ["place", "character", "bits", "rank", "entropy", *(
        name for k in "12345" for name in (f"top{k}", f"p{k}"))]
    assert {len(row) for row in rows} == {15}
    assert "".join(row[1] for row in rows[1:]) == PIECE
    assert rows[1][2:] == [""] * 13
    for place, row in enumerate(rows[2:], 1):
        assert row[0] == str(place)
        assert float(row[2]) == pytest.approx(float(score.surprisals[place]), abs=1e-6)
        assert int(row[3]) == score.ranks[place]
        assert float(row[4]) == pytest.approx(float(score.expected[place]), abs=1e-6)
        assert [(guess, float(p)) for guess, p in zip(row[5::2], row[6::2], strict=True)] == [
            (guess, pytest.approx(p, abs=1e-6)) for guess, p in score.top_at(place)]


def test_csv_of_lines(charrnn: Program, piece: str, model: package.Model) -> None:
    rows = list(csv.DictReader(io.StringIO(charrnn("score", piece, "--csv", "--by", "line").out, newline="")))
    parts = sorted(model.score(PIECE).by("line"), key=lambda part: -part.bits)
    assert [(int(row["line"]), row["text"]) for row in rows] == [(part.number, part.text) for part in parts]
    assert [float(row["nats"]) for row in rows] == [part.nats for part in parts]


@pytest.mark.parametrize("form", ["--show", "--table"])
def test_colours_only_where_wanted(charrnn: Program, piece: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    assert "\x1b" not in charrnn("score", piece, form).out
    forced = charrnn("score", piece, form, "--color", "always", "--color-depth", "24bit").out
    assert "\x1b[38;2;" in forced
    assert forced.rstrip().endswith(("\x1b[0m", "%"))
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in charrnn("score", piece, form).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in charrnn("score", piece, form).out
    assert "\x1b[" in charrnn("score", piece, form, "--color", "always").out


def test_parts_can_be_shown(charrnn: Program, piece: str, model: package.Model) -> None:
    parts = sorted(model.score(PIECE).by("line"), key=lambda part: -part.bits)
    out = charrnn("score", piece, "--by", "line", "--top", "2", "--show", "--predictions", "0").out
    for part in parts[:2]:
        assert f"line {part.number}: {part.bits:.3f} bits, perplexity {part.perplexity:,.2f}\n{part.text[:-1]}" in out
    assert out.count("perplexity ") == 2 + 1


def test_documents(charrnn: Program, tmp_path: Path) -> None:
    train_tiny(tmp_path / "checkpoints", dataclasses.replace(SETTINGS, text=TextSettings(documents="line")), "lines")
    done = charrnn("score", "lines", "-", "--by", "document", stdin=PIECE.encode())
    assert done.code == 0
    assert "fewer" not in done.err + done.out
    assert "side by side" not in done.err  # each document begins anew anyway
    told = json.loads(charrnn("score", "lines", "-", "--json", "--by", "document", stdin=PIECE.encode()).out)
    assert sorted(document["text"] for document in told["documents"]) == sorted(line + "\n" for line in LINES[:12])
    assert told["nats"] == pytest.approx(package.load("lines").loss(PIECE), abs=1e-9)


def test_other_losses(charrnn: Program, piece: str, model: package.Model, run: Path) -> None:
    before = (run / "best.safetensors").read_bytes()
    done = charrnn("score", piece, "--cold", "40", "--adapt", "--adapt-rate", "0.01")
    rows = dict(line.split(None, 1) for line in done.out.splitlines())
    adapted = model.score(PIECE, adapt=True, adapt_rate=0.01, cold=40)
    assert rows["loss"].startswith(f"{adapted.nats:.4f} nats")
    assert rows["plain"].startswith(f"{model.score(PIECE, rows=1).nats:.4f} nats")
    assert rows["cold"].startswith(f"{adapted.cold.nats:.4f} nats")
    told = json.loads(charrnn("score", piece, "--json", "--cold", "40", "--adapt", "--adapt-rate", "0.01").out)
    assert (told["adapted"], told["nats"], told["plain"]["nats"]) == (True, adapted.nats, adapted.plain.nats)
    assert (told["cold"]["block"], told["cold"]["nats"], told["cold"]["predicted"]) == (
        40, adapted.cold.nats, adapted.cold.predicted)
    plain = json.loads(charrnn("score", piece, "--json").out)
    assert not plain["adapted"]
    assert not {"plain", "cold", "unknown"} & plain.keys()
    assert (run / "best.safetensors").read_bytes() == before


def test_unknown_words(charrnn: Program, tmp_path: Path) -> None:
    package.train(text=TEXT, folder=tmp_path / "checkpoints", name="words", unit="word", hidden=8, layers=1, batch=2,
                  window=10, epochs=1.0)
    arguments = ("score", "words", "-", "--unknown", "skip")
    out = charrnn(*arguments, stdin=b"the cat sat on dogs.").out
    assert out.splitlines()[-1] == "unknown     10.0% of the words (1 of 10)"
    told = json.loads(charrnn(*arguments, "--json", stdin=b"the cat sat on dogs.").out)
    assert told["unknown"] == {"count": 1, "units": 10, "share": 0.1}


@pytest.mark.parametrize(("arguments", "words"), [
    (("--adapt", "--rows", "4"), "leave out --rows 4"), (("--adapt-rate", "1"), "no effect without --adapt"),
    (("--cold", "9999999"), "0 to 1000000"), (("--cold", "5000"), "needs at least 5,001")])
def test_losses_that_there_are_not(charrnn: Program, piece: str, arguments: tuple[str, ...], words: str) -> None:
    done = charrnn("score", piece, *arguments)
    assert done.out == ""
    assert words in done.err
    assert done.err.count("\n") == 1


def test_several_networks(charrnn: Program, piece: str, model: package.Model, tmp_path: Path) -> None:
    other = dataclasses.replace(SETTINGS, network=dataclasses.replace(SETTINGS.network, cell="gru", hidden=11))
    second = package.load(train_tiny(tmp_path / "checkpoints", other, "other"))
    expected = package.Ensemble([model, second]).score(PIECE)
    done = charrnn("score", "tiny", piece, "--with", "other")
    assert done.code == 0
    rows = dict(line.split(None, 1) for line in done.out.splitlines())
    assert rows["checkpoint"] == "checkpoints/tiny/best.safetensors, checkpoints/other/best.safetensors"
    assert rows["loss"].startswith(f"{expected.nats:.4f} nats")
    told = json.loads(charrnn("score", "tiny", piece, "--json", "--with", "other").out)
    assert (told["nats"], told["with"]) == (expected.nats, ["checkpoints/other/best.safetensors"])
    assert charrnn("score", "tiny", piece, "--with", "nobody").code == 1
    text = charrnn("sample", "tiny", "--with", "other", "--seed", "1", "--prime", "the ").out
    expected_text = package.Ensemble([model, second]).sample(500, seed=1, prime="the ")
    assert text.rstrip("\n") == "the " + expected_text.rstrip("\n")
