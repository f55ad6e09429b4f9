"""What goes to other programs: the same bytes twice, everything in it, readable without pickles."""

import csv
import io
import json
import math

import numpy as np
import pytest

from charrnn.inspection.export import FORMAT, arrays, as_dict, as_json, cell_rows, place_rows
from charrnn.inspection.features.custom import regex_feature
from charrnn.inspection.recording import signals_of
from charrnn.inspection.results import Inspection
from charrnn.text.vocabulary import Vocabulary
from tests.inspection.planted import HIDDEN, UNIT, passage_of, planted, quoted_text

TEXT = quoted_text(300)
PASSAGE = passage_of(TEXT)


def made():
    own = PASSAGE.at_places([regex_feature(PASSAGE.text, "mine", "the")])
    return Inspection(planted(Vocabulary.of(TEXT)), PASSAGE, own, signals_of("lstm"))


@pytest.fixture(scope="module")
def done():
    return made()


def test_two_runs_give_the_same_bytes(done):
    other = made()
    for content in (lambda one: as_json(as_dict(one, "a", "b")), cell_rows, place_rows, arrays):
        assert content(done) == content(other)


def test_json(done):
    content = json.loads(as_json(as_dict(done, "run/best", "0" * 64)))
    assert content["format"] == FORMAT
    assert content["model"] == {"path": "run/best", "sha256": "0" * 64, "cell": "lstm", "layers": 1, "hidden": HIDDEN,
                                "vocab": len(Vocabulary.of(TEXT))}
    assert content["text"]["chars"] == len(TEXT) - 1
    assert content["check"]["agrees"] is True
    assert content["check"]["nll_inspect"] == pytest.approx(done.recording.nats, rel=1e-5)
    assert [cell["id"] for cell in content["cells"]] == [f"L1:{u}" for u in range(HIDDEN)]
    planted_cell = content["cells"][UNIT]
    assert planted_cell["best"]["feature"] == "inside \"double quotes\""
    assert planted_cell["best"]["heldout"] == pytest.approx(1, abs=1e-4)
    assert planted_cell["best"]["context"] is True
    gate = done.recording.signals["f"][0, done.recording.warm_up:, 3]
    assert content["cells"][3]["sat"]["f"] == pytest.approx([(gate < 0.1).mean(), (gate > 0.9).mean()], rel=1e-5)
    assert set(content["cells"][3]["sat"]) == set("ifo")
    names = {one["name"]: one for one in content["features"]}
    assert names["mine"]["own"]
    assert names["mine"]["tested"]
    assert not names["a digit"]["tested"]
    assert names["a digit"]["reason"] == "absent"
    assert content["definitions"]["AUC"]
    assert content["horizon"]["within"]["99"] == done.horizon.within[99]
    [exact] = done.costs([done.context[0].cell])
    assert planted_cell["delta"]["exact"] == pytest.approx(exact.overall.bits, rel=1e-5)
    assert planted_cell["delta"]["most"] in [name for name, *_ in planted_cell["delta"]["by"]]
    assert planted_cell["signal"] == planted_cell["best"]["signal"] == "c"
    assert content["cells"][0]["delta"]["estimate"] == pytest.approx(done.estimates[0, 0], rel=1e-5)


def test_a_row_for_each_cell(done):
    rows = list(csv.DictReader(io.StringIO(cell_rows(done))))
    assert len(rows) == HIDDEN
    assert rows[UNIT]["id"] == f"L1:{UNIT}"
    assert float(rows[UNIT]["best_heldout"]) == pytest.approx(1, abs=1e-4)
    assert float(rows[UNIT]["f_left"]) == pytest.approx((done.recording.signals["f"][0, done.recording.warm_up:, UNIT]
                                                         < 0.1).mean(), rel=1e-5)


def test_a_row_for_each_character(done):
    rows = list(csv.DictReader(io.StringIO(place_rows(done))))
    assert "".join(row["char"] for row in rows) == TEXT[:-1]
    assert "".join(row["next"] for row in rows) == TEXT[1:]
    bits = sum(float(row["bits"]) for row in rows) / len(rows)
    assert bits == pytest.approx(done.recording.nats / math.log(2), rel=1e-4)
    for row in rows[:40]:
        likeliest = [row[f"top{n}"] for n in range(1, 6)]
        assert (row["next"] == likeliest[0]) == (row["rank"] == "1")
        assert set(likeliest) <= set(TEXT)


def test_arrays(done):
    with np.load(io.BytesIO(arrays(done)), allow_pickle=False) as file:
        found = dict(file)
    T = len(TEXT) - 1
    assert "".join(map(chr, found["text"])) == TEXT[:-1]
    assert found["c"].shape == found["h"].shape == found["o"].shape == (1, HIDDEN, T)
    assert found["c"].dtype == np.float16
    np.testing.assert_allclose(found["c"][0, UNIT], done.recording.signals["c"][0, :, UNIT], rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(found["nll"], done.recording.predictions.nats)
    assert found["top5"].shape == found["top5_p"].shape == (T, 5)
    named = dict(zip(found["feature_names"], found["features"], strict=True))
    assert named["mine"].dtype == bool
    assert "".join(c for c, value in zip(TEXT, named["mine"], strict=False) if value) == "the" * TEXT.count("the")
    assert found["counts"].shape == (len(found["count_names"]), T)
