"""What is said in a session."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.play.lines import COMMANDS
from charrnn.play.session import Change
from charrnn.play.words import choice_words, ending_words, help_lines, prompt_of, setting_words, undone_words
from charrnn.settings import PlaySettings


@pytest.mark.parametrize(("text", "prompt"), [
    ("", ">"), ("Once", "Once>"), ("Once ", "Once >"), ("Once\n", ">"), ("one\ntwo", "two>"),
    ("x" * 30, "x" * 30 + ">"),
    ("x" * 31, "..." + "x" * 30 + ">"),
    ("Once upon a time there was a cat who sat", "...time there was a cat who sat>"),
    ("x" * 40 + " ", "..." + "x" * 29 + " >"),
    ("a\tb\x1b[1mc\0", "a b [1mc >"),
])
def test_the_prompt_is_the_end_of_the_text(text: str, prompt: str) -> None:
    assert prompt_of(text) == prompt


def test_the_prompt_names_what_can_be_chosen() -> None:
    assert prompt_of("Once", 1) == "1> "
    assert prompt_of("Once", 4) == "1-4> "


@given(st.text(alphabet=st.sampled_from("ab \n\té\u0301\x07"), max_size=300))
def test_a_prompt_is_one_short_line_that_can_be_printed(text: str) -> None:
    prompt = prompt_of(text)
    assert prompt.isprintable()
    assert len(prompt) <= 34
    shown = prompt.removesuffix(">").removeprefix("...")
    assert text.translate({7: " ", 9: " "}).endswith(shown)


def test_what_was_taken_back() -> None:
    assert undone_words(Change(3, "", "a")) == "took back 1 character; /redo makes them again"
    assert undone_words(Change(3, "xy", "a" * 1200)) == "took back 1,200 characters; /redo makes them again"
    assert undone_words(Change(0, "old", "")) == "the text is back"


def test_what_ended_a_continuation() -> None:
    assert ending_words(None, False) is ending_words("length", False) is ending_words("length", True) is None
    assert ending_words("document", False) == ("the network ends the document here; type on, /again writes another, "
                                               "/new begins the next")
    assert "here; type on, Enter tries again, /new" in (ending_words("document", True) or "")
    assert ending_words("stop", False) == "stopped before what /stop names; type on, /again writes another"
    assert "Enter tries again" in (ending_words("stop", True) or "")


def test_how_to_choose() -> None:
    assert choice_words(["length", None, "stop"]) == "a number takes that one, Enter none, /more shows others"
    assert choice_words(["document", "length", "document"]).startswith(
        "a number takes that one (the document ends with 1, 3), Enter none")


def test_settings_in_words() -> None:
    settings = PlaySettings(temp=0.25, seed=None)
    assert setting_words(settings, "temp").startswith("/temp 0.25: below 1 plays safe")
    assert setting_words(settings, "top_k").startswith("/top-k 0: ")
    assert setting_words(settings, "seed").startswith("/seed (none): ")
    assert setting_words(settings, "ban").startswith("/ban (none): ")
    assert setting_words(PlaySettings(stop=("a b", "c")), "stop").startswith("/stop a b c: ")


def test_help_names_everything() -> None:
    text = "\n".join(help_lines(PlaySettings()))
    for name in [*(command.name for command in COMMANDS), *(spec.name for spec in dataclasses.fields(PlaySettings))]:
        assert "/" + name.replace("_", "-") in text
    assert max(map(len, text.splitlines())) <= 100
