"""What text is looked at: the held-out part, its end if nothing was held out, or any other; in any unit."""


import numpy as np
import pytest

from charrnn.errors import CorpusError
from charrnn.inspection.features.custom import regex_feature
from charrnn.inspection.passage import held_out, joined, of_text
from charrnn.inspection.surprisal import next_masks
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.settings import Settings, TextSettings, WindowSettings
from charrnn.text.corpus import Corpus
from charrnn.text.tokenizers import vocabulary_of
from charrnn.text.windows import split

TEXT = "".join(f"line {n} of many.\n" for n in range(60))


def whole(text=TEXT, val_fraction=0.25, **settings):
    made = Settings(windows=WindowSettings(val_fraction=val_fraction), text=TextSettings(**settings))
    corpus = Corpus.of(text, ["text.txt"], settings=made.text)
    return corpus, CorpusInfo(sources=("text.txt",), fingerprint=corpus.fingerprint), made, corpus.vocabulary


def test_the_held_out_part_is_what_training_did_not_see():
    corpus, known, settings, vocabulary = whole()
    trained, kept = split(corpus.content, settings.windows)
    passage = held_out(corpus, known, settings, vocabulary, 50)
    text = vocabulary.decode(passage.ids)
    assert (len(passage), passage.text + passage.pieces[-1], passage.origin) == (50, text, "held-out text")
    assert text == TEXT[len(trained):][:51]
    everything = held_out(corpus, known, settings, vocabulary, 10**9)
    assert len(everything) == len(kept) - 1


def test_without_a_held_out_part_the_end_is_read_and_said():
    corpus, known, settings, vocabulary = whole(val_fraction=0.0)
    passage = held_out(corpus, known, settings, vocabulary, 50)
    assert passage.text + passage.pieces[-1] == TEXT[-51:]
    assert "nothing was held out" in passage.origin


def test_a_text_that_has_changed_is_refused():
    corpus, _, settings, vocabulary = whole()
    with pytest.raises(CorpusError, match=r"text.txt has changed .* --text FILE"):
        held_out(corpus, CorpusInfo(fingerprint="another"), settings, vocabulary, 50)


def test_a_larger_vocabulary_keeps_its_ids():
    corpus, known, settings, _ = whole()
    larger = vocabulary_of(settings.text, [*TEXT, "A", "z"])
    passage = held_out(corpus, known, settings, larger, 30)
    assert larger.decode(passage.ids) in TEXT


def test_documents():
    corpus, known, settings, vocabulary = whole("".join(f"word{n} x\n" for n in range(40)), documents="line")
    passage = held_out(corpus, known, settings, vocabulary, 33)
    mark = vocabulary.encode("\n")[0]
    assert passage.ids[0] == passage.ids[-1] == mark
    assert len(passage) <= 33
    texts = vocabulary.decode(passage.ids).strip("\n").split("\n")
    assert len(texts) == 3
    kept = split(corpus.content, settings.windows)[1]
    assert set(texts) <= {vocabulary.decode(kept.ids.take(np.arange(kept.marks[n] + 1, kept.marks[n + 1])))
                          for n in kept.which}
    column = next(one for one in passage.features() if one.name == "column")
    np.testing.assert_array_equal(column.values[passage.ids[:-1] == mark], 0)
    assert column.values.max() == max(map(len, texts))
    ends = held_out(corpus, known, Settings(windows=WindowSettings(val_fraction=0.0), text=settings.text), vocabulary,
                    25)
    assert "nothing was held out" in ends.origin
    assert 8 < len(ends) <= 25


def test_documents_without_line_ends_begin_with_one_all_the_same():
    settings = TextSettings(documents="blank")
    corpus = Corpus.of("a (b\nc\n\nd e\n\nf) g", settings=settings)
    passage = of_text(corpus.content, settings, corpus.vocabulary, 0, "x")
    assert passage.text == "\na (b\nc\nd e\nf) g"
    inside = next(one for one in passage.features() if one.name == "inside ( )")
    assert "".join("01"[value] for value in inside.values.astype(int)) == "0" + "001111" + "0000" + "00000"


def test_documents_of_tokens_begin_with_a_line_end_too():
    settings = TextSettings(documents="blank", unit="token")
    corpus = Corpus.of("to be\n\nor not\n\nto be", settings=settings)
    passage = of_text(corpus.content, settings, corpus.vocabulary, 0, "x")
    assert passage.pieces[:-1] == ["\n", "to", " be", "\n", "or", " not", "\n", "to", " be"]


@pytest.mark.parametrize("unit", ["char", "word"])
@pytest.mark.parametrize(("text", "closing"), [
    ('"Yes," he said. "No," she said.\n\n"Well," he said.\n', [5, 20, 39]),
    ('He: "One goes on.\n\n"Second," he said. "Third."\n\n"Fourth," she said.\n', [27, 45, 56])])
def test_a_closing_quote_is_known_by_those_before_it_and_by_blank_lines(text, closing, unit):
    settings = TextSettings(unit=unit)
    corpus = Corpus.of(text, settings=settings)
    passage = of_text(corpus.content, settings, corpus.vocabulary, 0, "x")
    begins = np.cumsum([len(piece) for piece in passage.pieces])  # of the piece after each
    assert begins[:-1][next_masks(passage)["a closing quote"]].tolist() == closing


def test_several_texts_become_documents_or_one_text():
    corpus = Corpus.of("ab\n\nc", settings=TextSettings(documents="blank"))
    made = joined(["ab", "c"], corpus.vocabulary, "\x1e")
    assert corpus.vocabulary.decode(made.ids) == "\x1eab\x1ec\x1e"
    assert joined(["ab", "c"], corpus.vocabulary, None).tolist() == corpus.vocabulary.encode("abc").tolist()


@pytest.mark.parametrize("unit", ["word", "token", "byte"])
def test_features_of_other_units_are_those_of_their_last_characters(unit):
    text = "To be (or not) to be.\nYes, b\u00e9b\u00e9.\n" * 4
    corpus, _, settings, vocabulary = whole(text, unit=unit)
    passage = of_text(corpus.content, settings.text, vocabulary, 0, "x")
    assert len(passage.pieces) == len(passage.ids) == len(corpus)
    if unit == "word":
        assert passage.text + passage.pieces[-1] == text
    found = {one.name: one.values for one in passage.features()}
    assert all(len(values) == len(passage) for values in found.values())
    pieces = passage.pieces[:-1]
    np.testing.assert_array_equal(found["punctuation"], [not (piece[-1].isalnum() or piece[-1].isspace())
                                                         for piece in pieces])
    inside = "".join(piece for piece, value in zip(pieces, found["inside ( )"], strict=True) if value)
    assert inside == 4 * {"word": "(or not", "token": " (or", "byte": "(or not"}[unit]
    [own] = passage.at_places([regex_feature(passage.text, "own", "not")])
    assert own.values.sum() == {"word": 4, "token": 0, "byte": 12}[unit]
