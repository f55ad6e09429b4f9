"""Layer render: a picture of how good targets are: by the length of their sources."""

from collections.abc import Sequence

from charrnn.completion.translator import LengthErrors
from charrnn.render.plots.panels import Panel, panels_scene
from charrnn.render.plots.scale import Scale
from charrnn.render.plots.scene import Scene
from charrnn.render.wording import counted


def lengths_scene(groups: Sequence[LengthErrors]) -> Scene:
    """Two fields: the share of targets that are right, and the errors in their characters, in percent."""
    right = [(group.length, 100 * group.errors.accuracy) for group in groups]
    edits = [(group.length, 100 * group.errors.character_error_rate) for group in groups]
    xs = Scale.around((length for length, _ in right), margin=0.04)
    panels = [Panel("right", "characters of the source", "% of the targets", xs, Scale(0.0, 100.0), [right]),
              Panel("errors", "characters of the source", "% of the characters", xs,
                    Scale(0.0, 1.1 * max(1.0, *(share for _, share in edits))), [edits])]
    pairs = sum(group.errors.pairs for group in groups)
    return panels_scene("Targets by the length of the source", panels, [counted(pairs, "pair")])
