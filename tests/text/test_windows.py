"""Windows joined back give the text, each character is predicted once, a saved cursor goes on exactly."""

import json
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from charrnn.errors import CorpusError
from charrnn.settings import WindowSettings
from charrnn.text.validation_split import cut_at, decided_fraction
from charrnn.text.windows import Cutter, Snippets, StreamCutter, Window, evaluation_windows, split

lengths, seeds = st.integers(1, 300), st.integers(0, 999)
batches, sizes = st.integers(1, 7), st.integers(1, 9)

CUTTERS: dict[str, Callable[[np.ndarray, int, int, np.random.Generator], Cutter]] = {
    "streams": StreamCutter,
    "snippets, all": lambda ids, batch, window, drawn: Snippets(ids, batch, window, "all", drawn),
    "snippets, last": lambda ids, batch, window, drawn: Snippets(ids, batch, window, "last", drawn),
}
cutters = pytest.mark.parametrize("make", CUTTERS.values(), ids=CUTTERS)


def drawn(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def places(length: int) -> np.ndarray:
    """Ids that are their own positions, so that a window tells where it was cut."""
    return np.arange(length, dtype=np.int32)


def equal(one: Window, other: Window) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def check_form(window: Window, batch: int, longest: int) -> None:
    for array in (window.inputs, window.targets):
        assert array.dtype == np.int32
        assert array.flags.c_contiguous
        assert array.shape[1] == batch
        assert 1 <= len(array) <= longest
    asked = window.targets >= 0
    assert window.predicted == asked.sum() > 0
    assert np.array_equal(window.targets[asked], window.inputs[asked] + 1)  # holds for the ids of places()
    assert window.inputs.min() >= 0
    assert window.targets.min() >= -1


def check_epoch(windows: Iterable[Window], transitions: int) -> np.ndarray:
    """The inputs row after row, as an epoch reads them; each transition is among the targets once."""
    kept = list(windows)
    inputs, targets = (np.concatenate([getattr(w, name) for w in kept]) for name in ("inputs", "targets"))
    read = inputs.T[targets.T >= 0]
    assert np.array_equal(np.sort(read), np.arange(transitions))
    assert np.array_equal(np.sort(targets[targets >= 0]), np.arange(1, transitions + 1))
    assert np.all(targets[:-1] >= 0)  # a row may lack its last column, and no other
    assert [w.fresh for w in kept] == [True] + [False] * (len(kept) - 1)
    return read


@given(lengths, batches, sizes, seeds)
@example(2, 1, 1, 0)
@example(22, 3, 7, 0)
def test_streams_predict_each_character_once_an_epoch(length: int, batch: int, size: int, seed: int) -> None:
    assume(length > batch * size)
    streams = StreamCutter(places(length), batch, size, drawn(seed))
    for epoch in range(3):
        assert (streams.epoch, streams.position) == (epoch, 0)
        windows = [streams.next_window() for _ in range(streams.windows_per_epoch)]
        for window in windows:
            check_form(window, batch, size)
        assert all(len(window.inputs) == size for window in windows[:-1])
        read = check_epoch(windows, length - 1)
        # Joined back, the rows are the text from a shifted start, read round the end.
        assert np.array_equal(read, (read[0] + np.arange(length - 1)) % (length - 1))


def test_streams_start_elsewhere_each_epoch() -> None:
    streams = StreamCutter(places(1000), 3, 7, drawn(1))
    starts = []
    for _ in range(4):
        windows = [streams.next_window() for _ in range(streams.windows_per_epoch)]
        starts.append(int(windows[0].inputs[0, 0]))
    assert len(set(starts)) == 4
    assert 0 not in starts


@given(lengths, batches, sizes, seeds)
def test_snippets_are_pieces_of_the_text(length: int, batch: int, size: int, seed: int) -> None:
    assume(length > size)
    for targets, predicted in (("all", batch * size), ("last", batch)):
        snippets = Snippets(places(length), batch, size, targets, drawn(seed))
        assert snippets.windows_per_epoch == -(-(length - 1) // predicted)
        window = snippets.next_window()
        check_form(window, batch, size)
        assert window.fresh
        assert window.predicted == predicted
        assert np.array_equal(window.inputs, window.inputs[0] + np.arange(size)[:, None])
        assert np.all(window.targets[-1] >= 0)
        assert targets == "all" or np.all(window.targets[:-1] == -1)


def test_snippets_reach_both_ends() -> None:
    snippets = Snippets(places(8), 3, 5, "all", drawn(3))
    windows = [snippets.next_window() for _ in range(40)]
    assert {int(start) for w in windows for start in w.inputs[0]} == {0, 1, 2}
    assert max(int(w.targets.max()) for w in windows) == 7


@cutters
@given(done=st.integers(0, 40), seed=seeds)
def test_saved_cursor_goes_on_exactly(make, done: int, seed: int) -> None:
    batch, size, ids = 3, 5, places(97)
    whole = make(ids, batch, size, drawn(seed))
    for _ in range(done):
        whole.next_window()
    cursor = json.loads(json.dumps(whole.state()))
    generator = drawn(seed + 1)
    generator.bit_generator.state = whole._generator.bit_generator.state
    resumed = make(ids, batch, size, generator)
    resumed.restore(cursor)
    for _ in range(20):
        assert resumed.progress == whole.progress
        assert equal(resumed.next_window(), whole.next_window())
    assert resumed.state() == whole.state()


def test_without_its_cursor_or_its_generator_it_goes_on_differently() -> None:
    ids = places(97)
    for lost in ("cursor", "generator"):
        whole, resumed = StreamCutter(ids, 3, 5, drawn(1)), StreamCutter(ids, 3, 5, drawn(2))
        for _ in range(9):
            whole.next_window()
        if lost == "cursor":
            resumed._generator.bit_generator.state = whole._generator.bit_generator.state
        else:
            resumed.restore(whole.state())
        assert not all(equal(resumed.next_window(), whole.next_window()) for _ in range(9))


@cutters
def test_cursor_counts_windows_and_epochs(make) -> None:
    cutter = make(places(97), 3, 5, drawn(6))
    each = cutter.windows_per_epoch
    for done in range(2 * each + 2):
        assert (cutter.epoch, cutter.position) == divmod(done, each)
        assert cutter.progress == pytest.approx(done / each)
        cutter.next_window()


def test_cursor_of_other_windows_is_refused() -> None:
    cursor = StreamCutter(places(97), 3, 5, drawn(0)).state()
    with pytest.raises(CorpusError, match="cuts its text into 7 windows, this one into 12; resume with"):
        StreamCutter(places(97), 4, 2, drawn(0)).restore(cursor)


@given(st.integers(0, 300), batches, sizes)
@example(2, 7, 9)
@example(1, 2, 3)
def test_evaluation_predicts_each_character_once_and_always_alike(length: int, rows: int, size: int) -> None:
    windows = list(evaluation_windows(places(length), rows, size))
    if length < 2:
        assert not windows
        return
    for window in windows:
        check_form(window, max(1, min(rows, (length - 1) // size)), size)
    assert np.array_equal(check_epoch(windows, length - 1), np.arange(length - 1))
    assert all(map(equal, windows, evaluation_windows(places(length), rows, size)))


def test_tiny_shakespeare_is_split_where_the_field_splits_it() -> None:
    train, val = split(places(1_115_394), WindowSettings(val_fraction=0.1))
    assert (len(train), train[-1], val[0], val[-1]) == (1_003_854, 1_003_853, 1_003_854, 1_115_393)


@given(lengths, st.floats(0, 0.9))
@example(11, 0.0)
def test_split_loses_nothing(length: int, val_fraction: float) -> None:
    train, val = split(places(length), WindowSettings(val_fraction=val_fraction))
    assert np.array_equal(np.concatenate([train, val]), places(length))
    assert abs(len(val) - length * val_fraction) < 1 + 1e-9


@given(st.integers(0, 2 * 10**6))
@example(2 * 10**6)
def test_a_tenth_is_kept_when_nobody_says(length: int) -> None:
    assert decided_fraction(length, None) == 0.1
    assert cut_at(length, None) == int(length * 0.9)


@given(st.integers(2 * 10**6 + 1, 10**13), st.floats(0, 0.9))
@example(2 * 10**6 + 1, 0.1)
@example(10**9, 0.1)
def test_of_a_huge_text_a_small_part_is_kept(length: int, val_fraction: float) -> None:
    assert cut_at(length, None) == length - 200_000
    # What a run stores as decided cuts at the same place when it is resumed.
    assert cut_at(length, decided_fraction(length, None)) == length - 200_000
    assert decided_fraction(length, val_fraction) == val_fraction


@pytest.mark.parametrize("length", [0, 1, 1600])
def test_short_text_is_refused_with_the_numbers(length: int) -> None:
    with pytest.raises(CorpusError) as caught:
        StreamCutter(places(length), 32, 50, drawn(0))
    assert str(caught.value) == (f"training text has {length:,} characters; a window needs at least 1,601 "
                                 "(--batch 32 x --window 50 + 1); lower one of them")
    assert StreamCutter(places(1601), 32, 50, drawn(0)).next_window().predicted == 1600


@pytest.mark.parametrize("targets", ["all", "last"])
def test_text_shorter_than_a_snippet_is_refused(targets: str) -> None:
    with pytest.raises(CorpusError, match=r"has 50 characters; a snippet needs at least 51 \(--win"):
        Snippets(places(50), 3, 50, targets, drawn(0))
    assert Snippets(places(51), 3, 50, targets, drawn(0)).next_window().inputs.max() == 49
