"""Errors name settings as their reader writes them: as options, as arguments in Python, as commands in play."""

import pytest

from charrnn.errors import CharrnnError, SettingsError, speaking
from charrnn.settings import SampleSettings, settings_of
from charrnn.text.unknown import readable
from charrnn.text.vocabulary import Vocabulary


@pytest.mark.parametrize(("written", "read"), [
    ("--unknown fold would read 'e' for 'é'", "unknown='fold' would read 'e' for 'é'"),
    ("--temp and --temps contradict each other", "temp and temps contradict each other"),
    ("--min-length 600 is more than --length 500", "min_length=600 is more than length=500"),
    ("--batch 2 --window 2 will do", "batch=2 window=2 will do"),
    ("--targets last needs --windows snippets: a stream", "targets='last' needs windows='snippets': a stream"),
    ("leave --documents out", "leave documents out"), ("or --no-lowercase", "or lowercase=False"),
    ("--lr 0.5; --rate 0.", "lr=0.5; rate=0."), ("--clamp 'L1:9=1': no", "clamp='L1:9=1': no"),
    ("(--batch 32 x --window 50 + 1); lower", "(batch=32 x window=50 + 1); lower"),
    ("give another text with --text FILE", "give another text with text=FILE"),
    ("no file or folder '--top-k 5'", "no file or folder '--top-k 5'"), ("a -- b, a--b, x/--y", "a -- b, a--b, x/--y")])
def test_in_python(written: str, read: str) -> None:
    assert str(CharrnnError(written)) == written
    with speaking("python"):
        assert str(CharrnnError(written)) == read
        assert str(CharrnnError(str(CharrnnError(written)))) == read


def test_in_play() -> None:
    with speaking("play"):
        assert str(CharrnnError("--top-k 5 and --temp")) == "/top-k 5 and /temp"


def test_what_the_library_says() -> None:
    with speaking("python"):
        with pytest.raises(CharrnnError, match=r"unknown='fold' would read 'e' for 'é', unknown='skip' would leave"):
            readable("é✓", Vocabulary("e"))
        with pytest.raises(SettingsError, match=r"^momentum has no effect with optimizer='adam'; leave it out, or give "
                                                r"optimizer='sgd'$"):
            settings_of({"momentum": 0.5})
        with pytest.raises(SettingsError, match=r"^min_length=9 is more than length=5; "):
            SampleSettings(length=5, min_length=9)
