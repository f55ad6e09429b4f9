"""Layer model: the Python interface: load, sample, complete and measure a trained network, or train one.

    import charrnn
    model = charrnn.train("corpus.txt", minutes=1)
    print(model.sample(300, prime="Once"))
    model = charrnn.load("checkpoints/corpus-lstm-1x256")
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from charrnn.completion.completer import Completer, Completion
from charrnn.engine.engines import open_engine
from charrnn.engine.interface import Engine
from charrnn.engine.threads import physical_cores
from charrnn.errors import SettingsError
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.passage import Passage, joined, of_text
from charrnn.inspection.results import Inspection
from charrnn.interchange.torch_module import torch_module
from charrnn.novelty.report import Novelty, novelty_of
from charrnn.runs.checkpoint import RUNS, Checkpoint, load_checkpoint, naming, resolve_checkpoint
from charrnn.runs.finetune import FineTuning
from charrnn.runs.run import Run
from charrnn.runs.trained_network import check_network
from charrnn.runs.training_text import ELSEWHERE, TrainingText, read_training_text
from charrnn.sampling.ensemble import EnsembleModel
from charrnn.sampling.session import LanguageModel, mark_id
from charrnn.scoring.score import Score, score_text
from charrnn.settings import RunSettings, ScoreSettings, settings_of
from charrnn.settings.presets import DEFAULT, merge_settings, preset_values
from charrnn.text.corpus import Corpus, read_corpus
from charrnn.text.documents import mark_of
from charrnn.text.model_input import model_input
from charrnn.text.windows import Text
from charrnn.training.auto_settings import automatic_settings
from charrnn.training.evaluation import Evaluation
from charrnn.training.events import Event

if TYPE_CHECKING:
    from torch import nn


class Model(LanguageModel):
    """A trained network with its vocabulary.

    settings     how it was made
    vocabulary   its characters
    corpus       what it was trained on: name, sources, characters, fingerprint
    progress     what its run had reached: steps, losses
    path         the checkpoint's file; None if it came from elsewhere
    mark         what stands for the end of a document; None if it was trained on a text without documents
    """

    def __init__(self, checkpoint: Checkpoint, path: Path | None = None, engine: str = "compiled",
                 device: str = "auto") -> None:
        settings, self.corpus, self.progress = checkpoint.settings, checkpoint.corpus, checkpoint.progress
        self.path = path
        vocabulary = check_network(checkpoint)
        opened = open_engine(engine, settings.network, len(vocabulary), threads=physical_cores(),
                             start=mark_id(mark_of(settings.text), vocabulary), device=device)
        opened.load(checkpoint.arrays)
        super().__init__(opened, settings, vocabulary)

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """Copies of the parameters, float32 arrays by name, in PyTorch's shapes and gate order."""
        return self.engine.parameters()

    def to_torch(self) -> "nn.Module":
        """The network as a PyTorch module, with copies of the parameters (charrnn.interchange.torch_module).

        Raises SettingsError for a cell that PyTorch does not have, or without PyTorch.
        """
        return torch_module(self.settings.network, self.parameters, len(self.vocabulary))

    def __repr__(self) -> str:
        return f"<Model of {self.corpus.name or 'a text'!r}: {self.settings.network}>"

    def complete(self, prefix: str, k: int = 5, *, unknown: str = "error", **options: Any) -> list[Completion]:
        """The `k` most probable continuations of `prefix` up to a word (until="line": a line, "length": a length).

        Completer.complete explains options, results and errors. To complete at each keystroke, keep a completer().
        """
        return self.completer().complete(prefix, k, unknown=unknown, **options)

    def completer(self) -> Completer:
        """Completes one text after the other and reads only what has changed; for one thread."""
        return Completer(self)

    def novelty(self, text: str | Sequence[str], corpus: str | Path | Corpus | None = None) -> Novelty:
        """How much of a text, or of several, stands word for word in the text that the model was trained on.

        corpus   where the training text is now, if it was moved, or that text itself

        Raises CorpusError if the training text can't be found, or the text is empty or too long (2,000,000 characters).
        """
        if not isinstance(corpus, Corpus):
            given = () if corpus is None else (str(corpus),)
            corpus = read_training_text(self.corpus, self.settings.text, self.path, given, advice=ELSEWHERE)
        return novelty_of(text, TrainingText.of(corpus, self.settings, self.corpus))

    def loss(self, text: str) -> float:
        """Mean nats per character (or unit) of `text`, measured as validation measures it.

        A long text is cut into up to 16 parts that are read side by side, each from the initial state. A text of
        documents is cut at their ends, which are predicted too.

        Raises VocabularyError for characters that the model never saw, CorpusError for a text shorter than 2, or
        without a document.
        """
        nats = Evaluation(self.engine, self._encoded(text), self.settings.windows.window,
                          self.settings.training.shards or 1).loss()
        assert nats is not None  # nobody asked it to stop
        return nats

    def passage(self, text: str | Sequence[str], count: int = 0, origin: str = "the text") -> Passage:
        """`text`, or its first `count` characters, as inspect() takes it; several texts are documents."""
        content = self._encoded(text) if isinstance(text, str) else joined(text, self.vocabulary, self.mark)
        return of_text(content, self.settings.text, self.vocabulary, count, origin)

    def inspect(self, passage: "Passage | str", features: Sequence[Feature] = (),
                signals: Sequence[str] | None = None) -> Inspection:
        """What the cells do while a text is read: recording, search, findings (charrnn.inspection.results).

        features   to search for beside the built-in ones, with a value for each place of the passage
        signals    to keep: h, c, and the gates; None keeps what the search needs
        """
        if isinstance(passage, str):
            passage = self.passage(passage)
        return Inspection(self.engine, passage, features, signals)

    def score(self, text: str, *, unknown: str = "error",
              on_read: Callable[[int, int], None] = lambda done, total: None, **options: Any) -> Score:
        """How well the model predicts `text`, character by character; its mean is what loss() gives.

        unknown   as in sample()
        on_read   is called with the number of characters read, and of all
        options   any field of ScoreSettings, as `charrnn score --help` explains it: predictions=5 keeps so many of the
                  most probable characters at each place, rows=1 reads the text in one go, cold=256 gives the loss of
                  such blocks too, adapt=True goes on learning while it reads (dynamic evaluation), from a copy: the
                  model stays as it is

        Raises VocabularyError and CorpusError as loss() does, SettingsError for bad numbers.
        """
        return score_text([self.engine], self.vocabulary, self.settings, text,
                          _score_settings(options, self.engine), unknown, on_read)

    def _encoded(self, text: str) -> Text:
        """The text's ids, as training would read it."""
        return model_input(text, self.settings.text, self.vocabulary).content


class Ensemble(EnsembleModel):
    """Several models that predict and write together: the probability of a character is the mean of theirs.

    sample(), samples(), draw(), stream() and score() are those of Model. Settings are those of the first.

    Raises SettingsError for models that do not read a text in the same way.
    """

    def score(self, text: str, *, unknown: str = "error",
              on_read: Callable[[int, int], None] = lambda done, total: None, **options: Any) -> Score:
        """How well they predict `text` together; as Model.score()."""
        engines = [model.engine for model in self.models]
        return score_text(engines, self.vocabulary, self.settings, text, _score_settings(options, *engines), unknown,
                          on_read)


def _score_settings(options: dict[str, Any], *engines: Engine) -> ScoreSettings:
    """Those of the options of score(), of which one had another name; one row on a GPU is refused."""
    if "guesses" in options:
        warnings.warn("guesses= is now predictions=", DeprecationWarning, stacklevel=3)
        options["predictions"] = options.pop("guesses")
    settings = ScoreSettings(**options)
    for device in {engine.device_name for engine in engines} - {""}:
        if settings.parts == 1:
            raise SettingsError(f"one row of text is read faster on a CPU than on {device}, which computes many at a "
                                "time; leave --engine torch out, or read the text in more rows")
    return settings


def load(path: str | Path | None = None, engine: str = "compiled", device: str = "auto") -> Model:
    """The model in a checkpoint file or a run's folder (its best moment), or by name or newest in ./checkpoints.

    engine, device   what scores texts, as in train(); a GPU helps with many rows

    Raises CheckpointError if there is none, or if it is damaged or no checkpoint of charrnn.
    """
    file = resolve_checkpoint(None if path is None else str(path))
    checkpoint = load_checkpoint(file)
    with naming(file):
        return Model(checkpoint, file, engine, device)


def train(*sources: str | Path, text: str | None = None, name: str | None = None, folder: str | Path = RUNS,
          threads: int | None = None, on_event: Callable[[Event], None] | None = None,
          preset: str = DEFAULT, init_from: str | Path | None = None, **settings: Any) -> Model:
    """Trains a network on files, folders or built-in texts ("@python-docs"), or on `text`; returns its best moment.

    name, folder   the run is kept in folder/name, which is new
    threads        threads to run on; results do not depend on it
    on_event       is called with everything that happens (charrnn.training.events)
    preset         settings that go together: "best", "char-rnn" and others; "default" fits text and time
    init_from      a run or a checkpoint whose parameters to start from
    settings       any field of NetworkSettings, TextSettings, WindowSettings, TrainingSettings or RunSettings:
                   cell="gru", minutes=1, engine="reference"

    Raises CorpusError for a text that cannot be used, SettingsError for a setting that does not exist or fit.
    """
    if (text is None) == (not sources):
        raise SettingsError("train() takes either the names of texts or text=..., and one of them")
    how = RunSettings(**{spec.name: settings.pop(spec.name) for spec in fields(RunSettings) if spec.name in settings})
    parent = None if init_from is None else FineTuning(resolve_checkpoint(str(init_from), "best", folder))
    inherited = parent.settings(settings, preset_values(preset)) if parent else {}
    # what contradicts is refused before anything is read
    early = settings_of(merge_settings(settings, inherited, preset_values(preset)))
    corpus = (read_corpus([str(source) for source in sources], settings=early.text) if text is None
              else Corpus.of(text, settings=early.text))
    corpus, chosen, _ = automatic_settings(settings, preset, corpus, inherited, how, threads)
    with Run.start(corpus, chosen, name, folder, threads, how, parent) as run:
        for event in run.events():
            if on_event is not None:
                on_event(event)
    return load(run.folder)
