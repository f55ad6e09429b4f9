"""charrnn inspect-cells --gates, --horizon, --ablate and --compare, on small networks, as a user calls them."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from charrnn.cli.group import charrnn
from charrnn.settings import NetworkSettings
from tests.cli.tiny import SETTINGS, tiny_corpus, train_tiny

Lines = Callable[..., list[str]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An LSTM of two layers, a GRU and a plain RNN; text.txt beside them."""
    folder = tmp_path_factory.mktemp("views")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        tiny_corpus()
        for name, cell, layers in (("lstm", "lstm", 2), ("gru", "gru", 1), ("rnn", "rnn", 1)):
            network = NetworkSettings(cell=cell, layers=layers, hidden=8, dropout=0.0)
            train_tiny(folder / "checkpoints", dataclasses.replace(SETTINGS, network=network), name)
    return folder


@pytest.fixture
def run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Lines:
    """Calls `charrnn inspect-cells` there: its lines; an error of ours is raised."""
    monkeypatch.chdir(runs)

    def call(*arguments: str) -> list[str]:
        result = CliRunner().invoke(charrnn, ["inspect-cells", *arguments, "--text", "text.txt", "--chars", "600"],
                                    catch_exceptions=False)
        assert result.exit_code == 0, result.output
        assert "\x1b" not in result.stdout
        return result.stdout.splitlines()
    return call


def test_gates(run: Lines) -> None:
    lines = run("lstm", "--gates")
    text = "\n".join(lines)
    for name in ("input gate i, L1", "forget gate f, L2", "output gate o, L2"):
        assert name in text
    assert any(line.startswith("L2") for line in lines)
    assert max(map(len, lines)) <= 100
    assert "a plain RNN has no gates" in run("rnn", "--gates")
    assert "reset gate r, L1" in "\n".join(run("gru", "--gates"))


def test_horizon(run: Lines) -> None:
    text = "\n".join(run("lstm", "--horizon"))
    for words in ("characters back", "layer 1, h", "layer 2, c", "99% of the input gradient", "windows of 10"):
        assert words in text
    both = "\n".join(run("lstm", "--horizon", "--compare", "rnn"))
    assert "\nlstm:\n" in both
    assert "\nrnn:\n" in both


def test_ablation(run: Lines) -> None:
    lines = run("gru", "--ablate", "top:3")
    assert sum(line.startswith(" L1:") for line in lines) == 3
    assert sum(line.startswith(" L") for line in run("lstm", "--ablate")) == 16
    named = run("lstm", "--ablate", "L1:0,L2:7,L1:0")
    assert sorted(line.split()[0] for line in named if line.startswith(" L")) == ["L1:0", "L2:7"]


def test_comparison(run: Lines) -> None:
    """A network is its own best match."""
    lines = run("gru", "--compare", "gru", "--top", "4")
    rows = [line.split() for line in lines if line.startswith(" L1:")]
    assert rows
    assert all(cell == match and float(corr) == 1 for cell, match, corr, *_ in rows)
    assert " gru -> rnn" in run("gru", "--compare", "rnn")


@pytest.mark.parametrize(("view", "marks"), [("--gates", 48), ("--horizon", 0)])
def test_a_picture_in_a_file(run: Lines, runs: Path, view: str, marks: int) -> None:
    assert run("lstm", view, "-o", "picture.svg") == ["picture.svg"]
    root = ElementTree.parse(runs / "picture.svg").getroot()
    tags = [element.tag.split("}")[1] for element in root.iter()]
    assert tags.count("circle") + tags.count("polygon") == marks + 2 * bool(marks)  # 8 units, 3 gates, 2 layers; a key
    assert "image" not in tags


@pytest.mark.parametrize(("arguments", "said"), [
    (["--gates", "--horizon"], "two views"),
    (["--ablate", "top:2", "--cell", "L1:0"], "two views"),
    (["-o", "x.svg"], "--output is for"),
    (["--ablate", "top:3", "-o", "x.svg"], "--output is for"),
    (["--gates", "-o", "x.jpg"], ".svg or .png"),
    (["--ablate", "top:0"], "above 0"),
    (["--ablate", "top:x"], "above 0"),
    (["--ablate", "L1:8"], "units 0 to 7"),
    (["--ablate", "x"], "names no cell"),
    (["--gates", "--compare", "rnn"], "leave out --gates"),
    (["--compare", "nothing"], "nothing"),
])
def test_what_can_not_be_done_is_refused(runs: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str],
                                         said: str) -> None:
    from charrnn.errors import CharrnnError

    monkeypatch.chdir(runs)
    with pytest.raises(CharrnnError, match=said):
        CliRunner().invoke(charrnn, ["inspect-cells", "gru", *arguments, "--text", "text.txt"], catch_exceptions=False)


def test_a_file_is_written_beside_a_view(run: Lines, runs: Path) -> None:
    assert "reset gate r, L1" in "\n".join(run("gru", "--gates", "--csv", "cells.csv"))
    assert len((runs / "cells.csv").read_text().splitlines()) == 9


def test_a_plain_rnn_has_no_gates_to_draw(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from charrnn.errors import SettingsError

    monkeypatch.chdir(runs)
    with pytest.raises(SettingsError, match="no gates to draw"):
        CliRunner().invoke(charrnn, ["inspect-cells", "rnn", "--gates", "-o", "none.svg"], catch_exceptions=False)
    assert not (runs / "none.svg").exists()


def test_everything_is_explained(run: Lines) -> None:
    text = " ".join(" ".join(run("--explain")).split())
    for name in ("open, shut:", "integrator:", "K1%:", "gain:", "K50, K90, K99:", "context use:", "k*:", "ablation:",
                 "estimate:", "standard error:", "match:"):
        assert name in text
