"""Layer inspection: the page itself: one HTML file with its look, its behaviour and its data inside, and nothing
fetched.

The template, the styles and the scripts lie beside this file; there is no build step, they are joined as they are.
"""

from collections.abc import Sequence
from importlib.resources import files

from charrnn.inspection.page.data import PageData
from charrnn.inspection.page.payload import payload

STYLES = ("page.css", "text.css", "views.css", "print.css")
# In the order in which they use each other; all of them share one scope.
SCRIPTS = ("elements.js", "data.js", "state.js", "levels.js", "ranking.js", "hint.js", "text.js", "table.js",
           "heatmap.js", "strip.js", "cards.js", "drawer.js", "search.js", "chart.js", "gates.js", "memory.js",
           "surprise.js", "about.js", "save.js", "keys.js", "main.js")


def document(data: PageData, cells: int, bits: int, compress: bool = True, notes: Sequence[str] = ()) -> bytes:
    """The whole file, with the values of the first `cells` chosen cells, `bits` (8 or 4) each."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
                           keep_trailing_newline=True).from_string(_read("page.html"))
    text = template.render(model=data.model, source=data.source, styles=Markup(_joined(STYLES)),
                           script=Markup(_joined(SCRIPTS)), data=Markup(payload(data, cells, bits, compress, notes)))
    # what is no character (half of a pair) may stand in a name of a file; the page shows a question mark
    return text.encode("utf-8", "replace")


def _joined(names: Sequence[str]) -> str:
    return "\n".join(_read(name) for name in names)


def _read(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")
