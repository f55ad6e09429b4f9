"""Options from a file, and a run's settings as such a file."""

import dataclasses
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charrnn.cli.config import _toml, config_text, part_of, read_config
from charrnn.cli.options import settings_from
from charrnn.cli.train import train
from charrnn.errors import SettingsError
from charrnn.runs.checkpoint import load_checkpoint
from charrnn.settings import NetworkSettings, Settings, TextSettings, TrainingSettings, WindowSettings
from tests.cli.conftest import Program, Result
from tests.cli.tiny import OPTIONS, train_tiny

FLAT = """
corpus = ["text.txt"]
name = "flat"
hidden = 8
batch = 2
window = 10
dropout = 0
lr = 0.01
epochs = 1
validations = 4
precision = "float32"
shards = 2
averaging = 0
recurrent-dropout = 0
val-fraction = 0.2
"""
TABLES = """
corpus = "text.txt"  # one name needs no list
name = "tables"
[network]
hidden = 8
dropout = 0.0
recurrent_dropout = 0.0
[windows]
batch = 2
window = 10
val_fraction = 0.2
[training]
lr = 0.01
epochs = 1.0
validations = 4
precision = "float32"
averaging = 0.0
shards = 2
"""


def write(text: str, path: str = "run.toml") -> str:
    Path(path).write_text(text, encoding="utf-8")
    return path


def made(name: str) -> Settings:
    return load_checkpoint(Path("checkpoints", name, "last.safetensors")).settings


def test_a_file_is_as_good_as_options(charrnn: Program, text: Path) -> None:
    assert charrnn("train", "text.txt", *OPTIONS, "--val-fraction", "0.2", "--name", "typed").code == 0
    for content, name in ((FLAT, "flat"), (TABLES, "tables"), ("\ufeff" + FLAT.replace("flat", "marked"), "marked")):
        done = charrnn("train", "--config", write(content))
        assert (done.code, f"kept in checkpoints/{name}\n" in done.out) == (0, True), done.err
        for file in ("last.safetensors", "best.safetensors"):
            assert Path("checkpoints", name, file).read_bytes() == Path("checkpoints/typed", file).read_bytes()


def test_what_is_typed_has_the_say(charrnn: Program, text: Path) -> None:
    Path("other.txt").write_text(text.read_text() + "and so on")
    done = charrnn("train", "other.txt", "--config", write(FLAT), "--hidden", "5", "--dropout", "0.1",
                   "--name", "typed")
    assert done.code == 0, done.err
    settings = made("typed")
    assert (settings.network.hidden, settings.network.dropout, settings.windows.window) == (5, 0.1, 10)
    assert "text     other.txt, " in done.err


def test_a_typed_default_has_the_say_too(charrnn: Program, text: Path) -> None:
    default = str(WindowSettings().batch)
    assert charrnn("train", "--config", write(FLAT), "--batch", default, "--epochs", "0.2").code == 0
    assert made("flat").windows.batch == WindowSettings().batch


def test_minutes_that_are_typed_void_the_epochs_of_the_file(charrnn: Program, text: Path) -> None:
    assert charrnn("train", "--config", write(FLAT), "--minutes", "1e-6").code == 0
    assert (made("flat").training.epochs, made("flat").training.minutes) == (None, 1e-6)
    assert charrnn("train", "--config", write(FLAT + "minutes = 1"), "--name", "both").code == 0
    assert (made("both").training.epochs, made("both").training.minutes) == (1.0, 1.0)


def test_typed_before_file_before_preset_before_default(charrnn: Program, text: Path) -> None:
    file = write('preset = "torch-rnn"\nhidden = 8\nbatch = 2\nwindow = 10\nepochs = 0.2\nembedding = 5\n')
    assert charrnn("train", "text.txt", "--config", file, "--hidden", "6", "--name", "one").code == 0
    network, training = made("one").network, made("one").training
    assert (network.hidden, network.embedding, network.layers) == (6, 5, 2)
    assert (training.epochs, training.decay, training.decay_factor, training.momentum) == (0.2, "step", 0.5, 0.9)
    assert charrnn("train", "text.txt", "--config", file, "--preset", "min-char-rnn", "--name", "two").code == 0
    assert (made("two").network.cell, made("two").network.hidden) == ("rnn", 8)
    refused(charrnn("train", "text.txt", "--config", write("preset = 'bset'"), "--folder", "none"),
            "run.toml: preset: 'bset' is not one of 'default', ", Path("none"))


def test_options_that_are_no_settings(charrnn: Program, text: Path) -> None:
    content = FLAT + 'folder = "runs"\nthreads = 1\nsamples-every = 20\nshow_samples = true\n'
    done = charrnn("train", "--config", write(content))
    assert done.code == 0, done.err
    assert (Path("runs/flat/samples.txt").is_file(), Path("checkpoints").exists()) == (True, False)


REFUSALS: list[tuple[str, str]] = [
    ("hiden = 8", "run.toml has 'hiden', which is not an option; did you mean hidden?"),
    ("[network]\nlayer = 8", "run.toml has 'layer' in [network], which is not an option; did you mean layers?"),
    ("resume = 'x'", "run.toml has 'resume', which is not an option; "),
    ("config = 'x'", "run.toml has 'config', which is not an option; "),
    ("quiet = true", "run.toml has 'quiet', which is not an option; "),
    ("xyzzyplugh = 8", "run.toml has 'xyzzyplugh', which is not an option; its keys are the names of the options "
                        "of train"),
    ("[network]\nlr = 0.1", "run.toml: lr in [network] belongs to [training]; move it there"),
    ("[training]\nname = 'x'", "run.toml: name in [training] belongs to the top of the file; move it there"),
    ("[trainning]\nlr = 1", "run.toml has a table [trainning], which is unknown; did you mean training?; "
                            "there are [network], "),
    ("[network.cell]\nx = 1", "run.toml: cell in [network] is {'x': 1}; it must be a text in quotes"),
    ("[[network]]\nhidden = 8", "run.toml has 'network', which is not an option"),
    ("hidden = 8\n[network]\nhidden = 9", "run.toml: hidden in [network] is given twice; keep one of them"),
    ("val-fraction = 0\nval_fraction = 0", "run.toml: val_fraction is given twice; keep one of them"),
    ("hidden = 0", "run.toml: hidden: 0 is out of bounds: 1 to 8192"),
    ("hidden = 1.5", "run.toml: hidden is 1.5; it must be a whole number"),
    ("hidden = true", "run.toml: hidden is true; it must be a whole number"),
    ("hidden = '8'", 'run.toml: hidden is "8"; it must be a whole number'),
    ("lr = nan", "run.toml: lr: nan is out of bounds: 0 to 10"),
    ("lr = '1'", 'run.toml: lr is "1"; it must be a number'),
    ("cell = 'elman'", "run.toml: cell: 'elman' is not one of 'rnn', 'lstm', 'gru', 'mogrifier', 'peephole', "
                       "'gru-original'"),
    ("cell = 3", "run.toml: cell is 3; it must be a text in quotes"),
    ("name = 2026-11-21", "run.toml: name is 2026-11-21; it must be a text in quotes"),
    ("show_samples = 1", "run.toml: show_samples is 1; it must be true or false"),
    ("corpus = 3", 'run.toml: corpus is 3; it must be a list of names in quotes, as in ["a.txt"]'),
    ("corpus = []", "run.toml: corpus is []; it must be a list of names in quotes"),
    ("corpus = ['a', 3]", 'run.toml: corpus is ["a", 3]; it must be a list of names in quotes'),
    ("hidden 8", "run.toml is not valid TOML: "),
    ("hidden = " + "[" * 100_000, "run.toml is not valid TOML: "),
    ("targets = 'last'", "--targets last needs --windows snippets: a stream predicts every character"),
    ("epochs = 0", "a run of length 0 trains nothing; give a longer --epochs or --minutes"),
]


def refused(done: Result, words: str, runs: Path = Path("checkpoints")) -> None:
    assert done.err.startswith(f"charrnn: {words}")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert not runs.exists()


@pytest.mark.parametrize(("content", "words"), REFUSALS, ids=[content[:40] for content, _ in REFUSALS])
def test_refusals(charrnn: Program, text: Path, content: str, words: str) -> None:
    refused(charrnn("train", "text.txt", "--config", write(content)), words)


def test_a_file_that_can_not_be_read(charrnn: Program, text: Path) -> None:
    Path("latin.toml").write_bytes(b"name = '\xe9'")
    refused(charrnn("train", "text.txt", "--config", "nosuch.toml"), "cannot read nosuch.toml: no such file")
    refused(charrnn("train", "text.txt", "--config", "."), "cannot read .: ")
    refused(charrnn("train", "text.txt", "--config", "latin.toml"), "latin.toml is not UTF-8; ")
    refused(charrnn("train", "--config", write("hidden = 8")), "name a text to train on: ")


def test_not_with_resume(charrnn: Program, run: Path) -> None:
    done = charrnn("train", "--resume", "tiny", "--config", write(""))
    assert done.err == ("charrnn: --config can't change when a run is resumed; leave it out, or start a new run\n")


# Every kind of run, each with values that are no defaults.
KINDS = [
    Settings(NetworkSettings("gru", hidden=7, layers=2, embedding=3, dropout=0.25),
             WindowSettings("snippets", "last", window=9, batch=5, val_fraction=0.3),
             TrainingSettings(lr=1e-05, warmup=0.1, decay="linear", lr_end=0.0, clip=0.0, epochs=0.3, validations=2,
                              seed=2**63 - 1, shards=3)),
    Settings(NetworkSettings("rnn", 8), WindowSettings(batch=3, window=8, val_fraction=0.0),
             TrainingSettings(epochs=0.3, validations=3, shards=1, precision="bf16")),
]


@pytest.mark.parametrize("wanted", KINDS, ids=["gru", "rnn"])
def test_a_run_can_be_made_again(charrnn: Program, text: Path, wanted: Settings) -> None:
    train_tiny(Path("checkpoints"), wanted, "first")
    written = charrnn("info", "first", "--config")
    assert (written.code, written.err) == (0, "")
    done = charrnn("train", "--config", write(written.out), "--name", "again")
    assert done.code == 0, done.err
    assert made("again") == made("first")
    for file in ("last.safetensors", "best.safetensors"):
        first, again = (load_checkpoint(Path("checkpoints", name, file)) for name in ("first", "again"))
        assert first.progress == again.progress
        assert {name: array.tobytes() for name, array in first.arrays.items()} == {
            name: array.tobytes() for name, array in again.arrays.items()}
    assert charrnn("info", "again", "--config").out.partition("\n")[2] == written.out.partition("\n")[2]


def test_a_run_in_minutes_has_no_epochs_in_its_file(charrnn: Program, text: Path) -> None:
    train_tiny(Path("checkpoints"), Settings(NetworkSettings(hidden=4), WindowSettings(batch=2, window=5),
                                             TrainingSettings(minutes=1e-6, shards=1)), "first")
    written = charrnn("info", "first", "--config").out
    assert "\nminutes = 1e-06\n" in written
    assert "epochs =" not in written
    assert charrnn("train", "--config", write(written), "--name", "again").code == 0
    assert made("again") == made("first")


def test_what_the_file_says(charrnn: Program, run: Path) -> None:
    lines = charrnn("info", "tiny", "--config").out.splitlines()
    assert lines[:2] == ["# The settings of tiny, for charrnn train --config FILE", 'corpus = ["text.txt"]']
    assert [line for line in lines if line.startswith("[")] == [
        "[network]", "[windows]", "[training]", "[text]"]
    at = lines.index("hidden = 8")
    assert lines[at - 1] == "# hidden units in a layer"
    above = lines[lines.index('cell = "lstm"') - 1]
    assert above == "# kind of recurrent cell (rnn, lstm, gru, mogrifier, peephole, gru-original)"


def test_a_text_without_a_name_is_left_to_the_command_line(charrnn: Program, run: Path, text: Path) -> None:
    from charrnn.runs.checkpoint import save_checkpoint

    loaded = load_checkpoint(run / "last.safetensors")
    for sources in ([], ["a\udc80.txt"]):
        loaded.corpus = dataclasses.replace(loaded.corpus, sources=tuple(sources))
        save_checkpoint("copy.safetensors", loaded)
        written = charrnn("info", "copy.safetensors", "--config").out
        assert "corpus" not in written
        assert charrnn("train", "text.txt", "--config", write(written), "--epochs", "0.2").code == 0


def any_value(spec: Any) -> st.SearchStrategy[Any]:
    """Values within the bounds of a setting."""
    meta = spec.metadata
    if meta["choices"]:
        return st.sampled_from(meta["choices"])
    if isinstance(spec.default, bool):
        return st.booleans()
    if meta["low"] is None:
        return st.text(st.characters(codec="utf-8"), min_size=1)
    numbers = st.integers if isinstance(meta["low"], int) else st.floats
    return numbers(meta["low"], meta["high"])


@st.composite
def any_of(draw: st.DrawFn, kind: type) -> Any:
    """Settings of a class, of which nothing contradicts another."""
    values = {spec.name: any_value(spec) for spec in dataclasses.fields(kind) if not spec.metadata["decided"]}
    values.pop("minutes", None)  # there are epochs
    try:
        return kind(**draw(st.fixed_dictionaries(values)))
    except SettingsError:
        return kind()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(any_of(NetworkSettings), any_of(WindowSettings), any_of(TrainingSettings), any_of(TextSettings),
       st.lists(st.text(st.characters(codec="utf-8"), min_size=1), max_size=3))
def test_any_settings_come_back(tmp_path: Path, network: Any, windows: Any, training: Any, text: Any,
                                corpus: list[str]) -> None:
    if network.has_encoder and not text.pairs:
        network = dataclasses.replace(network, encoder="shared")
    try:
        whole = Settings(network, windows, training, text)
    except SettingsError:  # documents and snippets
        whole = Settings(network, windows := WindowSettings(), training, text)
    path = tmp_path / "any.toml"
    path.write_bytes(config_text(whole, train, corpus, "a comment").encode())
    options = read_config(str(path), train)
    assert options.get("corpus", ()) == tuple(corpus)
    for part in (network, windows, training, text):
        assert settings_from(type(part), options) == part


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_comes_back(text: str) -> None:
    tomllib = pytest.importorskip("tomllib")
    assert tomllib.loads(f"x = {_toml(text)}") == {"x": text}


def test_every_setting_has_its_place() -> None:
    whole = Settings()
    for part in dataclasses.fields(whole):
        for spec in dataclasses.fields(getattr(whole, part.name)):
            assert part_of(spec.name) == part.name
    assert part_of("corpus") is None


def test_numbers_keep_all_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(f"lr = {_toml(math.pi)}\nseed = {2**63 - 1}\nepochs = 3")
    assert read_config(str(path), train) == {"lr": math.pi, "seed": 2**63 - 1, "epochs": 3.0}
    path.write_text(f"seed = {2**63}")
    with pytest.raises(SettingsError, match=f"{os.path.basename(path)}: seed: {2**63} is out of bounds"):
        read_config(str(path), train)
