"""Layer live: the live page: one HTML file with a network that reads and writes in the browser, and loads nothing.

The template, the styles, the scripts and kernels.wasm are in assets/. Scripts are joined as they are: those of
NETWORK run in a worker, those of PAGE in the page.
"""

from dataclasses import replace
from importlib.resources import files

from charrnn import __version__
from charrnn.errors import SettingsError
from charrnn.live.packing import json_in_html
from charrnn.live.payload import LiveContent, check_runnable, payload
from charrnn.sampling.session import LanguageModel
from charrnn.settings import LivePageSettings
from charrnn.settings.live import LEAST_BITS

# Those that every page has, that of inspect-cells too.
SHARED_STYLES = ("palette.css", "levels.css")
SHARED = ("elements.js", "characters.js", "levels.js", "unpack.js")
STYLES = ("live.css",)
# In the order in which they use each other; each group shares one scope.
NETWORK = ("unpack.js", "arithmetic.js", "cells.js", "network.js", "draw.js", "reading.js", "writing.js", "serve.js")
PAGE = ("units.js", "labels.js", "state.js", "client.js", "editor.js", "predictions.js", "cell.js",
        "map.js", "write.js", "pair.js", "main.js")
MEGABYTE = 1_000_000
_FRAME = 150_000  # bytes of a page without weights, roughly


def live_page(model: LanguageModel, content: LiveContent, settings: LivePageSettings) -> bytes:
    """The bytes of the page.

    Raises SettingsError for a cell that the page does not know, and for a page that would be too large; it says then
    what would fit.
    """
    check_runnable(model)
    page = document(model, content, settings.precision)
    if len(page) > settings.max_mb * MEGABYTE:
        raise SettingsError(_too_large(model, content, settings, len(page)))
    return page


def _too_large(model: LanguageModel, content: LiveContent, settings: LivePageSettings, size: int) -> str:
    """How large the page is, and what would fit."""
    said = f"the page takes {size / MEGABYTE:.1f} MB, more than --max-mb {settings.max_mb:g}"
    without = len(document(model, replace(content, text="", cells=()), settings.precision))
    if without <= settings.max_mb * MEGABYTE:
        return f"{said}, and {without / MEGABYTE:.1f} MB without its text; give a shorter --text, or allow more"
    smaller = size
    for bits in range(settings.precision - 1, LEAST_BITS - 1, -1):
        smaller = len(document(model, content, bits))
        if smaller <= settings.max_mb * MEGABYTE:
            return f"{said}; --precision {bits} makes it {smaller / MEGABYTE:.1f} MB, or allow more"
    network = model.settings.network
    # nearly all weights are recurrent: their number grows with the square of the units
    units = int(network.hidden * ((settings.max_mb * MEGABYTE - _FRAME) / (smaller - _FRAME)) ** 0.5)
    return (f"{said}, and {smaller / MEGABYTE:.1f} MB with --precision {LEAST_BITS}; allow more, or train a smaller "
            f"network: with that precision {network.layers} x {units} units would fit")


def document(model: LanguageModel, content: LiveContent, bits: int) -> bytes:
    """The page, however large, with `bits` for each weight."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    network = model.settings.network
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
                           keep_trailing_newline=True).from_string(_read("page.html"))
    layers = f"{network.layers} layers" if network.layers > 1 else "1 layer"
    text = template.render(
        name=content.name, version=__version__,
        styles=Markup("\n".join([shared_styles(), styles(), _read("page.css")])),
        facts=f"{network.cell}, {layers} of {network.hidden:,} units, {len(model.vocabulary):,} "
              f"{model.vocabulary.kind}s",
        model=Markup(json_in_html(payload(model, content, bits))),
        script=Markup("\n".join([shared_script(), script(), _read("page.js")])))
    # a name may have half of a surrogate pair; the page shows a question mark
    return text.encode("utf-8", "replace")


def shared_styles() -> str:
    """The styles of every page: its colours."""
    return _joined(SHARED_STYLES)


def shared_script() -> str:
    """The scripts that those of every page use."""
    return _joined(SHARED)


def styles() -> str:
    """The styles of the live part."""
    return _joined(STYLES)


def script() -> str:
    """The scripts of the live part, which use the shared ones; mountLive() puts it into an element."""
    return f"function networkCode(port) {{\n{_joined(NETWORK)}\nserve(port);\n}}\n{_joined(PAGE)}"


def _joined(names: tuple[str, ...]) -> str:
    return "\n".join(_read(name) for name in names)


def _read(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")
