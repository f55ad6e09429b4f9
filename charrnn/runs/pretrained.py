"""Layer runs: the models that come with charrnn, so that every command works before anything was trained."""

from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import SettingsError

FOLDER = Path(__file__).parents[1] / "pretrained"


@dataclass(frozen=True)
class Pretrained:
    """A model that comes with charrnn.

    file      its checkpoint
    unseen    the name of a text like the one it learned, which it never saw: to be inspected on where none is given
    """

    file: Path
    unseen: str


PRETRAINED = {"@shakespeare": Pretrained(FOLDER / "shakespeare.safetensors", "@hamlet")}
# What is used where no model is named, and none was trained.
USUAL = "@shakespeare"


def refuse_pretrained(name: str) -> None:
    """Raises SettingsError for the name of such a model where a run to resume is wanted."""
    if name in PRETRAINED:
        raise SettingsError(f"{name} comes with charrnn and is not a run that can be resumed; start a new one from it "
                            f"with --init-from {name!r}")


def pretrained_at(path: Path) -> Pretrained | None:
    """The model whose checkpoint is at `path`; None for one that did not come with charrnn."""
    return next((model for model in PRETRAINED.values() if model.file == path), None)
