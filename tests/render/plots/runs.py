"""Curves as they may come: of any length, any height, and with any name."""

from hypothesis import strategies as st

from charrnn.render.plots.curves import Curves, Place

losses = st.floats(1e-3, 1e4)
names = st.text(min_size=1, max_size=60)


@st.composite
def curves(draw: st.DrawFn) -> Curves:
    """A run with at least one loss."""
    def curve(least: int) -> list[Place]:
        gaps = draw(st.lists(st.floats(1e-3, 1e3), min_size=least, max_size=8))
        return [(sum(gaps[:n + 1]), draw(losses)) for n in range(len(gaps))]

    train, val = curve(1), curve(0)
    return Curves(draw(names), train, val, min(val or train, key=lambda place: place[1]))


some_runs = st.lists(curves(), min_size=1, max_size=12)
ONE = Curves("one", [(0.5, 4.0), (1.0, 3.0), (2.0, 2.0), (3.0, 1.5), (4.0, 1.0)],
             [(1.0, 3.5), (2.0, 3.0), (3.0, 2.75), (4.0, 3.25)], (3.0, 2.75))
TWO = Curves("two", [(1.0, 3.0), (2.0, 2.5)], [(2.0, 2.75)], (2.0, 2.75))
