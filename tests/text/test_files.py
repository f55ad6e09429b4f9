"""A text of several files: where each begins, what is held out of each, and that nothing is predicted over a joint."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from charrnn.settings import TextSettings, WindowSettings
from charrnn.text import validation_split
from charrnn.text.corpus import Corpus, read_corpus
from charrnn.text.ids import IdRanges, MappedIds
from charrnn.text.validation_split import LEAST_HELD_OUT, cut_at, cuts_in_files
from charrnn.text.vocabulary import Vocabulary
from charrnn.text.windows import Window, evaluation_windows, size, split
from tests.text.test_chunks import chunks_of
from tests.text.test_corpus import text_of, write
from tests.text.test_windows import cutters, drawn, equal

BY_FILE = WindowSettings(val_from="files", val_fraction=0.1)
# Ranges with gaps between them; some are empty, or so are the gaps.
gaps_and_lengths = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), min_size=1, max_size=8)

apart = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 30)), min_size=2, max_size=8)


def ranges_of(spans: list[tuple[int, int]]) -> tuple[IdRanges, np.ndarray]:
    """Ranges of a text whose ids are their own places, and these places."""
    starts, stops, end = [], [], 0
    for gap, length in spans:
        starts.append(end + gap)
        stops.append(end := end + gap + length)
    kept = [np.arange(start, stop, dtype=np.int32) for start, stop in zip(starts, stops, strict=True)]
    return IdRanges(np.arange(end + 3, dtype=np.int32), starts, stops), np.concatenate(kept)


@given(gaps_and_lengths, st.lists(st.tuples(st.integers(-9, 120), st.integers(-9, 250)), max_size=2))
@example([(2, 5), (3, 0), (0, 4), (1, 7)], [(3, 12), (0, 99)])
def test_ranges_are_a_row(spans: list[tuple[int, int]], cuts: list[tuple[int, int]]) -> None:
    ranges, row = ranges_of(spans)
    for start, stop in cuts:
        ranges, row = ranges[start:stop], row[start:stop]
    assert len(ranges) == len(row)
    assert np.array_equal(np.concatenate([*ranges.each()]), row)
    places = np.arange(len(row))
    for wanted in (places, places[::-1], np.stack([places, places[::-1]])):
        assert np.array_equal(ranges.take(wanted), row.take(wanted))
    # ranges may touch, and then what stands behind a joint follows in the text; it is one all the same
    joints = np.cumsum([len(part) for part in ranges.each() if len(part)])[:-1] - 1
    assert np.flatnonzero(ranges.is_joint(places[:-1])).tolist() == joints.tolist()


@cutters
@given(spans=apart, seed=st.integers(0, 99))
def test_no_window_predicts_over_a_joint(make, spans: list[tuple[int, int]], seed: int) -> None:
    ranges, row = ranges_of(spans)
    assume(len(row) > 15)
    cutter = make(ranges, 3, 5, drawn(seed))
    for _ in range(3 * cutter.windows_per_epoch):
        check_targets(cutter.next_window())


def check_targets(window: Window) -> np.ndarray:
    """What the window asks for; each is what follows in the text."""
    asked = window.targets >= 0
    assert np.array_equal(window.targets[asked], window.inputs[asked] + 1)
    assert window.predicted == asked.sum()
    assert window.targets.dtype == window.inputs.dtype == np.int32
    return np.asarray(window.targets[asked])


@given(apart, st.integers(1, 7), st.integers(1, 9))
def test_evaluation_predicts_all_but_the_first_of_each(spans: list[tuple[int, int]], rows: int, window: int) -> None:
    ranges, row = ranges_of(spans)
    asked = np.concatenate([check_targets(cut) for cut in evaluation_windows(ranges, rows, window)])
    assert np.array_equal(np.sort(asked), row[1:][np.diff(row) == 1])


@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=20), st.sampled_from([None, 0.0, 0.01, 0.1, 1 / 3, 0.9]))
@example([3_000_000, 5_000_000], None)
def test_cuts_hold_out_as_much_as_one_cut(lengths: list[int], val_fraction: float | None) -> None:
    *starts, length = np.cumsum([0, *lengths]).tolist()
    bounds, cuts = cuts_in_files(starts, length, val_fraction)
    assert (bounds[0], bounds[-1]) == (0, length)
    assert set(bounds[:-1]) <= {0, *starts}
    assert all(start <= cut <= stop for (start, stop), cut in zip(pairwise(bounds), cuts, strict=True))
    held_out = [stop - cut for stop, cut in zip(bounds[1:], cuts, strict=True)]
    assert sum(held_out) == length - cut_at(length, val_fraction)
    assert len(held_out) == 1 or min(held_out) >= LEAST_HELD_OUT
    if len(lengths) == 1:
        assert cuts == [cut_at(length, val_fraction)]


def test_long_files_are_cut_each_and_short_ones_together() -> None:
    def cut(*lengths: int) -> list[tuple[int, int]]:
        """How much is trained on and held out of each part."""
        *starts, length = np.cumsum([0, *lengths]).tolist()
        bounds, cuts = cuts_in_files(starts, length, 0.1)
        return [(cut - start, stop - cut) for (start, stop), cut in zip(pairwise(bounds), cuts, strict=True)]

    assert cut(10_000, 20_000, 5_000) == [(9_000, 1_000), (18_000, 2_000), (4_500, 500)]
    assert cut(10_000, 2_000, 3_000, 20_000) == [(9_000, 1_000), (4_500, 500), (18_000, 2_000)]
    assert cut(2_000, 10_000) == [(10_800, 1_200)]  # together with what follows
    assert cut(10_000, 4_990) == [(13_491, 1_499)]  # the last one with what is before it
    assert cut(*[100] * 49) == [(4_410, 490)]
    assert cut(*[100] * 200) == [(4_500, 500)] * 4


def test_of_huge_files_the_same_limit_holds_for_all_together() -> None:
    bounds, cuts = cuts_in_files([0, 10**9, 5 * 10**9], 9 * 10**9, None)
    held_out = [stop - cut for stop, cut in zip(bounds[1:], cuts, strict=True)]
    assert sum(held_out) == 200_000
    assert held_out == pytest.approx([200_000 / 9, 4 * 200_000 / 9, 4 * 200_000 / 9], abs=1)


def starts_of(corpus: Corpus) -> list[str]:
    """What is written from the start of one file to that of the next."""
    ids = corpus.ids.take(np.arange(len(corpus.ids)))
    bounds = [*corpus.ids.file_starts, len(ids)]
    return [corpus.vocabulary.decode(ids[start:stop]) for start, stop in pairwise(bounds)]


@pytest.mark.parametrize("unit", ["char", "byte", "word", "token"])
@pytest.mark.parametrize("chunk", [1, 3, 1000])
@pytest.mark.parametrize("between", [None, "--", "\n\n"])
def test_where_each_file_begins(tmp_path: Path, unit: str, chunk: int, between: str | None) -> None:
    files = {"a": "Ein Wort's", "b": "", "c.bin": "zuerst ein Text \0", "d": "noch é\nein's\n", "e": "das letzte"}
    for name, text in files.items():
        write(tmp_path / "folder" / name, text.encode())
    last = write(tmp_path / "last", b"'")
    with chunks_of(chunk):
        corpus = read_corpus([str(tmp_path / "folder"), last], settings=TextSettings(unit=unit, between=between))
    assert len(corpus.skipped) == 1
    joint = "\n" if between is None else between
    wanted = ["Ein Wort's" + joint, "noch é\nein's\n" + (between or ""), "das letzte" + joint, "'"]
    if unit == "token" and between == "--":  # tokens begin and end at white space, and nowhere else
        wanted = ["Ein Wort's--noch", "é\nein's\n", "--das letzte--'", ""]
        assert len(starts_of(corpus)) == 4
    else:
        assert starts_of(corpus) == wanted


def test_a_part_or_a_text_in_memory_is_one_file() -> None:
    ids = Corpus.of("abc" * 9).ids
    assert list(ids.file_starts) == list(ids[3:9].file_starts) == [0]


def corpus_of_two_kinds(folder: Path) -> Corpus:
    """Verse of a and b in one file, and after it one of c and d."""
    return read_corpus([write(folder / "1", b"ab\n" * 3_000), write(folder / "2", b"dc\n" * 6_000)])


@pytest.mark.parametrize("more", ["", "XYZ"])
def test_what_is_held_out_is_of_the_kind_that_is_trained_on(tmp_path: Path, more: str) -> None:
    corpus = corpus_of_two_kinds(tmp_path)
    corpus = corpus.within(Vocabulary.of(more + "abcd\n"))
    for part, lengths in zip(split(corpus.content, BY_FILE), ((8_100, 16_200), (900, 1_800)), strict=True):
        assert isinstance(part, IdRanges)
        texts = [corpus.vocabulary.decode(ids.take(np.arange(len(ids)))) for ids in part.each()]
        assert texts == ["ab\n" * (lengths[0] // 3), "dc\n" * (lengths[1] // 3)]


def test_otherwise_it_is_the_end_of_the_whole(tmp_path: Path) -> None:
    corpus = corpus_of_two_kinds(tmp_path)
    at_the_end = split(corpus.content, WindowSettings(val_fraction=0.1))
    assert [size(part) for part in at_the_end] == [size(part) for part in split(corpus.content, BY_FILE)]
    val = at_the_end[1]
    assert isinstance(val, MappedIds)
    assert corpus.vocabulary.decode(val.take(np.arange(len(val)))) == text_of(corpus)[-2_700:]


def test_one_file_is_cut_as_ever() -> None:
    for text in ("abc" * 7_000, "ab"):
        parts = [split(Corpus.of(text).content, WindowSettings(val_fraction=0.1, val_from=name))
                 for name in ("end", "files")]
        for one, other in zip(*parts, strict=True):
            assert np.array_equal(one.take(np.arange(len(one))), other.take(np.arange(len(other))))
            assert type(one) is type(other) is MappedIds


def test_ranges_on_disk_are_those_of_an_array(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation_split, "LEAST_HELD_OUT", 3)
    texts = ["ein Wort " * 5, "noch eines " * 7, "das letzte " * 4]
    corpus = read_corpus([write(tmp_path / str(number), text.encode()) for number, text in enumerate(texts)])
    array = corpus.ids.take(np.arange(len(corpus.ids)))
    for part in split(corpus.content, BY_FILE):
        assert isinstance(part, IdRanges)
        assert len(part.starts) == 3
        windows = list(evaluation_windows(part, 3, 7))
        expected = evaluation_windows(IdRanges(array, part.starts, part.stops), 3, 7)
        assert len(windows) > 1
        assert all(map(equal, windows, expected))
