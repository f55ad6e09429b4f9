"""Several networks that write one text together: what they draw is what they predict together."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charrnn
from charrnn.errors import SettingsError
from charrnn.kernels.cpu import padded
from charrnn.kernels.sample_logits import Limits, choose_rows
from charrnn.kernels.softmax import NEVER
from charrnn.settings import NetworkSettings
from tests.cli.tiny import SETTINGS, TEXT, train_tiny

OTHER = dataclasses.replace(SETTINGS, network=NetworkSettings(cell="gru", hidden=11, layers=2, dropout=0.0))
SMALL: dict[str, Any] = {"hidden": 8, "layers": 1, "batch": 2, "window": 10, "epochs": 1.0, "shards": 1}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[charrnn.Model]:
    folder = tmp_path_factory.mktemp("runs")
    return [charrnn.load(train_tiny(folder)), charrnn.load(train_tiny(folder, OTHER, "other"))]


def test_a_network_with_itself_writes_what_it_writes_alone(models: list[charrnn.Model]) -> None:
    twice = charrnn.Ensemble([models[0]] * 2)
    for options in ({"prime": "the "}, {"temp": 1.2, "top_k": 9, "min_p": 0.01, "bias": ("e=+1",), "ban": ("b",)}, {}):
        assert twice.samples(3, 60, seed=1, **options) == models[0].samples(3, 60, seed=1, **options)
    assert twice.samples(2, 30, seed=1, temps=(0.5, 0.9)) == models[0].samples(2, 30, seed=1, temps=(0.5, 0.9))
    assert twice.sample(50, seed=2, stop=("a",)) == models[0].sample(50, seed=2, stop=("a",))


def test_documents_and_bfloat16(tmp_path: Path) -> None:
    model = charrnn.train(text=TEXT, folder=tmp_path, documents="line", **SMALL)
    twice = charrnn.Ensemble([model, model])
    assert twice.samples(4, 50, seed=1) == model.samples(4, 50, seed=1)
    assert twice.sample(50, seed=1, min_length=45, precision="bf16") == model.sample(
        50, seed=1, min_length=45, precision="bf16")


def test_what_they_draw_is_what_they_predict(models: list[charrnn.Model]) -> None:
    both = charrnn.Ensemble(models)
    for count in (1, 3):
        drawn = both.generate(count, 60, prime="the cat", seed=1, temp=1.3, bias=("a=2",))
        for sample in drawn:
            scored = both.score("the cat" + sample.text, rows=1)
            np.testing.assert_allclose(sample.nats, scored.surprisals[-60:] * np.log(2), rtol=1e-4, atol=1e-5)
    assert "".join(both.stream(60, prime="the cat", seed=1, temp=1.3, bias=("a=2",))) == drawn[0].text
    best = both.sample(40, prime="it was ", temp=0.0)
    assert (both.score("it was " + best, rows=1).ranks[-40:] == 1).all()
    assert models[0].score("it was " + best).nats != pytest.approx(both.score("it was " + best).nats, abs=1e-3)
    assert both.sample(40, seed=1) == charrnn.Ensemble(models).sample(40, seed=1)


def test_each_row_has_its_choice() -> None:
    V, N = 7, 400
    logits = np.random.default_rng(1).normal(size=(N, V)).astype(np.float32)
    temps, draws = np.tile([0.0, 0.5, 1.0, 2.0], N // 4), np.random.default_rng(2).random(N)
    adjustment = np.zeros(padded(V), np.float32)
    adjustment[2], adjustment[4] = NEVER, 1.5
    chosen, nats = np.zeros(N, np.int32), np.zeros(N, np.float32)
    choose_rows(logits, temps, Limits(), adjustment, draws, chosen, nats)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(nats, -log_p[np.arange(N), chosen], rtol=1e-4, atol=1e-5)
    for n in range(N):
        weights = logits[n] + adjustment[:V]
        if temps[n] == 0:
            assert chosen[n] == weights.argmax()
            continue
        shares = np.exp((weights.astype(np.float64) - weights.max()) / temps[n])
        above = np.cumsum(shares / shares.sum())
        assert np.pad(above, (1, 0))[chosen[n]] - 1e-5 <= draws[n] <= above[chosen[n]] + 1e-5


def test_refusals(models: list[charrnn.Model], tmp_path: Path) -> None:
    def trained(name: str, text: str, **settings: Any) -> charrnn.Model:
        return charrnn.train(text=text, folder=tmp_path, name=name, **SMALL, **settings)

    for other, words in (
            (trained("words", TEXT, unit="word"), "run 3 reads words and the first run characters"),
            (trained("more", TEXT + "XY"), "run 3 has another vocabulary than the first run: 2 characters"),
            (trained("lines", TEXT, documents="line"), "run 3 and the first run differ in --documents")):
        with pytest.raises(SettingsError, match=words):
            charrnn.Ensemble([*models, other])
    with pytest.raises(SettingsError, match="give one at least"):
        charrnn.Ensemble([])
    with pytest.raises(SettingsError, match="--clamp and --with contradict"):
        charrnn.Ensemble(models).sample(10, clamp="L1:0=1")


def test_another_engine_writes_the_same(tmp_path: Path) -> None:
    run = train_tiny(tmp_path)
    ours, theirs = (charrnn.load(run, engine=engine) for engine in ("compiled", "reference"))
    for options in ({"prime": "the "}, {"prime": "a", "temps": (0.0, 1.2), "top_k": 5, "ban": ("b",)}):
        assert theirs.samples(3, 30, seed=1, **options) == ours.samples(3, 30, seed=1, **options)
    for options in ({"clamp": ("L1:0=1",)}, {"precision": "bf16"}):
        with pytest.raises(SettingsError, match="which writes by default; leave out one"):
            theirs.samples(3, 30, **options)
    with pytest.raises(SettingsError, match="which writes by default; leave out one"):
        charrnn.Ensemble([ours, theirs]).sample(30, precision="bf16")
