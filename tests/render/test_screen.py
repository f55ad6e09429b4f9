"""When there are colours, and how many: every mixture of what a user and a terminal can say."""

import io
import itertools

import pytest

from charrnn.render.screen import depth_of, has_colour, screen_for
from charrnn.settings import ColourSettings

MATRIX = [*itertools.product(
    ("auto", "always", "never"), (None, "", "1"),
    (None, ("FORCE_COLOR", ""), ("FORCE_COLOR", "1"), ("CLICOLOR_FORCE", "1")),
    (None, "dumb", "xterm-256color"), (True, False))]


class Stream(io.StringIO):
    def __init__(self, is_terminal):
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self):
        return self.is_terminal


def test_what_comes_first():
    for case in MATRIX:
        when, no_color, force, terminal, is_terminal = case
        environ = {} if terminal is None else {"TERM": terminal}
        if no_color is not None:
            environ["NO_COLOR"] = no_color
        if force is not None:
            environ[force[0]] = force[1]
        said = [
            {"always": True, "never": False}.get(when),
            False if no_color == "1" else None,
            True if force is not None and force[1] else None,
            False if terminal == "dumb" else None,
            is_terminal,
        ]
        first = next(answer for answer in said if answer is not None)
        assert has_colour(when, Stream(is_terminal), environ) is first, case


def test_no_stream_is_no_terminal():
    assert not has_colour("auto", None, {})
    assert has_colour("always", None, {})


@pytest.mark.parametrize(("environ", "depth"), [
    ({}, "16"), ({"TERM": "xterm"}, "16"), ({"TERM": "dumb"}, "16"), ({"TERM": "xterm-256color"}, "256"),
    ({"TERM": "screen.xterm-256color"}, "256"), ({"TERM": "xterm-direct"}, "24bit"),
    ({"TERM": "xterm-truecolor"}, "24bit"), ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "24bit"),
    ({"TERM": "xterm", "COLORTERM": "24bit"}, "24bit"), ({"TERM": "xterm", "COLORTERM": "yes"}, "16"),
    ({"TERM": "xterm", "TERM_PROGRAM": "Apple_Terminal"}, "256"), ({"WT_SESSION": "c0ffee"}, "24bit"),
    ({"TERM": "xterm-256color", "COLORTERM": ""}, "256")])
def test_how_many_colours(environ, depth):
    assert depth_of(environ) == depth


@pytest.mark.parametrize(("encoding", "terminal", "plain", "has_braille"), [
    ("utf-8", "xterm", False, True), ("utf-8", "linux", False, False), ("utf-8", "dumb", False, False),
    ("ascii", "xterm", True, False), ("nonsense", "xterm", True, False)])
def test_what_standard_output_can_show(monkeypatch, encoding, terminal, plain, has_braille):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(Terminal, "encoding", encoding)
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setenv("TERM", terminal)
    monkeypatch.setenv("COLUMNS", "70")
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLORTERM", "WT_SESSION", "TERM_PROGRAM"):
        monkeypatch.delenv(name, raising=False)
    screen = screen_for()
    assert (screen.plain, screen.has_braille, screen.width) == (plain, has_braille, 70)
    assert screen.depth == (None if terminal == "dumb" else "16")
    assert screen.style.is_braille == has_braille
    assert screen.style.has_colour == (screen.depth is not None)
    never, deep = (screen_for(ColourSettings(**settings)) for settings in (
        {"color": "never"}, {"color": "always", "color_depth": "256"}))
    assert (never.depth, never.style.has_colour) == (None, False)
    assert deep.depth == "256"
