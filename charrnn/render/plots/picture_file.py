"""Layer render: a scene written to a file, as SVG or PNG."""

from pathlib import Path

from charrnn.errors import SettingsError
from charrnn.render.plots.scene import Scene
from charrnn.storage.files import write_atomic

_KINDS = (".svg", ".png")


def check_picture_name(output: str) -> None:
    """Raises SettingsError for a file that can't be written as a picture."""
    kind = Path(output).suffix.lower()
    if kind not in _KINDS:
        raise SettingsError(f"--output {output} should end in {' or '.join(_KINDS)}: these can be written")
    if kind == ".png":
        from charrnn.render.plots.png import check_installed

        check_installed()


def write_picture(scene: Scene, output: str) -> None:
    """Writes the picture, in the format that the file's ending names."""
    if Path(output).suffix.lower() == ".svg":
        from charrnn.render.plots.svg import svg

        write_atomic(output, svg(scene).encode())
    else:
        from charrnn.render.plots.png import png

        write_atomic(output, png(scene))
