"""Layer render: a scene as PNG, by Pillow, in the colours for a light page and at twice the size, for sharp screens."""

import importlib.util
import io
from typing import TYPE_CHECKING, Any

from charrnn.errors import SettingsError
from charrnn.render.plots.scene import COLOURS, SIZE, Mark, Scene, Stroke
from charrnn.render.plots.svg import LIGHT, RADIUS, corners_of

if TYPE_CHECKING:
    from PIL import ImageDraw

_SCALE, _FINER = 2, 3  # pixels a point, and how much finer is drawn, so that edges come out smooth
_INK = {"plain": "#1f2328", "faint": "#59636e", "grid": "#e3e6ea", "axis": "#59636e", "key-val": "#59636e",
        "key-train": "#59636e"}
_WIDTH = {"grid": 1.0, "axis": 1.0, "val": 2.4, "key-val": 2.4, "train": 1.2, "key-train": 1.2}
# Fonts that know many scripts, as systems name them; Pillow's own knows Latin letters.
_FONTS = ("DejaVuSans.ttf", "arial.ttf", "Arial.ttf", "Helvetica.ttc")


def check_installed() -> None:
    """Raises SettingsError where Pillow is not there, and says how to get it."""
    if importlib.util.find_spec("PIL") is None:
        raise SettingsError("a .png needs Pillow: pip install 'charrnn-numba[plot]'; a .svg needs nothing")


def png(scene: Scene) -> bytes:
    """The whole file."""
    from PIL import Image, ImageDraw

    size = round(scene.width * _SCALE), round(scene.height * _SCALE)
    image = Image.new("RGB", (size[0] * _FINER, size[1] * _FINER), "white")
    draw = ImageDraw.Draw(image)
    for stroke in scene.strokes:
        _stroke(draw, stroke)
    for mark in scene.marks:
        _mark(draw, mark)
    image = image.resize(size, Image.Resampling.LANCZOS)
    draw, font = ImageDraw.Draw(image), _font()
    for text in scene.texts:
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[text.anchor]
        # a font can't write the halves of a character that a file name may hold
        words = text.text.encode("utf-8", "replace").decode()
        draw.text((text.x * _SCALE, text.y * _SCALE), words, fill=_INK[text.role], font=font, anchor=anchor)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _stroke(draw: "ImageDraw.ImageDraw", stroke: Stroke) -> None:
    points = [(x * _SCALE * _FINER, y * _SCALE * _FINER) for x, y in stroke.points]
    draw.line(points, fill=_INK.get(stroke.role) or LIGHT[stroke.run % COLOURS], joint="curve",
              width=round(_WIDTH[stroke.role] * _SCALE * _FINER))


def _mark(draw: "ImageDraw.ImageDraw", mark: Mark) -> None:
    colour, size = LIGHT[mark.run % COLOURS], _SCALE * _FINER
    centre = mark.x * size, mark.y * size
    corners = corners_of(mark)
    if mark.is_hollow:
        draw.circle(centre, 2 * RADIUS * size, outline=colour, width=round(1.6 * size))
    elif corners:
        draw.polygon([(x * size, y * size) for x, y in corners], fill=colour)
    else:
        draw.circle(centre, RADIUS * size, fill=colour)


def _font() -> Any:
    from PIL import ImageFont

    for name in _FONTS:
        try:
            return ImageFont.truetype(name, SIZE * _SCALE)
        except OSError:
            continue
    return ImageFont.load_default(SIZE * _SCALE)
