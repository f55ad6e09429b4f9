"""Ids on disk are taken from as an array in memory is, and let go of their memory on the way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.settings import WindowSettings
from charrnn.text import ids as module
from charrnn.text.corpus import Corpus
from charrnn.text.windows import Snippets, StreamCutter, evaluation_windows, split
from tests.text.test_windows import cutters, drawn, equal

TEXT = "zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich\n" * 9
ARRAY = np.array([sorted(set(TEXT)).index(character) for character in TEXT], np.int32)


@pytest.fixture(autouse=True, params=[0, module.RESIDENT], ids=["let go of at once", "kept"])
def resident(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(module, "RESIDENT", request.param)
    return int(request.param)


def test_parts_are_those_of_an_array() -> None:
    mapped = Corpus.of(TEXT).ids

    @given(st.slices(len(ARRAY)).filter(lambda part: (part.step or 1) > 0), st.slices(20))
    def same(first: slice, second: slice) -> None:
        part, expected = mapped[first][second], ARRAY[first][second]
        assert len(part) == len(expected)
        assert np.array_equal(part.take(np.arange(len(part))), expected)

    same()


@cutters
def test_windows_are_those_of_an_array(make) -> None:
    settings = WindowSettings(val_fraction=0.3)
    for mapped, array in zip(split(Corpus.of(TEXT).ids, settings), split(ARRAY, settings), strict=True):
        one, other = make(mapped, 3, 5, drawn(1)), make(array, 3, 5, drawn(1))
        for _ in range(2 * one.windows_per_epoch):
            window = one.next_window()
            assert window.inputs.dtype == window.targets.dtype == np.int32
            assert equal(window, other.next_window())


def test_evaluation_is_that_of_an_array() -> None:
    windows = list(evaluation_windows(Corpus.of(TEXT).ids, 7, 10))
    assert len(windows) > 5
    assert all(map(equal, windows, evaluation_windows(ARRAY, 7, 10)))


def test_memory_is_let_go_of_when_it_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(module._Pages, "touched", lambda pages, size: told.append(size))
    mapped = Corpus.of(TEXT).ids
    StreamCutter(mapped, 3, 5, drawn(1)).next_window()
    Snippets(mapped, 4, 7, "all", drawn(1)).next_window()
    assert told == [3 * (5 + module.FAULT_AROUND)] * 2 + [4 * (7 + module.FAULT_AROUND)] * 2


def test_they_outlive_everything_else() -> None:
    part = Corpus.of(TEXT).ids[5:9]
    assert np.array_equal(part.take(np.arange(4)), ARRAY[5:9])
