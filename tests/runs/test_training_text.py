"""The text that was trained on comes out as characters, whatever its units, and so does the text held out."""

import random
from pathlib import Path

import numpy as np
import pytest

from charrnn.errors import CorpusError
from charrnn.runs import training_text as module
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.runs.training_text import TrainingText, _spread, located, read_training_text
from charrnn.settings import TextSettings
from charrnn.text.documents import Documents
from charrnn.text.windows import split
from tests.novelty.texts import text_of, trained_on

PROSE = "Der Müller  sagt's:\tja — nein, \U0001f600 ja.\n\n  Wer 'da' ist, ist da;\nund so fort und so fort.\n" * 3
NAMES = [f"{first}{rest}" for first in "ABCDÉ" for rest in ("nna", "", "xx yz", "\U0001f600o", "n")]


@pytest.fixture(params=[1, 3, 1 << 20], autouse=True)
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that end anywhere."""
    monkeypatch.setattr(module, "BLOCK", request.param)


@pytest.mark.parametrize("unit", ["char", "word"])
def test_the_training_part_is_the_first_of_the_text(unit: str) -> None:
    trained = trained_on(PROSE, 0.3, unit=unit)
    text = text_of(trained)
    assert PROSE.startswith(text)
    assert 0.5 < len(text) / len(PROSE) < 0.8
    assert text + "".join(trained.held_out(10**6)) == PROSE


def test_bytes_may_be_cut_within_a_character() -> None:
    text = "é" * 9
    for fraction in (0.05, 0.2, 0.25, 0.3, 0.5):
        trained = trained_on(text + "x", fraction, unit="byte")
        cut = int(19 * (1 - fraction))
        assert text_of(trained) == "é" * (cut // 2)
        assert trained.held_out(99) == ["é" * ((18 - cut) // 2) + "x"]


def test_tokens_have_one_space_between_them() -> None:
    assert text_of(trained_on(PROSE, 0.0, unit="token")) == "".join(
        " ".join(line.split()) + "\n" for line in PROSE.splitlines())


def test_letters_are_alike() -> None:
    trained = trained_on("A\u0301B C" * 5, 0.0, lowercase=True, normalize="NFC")
    assert text_of(trained) == "\u00e1b c" * 5
    assert trained.held_out(99) == []


@pytest.mark.parametrize("unit", ["char", "byte", "token", "word"])
@pytest.mark.parametrize(("documents", "mark"), [("line", "\n"), ("###", "\x1e")])
def test_documents_are_those_that_were_trained_on(unit: str, documents: str, mark: str) -> None:
    names = NAMES * 2
    random.Random(1).shuffle(names)
    between = "\n" if documents == "line" else "###"
    trained = trained_on(between.join(names), 0.4, documents=documents, unit=unit)
    for_training, held_out = split(trained.corpus.content, trained.settings.windows)
    assert isinstance(for_training, Documents)
    assert isinstance(held_out, Documents)
    assert text_of(trained) == "".join(names[number] + mark for number in for_training.which)
    assert trained.held_out(10**6) == [names[number] for number in held_out.which]
    assert len(for_training) > 10
    assert len(held_out) > 10


def test_a_few_of_the_documents_held_out_are_from_all_over_them() -> None:
    names = [f"{number:03}" for number in range(400)]
    trained = trained_on("\n".join(names), 0.5, documents="line")
    every, some = trained.held_out(10**6), trained.held_out(60)
    assert len(some) == 15  # each has an end too
    assert [every.index(name) for name in some] == np.linspace(0, len(every) - 1, 15).round().tolist()


def test_a_part_of_a_text_held_out_is_from_all_over_it() -> None:
    text = "".join(chr(0x4e00 + number) for number in range(4_000))
    trained = trained_on(text, 0.5)
    found = trained.held_out(100)
    assert [len(stretch) for stretch in found] == [10] * 10
    assert found[0] == text[2_000:2_010]
    assert found[-1] == text[-10:]
    assert all(stretch in text[2_000:] for stretch in found)
    starts = [text.index(stretch) for stretch in found]
    assert np.ptp(np.diff(starts)) <= 1
    assert "".join(trained.held_out(2_000)) == text[2_000:]


def test_numbers_at_equal_distances() -> None:
    assert _spread(0, 3).tolist() == []
    assert _spread(5, 9).tolist() == [0, 1, 2, 3, 4]
    assert _spread(11, 3).tolist() == [0, 5, 10]


def test_a_rare_character_is_no_character_of_the_text() -> None:
    trained = trained_on("aabbcabd", 0.0, min_count=2)
    assert text_of(trained) == "aabb\ufffdab\ufffd"


def test_what_is_changed_is_known_by_its_fingerprint() -> None:
    trained = trained_on(PROSE)
    for fingerprint, is_changed in ((trained.corpus.fingerprint, False), ("another", True), (None, True)):
        again = TrainingText.of(trained.corpus, trained.settings, CorpusInfo(fingerprint=fingerprint))
        assert again.is_changed == is_changed


def test_a_run_remembers_where_it_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "checkpoints" / "run" / "best.safetensors"
    file.parent.mkdir(parents=True)
    (tmp_path / "text.txt").write_text(PROSE, encoding="utf-8")
    sources = ("text.txt", "@python-docs", "nowhere.txt")
    monkeypatch.chdir(file.parent)
    assert located(sources, file) == [str(tmp_path / "text.txt"), "@python-docs", "nowhere.txt"]
    assert located(sources, None) == list(sources)
    monkeypatch.chdir(tmp_path)
    assert located(sources, file) == list(sources)  # by the names that the user knows them by
    monkeypatch.chdir(file.parent)
    Path("text.txt").touch()
    assert located(sources, file) == list(sources)  # the working directory comes first


@pytest.mark.parametrize("sources", [("-",), ("a.txt", "-"), ()])
def test_what_is_not_kept_must_be_named(sources: tuple[str, ...], tmp_path: Path) -> None:
    known = CorpusInfo("tiny", sources)
    with pytest.raises(CorpusError, match=r"text of this network, 'tiny', came from .* and is not kept; ask somebody"):
        read_training_text(known, TextSettings(), None, advice="ask somebody")
    (tmp_path / "b.txt").write_text(PROSE, encoding="utf-8")
    given = [str(tmp_path / "b.txt")]
    assert read_training_text(known, TextSettings(), None, given, advice="").sources == tuple(given)


def test_what_is_gone_is_said_with_advice() -> None:
    with pytest.raises(CorpusError, match=r"can't be read again: no file or folder 'gone.txt'; .*; ask somebody"):
        read_training_text(CorpusInfo("gone", ("gone.txt",)), TextSettings(), None, advice="ask somebody")
    with pytest.raises(CorpusError, match=r"^no file or folder 'here.txt'; check the name"):
        read_training_text(CorpusInfo("gone", ("gone.txt",)), TextSettings(), None, ["here.txt"], advice="ask somebody")
