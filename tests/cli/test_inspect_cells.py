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
    assert "held-out text: 4,000 places, read as one stream; " in beginning
    assert "evaluation finds the same, to 1e-05" in beginning
    heading = next(number for number, line in enumerate(lines) if line.startswith("CELLS THAT TRACK CONTEXT"))
    assert re.match(r' L1:5 +c\+ inside "double quotes" +AUC 1\.00 \[\.\d\d\] 1\.00 ', lines[heading + 2])
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
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "peephole", "gru-original"])
def test_every_kind_of_cell(charrnn: Program, text: Path, tmp_path: Path, cell: str) -> None:
    layers = {"rnn": 1, "lstm": 3}.get(cell, 2)
    settings = Settings(NetworkSettings(cell=cell, hidden=8, layers=layers, dropout=0.2), SETTINGS.windows,
                        TrainingSettings(lr=0.01, epochs=0.3, validations=1, shards=2))
    train_tiny(tmp_path / "checkpoints", settings, cell)
    result = charrnn("inspect-cells", cell, "--text", "text.txt", "--chars", "700")
    assert (result.code, result.err) == (0, "")
    assert len(lines_of(result.out)) <= 45
    for signal in {"rnn": "h", "lstm": "cfo", "gru": "zn", "peephole": "ig", "gru-original": "rz"}[cell]:
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
    for word in ("pushed up by", "pushed down by", "highest:", "lowest:", "held at its mean, it costs"):
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
    assert (wrong.code, wrong.err) == (2, "charrnn: there is no cell L2:0: this network has layers L1 to L1, with "
                                          "units 0 to 11 each\n")


def test_features_of_ones_own(charrnn: Program, run: Path, tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("".join("AB"[c in "aeiou"] for c in TEXT if c != "\n"))
    result = charrnn("inspect-cells", "--text", "text.txt", "--find", "sat|mat", "--feature", "ends=[a-z]\\.$",
                     "--labels", "labels", "--top", "2")
    lines = lines_of(result.out)
    assert result.code == 0
    starts = [line for line in lines if re.fullmatch(r".*: true at [\d,]+ places", line)]
    assert [line.split(":")[0] for line in starts] == ["sat|mat", "ends", "label A", "label B"]
    assert sum(line.startswith(" L1:") and "AUC" in line for line in lines) == 8
    for options, code, words in [(("--find", "("), 2, "no regular expression"), (("--feature", "x"), 2, "NAME=REGEX"),
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
