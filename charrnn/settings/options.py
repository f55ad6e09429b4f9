"""Layer settings: the settings as keyword arguments of the Python interface, for editors and type checkers.

A test compares them with the classes of the settings, field by field.
"""

from pathlib import Path
from typing import Literal, TypedDict


class NetworkOptions(TypedDict, total=False):
    """The fields of NetworkSettings."""

    cell: Literal["rnn", "lstm", "gru", "mogrifier", "peephole", "gru-original"]
    hidden: int
    layers: int
    embedding: int
    dropout: float
    recurrent_dropout: float
    learn_initial_state: bool
    encoder: Literal["shared", "own"]


class TextOptions(TypedDict, total=False):
    """The fields of TextSettings."""

    documents: str | None
    labels: Literal["column", "path", "numbers"]
    pairs: bool
    unit: Literal["char", "byte", "token", "word"]
    normalize: Literal["none", "NFC", "NFKC"]
    lowercase: bool
    between: str | None
    min_count: int


class WindowOptions(TypedDict, total=False):
    """The fields of WindowSettings."""

    windows: Literal["stream", "snippets"]
    targets: Literal["all", "last"]
    window: int
    batch: int
    val_fraction: float | None
    val_from: Literal["end", "files"]


class TrainingOptions(TypedDict, total=False):
    """The fields of TrainingSettings."""

    optimizer: Literal["adam", "adamw", "rmsprop", "adagrad", "sgd"]
    lr: float | None
    warmup: float
    decay: Literal["cosine", "linear", "constant", "step", "exponential"]
    lr_end: float
    decay_factor: float
    decay_every: int
    decay_after: int
    clip: float
    clip_value: float
    beta1: float
    beta2: float
    weight_decay: float
    momentum: float
    averaging: float
    epochs: float | None
    minutes: float | None
    validations: int
    patience: int
    seed: int
    precision: Literal["float32", "bf16"]
    shards: int


class RunOptions(TypedDict, total=False):
    """The fields of RunSettings."""

    engine: Literal["compiled", "reference", "torch"]
    device: Literal["auto", "cpu", "cuda", "mps"]
    keep_last: int
    max_size: float
    tensorboard: bool


class CompleteOptions(TypedDict, total=False):
    """The fields of CompleteSettings but `count`, which is an argument."""

    until: Literal["word", "line", "length"]
    length: int | None
    beams: int
    prove: int


class ScoreOptions(TypedDict, total=False):
    """The fields of ScoreSettings."""

    rows: int | None
    predictions: int
    cold: int
    adapt: bool
    adapt_rate: float


class TrainOptions(NetworkOptions, TextOptions, WindowOptions, TrainingOptions, RunOptions, total=False):
    """What train() takes by name beside its arguments.

    preset      settings that go together, over which given ones win
    init_from   a run or a checkpoint whose parameters to begin with
    threads     threads to run on; results do not depend on it
    """

    preset: Literal["default", "quick", "best", "min-char-rnn", "char-rnn", "torch-rnn"]
    init_from: str | Path | None
    threads: int | None
