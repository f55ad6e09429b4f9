"""Layer model: the Python interface: load, sample, complete and measure a trained network, or train one.

    import charrnn
    model = charrnn.train("corpus.txt", minutes=1)
    print(model.sample(300, prime="Once"))
    model = charrnn.load("checkpoints/corpus-lstm-1x256")
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from charrnn.completion.completer import Completer, Completion
from charrnn.completion.translator import Translator
from charrnn.engine.engines import open_engine
from charrnn.engine.initial import parameter_shapes
from charrnn.engine.interface import Engine
from charrnn.engine.ranks import this_rank
from charrnn.engine.threads import physical_cores
from charrnn.errors import SettingsError, shortened
from charrnn.inspection.features.feature import Feature
from charrnn.inspection.passage import Passage, joined, of_text
from charrnn.inspection.results import Inspection
from charrnn.interchange.torch_module import torch_module
from charrnn.novelty.report import Novelty, novelty_of
from charrnn.render.training_bar import TrainingBar
from charrnn.runs.checkpoint import (
    Checkpoint,
    as_stored,
    load_checkpoint,
    naming,
    resolve_checkpoint,
    save_checkpoint,
)
from charrnn.runs.finetune import FineTuning
from charrnn.runs.labelled import LabelWeights, label_weights, with_label, with_vector
from charrnn.runs.resumed import resumed_run
from charrnn.runs.run import Run
from charrnn.runs.trained_network import check_network
from charrnn.runs.trained_run import TrainedRun
from charrnn.runs.training_text import ELSEWHERE, TrainingText, read_training_text
from charrnn.sampling.ensemble import EnsembleModel
from charrnn.sampling.session import LanguageModel, mark_id
from charrnn.scoring.classify import Classified, classify, document_losses
from charrnn.scoring.score import Score, score_text
from charrnn.settings import EngineSettings, RunSettings, ScoreSettings
from charrnn.settings.options import CompleteOptions, ScoreOptions, TrainOptions
from charrnn.settings.presets import DEFAULT, early_settings, preset_values
from charrnn.settings.renamed import take_renamed
from charrnn.settings.training import refuse_changes
from charrnn.storage.run_folders import RUNS
from charrnn.text.corpus import Corpus, read_corpus
from charrnn.text.documents import Documents, mark_of
from charrnn.text.model_input import model_input
from charrnn.text.vocabulary import Vocabulary
from charrnn.text.windows import Text, as_read
from charrnn.training.auto_settings import automatic_settings
from charrnn.training.evaluation import Evaluation
from charrnn.training.events import Event

if TYPE_CHECKING:
    from torch import nn
    from typing_extensions import Unpack

OnRead = Callable[[int, int], None]

COMPILED = EngineSettings()


class Model(LanguageModel):
    """A trained network with its vocabulary.

    settings     how it was made
    vocabulary   its characters
    corpus       what it was trained on: name, sources, characters, fingerprint
    progress     what its run had reached: steps, losses
    path         the checkpoint's file; None if it came from elsewhere
    run          the run that it came from: path, history, best_loss; None if it came from elsewhere
    mark         what stands for the end of a document; None if it was trained on a text without documents
    label        the label that it reads and writes texts of; None is the average of all, or a model without labels
    """

    def __init__(self, checkpoint: Checkpoint, path: Path | None = None, label: str | None = None,
                 on: EngineSettings = COMPILED) -> None:
        self.path, self.run = path, None if path is None else TrainedRun(path)
        self.label, self._trained, self._on = label, checkpoint, on
        vocabulary = check_network(checkpoint)
        self.corpus, self.progress = checkpoint.corpus, checkpoint.progress
        checkpoint = with_label(checkpoint, label)
        super().__init__(_opened(checkpoint, vocabulary, on), checkpoint.settings, vocabulary,
                         by_engine=on.engine != "compiled")

    def with_label(self, label: str | None) -> "Model":
        """The same model for texts with a label: `"Irish"`, `"Irish:0.7,Greek:0.3"`, or numbers, `"0.2,0.4,0.9"`.

        Raises SettingsError for a label that was not in the training text.
        """
        return Model(self._trained, self.path, label, self._on)

    def classify(self, texts: str | Sequence[str], *, unknown: str = "error",
                 on_read: Callable[[int, int], None] = lambda done, total: None) -> "list[Classified]":
        """The label of each text, by p(text | label) p(label); of numbers their mean and deviation, given the text.

        texts     several, or one
        unknown   as in sample()
        on_read   is called with the number of labels tried so far, and of all

        Raises SettingsError for a model that was trained without labels, and for a text of several documents.
        """
        scheme = self.corpus.labels
        if scheme is None:
            raise SettingsError("this network was trained without labels; train one with --labels")
        read = [self.readable(text, unknown).text for text in ([texts] if isinstance(texts, str) else texts)]
        if self.mark is not None and any(self.mark in text for text in read):
            raise SettingsError(f"a text goes past the end of a document: it holds {self.mark!r}; classify one "
                                "document at a time")
        return classify(read, scheme, self._text_losses, on_read) if read else []

    def translate(self, sources: str | Sequence[str], k: int = 1, **options: Any) -> list[list[Completion]]:
        """The `k` most probable targets of each source; Translator.translate explains options and errors.

        sources   several, or one
        """
        translator = Translator(self)
        return [translator.translate(source, k, **options)
                for source in ([sources] if isinstance(sources, str) else sources)]

    def _text_losses(self, texts: Sequence[str], vector: np.ndarray) -> np.ndarray:
        """-log p(text | label) of each text in nats, for the label with this vector."""
        content = joined(texts, self.vocabulary, self.mark)
        assert isinstance(content, Documents)  # only those have labels
        engine = _opened(with_vector(self._trained, vector), self.vocabulary, self._on)
        return document_losses(engine, content, self.settings.windows.window)

    @property
    def label_weights(self) -> LabelWeights | None:
        """What each label does to the network; None for one that was trained without labels."""
        return label_weights(self._trained, self.label)

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """Copies of the parameters, float32 arrays by name, in PyTorch's shapes and gate order."""
        return self.engine.parameters()

    def state_dict(self) -> dict[str, np.ndarray]:
        """The same as `parameters`, under the name that PyTorch has for it."""
        return self.parameters

    def save(self, path: str | Path, dtype: str = "float32") -> Path:
        """Writes a checkpoint of the model alone, which load() reads; returns its path.

        It has what sampling, scoring and inspecting need, and the losses of its run, but no state of the optimizer: it
        can be fine-tuned, and not resumed. Nothing but a whole file takes the place of an old one. A model with labels
        keeps all of them, unless it was given one.

        dtype   "float32", or "float16" for half the size: its values are read as float32, rounded to 11 bits

        Raises StorageError where the disk refuses, SettingsError for another dtype, CheckpointError for parameters
        too large for float16.
        """
        whole = self._trained if self.label is None else with_label(self._trained, self.label)
        names = parameter_shapes(whole.settings.network, len(self.vocabulary))
        arrays = as_stored({name: whole.arrays[name] for name in names}, dtype)
        progress = {name: self.progress[name] for name in ("step", "epoch", "history")}
        save_checkpoint(path, replace(whole, progress=progress, arrays=arrays))
        return Path(path)

    def to_torch(self) -> "nn.Module":
        """The network as a PyTorch module, with copies of the parameters (charrnn.interchange.torch_module).

        Raises SettingsError for a cell that has no module, or without PyTorch.
        """
        return torch_module(self.settings.network, self.parameters, len(self.vocabulary))

    def __repr__(self) -> str:
        return f"<Model of {self.corpus.name or 'a text'!r}: {self.settings.network}>"

    def _repr_html_(self) -> str | None:
        """The page that writes, for a notebook; None for a network with an encoder, which it can't show."""
        if self.settings.network.has_encoder:
            return None
        from charrnn.live.document import document
        from charrnn.live.notebook import BITS, framed
        from charrnn.live.payload import LiveContent

        name = self.corpus.name or "a text"
        content = LiveContent(name, labels=self.label_weights)
        return framed(document(self, content, BITS), "charrnn export RUN --html FILE")

    def complete(self, prefix: str, count: int = 5, *, unknown: str = "error",
                 **options: "Unpack[CompleteOptions]") -> list[Completion]:
        """The `count` most probable continuations of `prefix`, up to a word (until="line": a line, "length": a length).

        Completer.complete explains options, results and errors. To complete at each keystroke, keep a completer().
        """
        count = take_renamed(cast("dict[str, Any]", options), "k", "count", count)
        return self.completer().complete(prefix, count, unknown=unknown, **options)

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
                signals: Sequence[str] | None = None, ablated: int = 0) -> Inspection:
        """What the cells do while a text is read: recording, search, findings (charrnn.inspection.results).

        features   to search for beside the built-in ones, with a value for each place of the passage
        signals    to keep: h, c, and the gates; None keeps what the search needs
        ablated    places on which cells are ablated; 0 takes as many as take a few seconds
        """
        if isinstance(passage, str):
            passage = self.passage(passage)
        return Inspection(self.engine, passage, features, signals, ablated)

    def score(self, text: str, *, unknown: str = "error", on_read: OnRead = lambda done, total: None,
              **options: "Unpack[ScoreOptions]") -> Score:
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
                          _score_settings(cast("dict[str, Any]", options), self.engine), unknown, on_read)

    def _encoded(self, text: str) -> Text:
        """The text's ids, as training would read it."""
        content = model_input(text, self.settings.text, self.vocabulary).content
        return as_read(content, self.settings.network, len(self.vocabulary))


class Ensemble(EnsembleModel):
    """Several models that predict and write together: the probability of a character is the mean of theirs.

    sample(), samples(), generate(), stream() and score() are those of Model. Settings are those of the first.

    Raises SettingsError for models that do not read a text in the same way.
    """

    def score(self, text: str, *, unknown: str = "error", on_read: OnRead = lambda done, total: None,
              **options: "Unpack[ScoreOptions]") -> Score:
        """How well they predict `text` together; as Model.score()."""
        engines = [model.engine for model in self.models]
        return score_text(engines, self.vocabulary, self.settings, text,
                          _score_settings(cast("dict[str, Any]", options), *engines), unknown, on_read)


def _opened(checkpoint: Checkpoint, vocabulary: Vocabulary, on: EngineSettings) -> Engine:
    """The network of a checkpoint, without labels, ready to be read and written with."""
    settings, start = checkpoint.settings, mark_id(mark_of(checkpoint.settings.text), vocabulary)
    if settings.network.has_encoder:
        start += len(vocabulary)  # a mark is read with the source behind it
    engine = open_engine(on.engine, settings.network, len(vocabulary), threads=physical_cores(), start=start,
                         device=on.device)
    engine.load(checkpoint.arrays)
    return engine


def _score_settings(options: dict[str, Any], *engines: Engine) -> ScoreSettings:
    """Those of the options of score(), of which one had another name; one row on a GPU is refused."""
    given = options.get("predictions", ScoreSettings.predictions)
    predictions = take_renamed(options, "guesses", "predictions", given, stacklevel=4)
    settings: ScoreSettings = ScoreSettings.from_dict({**options, "predictions": predictions})
    for device in {engine.device_name for engine in engines} - {""}:
        if settings.parts == 1:
            raise SettingsError(f"one row of text is read faster on a CPU than on {device}, which computes many at a "
                                "time; leave --engine torch out, or read the text in more rows")
    return settings


def load(path: str | Path | None = None, label: str | None = None, engine: str = "compiled",
         device: str = "auto") -> Model:
    """The model in a checkpoint file or a run's folder (its best moment), or by name in ./checkpoints.

    Without `path` it is the newest run's, or where there is none the one that comes with charrnn, "@shakespeare".

    label            of a model that was trained with labels: which one it reads and writes texts of
                     (Model.with_label)
    engine, device   what scores, inspects and writes texts, as in train(); a GPU helps with many rows, and with many
                     texts at a time. complete() always uses charrnn's own kernels

    Raises CheckpointError if there is none, or if it is damaged or no checkpoint of charrnn.
    """
    file = resolve_checkpoint(None if path is None else str(path))
    checkpoint = load_checkpoint(file)
    with naming(file):
        return Model(checkpoint, file, label, EngineSettings(engine=engine, device=device))


def train(*sources: str | Path | Sequence[str | Path], text: str | None = None, name: str | None = None,
          folder: str | Path = RUNS, resume: str | Path | None = None, progress: bool = False,
          on_event: Callable[[Event], None] | None = None, **options: "Unpack[TrainOptions]") -> Model:
    """Trains a network on files, folders or built-in texts ("@fables"), or on `text`; returns its best moment.

    name, folder   the run is kept in folder/name, which is new
    resume         the run to resume (its name in `folder`, its folder or its file) exactly where its last checkpoint
                   was saved; options may be epochs or minutes (the new total), threads, and any field of
                   RunSettings
    progress       show a bar, in a notebook or in a terminal
    on_event       is called with everything that happens (charrnn.training.events)
    options        any field of NetworkSettings, TextSettings, WindowSettings, TrainingSettings or RunSettings:
                   cell="gru", minutes=1, engine="reference"; threads=2 (results do not depend on it);
                   preset="best" (settings that go together; "default" fits text and time); init_from="alice"
                   (a run or a checkpoint whose parameters to begin with)

    The model's `run` has its folder, its losses and the best of them. After an interrupt, resume= takes it up again.

    Raises CorpusError for a text that cannot be used, SettingsError for a setting that does not exist or fit.
    """
    if text is not None and sources:
        raise SettingsError("train() takes either the names of texts or text=..., and one of them")
    if this_rank().size > 1:
        raise SettingsError("train() is for one process; with torchrun use the command: torchrun ... -m charrnn train")
    given, names = cast("dict[str, Any]", dict(options)), _names(sources)
    if resume is not None:
        if name is not None:
            refuse_changes(["name"])
        run = resumed_run(str(resume), folder, names if text is None else text, given)
    else:
        run = _new_run(names, text, name, folder, given)
    with run, TrainingBar() if progress else contextlib.nullcontext() as bar:
        for event in run.events():
            if bar is not None:
                bar.show(event)
            if on_event is not None:
                on_event(event)
    return load(run.folder)


def _names(sources: Sequence[str | Path | Sequence[str | Path]]) -> list[str]:
    """The names of texts, which may come in a list."""
    names = [str(name) for one in sources for name in ([one] if isinstance(one, (str, Path)) else one)]
    if text := next((name for name in names if "\n" in name), None):
        raise SettingsError(f"{shortened(text)} is a text, and train() takes the names of texts; give it as text=...")
    return names


def _new_run(sources: Sequence[str], text: str | None, name: str | None, folder: str | Path,
             settings: dict[str, Any]) -> Run:
    """A run as train() is asked for it."""
    if text is None and not sources:
        raise SettingsError("train() takes either the names of texts or text=..., and one of them")
    threads, preset = settings.pop("threads", None), settings.pop("preset", DEFAULT)
    init_from = settings.pop("init_from", None)
    how = RunSettings(**{spec.name: settings.pop(spec.name) for spec in fields(RunSettings) if spec.name in settings})
    parent = None if init_from is None else FineTuning(resolve_checkpoint(str(init_from), "best", folder))
    inherited = parent.settings(settings, preset_values(preset)) if parent else {}
    # what contradicts is refused before anything is read
    early = early_settings(settings, inherited, preset)
    corpus = (read_corpus(sources, settings=early.text, max_size=how.max_size) if text is None
              else Corpus.of(text, settings=early.text))
    corpus, chosen, _ = automatic_settings(settings, preset, corpus, inherited, how, threads)
    return Run.start(corpus, chosen, name, folder, threads, how, parent)
