"""Floor 0: every default, bound and help text, once.

The commands build their options from these classes, checkpoints store them, the README prints them.
A frozen instance is always valid: its bounds are checked when it is made.
"""

import dataclasses
import difflib
import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from charrnn.errors import SettingsError

PRECISIONS = ("float32", "bf16")
# What becomes of what a model never saw; charrnn/text/readable.py does it.
UNKNOWN = ("error", "fold", "skip", "replace")


def setting(default: Any, help: str, *, low: Any = None, high: Any = None, choices: tuple[str, ...] = (),
            letter: str = "", metavar: str = "", fitted: bool = False, only_with: str = "") -> Any:
    """A dataclass field that carries its help text, bounds (both inclusive) and option letter in its metadata.

    metavar     stands for the value of free text in help
    fitted      `charrnn train` chooses a value that fits text and time, where none is given
    only_with   `optimizer sgd`: the setting has no use unless that one has one of those values
    """
    return field(default=default, metadata={"help": help, "low": low, "high": high, "choices": choices,
                                            "letter": letter, "metavar": metavar, "fitted": fitted,
                                            "only_with": only_with})


class Bounded:
    """Checks each field against the bounds in its metadata; shared by all the settings below."""

    def __post_init__(self) -> None:
        for spec in dataclasses.fields(self):  # type: ignore[arg-type]
            # frozen means for others: whatever kind of number came in, 16.0 or numpy's 16, a plain one is kept
            object.__setattr__(self, spec.name, _checked(spec, getattr(self, spec.name)))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Any:
        """The settings whose to_dict() is `values`; raises SettingsError for a name that does not exist."""
        known = {spec.name for spec in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for name in values:
            if name not in known:
                raise SettingsError(f"unknown setting {name!r}; {cls.__name__} has {', '.join(sorted(known))}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = dataclasses.asdict(self)  # type: ignore[call-overload]
        return values


def _checked(spec: Any, value: Any) -> Any:
    """The value, of the type of its bounds; raises SettingsError where it does not fit."""
    name, meta = spec.name, spec.metadata
    if value is None and spec.default is None:
        return None
    if isinstance(spec.default, tuple):
        return tuple(_checked_item(name, meta, item) for item in ([value] if _is_single(value) else value))
    if meta["choices"]:
        if value not in meta["choices"]:
            raise SettingsError(f"{name} is {value!r}; it must be one of {', '.join(meta['choices'])}")
        return value
    if isinstance(spec.default, bool):
        if not isinstance(value, bool):
            raise SettingsError(f"{name} is {value!r}; it must be True or False")
        return value
    if meta["low"] is None:
        return value  # free text
    return _checked_number(name, meta, value)


def _checked_number(name: str, meta: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or math.isnan(value):
        raise SettingsError(f"{name} is {value!r}; it must be a number")
    is_whole = isinstance(meta["low"], int)
    if is_whole and float(value) % 1 != 0:
        raise SettingsError(f"{name} is {value!r}; it must be a whole number")
    if value < meta["low"]:
        raise SettingsError(f"{name} is {value}; it must be at least {meta['low']}")
    if meta["high"] is not None and value > meta["high"]:
        raise SettingsError(f"{name} is {value}; it must be at most {meta['high']}")
    return int(value) if is_whole else float(value)  # type: ignore[call-overload]


def _is_single(value: Any) -> bool:
    return not isinstance(value, (tuple, list))


def _checked_item(name: str, meta: Mapping[str, Any], item: Any) -> Any:
    """One of several values: a number where there are bounds, else a text."""
    if meta["low"] is not None:
        return _checked_number(name, meta, item)
    if not isinstance(item, str):
        raise SettingsError(f"{name} has {item!r}; it must be text")
    return item


@dataclass(frozen=True)
class NetworkSettings(Bounded):
    """The shape of the network."""

    cell: str = setting("lstm", "kind of recurrent cell", choices=("rnn", "lstm", "gru", "peephole", "gru-original"))
    hidden: int = setting(256, "hidden units in a layer", low=1, high=8192, fitted=True)
    layers: int = setting(1, "layers, one on top of the other", low=1, high=16, fitted=True)
    embedding: int = setting(0, "width of a learned character embedding; 0 is one-hot input", low=0, high=8192)
    dropout: float = setting(0.1, "share of units silenced between layers and before the output", low=0.0, high=0.95,
                             fitted=True)
    recurrent_dropout: float = setting(0.0, "share of the weights from a step to the next silenced, anew for each "
                                            "window", low=0.0, high=0.95, fitted=True)
    learn_initial_state: bool = setting(False, "learn the state that a text begins with, in place of zero")


@dataclass(frozen=True)
class WindowSettings(Bounded):
    """How a text is cut into training windows."""

    windows: str = setting(
        "stream", "stream reads on with the state carried over; snippets start fresh at random places",
        choices=("stream", "snippets"))
    targets: str = setting("all", "predict after every character of a window, or only after its last",
                           choices=("all", "last"))
    window: int = setting(100, "characters in a window: how far the gradient reaches back", low=1, high=100_000,
                          fitted=True)
    batch: int = setting(16, "sequences side by side in one step", low=1, high=65_536, fitted=True)
    val_fraction: float | None = setting(
        None, "share of the text, at its end, kept for validation; 0 keeps none (default: 0.1, but at most 200,000 "
              "characters)", low=0.0, high=0.9)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.windows == "stream" and self.targets == "last":
            raise SettingsError("--targets last needs --windows snippets: a stream predicts every character")


@dataclass(frozen=True)
class TrainingSettings(Bounded):
    """How the network is trained, and for how long."""

    optimizer: str = setting("adam", "the rule that turns gradients into updates",
                             choices=("adam", "adamw", "rmsprop", "adagrad", "sgd"))
    lr: float | None = setting(None, "highest learning rate (default: one that fits cell and size)", low=0.0, high=10.0)
    warmup: float = setting(0.02, "share of the run over which the rate climbs to its highest", low=0.0, high=1.0)
    decay: str = setting("cosine", "how the rate falls after warm-up", choices=("cosine", "linear", "constant", "step",
                                                                             "exponential"))
    lr_end: float = setting(0.02, "rate at the end of cosine and linear, as a share of the highest", low=0.0, high=1.0,
                            only_with="decay cosine linear")
    decay_factor: float = setting(0.97, "what step and exponential multiply the rate by", low=0.0, high=1.0,
                                  only_with="decay step exponential")
    decay_every: int = setting(1, "epochs from one multiplication to the next", low=1, high=1_000_000,
                               only_with="decay step exponential")
    decay_after: int = setting(10, "epochs before the first multiplication", low=0, high=1_000_000,
                               only_with="decay step exponential")
    clip: float = setting(1.0, "largest norm of the whole gradient; 0 clips nothing", low=0.0, high=1e9)
    clip_value: float = setting(0.0, "largest value of each number of the gradient; 0 clips nothing", low=0.0, high=1e9)
    weight_decay: float = setting(0.01, "what weights lose of themselves, times the rate, in a step of adamw", low=0.0,
                                  high=100.0, only_with="optimizer adamw")
    momentum: float = setting(0.9, "what sgd keeps of its velocity from step to step", low=0.0, high=0.9999,
                              only_with="optimizer sgd")
    averaging: float = setting(0.0, "what a running average of the weights keeps of itself in a step; it is then "
                                    "validated and kept in their place; 0 averages nothing", low=0.0, high=0.99999,
                               fitted=True)
    epochs: float | None = setting(None, "passes over the text (default 10, more for a short text: 1,500 steps' worth)",
                                   low=0.0, high=1e9)
    minutes: float | None = setting(None, "time to train; the learning rate schedule fits itself to it",
                                    low=0.0, high=1e6)
    validations: int = setting(10, "times to measure the network on the validation part during a run", low=1,
                               high=1_000_000)
    patience: int = setting(0, "validations in a row without a new best that end the run; 0 waits to the end", low=0,
                            high=1_000_000)
    seed: int = setting(1337, "where every random draw comes from", low=0, high=2**63 - 1)
    precision: str = setting("float32", "numbers in the products: bf16 (bfloat16, sums in float32) trains half as fast "
                                        "again on processors that multiply it", choices=PRECISIONS, fitted=True)
    shards: int = setting(0, "parts a batch is cut into, one a thread; results depend on it; 0 is one a core, but one "
                             "for 4 sequences at most", low=0, high=1024)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.epochs is not None and self.minutes is not None:
            raise SettingsError("--epochs and --minutes contradict each other; give one of them")


@dataclass(frozen=True)
class RunSettings(Bounded):
    """What a run keeps of itself, beside `best` and `last`."""

    keep_last: int = setting(0, "checkpoints to keep of the last validations, named by their step", low=0,
                             high=1_000_000)


@dataclass(frozen=True)
class SampleSettings(Bounded):
    """How new text is drawn from a trained network: bias and ban first, then temp, top_k, top_p, min_p."""

    temp: float = setting(0.8, "below 1 plays safe, above 1 takes risks, 0 always takes the most likely", low=0.0,
                          high=100.0)
    temps: tuple[float, ...] = setting((), "a text at each of these temperatures, side by side, with the same luck",
                                       low=0.0, high=100.0, metavar="NUMBER,NUMBER...")
    top_k: int = setting(0, "draw only from the K most likely characters; 0 draws from all", low=0, high=1_114_112)
    top_p: float = setting(1.0, "of those, draw only from the fewest that make up this share of the probability",
                           low=0.0, high=1.0)
    min_p: float = setting(0.0, "of those, draw only from characters at least this many times as probable as the most "
                                "likely one", low=0.0, high=1.0)
    bias: tuple[str, ...] = setting((), "a character becomes likelier (+) or rarer (-) by so many nats; repeatable",
                                    metavar="CHAR=NUMBER")
    ban: tuple[str, ...] = setting((), "characters that are never written; repeatable", metavar="CHARS")
    clamp: tuple[str, ...] = setting(
        (), "steer: hold unit 24 of layer 1 at -1 (a value of tanh c, or of h in a cell without memory), at its mean "
            "and +2sd, or only while characters 100 to 200 are written; repeatable",
        metavar="L1:24=-1|+2sd[@100:200]")
    length: int = setting(500, "characters to write, at most; 0 writes on until it is stopped", low=0, high=10**12)
    min_length: int = setting(0, "characters before which neither a document ends nor --stop stops", low=0,
                              high=10**12)
    stop: tuple[str, ...] = setting((), "end before this text would be written; \\n and \\t are read as in Python; "
                                        "repeatable", metavar="TEXT")
    samples: int = setting(1, "texts to write, side by side; a line --- stands between them, unless each is one line",
                           low=1, high=100_000, letter="n")
    precision: str = setting("float32", "numbers in the products: bf16 writes faster", choices=PRECISIONS)
    seed: int | None = setting(None, "repeats a sample; without it every sample is new", low=0, high=2**63 - 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.temps and self.temp != SampleSettings.temp:
            raise SettingsError("--temp and --temps contradict each other; give one of them")
        if self.length and self.min_length > self.length:
            raise SettingsError(f"--min-length {self.min_length} is more than --length {self.length}; a text can't be "
                                "both")
        if "" in self.stop:
            raise SettingsError("--stop needs a text; an empty one stands everywhere")


@dataclass(frozen=True)
class CompleteSettings(Bounded):
    """Which continuations of a text are looked for, and how."""

    until: str = setting("word", "where a continuation ends: in front of what follows its first word, of the line's "
                                 "end, or at --length", choices=("word", "line", "length"))
    length: int | None = setting(None, "characters of a continuation, at most (default: 32 for a word, 60 for a line, "
                                       "10 for length)", low=1, high=10_000)
    count: int = setting(5, "continuations to show", low=1, high=1000, letter="k")
    beams: int = setting(16, "beginnings that are followed side by side", low=1, high=512)
    prove: int = setting(48, "steps to go back to beginnings that were left aside, so that nothing more probable is "
                             "missed; 0 is a plain beam search", low=0, high=10_000)

    @property
    def most(self) -> int:
        """The length that a continuation has at most."""
        return self.length or {"word": 32, "line": 60, "length": 10}[self.until]


@dataclass(frozen=True)
class PlaySettings(SampleSettings):
    """How continuations are drawn in a session of writing; all of them can be changed while it lasts."""

    temps: ClassVar[tuple[float, ...]] = ()  # type: ignore[misc]  # no field here: a continuation has one temperature
    length: int = setting(200, "characters of a continuation, at most; 0 writes on until Ctrl-C", low=0, high=10**12)
    samples: int = setting(4, "continuations to choose from after /branch", low=1, high=100, letter="n")
    seed: int | None = setting(None, "makes the same typed lines give the same text; the first continuation has this "
                                     "seed, each further one the next number", low=0, high=2**63 - 1)
    unknown: str = setting("error", "what the model never saw: refuse it, read another form of it, leave it out, or "
                                    "replace it; the text keeps it as you typed it", choices=UNKNOWN)


@dataclass(frozen=True)
class BenchSettings(Bounded):
    """How long speed is measured."""

    seconds: float = setting(0.4, "how long one process repeats what it times", low=0.001, high=600.0)
    rounds: int = setting(3, "times that everything is measured; the table shows medians", low=1, high=1000)
    precision: str = setting("float32", "numbers in our products", choices=PRECISIONS)


@dataclass(frozen=True)
class TextSettings(Bounded):
    """How a text is made ready: what is one document, what is one unit, and what is made alike."""

    documents: str | None = setting(
        None, "the text is many documents, one a line, one a blank-line paragraph, one a file, or with any other TEXT "
              "between them (\\n and \\t are read as in Python); each is read from the initial state",
        metavar="[line|blank|file|TEXT]")
    unit: str = setting("char", "what is read and predicted at a time: a character, a byte of UTF-8, a token between "
                                "spaces, or a word and what stands between words",
                        choices=("char", "byte", "token", "word"))
    normalize: str = setting("none", "Unicode form that the text is brought into", choices=("none", "NFC", "NFKC"))
    lowercase: bool = setting(False, "turn every letter into a small one")
    between: str | None = setting(
        None, "what is put between files, of a folder too (default: a new line where the file before does not end with "
              "one); \\n and \\t are read as in Python", metavar="TEXT")
    min_count: int = setting(1, "units that occur less often than this are read as one, U+FFFD, which is never written",
                              low=1, high=10**9)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.documents is not None and (not isinstance(self.documents, str) or not self.documents):
            raise SettingsError("--documents needs line, blank, file, or the text that stands between documents")
        if self.between is not None and not isinstance(self.between, str):
            raise SettingsError(f"between is {self.between!r}; it must be the text to put between files")
        if any("\ud800" <= character <= "\udfff" for character in self.between or ""):
            raise SettingsError(f"between is {self.between!r}, which is no UTF-8; give other text")
        if self.documents is not None and self.between is not None:
            raise SettingsError("--documents and --between contradict each other: a document ends where its file ends, "
                                "and nothing stands between; leave one of them out")
        if self.unit == "byte" and self.min_count > 1:
            raise SettingsError("--min-count has no use with --unit byte: there are 256 bytes and no more")

    @property
    def unit_name(self) -> str:
        """What one unit is called."""
        return "character" if self.unit == "char" else self.unit


@dataclass(frozen=True)
class ScoreSettings(Bounded):
    """How a text is read that is scored, and what is kept of it."""

    rows: int = setting(16, "parts that a long text is cut into, read side by side, each without a past: 16 as in "
                            "training's validation; 1 reads it in one go, a little better foretold and slower",
                        low=1, high=65_536)
    guesses: int = setting(5, "the model's likeliest characters to tell for each one", low=0, high=1_114_112)


@dataclass(frozen=True)
class ColourSettings(Bounded):
    """Colours in a terminal."""

    color: str = setting("auto", "colour the text: auto does it in a terminal, unless NO_COLOR is set",
                         choices=("auto", "always", "never"))
    color_depth: str = setting("auto", "how many colours there are: 16, 256, or all; auto asks the terminal",
                               choices=("auto", "16", "256", "24bit"))
    palette: str = setting("blue-vermilion", "the colours; all palettes fit any kind of colour vision",
                           choices=("blue-vermilion", "purple-green", "gray"))


@dataclass(frozen=True)
class InspectSettings(Bounded):
    """What a network is looked at with, and how much of it is told."""

    chars: int = setting(4000, "characters to read; of a text that is given, 0 reads all", low=0, high=10**7)
    top: int = setting(8, "cells in the table", low=1, high=100_000)
    lines: int = setting(16, "lines of text that --cell shows, where the cell varies most; 0 shows all", low=0,
                         high=10**7)
    signal: str | None = setting(
        None, "what --cell shows: h is the output, c the memory, the others are gates (default: c where there is one)",
        choices=("h", "c", "i", "f", "o", "g", "r", "z", "n"))
    sample: int = setting(0, "read so many characters that the network writes itself, instead of its corpus", low=0,
                          high=10**7)


@dataclass(frozen=True)
class PageSettings(Bounded):
    """What the page of charrnn inspect-cells --html carries."""

    html_cells: str = setting("128", "cells whose values --html holds, the most telling first; all holds all",
                              metavar="N|all")
    html_precision: str | None = setting(None, "bits of each of these values (default: 8, and 4 for all of many)",
                                         choices=("8", "4"))
    html_max_mb: float = setting(25.0, "megabytes that --html may take: above, values lose bits, then cells are left "
                                       "out", low=0.1, high=10**4)
    compress: bool = setting(True, "whether --html is compressed inside; browsers before 2023 can't unpack it")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.html_cells != "all" and not (self.html_cells.isascii() and self.html_cells.isdigit()):
            raise SettingsError(f"--html-cells {self.html_cells}: it is a number of cells, or all")

    @property
    def cells(self) -> int | None:
        """How many cells; None for all."""
        return None if self.html_cells == "all" else int(self.html_cells)


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

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """The settings by part; without `text` where the text is taken as it is, as before there was that part."""
        parts = {spec.name: getattr(self, spec.name).to_dict() for spec in dataclasses.fields(self)}
        if self.text == TextSettings():
            del parts["text"]
        return parts

    @classmethod
    def from_dict(cls, values: dict[str, dict[str, Any]]) -> "Settings":
        return cls(network=NetworkSettings.from_dict(values["network"]),
                   windows=WindowSettings.from_dict(values["windows"]),
                   training=TrainingSettings.from_dict(values["training"]),
                   text=TextSettings.from_dict(values.get("text", {})))


def settings_of(values: Mapping[str, Any]) -> Settings:
    """The settings whose fields, of whichever class, are `values`.

    Raises SettingsError for an unknown name, and for a value that has no use beside the others.
    """
    kinds = {"network": NetworkSettings, "windows": WindowSettings, "training": TrainingSettings, "text": TextSettings}
    names = {kind: {spec.name for spec in dataclasses.fields(kind)} for kind in kinds.values()}
    unknown = set(values).difference(*names.values())
    if unknown:
        known = sorted(set().union(*names.values()))
        nearest = difflib.get_close_matches(min(unknown), known, n=1)
        meant = f"did you mean {nearest[0]}" if nearest else f"there are {', '.join(known)}"
        raise SettingsError(f"unknown setting {min(unknown)!r}; {meant}")
    settings = Settings(**{part: kind(**{name: value for name, value in values.items() if name in names[kind]})
                           for part, kind in kinds.items()})
    for part in (settings.network, settings.windows, settings.training, settings.text):
        _refuse_idle(part, values)
    return settings


def _refuse_idle(part: Any, values: Mapping[str, Any]) -> None:
    """Raises SettingsError for one of `values` that is no default, and that does nothing as the part is."""
    for spec in dataclasses.fields(part):
        name, (other, *useful) = spec.name, spec.metadata["only_with"].split() or [""]
        if useful and name in values and values[name] != spec.default and getattr(part, other) not in useful:
            wanted = " or ".join(useful)
            raise SettingsError(f"--{name.replace('_', '-')} has no use with --{other} {getattr(part, other)}; leave "
                                f"it out, or give --{other} {wanted}")
