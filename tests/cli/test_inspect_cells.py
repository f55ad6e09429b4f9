"""charrnn inspect-cells as it is typed: the summary fits a terminal, every option does what it says, refusals are one
line."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from charrnn.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.settings import NetworkSettings, Settings, TrainingSettings, WindowSettings
from charrnn.text.corpus import Corpus
from tests.cli.conftest import Program
from tests.cli.tiny import OPTIONS, SETTINGS, TEXT, train_tiny
from tests.inspection.planted import planted, quoted_text

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def lines_of(out: str) -> list[str]:
    return [ESCAPE.sub("", line) for line in out.rstrip("\n").split("\n")]


@pytest.fixture
def planted_run(charrnn: Program, tmp_path: Path) -> Path:
    """checkpoints/planted: a network whose cell L1:5 toggles at quotes, and quoted.txt, which it claims to know."""
    text = quoted_text(1400)
    (tmp_path / "quoted.txt").write_text(text, encoding="utf-8")
    corpus = Corpus.of(text, ["quoted.txt"])
    network = planted(corpus.vocabulary, counter=9)
    settings = Settings(network.settings, WindowSettings(window=10, val_fraction=0.9))
    folder = tmp_path / "checkpoints" / "planted"
    folder.mkdir(parents=True)
    save_checkpoint(folder / "best.safetensors", Checkpoint(
        settings, corpus.vocabulary.characters, CorpusInfo.of(corpus, "char", corpus.vocabulary), {},
        network.parameters()))
    return folder


@pytest.mark.parametrize("colour", ["always", "never"])
def test_the_summary_names_the_cell_and_fits_a_terminal(charrnn: Program, planted_run: Path, colour: str) -> None:
    result = charrnn("inspect-cells", "--color", colour)
    lines = lines_of(result.out)
    assert (result.code, result.err) == (0, "")
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 80
    assert ("\x1b[" in result.out) == (colour == "always")
    assert lines[0].startswith("planted/best.safetensors  lstm, 1 layer of 12, one-hot input, ")
    beginning = " ".join(" ".join(lines[:5]).split())
    assert re.search(r"held-out text: 4,\d\d\d places, read as one stream; ", beginning)
    assert "evaluation finds the same, to 1e-05" in beginning
    heading = next(number for number, line in enumerate(lines) if line.startswith("CELLS THAT TRACK CONTEXT"))
    rows = lines[heading + 2:lines.index("", heading)]
    assert sum(bool(re.match(r' L1:5 +c\+ inside "double quotes" +AUC 1\.00 \[\.\d\d\] 1\.00 ', row))
               for row in rows) == 1
    for word in ("HEALTH", "MEMORY", "SURPRISAL", "next:"):
        assert sum(line.startswith(word) for line in lines) == 1, word
    painted = next(number for number, line in enumerate(lines) if line.startswith("L1:5 (c) on the text"))
    shown = lines[painted + 1:lines.index("", painted)]
    assert len(shown) == 6
    text = [line[2:].rstrip("⏎") for line in (shown if colour == "always" else shown[::2])]
    assert all(line in (planted_run / "../../quoted.txt").read_text() for line in text)
    if colour == "never":
        letters, signs = "".join(line[2:] for line in shown[::2]), "".join(line[2:] for line in shown[1::2])
        assert set(signs) <= set("abcdefg.1234567")
        turns = [place for place, letter in enumerate(letters) if letter == '"' and place]
        assert len(turns) > 1
        # high within quotes, low without, from the quote itself on
        assert all((signs[place - 1] in "1234567") != (signs[place] in "1234567") for place in turns)


def test_however_much_is_found_it_fits_a_terminal(charrnn: Program, planted_run: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    from charrnn.inspection.results import Inspection
    for name in ("context", "local", "expecting", "unconfirmed"):
        monkeypatch.setattr(Inspection, name, property(lambda done, name=name: 30 * done.findings[:3]))
    lines = lines_of(charrnn("inspect-cells", "--color", "never").out)
    assert 38 < len(lines) <= 45
    assert max(map(len, lines)) <= 80
    assert sum(line.endswith(" more") for line in lines) >= 3


def test_the_table_is_cut_and_says_so(charrnn: Program, planted_run: Path) -> None:
    whole = lines_of(charrnn("inspect-cells").out)
    rows = [line for line in whole if re.match(r" L1:\d+ +[ch][+-] ", line)]
    assert len(rows) > 1
    cut = charrnn("inspect-cells", "--top", "1").out
    assert f" and {len(rows) - 1} more; --top {len(rows)} shows all\n" in cut
    assert rows[0] in cut
    assert rows[1] not in cut


def test_without_options_it_is_the_held_out_part_of_the_newest_run(charrnn: Program, run: Path) -> None:
    result = charrnn("inspect-cells")
    assert result.code == 0
    held = len(TEXT) - int(len(TEXT) * 0.9) - 1
    assert f"held-out text: {held} places" in result.out


@pytest.mark.few(2)
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "mogrifier", "peephole", "gru-original"])
def test_every_kind_of_cell(charrnn: Program, text: Path, tmp_path: Path, cell: str) -> None:
    layers = {"rnn": 1, "lstm": 3}.get(cell, 2)
    settings = Settings(NetworkSettings(cell=cell, hidden=8, layers=layers, dropout=0.2), SETTINGS.windows,
                        TrainingSettings(lr=0.01, epochs=0.3, validations=1, shards=2))
    train_tiny(tmp_path / "checkpoints", settings, cell)
    result = charrnn("inspect-cells", cell, "--text", "text.txt", "--chars", "700")
    assert (result.code, result.err) == (0, "")
    assert len(lines_of(result.out)) <= 45
    letters = {"rnn": "h", "lstm": "cfo", "gru": "zn", "mogrifier": "nm", "peephole": "ig", "gru-original": "rz"}
    for signal in letters[cell]:
        shown = charrnn("inspect-cells", cell, "--text", "text.txt", "--cell", f"L{layers}:7", "--signal", signal)
        assert (shown.code, shown.out.split()[0]) == (0, f"L{layers}:7")
    wrong = charrnn("inspect-cells", cell, "--signal", {"lstm": "z", "peephole": "n"}.get(cell, "i"))
    assert (wrong.code, wrong.out) == (2, "")
    assert "has no signal" in wrong.err or "has no" in wrong.err


def test_a_run_trained_with_bfloat16_and_dropout(charrnn: Program, text: Path, tmp_path: Path) -> None:
    settings = Settings(NetworkSettings(hidden=16, layers=2, dropout=0.5), SETTINGS.windows,
                        TrainingSettings(lr=0.01, epochs=0.3, validations=1, shards=2, precision="bf16"))
    train_tiny(tmp_path / "checkpoints", settings, "half")
    result = charrnn("inspect-cells", "half", "--json", "-")
    check = json.loads(result.out)["check"]
    assert check["agrees"] is True
    assert check["nll_inspect"] == pytest.approx(check["nll_eval"], abs=1e-5)


def test_documents(charrnn: Program, text: Path, tmp_path: Path) -> None:
    charrnn("train", "text.txt", *OPTIONS, "--documents", "line", "--val-fraction", "0.3", "--name", "lines")
    result = charrnn("inspect-cells", "lines")
    assert "read as documents, each from the initial state" in " ".join(lines_of(result.out))
    own = charrnn("inspect-cells", "lines", "--sample", "300")
    assert (own.code, own.err) == (0, "")
    assert "text of its own: " in own.out


def test_a_cell(charrnn: Program, planted_run: Path) -> None:
    result = charrnn("inspect-cells", "--cell", "L1:5", "--cell", "l1:0", "--lines", "3")
    lines = lines_of(result.out)
    assert result.code == 0
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if re.match(r"L1:\d+  ", line)] == ["L1:5", "L1:0"]
    for word in ("pushed up by", "pushed down by", "highest:", "lowest:", "c held at its mean, it costs"):
        assert sum(line.startswith(word) for line in lines) == 2, word
    assert sum(line.startswith("  ") and "⏎" in line for line in lines) >= 4
    first = " ".join(" ".join(lines[:lines.index("highest:")]).split())
    assert 'tracks: inside "double quotes", c+, AUC 1.00' in first
    assert re.search(r'pushed up by " \+\.\d\d pushed down by " -\.\d\d', first)
    whole = lines_of(charrnn("inspect-cells", "--cell", "L1:5", "--lines", "0", "--chars", "500").out)
    shown = [line[2:-1] for line in whole[1:] if line.endswith("⏎")]
    assert len(shown) > 10
    assert all(line in (planted_run / "../../quoted.txt").read_text() for line in shown)
    wrong = charrnn("inspect-cells", "--cell", "L2:0")
    assert (wrong.code, wrong.err) == (2, "charrnn: there is no cell L2:0: this network has one layer, L1, with "
                                          "units 0 to 11\n")


@pytest.mark.slow
def test_every_output_says_the_same(charrnn: Program, planted_run: Path, tmp_path: Path) -> None:
    """Memory, context and cost of a cell, and which of its signals a claim is about."""
    done = charrnn("inspect-cells", "--json", "a.json", "--html", "a.html", "--no-compress")
    summary, content = " ".join(done.out.split()), json.loads((tmp_path / "a.json").read_text())
    [embedded] = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', (tmp_path / "a.html").read_text(),
                            re.DOTALL)
    page, row = json.loads(embedded), content["cells"][5]
    for name in ("memory", "holds", "tau", "best", "signal"):
        assert page["cells"][5][name] == row[name], name
    assert {name: page["cells"][5]["delta"][name] for name in ("exact", "se", "most", "estimate")} == {
        name: row["delta"][name] for name in ("exact", "se", "most", "estimate")}
    assert page["context"] == content["horizon"]["context"]
    assert page["horizon"]["within"] == content["horizon"]["within"]
    reach = page["advice"].split(";")[0]
    assert f"within {content['horizon']['within']['99']} characters" in reach
    assert f"MEMORY {reach} (trained" in summary
    assert reach in " ".join(charrnn("inspect-cells", "--horizon").out.split())
    rows = summary[:summary.index("EXPECT")]
    cost = re.search(
        r" L1:5 c\+ inside .*? ([+-]?\.\d+) ([+-]\d\.\d+) \+-\d\.\d+ (before .*?); (\w+: .*? -> .*?%) ", rows)
    assert cost
    assert float(cost[1]) == pytest.approx(row["delta"]["exact"], abs=5e-4)
    assert cost[3] == row["delta"]["most"]
    measured = {name: bits for name, bits, *_ in row["delta"]["by"]}
    assert float(cost[2]) == pytest.approx(measured[cost[3]], abs=5e-3)
    steers = row["steering"]
    words = f"{steers['verdict']}: {100 * steers['with_low']:.0f}% -> {100 * steers['with_high']:.0f}%"
    assert cost[4] == words
    assert page["cells"][5]["steering"] == steers
    cell = " ".join(charrnn("inspect-cells", "--cell", "L1:5").out.split())
    assert f"it costs {cost[1]} bits a character (se {row['delta']['se']:.3f})" in cell
    assert ("holds until reset" in cell) == row["holds"] == (" reset " in rows)
    assert cell.startswith("L1:5 tanh c, its memory")
    assert words in cell
    ablated = charrnn("inspect-cells", "--ablate", "L1:5").out
    assert f"{row['delta']['exact']:+.4f}" in ablated


def test_features_of_ones_own(charrnn: Program, run: Path, tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("".join("AB"[c in "aeiou"] for c in TEXT if c != "\n"))
    result = charrnn("inspect-cells", "--text", "text.txt", "--find", "sat|mat", "--feature", "ends=[a-z]\\.$",
                     "--labels", "labels", "--top", "2")
    lines = lines_of(result.out)
    assert result.code == 0
    starts = [line for line in lines if re.fullmatch(r".*: true at [\d,]+ places", line)]
    assert [line.split(":")[0] for line in starts] == ["sat|mat", "ends", "label A", "label B"]
    assert sum(line.startswith(" L1:") and "AUC" in line for line in lines) == 8
    since = charrnn("inspect-cells", "--text", "text.txt", "--since", "at ", "--top", "2").out
    assert re.search(r"since 'at ': 0 to \d+\n", since)
    assert since.count(" rho ") == 2
    for options, code, words in [(("--since", ""), 2, "to count from"),
                                 (("--find", "("), 2, "not a regular expression"),
                                 (("--feature", "x"), 2, "NAME=REGEX"),
                                 (("--labels", "gone"), 1, "no file or folder 'gone'"),
                                 (("--feature", "column=a"), 2, "two features are called 'column'")]:
        wrong = charrnn("inspect-cells", *options)
        assert (wrong.code, wrong.out, wrong.err.count("\n")) == (code, "", 1)
        assert words in wrong.err


def test_unknown_characters_are_named_and_never_dropped_unseen(charrnn: Program, run: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text(TEXT[:600] + "Ünd%" + TEXT[600:1200], encoding="utf-8")
    wrong = charrnn("inspect-cells", "--text", "other.txt")
    assert (wrong.code, wrong.out) == (1, "")
    assert "never seen" in wrong.err
    result = charrnn("inspect-cells", "--text", "other.txt", "--unknown", "skip")
    assert result.code == 0
    assert result.err.count("note: the model never saw") >= 1
    assert "'%' (U+0025): they are left out" in result.err


def test_errors(charrnn: Program, run: Path) -> None:
    lines = lines_of(charrnn("inspect-cells", "--errors", "--json", "a.json").out)
    content = json.loads(Path("a.json").read_text(encoding="utf-8"))["errors"]
    assert any(line.startswith(f"{100 * content['errors']:.0f}% of {content['places']:,} characters are errors")
               for line in lines)
    shares = [int(line.split("%")[0]) for line in lines if re.match(r" +\d+% ", line)]
    assert shares == [round(100 * share) for _, share in content["removed"]] + [round(100 * content["rest"])]
    assert sum(share for _, share in content["removed"]) + content["rest"] == pytest.approx(1, abs=1e-4)
    wrong = charrnn("inspect-cells", "--errors", "--text", "text.txt")
    assert (wrong.code, wrong.out, wrong.err.count("\n")) == (1, "", 1)
    assert "leave out --text" in wrong.err


def test_unknown_characters_behind_what_is_read_do_not_matter(charrnn: Program, run: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text(TEXT[:700] + "Ünd%", encoding="utf-8")
    result = charrnn("inspect-cells", "--text", "other.txt", "--chars", "600")
    assert (result.code, result.err) == (0, "")
    assert "other.txt: 600 places" in result.out
    refused = charrnn("inspect-cells", "--text", "other.txt", "--chars", "701")
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    (tmp_path / "other.txt").write_text("%" * 50 + TEXT[:700], encoding="utf-8")
    skipped = charrnn("inspect-cells", "--text", "other.txt", "--chars", "600", "--unknown", "skip")
    assert "other.txt: 600 places" in skipped.out
    assert skipped.err.count("\n") == 1


@pytest.mark.slow
def test_more_is_read_for_a_rare_feature_and_said(charrnn: Program, run: Path, tmp_path: Path) -> None:
    rare = (TEXT[:999] + "\n") * 60
    marked = "".join(rare[start:start + 6000] + "tttt\n" for start in range(0, len(rare), 6000))
    (tmp_path / "long.txt").write_text(marked, encoding="utf-8")
    result = charrnn("inspect-cells", "--text", "long.txt", "--find", "tttt")
    assert result.code == 0
    assert re.fullmatch(r"note: read [\d,]+ characters instead of 20,000, because 'tttt' is rare\n", result.err)
    assert " AUC " in result.out
    fewer = charrnn("inspect-cells", "--text", "long.txt", "--find", "tttt", "--chars", "9000")
    assert "too rare in this text" in fewer.out
    assert fewer.err == ""


def test_a_cell_that_knows_less_than_the_current_character_is_not_confirmed(charrnn: Program, run: Path) -> None:
    out = charrnn("inspect-cells", "--text", "text.txt", "--find", "[aeiou]").out
    alone = float(re.search(r"alone would give (1.00|\.\d+)", out)[1])  # type: ignore[index]
    assert alone == 1
    assert "confirmed on the second half" not in out


def test_text_from_standard_input(charrnn: Program, run: Path) -> None:
    result = charrnn("inspect-cells", "--text", "-", stdin=TEXT[:900].encode())
    assert "standard input: 899 places" in result.out


def test_a_text_that_is_gone_or_has_changed(charrnn: Program, run: Path, text: Path) -> None:
    text.write_text(TEXT + "more", encoding="utf-8")
    changed = charrnn("inspect-cells")
    assert (changed.code, changed.out, changed.err.count("\n")) == (1, "", 1)
    assert "text.txt has changed" in changed.err
    text.unlink()
    gone = charrnn("inspect-cells")
    assert (gone.code, gone.out, gone.err.count("\n")) == (1, "", 1)
    assert "no file or folder 'text.txt'" in gone.err
    assert gone.err.endswith("; give another text with --text FILE\n")


def test_its_own_text_is_the_same_every_time(charrnn: Program, run: Path) -> None:
    first, second = (charrnn("inspect-cells", "--sample", "400") for _ in range(2))
    assert first == second
    assert "text of its own: 399 places" in first.out or "text of its own: 400 places" in first.out
    both = charrnn("inspect-cells", "--sample", "400", "--text", "text.txt")
    assert (both.code, both.err.count("\n")) == (2, 1)


def test_files(charrnn: Program, run: Path, tmp_path: Path) -> None:
    names = ("--json", "a.json", "--csv", "a.csv", "--csv-chars", "b.csv", "--npz", "c.npz")
    result = charrnn("inspect-cells", *names)
    assert result.code == 0
    assert "HEALTH" in result.out
    assert result.err == "".join(f"written: {name}\n" for name in names[1::2])
    first = {name: (tmp_path / name).read_bytes() for name in names[1::2]}
    charrnn("inspect-cells", *names)
    assert first == {name: (tmp_path / name).read_bytes() for name in names[1::2]}
    content = json.loads(first["a.json"])
    assert len(content["model"]["sha256"]) == 64
    with np.load(tmp_path / "c.npz", allow_pickle=False) as file:
        assert set("hcifgo") <= set(file)
    piped = charrnn("inspect-cells", "--csv", "-")
    assert piped.out.encode() == first["a.csv"]
    for wrong in (("--csv", "-", "--json", "-"), ("--npz", "-")):
        refused = charrnn("inspect-cells", *wrong)
        assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)


def test_explain_needs_no_network(charrnn: Program) -> None:
    result = charrnn("inspect-cells", "--explain")
    assert result.code == 0
    for word in ("AUC:", "[chance]:", "memory:", "saturated:", "inside [[ ]]:", "in a comment:", "looks ahead"):
        assert word in result.out
    assert max(map(len, lines_of(result.out))) <= 80


def test_a_recording_that_does_not_agree_is_said(charrnn: Program, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charrnn.inspection.results.evaluated", lambda network, ids: 1.0)
    out = " ".join(charrnn("inspect-cells", "--text", "text.txt").out.split())
    assert "EVALUATION FINDS 1.44270: TRUST NOTHING BELOW" in out


def test_a_network_that_learned_nothing(charrnn: Program, run: Path, text: Path) -> None:
    path = run / "best.safetensors"
    checkpoint = load_checkpoint(path)
    for array in checkpoint.arrays.values():
        array *= 0
    save_checkpoint(path, checkpoint)
    result = charrnn("inspect-cells", "tiny", "--text", "text.txt")
    assert (result.code, result.err) == (0, "")
    assert "NO CELL TRACKS" in result.out
    assert "8/8 dead" in result.out
    cell = charrnn("inspect-cells", "tiny", "--text", "text.txt", "--cell", "L1:0")
    assert (cell.code, cell.err) == (0, "")
    assert "nothing, since it carries no information" in cell.out


def test_a_very_short_text(charrnn: Program, run: Path) -> None:
    for size in (2, 3, 40, 150):
        result = charrnn("inspect-cells", "--text", "-", stdin=TEXT[:size].encode())
        assert (result.code, result.err) == (0, ""), size
    short = charrnn("inspect-cells", "--text", "-", stdin=b"t")
    assert (short.code, short.out, short.err.count("\n")) == (1, "", 1)


def test_a_copy_elsewhere_finds_its_text(charrnn: Program, run: Path, tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    monkeypatch.chdir(other)
    assert charrnn("inspect-cells", str(run)).code == 0
