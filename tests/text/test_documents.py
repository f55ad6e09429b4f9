"""Documents cut into windows: each transition once an epoch, nothing torn, nothing on both sides."""

import json
from collections import Counter
from collections.abc import Iterable
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from charrnn.errors import CorpusError
from charrnn.settings import TextSettings, WindowSettings
from charrnn.text import documents as module
from charrnn.text import ids
from charrnn.text.corpus import Corpus
from charrnn.text.documents import Documents
from charrnn.text.windows import PackedDocuments, Window, evaluation_windows, split, training_windows
from tests.text.test_windows import drawn, equal

MARK = 3
# Ids but for the mark's, of documents that are often equal.
contents = st.lists(st.lists(st.sampled_from([0, 1, 2, 4, 5]), min_size=1, max_size=14), min_size=1, max_size=25)
batches, sizes, seeds = st.integers(1, 7), st.integers(1, 9), st.integers(0, 999)


def documents_of(contents: Iterable[Iterable[int]]) -> Documents:
    return Documents.of(np.array([MARK, *(i for content in contents for i in [*content, MARK])], np.int32), MARK)


def contents_of(documents: Documents) -> list[tuple[int, ...]]:
    """The documents chosen, in the order of the text."""
    return [tuple(documents.ids[documents.marks[d] + 1:documents.marks[d + 1]].tolist()) for d in documents.which]


def read(windows: Iterable[Window]) -> list[tuple[int, ...]]:
    """The documents as the rows of an epoch's windows read them; checks everything on the way."""
    kept = list(windows)
    inputs, targets = (np.concatenate([getattr(window, name) for window in kept]) for name in ("inputs", "targets"))
    for window in kept:
        assert window.inputs.dtype == window.targets.dtype == np.int32
        assert window.predicted == np.count_nonzero(window.targets >= 0)
    found: list[tuple[int, ...]] = []
    for row, wanted in zip(inputs.T, targets.T, strict=True):
        length = int(np.count_nonzero(wanted >= 0))
        assert np.all(wanted[length:] == -1)  # a row that is over stays so
        assert np.all(row[length:] == MARK)
        if not length:
            continue
        assert row[0] == MARK  # it begins with a document, and ends with the end of one
        assert wanted[length - 1] == MARK
        assert np.array_equal(row[1:length], wanted[:length - 1])  # what is predicted is what is read next
        begins = np.flatnonzero(row[:length] == MARK)
        found += [tuple(part[1:].tolist()) for part in np.split(row[:length], begins[1:])]
    return found


@given(contents, batches, sizes, seeds)
@example([[0]], 1, 1, 0)
@example([[0] * 14, [1]], 3, 1, 0)
@example([[0, 1]] * 5, 4, 2, 0)
def test_every_document_is_read_whole_and_once_an_epoch(contents, batch: int, size: int, seed: int) -> None:
    documents = documents_of(contents)
    packed = PackedDocuments(documents, batch, size, drawn(seed))
    for epoch in range(3):
        assert (packed.epoch, packed.position, packed.progress) == (epoch, 0, epoch)
        windows = [packed.next_window() for _ in range(packed.windows_per_epoch)]
        assert all(window.inputs.shape[1] == batch for window in windows)
        assert all(1 <= len(window.inputs) <= size for window in windows)
        assert [window.fresh for window in windows] == [True] + [False] * (len(windows) - 1)
        assert Counter(read(windows)) == Counter(map(tuple, contents))


@given(contents, st.integers(1, 6), seeds)
def test_an_epochs_windows_are_alike(contents, batch: int, seed: int) -> None:
    packed = PackedDocuments(documents_of(contents), batch, 5, drawn(seed))
    windows = [packed.next_window() for _ in range(packed.windows_per_epoch)]
    assert max(len(w.inputs) for w in windows) - min(len(w.inputs) for w in windows) <= 1
    longest = max(map(len, contents)) + 1
    rows = np.count_nonzero(np.concatenate([w.targets for w in windows]) >= 0, axis=0)
    assert max(rows) <= -(-sum(len(content) + 1 for content in contents) // batch) + longest


def test_the_order_is_another_each_epoch() -> None:
    packed = PackedDocuments(documents_of([[0, 1, n % 2, n // 2 % 2, n // 4] for n in range(10)]), 2, 7, drawn(5))
    orders = [read(packed.next_window() for _ in range(packed.windows_per_epoch)) for _ in range(4)]
    assert len(set(map(tuple, orders))) == 4


@given(contents, st.integers(0, 30), seeds)
def test_a_saved_cursor_goes_on_exactly(contents, done: int, seed: int) -> None:
    documents = documents_of(contents)
    whole = PackedDocuments(documents, 3, 4, drawn(seed))
    for _ in range(done):
        whole.next_window()
    cursor = json.loads(json.dumps(whole.state()))
    generator = drawn(seed + 1)
    generator.bit_generator.state = whole._generator.bit_generator.state
    resumed = PackedDocuments(documents, 3, 4, generator)
    resumed.restore(cursor)
    for _ in range(12):
        assert resumed.progress == whole.progress
        assert equal(resumed.next_window(), whole.next_window())
    assert resumed.state() == whole.state()


def test_without_its_cursor_or_its_generator_it_goes_on_differently() -> None:
    documents = documents_of([[n % 3, n // 3 % 3, n // 9] for n in range(18)])
    for lost in ("seed", "position", "generator"):
        whole, resumed = PackedDocuments(documents, 3, 5, drawn(1)), PackedDocuments(documents, 3, 5, drawn(2))
        for _ in range(whole.windows_per_epoch + 2):
            whole.next_window()
        if lost != "generator":
            resumed._generator.bit_generator.state = whole._generator.bit_generator.state
        resumed.restore({**whole.state(), **({lost: 1} if lost != "generator" else {})})
        assert not all(equal(resumed.next_window(), whole.next_window()) for _ in range(9))


@given(contents, batches, st.integers(1, 20))
def test_validation_reads_each_document_once_and_always_alike(contents, rows: int, size: int) -> None:
    documents = documents_of(contents)
    windows = list(evaluation_windows(documents, rows, size))
    assert Counter(read(windows)) == Counter(map(tuple, contents))
    assert windows[0].inputs.shape == max(window.inputs.shape for window in windows)
    assert all(map(equal, windows, evaluation_windows(documents, rows, size)))
    assert not list(evaluation_windows(Documents(documents.ids, documents.marks, documents.which[:0]), rows, size))


@given(contents, st.none() | st.floats(0.001, 0.9))
@example([[0], [0], [1]], 0.9)
@example([[0] * 14, [1] * 13], 0.001)
def test_no_document_is_on_both_sides(contents, fraction: float | None) -> None:
    documents = documents_of(contents)
    if len(set(map(tuple, contents))) == 1:
        with pytest.raises(CorpusError, match=r"documents are equal: none can be kept .* give --val-fraction 0"):
            documents.split(fraction)
        return
    assert documents_of(contents).different() == len(set(map(tuple, contents)))
    train, val = documents.split(fraction)
    assert len(train)
    assert len(val)
    assert not set(contents_of(train)) & set(contents_of(val))
    assert Counter(contents_of(train) + contents_of(val)) == Counter(map(tuple, contents))
    assert train.transitions + val.transitions == documents.transitions
    assert documents.different() == len(set(map(tuple, contents)))


def test_about_the_share_that_was_asked_for_is_kept() -> None:
    random = np.random.default_rng(0)
    documents = documents_of([random.integers(4, 9, 20).tolist() for _ in range(3000)])
    for fraction in (0.02, 0.1, 0.5):
        assert documents.split(fraction)[1].transitions == pytest.approx(fraction * documents.transitions, abs=21)
    with mock.patch("charrnn.text.validation_split.VAL_CHARACTERS", 1000):
        assert documents.split(None)[1].transitions == pytest.approx(1000, abs=21)
    assert len(documents.split(0)[1]) == 0
    # a document too long for what is to be kept stays out
    assert [len(part) for part in documents_of([[1] * 50, [2] * 3, [0], [0], [4] * 3]).split(0.1)] == [4, 1]


@given(contents, st.integers(1, 30), st.integers(0, 3))
def test_equal_documents_have_equal_hashes_wherever_they_lie(contents, block: int, before: int) -> None:
    with mock.patch.object(module, "BLOCK", block):
        documents = documents_of([[4]] * before + contents)
        hashes = dict(zip(contents_of(documents), documents.hashes().tolist(), strict=True))
    assert len(set(hashes.values())) == len(hashes)
    whole = documents_of(contents)
    assert [hashes[content] for content in contents_of(whole)] == whole.hashes().tolist()


def test_hashes_of_long_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    long = np.random.default_rng(1).integers(4, 9, 150_000)
    other = long.copy()
    other[140_000] += 9
    moved = np.concatenate([long[70_000:], long[:70_000]])
    hashes = documents_of([long, other, moved, [4], long]).hashes().tolist()
    assert hashes[0] == hashes[4]
    assert len(set(hashes)) == 4


def test_cutting_finds_the_way_that_fits() -> None:
    documents = documents_of([[0, 1], [2], [4, 4, 4], [5]])
    train, val = split(documents, WindowSettings(val_fraction=0.3))
    cutter = training_windows(train, WindowSettings(batch=2, window=3), drawn(0))
    assert isinstance(cutter, PackedDocuments)
    found = read(cutter.next_window() for _ in range(cutter.windows_per_epoch))
    assert Counter(found + read(evaluation_windows(val, 64, 3))) == Counter(contents_of(documents))


@given(contents, batches)
def test_rows_are_of_about_the_same_length(contents, batch: int) -> None:
    assume(len(contents) > batch)
    documents = documents_of(contents)
    packed = PackedDocuments(documents, batch, 1_000, drawn(0))
    assert packed.windows_per_epoch == 1
    rows = np.count_nonzero(packed.next_window().targets >= 0, axis=0)
    longest = max(map(len, contents)) + 1
    assert np.all(np.abs(rows - documents.transitions / batch) <= longest + 1)


def test_pages_are_let_go_of_as_scattered_documents_touch_them(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(ids._Pages, "touched", lambda pages, size: told.append(size))
    found = Corpus.of("ab\ncde\nf\n" * 5, settings=TextSettings(documents="line"))
    assert isinstance(found.content, Documents)
    told.clear()
    window = PackedDocuments(found.content, 2, 11, drawn(0)).next_window()
    pieces = np.count_nonzero(window.inputs[1:] == found.content.mark) + 2  # one a document, and one a row
    assert told[-2:] == [window.inputs.size + pieces * ids.FAULT_AROUND] * 2


def test_documents_on_disk_are_those_in_memory() -> None:
    text = "".join(f"{chr(97 + n % 5)}{n % 7}x{n % 3}\n" for n in range(60))
    found = Corpus.of(text, settings=TextSettings(documents="line"))
    known = found.vocabulary.encode("\n" + text)
    memory = Documents.of(known, int(known[0]))
    assert isinstance(found.content, Documents)
    for one, other in zip(found.content.split(0.2), memory.split(0.2), strict=True):
        first, second = PackedDocuments(one, 3, 7, drawn(4)), PackedDocuments(other, 3, 7, drawn(4))
        assert all(equal(first.next_window(), second.next_window()) for _ in range(2 * first.windows_per_epoch))
        assert first.windows_per_epoch == second.windows_per_epoch
