"""A text whose changes can be taken back: undoing everything is the beginning, redoing it the end."""

from hypothesis import given
from hypothesis import strategies as st

from charrnn.play.session import Change, TextHistory

CHANGES = st.lists(st.tuples(st.floats(0, 1), st.text(max_size=5), st.booleans()), max_size=12)


def made(changes: list[tuple[float, str, bool]]) -> tuple[TextHistory, list[str]]:
    """A history of these changes, each at that share of the text, and the different texts on the way."""
    history, texts = TextHistory(), [""]
    for share, new, is_written in changes:
        at = round(share * len(history.text))
        change = history.replace(at, new, is_written)
        assert history.text == texts[-1][:at] + new
        assert (change is None) == (history.text == texts[-1])
        if change is not None:
            assert change == history.last == Change(at, texts[-1][at:], new, is_written)
            texts.append(history.text)
    return history, texts


@given(CHANGES)
def test_all_the_way_back_and_forth(changes: list[tuple[float, str, bool]]) -> None:
    history, texts = made(changes)
    for text in reversed(texts[:-1]):
        assert history.undo() is not None
        assert history.text == text
    assert history.undo() is None
    assert (history.text, history.last) == ("", None)
    for text in texts[1:]:
        assert history.redo() is history.last is not None
        assert history.text == text
    assert history.redo() is None


@given(CHANGES, st.integers(0, 12), st.text(min_size=1, max_size=3))
def test_a_new_change_forgets_what_was_taken_back(changes: list[tuple[float, str, bool]], back: int, new: str) -> None:
    history, texts = made(changes)
    for _ in range(back):
        history.undo()
    history.replace(len(history.text), new)
    assert history.redo() is None
    assert history.text == texts[max(0, len(texts) - 1 - back)] + new


def test_what_changes_nothing_is_no_change() -> None:
    history = TextHistory()
    assert history.replace(0, "") is None
    history.replace(0, "abc")
    history.undo()
    assert history.replace(0, "") is None
    assert history.redo() == Change(0, "", "abc")
    assert history.replace(1, "bc") is None
    assert history.undo() == Change(0, "", "abc")
