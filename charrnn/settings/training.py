"""Layer settings: the settings of a training run: the network, the windows, the training itself, the text."""

import dataclasses
import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from charrnn.errors import SettingsError
from charrnn.settings.bounded import PRECISIONS, Bounded, refuse_unknown, setting
from charrnn.settings.text import TextSettings

# What of its settings may change when a run is resumed.
BUDGET = ("epochs", "minutes")
# The kinds of cells that can be named; cells/registry.py adds to them.
CELL_NAMES = ["rnn", "lstm", "gru", "mogrifier", "peephole", "gru-original"]


@dataclass(frozen=True)
class NetworkSettings(Bounded):
    """The shape of the network."""

    cell: str = setting("lstm", "kind of recurrent cell", choices=CELL_NAMES, group="Network", fitted=True)
    hidden: int = setting(256, "hidden units in a layer", low=1, high=8192, fitted=True)
    layers: int = setting(1, "layers", low=1, high=16, fitted=True)
    embedding: int = setting(0, "width of a learned character embedding; 0 is one-hot input", low=0, high=8192)
    dropout: float = setting(0.1, "share of units dropped between layers and before the output", low=0.0, high=0.95,
                             fitted=True)
    recurrent_dropout: float = setting(0.0, "share of the recurrent weights dropped, drawn for each window",
                                       low=0.0, high=0.95, fitted=True)
    label_width: int = setting(0, "numbers that a text's label adds to the input at each step; the text decides it",
                               low=0, high=65_536, decided=True)
    learn_initial_state: bool = setting(False, "learn the state that a text begins with; otherwise it is zero")
    encoder: str = setting("shared", "what reads the source of --pairs; shared: the layers that write the target; own: "
                                     "separate layers, from whose last state the others start",
                           choices=("shared", "own"), is_later=True)

    @property
    def has_encoder(self) -> bool:
        """Whether sources are read by layers of their own."""
        return self.encoder == "own"


@dataclass(frozen=True)
class WindowSettings(Bounded):
    """How a text is cut into training windows."""

    windows: str = setting(
        "stream", "stream carries the state from window to window; snippets start anywhere, from the initial state",
        choices=("stream", "snippets"), group="Windows")
    targets: str = setting("all", "predict after every character of a window, or only after its last",
                           choices=("all", "last"))
    window: int = setting(100, "characters in a window: how far back the gradient reaches", low=1, high=100_000,
                          fitted=True)
    batch: int = setting(16, "sequences side by side in one step", low=1, high=65_536, fitted=True)
    val_fraction: float | None = setting(
        None, "share of the text kept for validation; 0 keeps none (default: 0.1, but at most 200,000 characters)",
        low=0.0, high=0.9)
    val_from: str = setting("end", "where the text for validation comes from: the end of the whole text, or of each "
                                   "file (short files are taken together)", choices=("end", "files"), fitted=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.windows == "stream" and self.targets == "last":
            raise SettingsError("--targets last needs --windows snippets: a stream predicts every character")


@dataclass(frozen=True)
class TrainingSettings(Bounded):
    """How the network is trained, and for how long."""

    optimizer: str = setting("adam", "the rule that turns gradients into updates",
                             choices=("adam", "adamw", "rmsprop", "adagrad", "sgd"), group="Optimizer and rate",
                             fitted=True)
    lr: float | None = setting(None, "highest learning rate (default: one that fits cell and size)", low=0.0, high=10.0)
    warmup: float = setting(0.02, "share of the run in which the learning rate rises to its highest", low=0.0, high=1.0)
    decay: str = setting("cosine", "how the learning rate falls after the warmup", choices=(
        "cosine", "linear", "constant", "step", "exponential"))
    lr_end: float = setting(0.02, "learning rate at the end of cosine and linear, as a share of the highest", low=0.0,
                            high=1.0, only_with="decay cosine linear")
    decay_factor: float = setting(0.97, "factor of step and exponential decay", low=0.0, high=1.0,
                                  only_with="decay step exponential")
    decay_every: int = setting(1, "epochs between two decays", low=1, high=1_000_000,
                               only_with="decay step exponential")
    decay_after: int = setting(10, "epochs before the first decay", low=0, high=1_000_000,
                               only_with="decay step exponential")
    clip: float = setting(1.0, "clip the norm of the gradient at this; 0: do not clip", low=0.0, high=1e9,
                          group="Gradient and weights")
    clip_value: float = setting(0.0, "clip each number of the gradient at this; 0: do not clip", low=0.0, high=1e9)
    beta1: float = setting(0.9, "decay of Adam's running mean of gradients", low=0.0,
                           high=0.9999, only_with="optimizer adam adamw", fitted=True)
    beta2: float = setting(0.999, "decay of Adam's running mean of squared gradients",
                           low=0.0, high=0.99999, only_with="optimizer adam adamw", fitted=True)
    weight_decay: float = setting(0.01, "share of each weight that adamw subtracts in a step, times the learning "
                                       "rate", low=0.0, high=100.0, only_with="optimizer adamw",
                                 fitted=True)
    momentum: float = setting(0.9, "momentum of sgd", low=0.0, high=0.9999,
                              only_with="optimizer sgd")
    averaging: float = setting(0.0, "decay of a running average of the weights, which is then validated and "
                                    "saved in their place; 0: no averaging", low=0.0, high=0.99999,
                               fitted=True)
    epochs: float | None = setting(None, "passes over the text (default: 10; more for a short text, to make 1,500 "
                                         "steps)", low=0.0, high=1e9, group="Length of the run")
    minutes: float | None = setting(None, "minutes to train; the learning rate schedule follows the time; with "
                                          "--epochs too, whichever ends first", low=0.0, high=1e6)
    validations: int = setting(10, "validations during the run", low=1, high=1_000_000)
    patience: int = setting(0, "stop after this many validations without improvement; 0: never", low=0, high=1_000_000)
    seed: int = setting(1337, "seed of every random draw", low=0, high=2**63 - 1, group="Seed and speed")
    precision: str = setting("float32", "numbers in matrix products: bf16 (bfloat16, summed in float32) trains about "
                                        "1.5 times as fast where the processor supports it", choices=PRECISIONS,
                             fitted=True)
    shards: int = setting(0, "parts of a batch, each trained on a thread of its own; results depend on it; 0: one per "
                             "core, with at least 4 sequences each", low=0, high=1024)


@dataclass(frozen=True)
class EngineSettings(Bounded):
    """What computes a network."""

    engine: str = setting("compiled", "what computes the network: kernels for speed; a readable NumPy reference in "
                                      "float64, for small networks; or PyTorch, for GPUs; results agree to rounding",
                          choices=("compiled", "reference", "torch"))
    device: str = setting("auto", "where PyTorch computes it; auto: on a GPU if there is one",
                          choices=("auto", "cpu", "cuda", "mps"), only_with="engine torch")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.device != "auto" and self.engine != "torch":
            raise SettingsError(f"--device {self.device} has no effect with --engine {self.engine}; leave it out, or "
                                "give --engine torch")


@dataclass(frozen=True)
class RunSettings(EngineSettings):
    """How a run is computed and what it keeps beside `best` and `last`: what is not part of its checkpoints."""

    max_size: float = setting(0.0, "gigabytes of text to read at most, counted after decompression; a longer text is "
                                   "rejected, one in the cache is not counted again (0: no limit)", low=0.0, high=1e9,
                              metavar="GB", group="Files and samples")
    keep_last: int = setting(0, "keep the checkpoints of this many last validations too, named by their step", low=0,
                             high=1_000_000, group="Files and samples")
    tensorboard: bool = setting(False, "also write the losses and the learning rate for TensorBoard, into the run's "
                                       "folder", group="Files and samples")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tensorboard and importlib.util.find_spec("tensorboardX") is None:
            raise SettingsError("--tensorboard needs tensorboardX: pip install 'charrnn-numba[tensorboard]'; without "
                                "it, charrnn plot draws the same curves")


@dataclass(frozen=True)
class Settings:
    """Everything that decides a training run, apart from the text itself."""

    network: NetworkSettings = field(default_factory=NetworkSettings)
    windows: WindowSettings = field(default_factory=WindowSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    text: TextSettings = field(default_factory=TextSettings)

    def __post_init__(self) -> None:
        if self.text.documents is not None and self.windows.windows == "snippets":
            raise SettingsError("--documents and --windows snippets contradict each other: a document is read whole, "
                                "from its start; leave one of them out")
        if self.text.documents is not None and self.windows.val_from == "files":
            raise SettingsError("--documents and --val-from files contradict each other: whole documents are kept for "
                                "validation; leave one of them out")
        if self.network.has_encoder and not self.text.pairs:
            raise SettingsError("--encoder own reads the sources of pairs, and has no effect without --pairs; leave it "
                                "out, or give --pairs")

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """The settings by part; without `text` where the text is taken as it is, as before there was that part."""
        parts = {spec.name: getattr(self, spec.name).to_dict() for spec in dataclasses.fields(self)}
        if self.text == TextSettings():
            del parts["text"]
        return parts

    @classmethod
    def from_dict(cls, values: dict[str, dict[str, Any]]) -> "Settings":
        values = {"text": {}, **values}
        return cls(**{part: kind.from_dict(values[part]) for part, kind in PARTS.items()})


PARTS: dict[str, Any] = {"network": NetworkSettings, "windows": WindowSettings, "training": TrainingSettings,
                         "text": TextSettings}


def refuse_changes(names: Iterable[str]) -> None:
    """Raises SettingsError for the first of `names`, none of which may change when a run is resumed."""
    for name in names:
        raise SettingsError(f"--{name.replace('_', '-')} can't change when a run is resumed; leave it out, or start a "
                            "new run")


def settings_of(values: Mapping[str, Any]) -> Settings:
    """The settings whose fields, of whichever class, are `values`.

    Raises SettingsError for an unknown name, and for a value that has no effect beside the others.
    """
    names = {kind: {spec.name for spec in dataclasses.fields(kind)} for kind in PARTS.values()}
    refuse_unknown(values, set().union(*names.values()))
    settings = Settings(**{part: kind(**{name: value for name, value in values.items() if name in names[kind]})
                           for part, kind in PARTS.items()})
    for part in PARTS:
        _refuse_unused(getattr(settings, part), values)
    return settings


def _refuse_unused(part: Any, values: Mapping[str, Any]) -> None:
    """Raises SettingsError for one of `values` that would have no effect beside the others of its part."""
    for spec in dataclasses.fields(part):
        name, (other, *useful) = spec.name, spec.metadata["only_with"].split() or [""]
        if useful and name in values and values[name] != spec.default and getattr(part, other) not in useful:
            wanted = " or ".join(useful)
            raise SettingsError(f"--{name.replace('_', '-')} has no effect with --{other} {getattr(part, other)}; "
                                f"leave it out, or give --{other} {wanted}")
