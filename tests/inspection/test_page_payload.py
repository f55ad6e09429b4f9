"""What a page carries comes out as it went in, in the same bytes each time, and cannot break out of its element."""

import base64
import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.inspection.page.payload import UNKNOWN, packed_values, payload, smallest, thousandths
from charrnn.live.packing import packed, plain
from tests.inspection.pages import HOSTILE, some_data, unpacked


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "uint32", "int8", "int16", ">u2"])
def test_integers_come_out_as_they_went_in(kind: str, compress: bool) -> None:
    array = np.arange(35, dtype=kind).reshape(5, 7)[:, ::-1]
    back = unpacked(packed(array, compress))
    assert back.shape == (5, 7)
    assert np.array_equal(back, array)


@given(st.integers(1, 5), st.integers(0, 9), st.booleans(), st.integers(0, 99))
def test_values_are_kept_to_half_a_level(cells: int, characters: int, compress: bool, seed: int) -> None:
    values = np.random.default_rng(seed).uniform(-1.2, 1.2, (cells, characters))
    for bits, levels in ((8, 127), (4, 7)):
        back = unpacked(packed_values(values, bits, compress))
        assert back.shape == values.shape
        assert np.abs(back / levels - np.clip(values, -1, 1)).max(initial=0) <= 0.5 / levels + 1e-9


def test_four_bits_are_half_of_eight() -> None:
    values = np.random.default_rng(0).uniform(-1, 1, (3, 1000))
    assert len(packed_values(values, 8, False)["data"]) == 2 * len(packed_values(values, 4, False)["data"])


def test_a_gzip_names_no_machine_and_no_time() -> None:
    header = base64.b64decode(packed(np.zeros(5, np.uint8))["data"])[:10]
    assert header[:4] == b"\x1f\x8b\x08\x00"
    assert header[4:8] == bytes(4)
    assert header[9] == 255


def test_thousandths_know_what_is_unknown_and_what_is_too_much() -> None:
    assert thousandths(np.array([np.nan, 0, 1.2344, 99, np.inf])).tolist() == [UNKNOWN, 0, 1234, 65534, 65534]


@pytest.mark.parametrize(("most", "kind"), [(255, "uint8"), (256, "uint16"), (65_536, "uint32")])
def test_the_narrowest_type_that_holds_all(most: int, kind: str) -> None:
    assert smallest(np.array([0, most])).dtype == kind


def test_numbers_in_json_have_six_digits_and_nothing_is_no_number() -> None:
    assert plain({"a": [np.float32(1 / 3), math.nan, np.inf, np.int64(5), np.True_], 3: np.arange(2)}) == {
        "a": [0.333333, None, None, 5, True], "3": [0, 1]}


def test_all_of_it_comes_back_and_hostile_text_stays_inside() -> None:
    text = payload(some_data(), cells=4, bits=8)
    assert not {"<", ">", "&"} & set(text)
    assert "//" not in text
    assert text.isascii()
    back = json.loads(text)
    assert back["units"] == HOSTILE
    assert back["model"]["name"] == "<i>run</i>"
    assert len(back["chosen"]) == 4
    assert unpacked(back["arrays"]["signal_c"]).shape == (4, 60)
    assert unpacked(back["arrays"]["text"]).tolist() == some_data().text.tolist()
    assert unpacked(back["arrays"]["bits"])[0] == UNKNOWN
    assert (unpacked(back["arrays"]["scores"])[1] == -32_768).all()


def test_cells_are_taken_in_the_order_of_the_choice() -> None:
    data = some_data()
    back = json.loads(payload(data, cells=2, bits=8))
    assert back["chosen"] == data.chosen[:2].tolist()
    assert np.array_equal(unpacked(back["arrays"]["signal_h"]), np.rint(data.signals["h"][:2] * 127))


def test_the_same_data_gives_the_same_bytes() -> None:
    first, again = (payload(some_data(), 6, 4) for _ in range(2))
    assert first == again
    other = dataclasses.replace(some_data(), model=dict(reversed(some_data().model.items())))
    assert payload(other, 6, 4) == first


@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_any_text_in_any_place(text: str) -> None:
    data = some_data(units=[text, "x", "<"], definitions={text: text}, command=text)
    carried = payload(data, 1, 8)
    assert "<" not in carried
    assert "//" not in carried
    assert json.loads(carried)["units"][0] == text
    assert json.loads(carried)["command"] == text
