"""A session: the text stays what was typed and written, and every continuation is what Model.sample gives for it."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import charrnn
from charrnn.errors import PlayError, SettingsError, VocabularyError
from charrnn.play.session import PlaySession
from charrnn.settings import PlaySettings
from tests.cli.tiny import ROOT, TEXT

TINY = charrnn.load(ROOT / "tests" / "golden" / "tiny.safetensors")
LINE = "the quick brown fox jumps over the lazy dog.\n"
LETTERS = sorted(set(LINE))
SMALL = {"hidden": 8, "dropout": 0.0, "batch": 2, "window": 10, "lr": 0.01, "epochs": 1.0, "validations": 1,
         "shards": 2, "precision": "float32", "averaging": 0.0, "recurrent_dropout": 0.0}


def trained(folder: Path, text: str, **options: Any) -> charrnn.Model:
    return charrnn.train(text=text, folder=folder, name="mine", **{**SMALL, **options})


def session_of(model: charrnn.Model = TINY, **options: Any) -> PlaySession:
    return PlaySession(model, PlaySettings(**options))


def written(session: PlaySession) -> str:
    """A continuation, taken to its end."""
    return "".join(session.go_on())


def test_typed_and_written() -> None:
    session = session_of(temp=0.0, length=20)
    assert session.add("the quick ") == []
    assert written(session) == "brown fox jumps over"
    assert session.text == LINE[:30]
    session.add(" the lazy dog.\n")
    assert session.text == LINE
    assert written(session) == LINE[:20]
    assert session.text == LINE + LINE[:20]


@settings(max_examples=25)
@given(st.text(alphabet=LETTERS, max_size=40), st.integers(0, 2**63 - 1), st.integers(1, 40),
       st.sampled_from([0.0, 0.7, 3.0]), st.sampled_from([0, 3]), st.sampled_from(["float32", "bf16"]))
def test_each_continuation_is_a_sample_with_the_next_seed(text: str, seed: int, length: int, temp: float, top_k: int,
                                                         precision: str) -> None:
    options = {"length": length, "temp": temp, "top_k": top_k, "precision": precision}
    session = session_of(seed=seed, **options)
    session.add(text)
    for number in range(3):
        expected = TINY.sample(prime=session.text, seed=(seed + number) % 2**63, **options)
        assert written(session) == expected
    assert session.text.startswith(text)


def other_value(spec: dataclasses.Field) -> Any:
    """A value that is not the default of a setting: no list of them, so that a new setting is tested too."""
    low, choices = spec.metadata["low"], spec.metadata["choices"]
    if isinstance(spec.default, tuple):
        return {"bias": ("e=1",), "clamp": ("L1:2=0.5",)}.get(spec.name, ("zq",))
    if choices:
        return next(choice for choice in reversed(choices) if choice != spec.default and choice != "replace")
    return low + 7 if isinstance(low, int) else low + 0.5


def test_every_setting_reaches_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever settings there are: the session need not know them."""
    asked: list[Any] = []
    made = charrnn.Model.session

    def record(self: charrnn.Model, settings: PlaySettings, prime: str, *rest: str) -> Any:
        asked.append((settings, prime))
        return made(self, settings, prime, *rest)

    monkeypatch.setattr(charrnn.Model, "session", record)
    chosen = PlaySettings(**{spec.name: other_value(spec) for spec in dataclasses.fields(PlaySettings)})
    assert all(getattr(chosen, spec.name) != spec.default for spec in dataclasses.fields(PlaySettings))
    session = session_of(**chosen.to_dict())
    session.add("theΩ ")
    asked.clear()
    new = written(session)
    list(session.again())
    assert asked == [(dataclasses.replace(chosen, samples=1, seed=seed), "the ") for seed in (7, 8)]
    options = {name: value for name, value in chosen.to_dict().items() if name not in ("samples", "unknown")}
    assert new == TINY.sample(prime="the ", **options)


def test_without_a_seed_every_continuation_is_another() -> None:
    session = session_of(temp=5.0, length=50)
    texts = {written(session)}
    for _ in range(4):
        texts.add("".join(session.again()))
    assert len(texts) == 5


def test_a_seed_repeats_a_session_and_can_be_set_again() -> None:
    def played(session: PlaySession) -> str:
        session.add("the fox ")
        written(session)
        list(session.branch())
        session.pick(2)
        return session.text

    session = session_of(seed=7, temp=2.0, samples=3, length=30)
    text = played(session)
    assert played(session_of(seed=7, temp=2.0, samples=3, length=30)) == text
    assert played(session_of(seed=8, temp=2.0, samples=3, length=30)) != text
    session.begin()
    assert played(session) != text
    session.begin()
    session.set("seed", "7")
    assert played(session) == text


def test_what_was_taken_of_a_continuation_is_kept() -> None:
    session = session_of(temp=0.0, length=10**12)
    session.add("the quick")
    pieces = session.go_on()
    taken = next(pieces) + next(pieces)
    pieces.close()
    assert session.text == "the quick" + taken == (LINE * 99)[:len("the quick" + taken)]
    assert session.ending is None
    session.undo()
    assert session.text == "the quick"


def test_a_continuation_that_fails_keeps_what_it_wrote() -> None:
    session = session_of(temp=0.0, length=1000)
    pieces = session.go_on()
    first = next(pieces)
    with pytest.raises(KeyboardInterrupt):
        pieces.throw(KeyboardInterrupt)
    assert session.text == first


def test_another_in_place_of_the_last() -> None:
    session = session_of(seed=1, temp=3.0, length=15)
    for refused in (session.again, session.redo, session.undo):
        with pytest.raises(PlayError):
            refused()
    session.add("the ")
    with pytest.raises(PlayError, match="no continuation"):
        session.again()
    first = written(session)
    assert session.before_last == "the "
    second = "".join(session.again())
    assert session.text == "the " + second
    third = "".join(session.again())
    assert session.text == "the " + third
    assert len({first, second, third}) == 3
    assert third == TINY.sample(15, temp=3.0, prime="the ", seed=3)
    for text in (second, first, ""):
        session.undo()
        assert session.text == "the " + text
    session.redo()
    assert "".join(session.again()) not in (first, "")
    assert session.before_last == "the "


def test_another_that_is_empty_leaves_the_last() -> None:
    session = session_of(temp=0.0, length=9)
    session.add("the ")
    assert written(session) == "lazy dog."
    session.set("stop", "l")
    assert ("".join(session.again()), session.ending) == ("", "stop")
    assert session.text == "the lazy dog."
    session.undo()
    assert session.text == "the "


def test_an_ending_is_that_of_the_last_continuation() -> None:
    session = session_of(temp=0.0, length=99, stop=("dog",))
    written(session)
    assert session.ending == "stop"
    session.set("stop", "default")
    pieces = session.go_on()
    next(pieces)
    pieces.close()
    assert session.ending is None


def test_after_the_last_seed_comes_the_first() -> None:
    session = session_of(seed=2**63 - 1, temp=3.0, length=9)
    assert written(session) == TINY.sample(9, temp=3.0, seed=2**63 - 1)
    session.begin()
    assert written(session) == TINY.sample(9, temp=3.0, seed=0)


def test_branches() -> None:
    session = session_of(seed=3, temp=2.0, length=25, samples=4)
    session.add("the ")
    pieces = list(session.branch())
    expected = [TINY.sample(25, temp=2.0, prime="the ", seed=3 + number) for number in range(4)]
    assert session.choices == expected
    assert ["".join(piece for at, piece in pieces if at == number) for number in (1, 2, 3, 4)] == expected
    assert session.text == "the "
    for wrong in (0, 5, -1):
        with pytest.raises(PlayError, match="choose 1 to 4"):
            session.pick(wrong)
    assert session.choices == expected
    assert session.pick(3) == expected[2]
    assert (session.text, session.choices) == ("the " + expected[2], [])
    with pytest.raises(PlayError):
        session.pick(1)
    assert "".join(session.again()) == TINY.sample(25, temp=2.0, prime="the ", seed=7)
    session.undo()
    session.undo()
    assert session.text == "the "


def test_branches_that_are_not_taken_to_the_end() -> None:
    session = session_of(temp=0.0, length=10**6, samples=3)
    session.add("the ")
    pieces = session.branch()
    _, first = next(pieces)
    pieces.close()
    assert session.choices == [first]
    session.pick(1)
    assert session.text == "the " + first


@pytest.mark.parametrize("action", [lambda s: s.add(" "), lambda s: s.undo(), lambda s: s.begin(), lambda s: written(s),
                                    lambda s: s.drop_choices()])
def test_choices_go_when_the_text_changes_or_none_is_wanted(action: Any) -> None:
    session = session_of(length=5, samples=2)
    session.add("the")
    list(session.branch())
    assert len(session.choices) == 2
    session.set("temp", "0.5")
    assert len(session.choices) == 2
    action(session)
    assert session.choices == []


@pytest.mark.parametrize(("name", "value", "kept"), [
    ("temp", "0.5", 0.5), ("temp", " 2 ", 2.0), ("top_k", "7", 7), ("length", "1000", 1000),
    ("precision", "bf16", "bf16"), ("samples", "9", 9), ("seed", "12", 12), ("seed", "default", None),
    ("temp", "default", 0.8), ("length", "default", 200), ("unknown", "skip", "skip"),
])
def test_settings_can_be_changed(name: str, value: str, kept: object) -> None:
    session = session_of(temp=1.5, length=3, seed=99)
    session.set(name, value)
    changed = getattr(session.settings, name)
    assert (changed, type(changed)) == (kept, type(kept))
    others = [spec.name for spec in dataclasses.fields(PlaySettings) if spec.name != name]
    before = PlaySettings(temp=1.5, length=3, seed=99)
    assert all(getattr(session.settings, other) == getattr(before, other) for other in others)


@pytest.mark.parametrize(("name", "value"), [
    ("temp", "-1"), ("temp", "101"), ("temp", "hot"), ("temp", "nan"), ("temp", ""), ("top_k", "2.5"),
    ("length", "1e999"), ("precision", "float64"), ("samples", "0"), ("seed", "-1"), ("unknown", "what"),
])
def test_settings_out_of_bounds_change_nothing(name: str, value: str) -> None:
    session = session_of(seed=3)
    with pytest.raises(SettingsError, match=f"^{name} is .*; it must be "):
        session.set(name, value)
    assert session.settings == PlaySettings(seed=3)


def test_settings_of_several_values_add_up() -> None:
    session = session_of(temp=0.0, length=100)
    for value in (" fox", "dog"):
        session.set("stop", value)
    session.set("ban", "z")
    session.set("ban", " ")
    assert (session.settings.stop, session.settings.ban) == ((" fox", "dog"), ("z", " "))
    session.set("ban", "default")
    assert session.settings.ban == ()
    session.add("the quick ")
    assert (written(session), session.ending) == ("brown", "stop")
    session.set("stop", "default")
    session.set("stop", r"\n")
    assert (written(session), session.ending) == (LINE[15:-1], "stop")


@pytest.mark.parametrize(("name", "value", "words"), [
    ("bias", "e", "--bias 'e' is not understood"), ("clamp", "L9:1=1", "there is no such cell"),
    ("ban", "".join(LETTERS), "leaves no character"), ("min_length", "201", "more than --length 200"),
    ("stop", "", "needs a text"),
])
def test_settings_that_do_not_fit_the_model_change_nothing(name: str, value: str, words: str) -> None:
    session = session_of(seed=1)
    with pytest.raises(SettingsError, match=words):
        session.set(name, value)
    assert session.settings == PlaySettings(seed=1)
    with pytest.raises(SettingsError, match=words):
        session_of(**{name: int(value) if name == "min_length" else (value,)})


def test_yes_or_no_settings() -> None:
    from charrnn.settings import setting

    @dataclasses.dataclass(frozen=True)
    class More(PlaySettings):
        loud: bool = setting(False, "yes or no")

    session = PlaySession(TINY, More())
    session.set("loud", "on")
    assert session.settings == More(loud=True)
    session.set("loud", " off")
    assert session.settings == More()
    with pytest.raises(SettingsError, match="True or False"):
        session.set("loud", "maybe")


def test_a_continuation_without_end_is_for_those_who_watch() -> None:
    session = session_of(temp=0.0, length=0)
    pieces = session.go_on()
    first = next(pieces) + next(pieces) + next(pieces)
    pieces.close()
    assert session.text == first
    with pytest.raises(SettingsError, match="never ends"):
        list(session.branch())
    assert session.choices == []
    alone = PlaySession(TINY, PlaySettings(length=0), is_watched=False)
    with pytest.raises(SettingsError, match="never ends"):
        list(alone.go_on())
    alone.set("stop", "dog")
    assert list(alone.go_on())
    assert alone.ending == "stop"


def test_a_refused_continuation_costs_no_seed() -> None:
    session = session_of(seed=3, length=9, temp=3.0)
    session.set("length", "0")
    with pytest.raises(SettingsError):
        list(session.branch())
    session.set("length", "9")
    assert written(session) == TINY.sample(9, temp=3.0, seed=3)


def test_what_the_model_never_saw() -> None:
    session = session_of(temp=0.0, length=5)
    session.add("the ")
    with pytest.raises(VocabularyError, match=r"'Ω' \(U\+03A9\).*position 2"):
        session.add("a Ω")
    assert session.text == "the "
    with pytest.raises(VocabularyError):
        session.begin("Ω")
    assert session.text == "the "
    session.set("unknown", "skip")
    [note] = session.add("quΩick")
    assert "it is left out" in note
    assert session.text == "the quΩick"
    assert written(session) == " brow"
    session.set("unknown", "error")
    assert written(session) == "n fox"
    session.set("unknown", "fold")
    [note] = session.add("\u00eb")
    assert "'e' is read in its place" in note
    assert session.text == "the quΩick brown fox\u00eb"


def test_a_document_that_ends(tmp_path: Path) -> None:
    model = trained(tmp_path, "ab\n" * 300, documents="line", epochs=3.0, lr=0.03, val_fraction=0.0)
    session = session_of(model, temp=0.0, length=10)
    assert (written(session), session.ending) == ("ab", "document")
    assert (written(session), session.ending, session.text) == ("", "document", "ab")
    session.set("length", "1")
    session.begin()
    assert (written(session), session.ending) == ("a", "length")
    with pytest.raises(PlayError, match="ends a document"):
        session.add("b\na")
    with pytest.raises(PlayError, match="ends a document"):
        session.begin("b\n")
    assert session.text == "a"
    session.set("length", "10")
    list(session.branch())
    assert session.choices == ["b"] * 4
    session.drop_choices()
    list(session.branch())
    session.ending = None
    session.pick(1)
    assert session.ending == "document"


@pytest.mark.parametrize("unit", ["token", "word", "byte"])
def test_other_units(tmp_path: Path, unit: str) -> None:
    model = trained(tmp_path, TEXT, unit=unit)
    session = session_of(model, length=12, seed=4)
    session.add("the cat")
    first = written(session)
    assert first == model.sample(12, prime="the cat", seed=4)
    assert session.text == "the cat" + first
    if unit == "token":
        assert first[0] in " \n"
    session.begin("the")
    if unit != "byte":
        with pytest.raises(VocabularyError, match="'thecat'"):
            session.add("cat")
        assert session.text == "the"
    session.add(" cat")
    assert session.text == "the cat"


def test_a_word_that_the_network_made_itself_is_no_fault_of_what_is_typed(tmp_path: Path) -> None:
    model = trained(tmp_path, TEXT, unit="word")
    session = session_of(model, length=200, temp=50.0, seed=1)
    written(session)
    assert model.vocabulary.unknown(session.text)  # two words in a row, without a space
    session.add(" the")
    session.add(".")
    assert session.text.endswith(" the.")
    assert len(written(session)) > 200
    session.begin("the")
    session.set("unknown", "skip")
    assert len(session.add("cat")) == 1
    session.set("unknown", "error")
    session.add(".")
    assert session.text == "thecat."


def test_bytes_that_make_no_character(tmp_path: Path) -> None:
    model = trained(tmp_path, "zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich\n" * 20, unit="byte")
    session = session_of(model, length=100, temp=50.0, seed=1)
    first = written(session)
    assert "\ufffd" in first
    session.add("ö")
    second = written(session)
    assert session.text == first + "ö" + second
    assert second == model.sample(100, temp=50.0, seed=2, prime=first.replace("\ufffd", "") + "ö")


def test_capitals_and_forms_are_kept_as_typed(tmp_path: Path) -> None:
    model = trained(tmp_path, TEXT, lowercase=True)
    session = session_of(model, length=9, seed=2)
    session.add("The CAT")
    assert written(session) == model.sample(9, prime="the cat", seed=2)
    assert session.text.startswith("The CAT")


def test_rare_units_are_told_of(tmp_path: Path) -> None:
    model = trained(tmp_path, TEXT + "\nq", min_count=2)
    session = session_of(model)
    [note] = session.add("q")
    assert note == "too rare in training to be known, and read as \ufffd: 'q' (U+0071)"


def test_saved_or_not() -> None:
    session = session_of(temp=0.0, length=4)
    assert session.is_saved
    session.add("the ")
    assert not session.is_saved
    session.saved("a.txt")
    assert (session.is_saved, session.file) == (True, "a.txt")
    written(session)
    assert (session.is_saved, session.file) == (False, "a.txt")
    session.undo()
    assert (session.is_saved, session.file) == (True, "a.txt")
    session.begin()
    assert (session.is_saved, session.file) == (True, None)
    session.undo()
    assert (session.is_saved, session.file) == (True, None)
    session.begin("fox")
    assert (session.is_saved, session.file) == (False, None)


class Playing(RuleBasedStateMachine):
    """Any actions in any order, beside a plain list of the texts that there were."""

    def __init__(self) -> None:
        super().__init__()
        self.session = session_of(temp=2.0, length=7, seed=11, samples=2)
        self.texts, self.at = [""], 0

    def note(self) -> None:
        if self.session.text != self.texts[self.at]:
            self.texts[self.at + 1:] = [self.session.text]
            self.at += 1

    @rule(text=st.text(alphabet=LETTERS, max_size=6))
    def type(self, text: str) -> None:
        self.session.add(text)
        self.note()

    @rule(text=st.text(alphabet=LETTERS, max_size=3))
    def begin(self, text: str) -> None:
        self.session.begin(text)
        assert self.session.text == text
        self.note()

    @rule(pieces=st.integers(1, 3))
    def go_on(self, pieces: int) -> None:
        before, stream = self.session.text, self.session.go_on()
        taken = "".join(piece for _, piece in zip(range(pieces), stream, strict=False))
        stream.close()
        assert self.session.text == before + taken
        self.note()

    @rule()
    def again(self) -> None:
        try:
            stream = self.session.again()
        except PlayError:
            return
        before = self.session.before_last
        new = "".join(stream)
        assert self.session.text == before + new
        self.note()

    @rule()
    def branch(self) -> None:
        list(self.session.branch())

    @precondition(lambda self: self.session.choices)
    @rule(number=st.integers(1, 2))
    def pick(self, number: int) -> None:
        before = self.session.text
        assert self.session.text == before
        new = self.session.pick(number)
        assert self.session.text == before + new
        self.note()

    @precondition(lambda self: self.at > 0)
    @rule()
    def undo(self) -> None:
        self.session.undo()
        self.at -= 1

    @precondition(lambda self: self.at < len(self.texts) - 1)
    @rule()
    def redo(self) -> None:
        self.session.redo()
        self.at += 1

    @rule(text=st.sampled_from(["Ω", "the é", "7"]))
    def type_what_is_unknown(self, text: str) -> None:
        with pytest.raises(VocabularyError):
            self.session.add(text)

    @invariant()
    def the_text_is_as_it_should_be(self) -> None:
        assert self.session.text == self.texts[self.at]

    def teardown(self) -> None:
        while self.at > 0:
            self.undo()
            self.the_text_is_as_it_should_be()
        assert self.session.text == ""
        with pytest.raises(PlayError):
            self.session.undo()
        while self.at < len(self.texts) - 1:
            self.redo()
            self.the_text_is_as_it_should_be()


TestPlaying = Playing.TestCase
TestPlaying.settings = settings(max_examples=20, stateful_step_count=20)
