"""Layer cli: `charrnn plot`: the losses of runs in one picture, in the terminal or in a file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from charrnn.cli.checkpoints import find_checkpoint, offer_checkpoints
from charrnn.cli.options import GroupedCommand, option
from charrnn.errors import CheckpointError, SettingsError

if TYPE_CHECKING:
    from charrnn.render.plots.curves import Curves

_AXES = ("epochs", "steps", "minutes", "characters")
_HEIGHT = 20  # lines of the drawing


@click.command(cls=GroupedCommand)
@click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=offer_checkpoints)
@option("-o", "--output", metavar="FILE", help="write the picture to FILE.svg, or to FILE.png (needs the extra "
                                               "`plot`), instead of the terminal")
@option("--x", "axis", type=click.Choice(_AXES), default=_AXES[0], show_default=True,
        help="the horizontal axis; minutes are those spent in training")
@option("--log", "is_log", is_flag=True, help="logarithmic axis for the losses")
@option("--bits", "in_bits", is_flag=True, help="losses in bits instead of nats")
def plot(runs: tuple[str, ...], output: str | None, axis: str, is_log: bool, in_bits: bool) -> None:
    """Draw the training and validation losses of each RUN (a name, a run's folder or a checkpoint) in one picture.

    Without RUN it draws the newest run in ./checkpoints; if there is none, @shakespeare, which comes with charrnn.
    A run may still be training.
    """
    from charrnn.render.plots.picture_file import check_picture_name, write_picture

    if output is not None:
        check_picture_name(output)
    curves, unit = _read(runs, axis, is_log, in_bits)
    if output is not None:
        from charrnn.render.plots.scene import scene

        write_picture(scene(curves, axis, unit, is_log), output)
        print(output)
        return
    from charrnn.render.plots.terminal import legend, picture
    from charrnn.render.screen import screen_for

    screen = screen_for()
    screen.show([*picture(curves, axis, unit, screen.width, _HEIGHT, screen.style, is_log), "",
                 *legend(curves, axis, screen.width, screen.style)])


def _read(runs: Sequence[str], axis: str, is_log: bool, in_bits: bool) -> "tuple[list[Curves], str]":
    """The curves of all runs, and what their losses are in; raises CheckpointError for one that has none."""
    from charrnn.render.plots.curves import read_curves
    from charrnn.render.plots.terminal import MOST

    paths = list(dict.fromkeys(find_checkpoint(run, "last") for run in runs or (None,)))
    if len(paths) > MOST:
        raise SettingsError(f"{len(paths)} runs are too many for one picture; name at most {MOST}")
    curves, unit = read_curves(paths, axis, in_bits)
    for path, run in zip(paths, curves, strict=True):
        if not run.main:
            raise CheckpointError(f"{path} has no losses to draw yet; wait for the first validation of its run")
        if is_log and min(loss for _, loss in (*run.train, *run.val)) <= 0:
            raise SettingsError(f"{path} has a loss of 0, for which a logarithmic axis has no place; leave out --log")
    return curves, unit
