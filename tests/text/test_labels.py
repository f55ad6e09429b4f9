"""Labels in a text: what is read from columns, numbers and paths, which vector stands for each, how they are split."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import CorpusError, SettingsError
from charrnn.settings import TextSettings, WindowSettings
from charrnn.text.corpus import Corpus, read_corpus
from charrnn.text.corpus_checks import corpus_warnings
from charrnn.text.documents import Documents
from charrnn.text.labels import LabelScheme, labelled_lines
from charrnn.text.windows import evaluation_windows, split, training_windows

COLUMN, PAIRS = TextSettings(labels="column"), TextSettings(pairs=True)
NAMES = "red\tada\nblue\tbo\nred\tcy\nred\tdot\nblue\tedgar\nred\tfay\n"


def documents_of(corpus: Corpus) -> list[str]:
    text = "".join(corpus.vocabulary.decode(np.asarray(corpus.ids.take(np.arange(len(corpus.ids))))))
    return text.strip("\n").split("\n")


def test_a_column_is_taken_out_of_the_text() -> None:
    corpus = Corpus.of(NAMES, settings=COLUMN)
    assert documents_of(corpus) == ["ada", "bo", "cy", "dot", "edgar", "fay"]
    assert corpus.labels is not None
    assert corpus.labels.scheme == LabelScheme(("red", "blue"), (4 / 6, 2 / 6))
    assert corpus.labels.numbers.tolist() == [0, 1, 0, 0, 1, 0]
    assert "\t" not in corpus.vocabulary.units
    assert "u" not in corpus.vocabulary.units


def test_numbers_are_standardized() -> None:
    corpus = Corpus.of("0,10\ta\n1 10\tb\n\n5,10\tc\n0,10\td\n", settings=TextSettings(labels="numbers"))
    labels = corpus.labels
    assert labels is not None
    assert labels.scheme.means == (1.5, 10.0)
    every = labels.vectors[labels.numbers]
    np.testing.assert_allclose(every.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(every[:, 0].std(), 1, atol=1e-6)
    assert np.array_equal(every[0], every[3])
    assert len(labels.vectors) == 3
    np.testing.assert_allclose(labels.scheme.vector("5, 10"), every[2])


def test_files_are_labels(tmp_path) -> None:
    (tmp_path / "ones").mkdir()
    for name, text in (("one.txt", "ada\nbo\n"), ("two.txt", "cy"), ("ones/three.txt", "dot\n\neve\n")):
        (tmp_path / name).write_text(text)
    (tmp_path / "bad.txt").write_bytes(b"fay\n\xff\xfe\xff")
    corpus = read_corpus([str(tmp_path)], settings=TextSettings(labels="path"))
    assert corpus.labels is not None
    found = [corpus.labels.scheme.names[number] for number in corpus.labels.numbers]
    assert sorted(zip(found, documents_of(corpus), strict=True)) == [
        ("one", "ada"), ("one", "bo"), ("three", "dot"), ("three", "eve"), ("two", "cy")]
    assert len(corpus.skipped) == 1


@pytest.mark.parametrize(("text", "said"), [
    ("red\tada\nbo\n", "document 2, 'bo', is not label, tab and text"),
    ("red\t \nblue\tbo\n", "document 1, 'red', is not label, tab and text"),
    ("\tada\nblue\tbo\n", "is not label, tab and text"),
    ("red\tada\nred\tbo\n", "every document has the label 'red'")])
def test_what_is_no_column_is_refused(text: str, said: str) -> None:
    with pytest.raises(CorpusError, match=said):
        Corpus.of(text, settings=COLUMN)


@pytest.mark.parametrize("text", ["1\ta\nb\tb\n", "1\ta\n1,2\tb\n", "nan\ta\n1\tb\n"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(CorpusError, match="numbers with commas between"):
        Corpus.of(text, settings=TextSettings(labels="numbers"))


def test_other_labels_are_another_text() -> None:
    one, same, other = (Corpus.of(text, settings=COLUMN).fingerprint
                        for text in (NAMES, NAMES, NAMES.replace("blue\tbo", "red\tbo")))
    assert one == same != other


@pytest.mark.parametrize(("label", "expected"), [
    ("red", [1, 0, 0]), ("a:1", [0, 0, 1]), ("red:0.7,blue:0.3", [.7, .3, 0]), ("a:1:2, red:-1", [-1, 0, 2])])
def test_a_label_is_a_vector(label: str, expected: list[float]) -> None:
    scheme = LabelScheme(("red", "blue", "a:1"), (0.5, 0.3, 0.2))
    np.testing.assert_allclose(scheme.vector(label), np.array(expected, np.float32))


@pytest.mark.parametrize(("label", "said"), [("rd", "did you mean 'red'"), ("red:x", "did you mean"), ("", "there are"),
                                             ("red:0.5,green:0.5", "there are red, blue")])
def test_an_unknown_label_is_refused(label: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        LabelScheme(("red", "blue"), (0.5, 0.5)).vector(label)
    with pytest.raises(SettingsError, match="takes 2 numbers"):
        LabelScheme(means=(1.0, 2.0), scales=(1.0, 1.0)).vector("1,2,3")


@pytest.mark.parametrize("label", ["red,blue", "red:0.7,blue", "red:0.7 0.3"])
def test_each_part_of_a_blend_has_a_weight(label: str) -> None:
    with pytest.raises(SettingsError, match=r"needs one weight for each part: 'red:0\.7,blue:0\.3'"):
        LabelScheme(("red", "blue"), (0.5, 0.5)).vector(label)


def test_lines_are_cut_where_training_cuts_them() -> None:
    assert labelled_lines("red\ta\u2028b\x0b\r\nblue\tc\x85") == (["red", "blue"], ["a\u2028b\x0b", "c\x85"])


def test_lines_with_and_without_labels() -> None:
    assert labelled_lines("red\tada\n\nbo\nblue\tc\td\n") == (["red", "", "blue"], ["ada", "bo", "c\td"])


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.text("abc", min_size=1, max_size=9)), min_size=4, max_size=60))
def test_windows_know_the_label_of_each_place(rows) -> None:
    if len({label for label, _ in rows}) < 2:
        return
    corpus = Corpus.of("\n".join("\t".join(row) for row in rows), settings=COLUMN)
    content = corpus.content
    assert isinstance(content, Documents)
    assert corpus.labels is not None
    known = {(f"{text}\n", label) for label, text in rows}
    settings = WindowSettings(batch=3, window=5)
    cutter = training_windows(content, settings, np.random.default_rng(1))
    windows = [cutter.next_window() for _ in range(cutter.windows_per_epoch)]
    for every in (windows, list(evaluation_windows(content, 2, 4))):
        for row in range(every[0].inputs.shape[1]):
            targets = np.concatenate([window.targets[:, row] for window in every])
            labels = np.concatenate([window.labels.vectors[window.labels.numbers[:, row]] for window in every])
            text, begun = "", 0
            for place, target in enumerate(targets):
                if target < 0:
                    continue
                text += corpus.vocabulary.units[target]
                if text.endswith("\n"):
                    of_text = labels[begun:place + 1]
                    assert (of_text == of_text[0]).all()
                    assert (text, corpus.labels.scheme.names[of_text[0].argmax()]) in known
                    text, begun = "", place + 1


def test_each_category_gives_its_share_to_validation() -> None:
    rows = [("rare" if number % 10 == 0 else "usual", f"t{number:03}") for number in range(200)]
    corpus = Corpus.of("\n".join("\t".join(row) for row in rows + rows[:40]), settings=COLUMN)
    train, val = split(corpus.content, WindowSettings(val_fraction=0.2))
    assert isinstance(train, Documents)
    assert isinstance(val, Documents)
    assert corpus.labels is not None
    counts = np.bincount(corpus.labels.numbers[val.which]) / np.bincount(corpus.labels.numbers)
    assert (abs(counts - 0.2) < 0.09).all()
    assert not set(train.hashes().tolist()) & set(val.hashes().tolist())  # equal texts are on one side


def test_of_pairs_only_the_target_is_predicted() -> None:
    corpus = Corpus.of("ab\tcd\ne\tf\tg\nhij\tk\n", settings=PAIRS)
    for window in evaluation_windows(corpus.content, 1, 100):
        predicted = [corpus.vocabulary.units[target] if target >= 0 else "-" for target in window.targets[:, 0]]
        assert "".join(predicted) == "---cd\n" "--f\tg\n" "----k\n"
        assert window.predicted == 9


@pytest.mark.parametrize(("text", "number"), [
    ("a\tb\ncd\ne\tf\n", 2), ("a\tb\n\tc\n", 2), ("\ta\nb\tc\n", 1), ("ab\n", 1), ("a\tb\nc\t\n", 2), ("a\tb\nc\n", 2)])
def test_what_is_no_pair_is_refused(text: str, number: int) -> None:
    with pytest.raises(CorpusError, match=f"document {number}, .*is not source, tab and target|one line"):
        assert Corpus.of(text, settings=PAIRS).content


def test_a_text_of_pairs_knows_its_longest_source() -> None:
    assert Corpus.of("ab\tcd\neee\tf\tg\nhij\tk\n", settings=PAIRS).content.longest_source == 3
    assert Corpus.of("ab\nc\n", settings=TextSettings(documents="line")).content.longest_source is None


@pytest.mark.parametrize(("options", "said"), [
    ({"labels": "column", "pairs": True}, "contradict"),
    ({"labels": "column", "documents": "blank"}, "one document a line"),
    ({"pairs": True, "documents": "file"}, "one document a line"),
    ({"pairs": True, "unit": "word"}, "unit of its own")])
def test_what_contradicts_is_refused(options: dict, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        TextSettings(**options)


def test_the_only_document_of_a_label_is_trained_on() -> None:
    corpus = Corpus.of("blue\tb\nred\tada\nred\tcyril\n", settings=COLUMN)
    train, val = split(corpus.content, WindowSettings(val_fraction=0.1))
    assert isinstance(train, Documents)
    assert isinstance(val, Documents)
    assert 0 in train.which  # although it is the shortest
    assert val.which.tolist() in ([1], [2])


def test_labels_of_one_document_each_leave_nothing_to_validate_on() -> None:
    corpus = Corpus.of("blue\tbo\nred\tada\ngreen\tcyril\nred\tada\n", settings=COLUMN)
    with pytest.raises(CorpusError, match=r"no label has two different documents.*give --val-fraction 0"):
        split(corpus.content, WindowSettings(val_fraction=0.3))
    train, val = split(corpus.content, WindowSettings(val_fraction=0))
    assert (len(train), len(val)) == (4, 0)


@pytest.mark.parametrize(("text", "said"), [
    ("red\ta\nred\tb\nblue\tc\nblue\tc\n", ["1 label has only one document, which is trained on but not validated: "
                                            "'blue'; add documents of it, or leave it out"]),
    ("red\ta\nred\tb\nblue\tc\ngreen\tc\n", ["2 labels have only one document, which is trained on but not validated: "
                                             "'blue', 'green'; add documents of them, or leave them out"]),
    ("red\ta\nred\tb\nblue\tc\nblue\td\n", [])])
def test_a_label_with_one_document_is_noted(text: str, said: list[str]) -> None:
    assert list(corpus_warnings(Corpus.of(text, settings=COLUMN), COLUMN)) == said
