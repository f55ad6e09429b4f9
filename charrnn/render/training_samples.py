"""Layer render: samples during training, on stderr and in the run's samples.txt."""

from charrnn.errors import SettingsError
from charrnn.render.wording import note_compiling
from charrnn.runs.run import Run
from charrnn.sampling.session import LanguageModel
from charrnn.settings import SampleSettings
from charrnn.storage.files import append_line
from charrnn.text.documents import mark_of
from charrnn.training.events import Event, Step, Validated

SAMPLES = "samples.txt"
_LENGTH = 200  # characters: a few lines
_DOCUMENTS = 5  # of one line each


class TrainingSamples:
    """Draws a sample every so many steps (0: never), at each validation if asked to, and never two at one step.

    Training is not affected: a sample has a generator and a state of its own. Of several processes the first one draws.
    """

    def __init__(self, run: Run, every: int, at_validations: bool) -> None:
        self._run, self._every, self._at_validations = run, every, at_validations
        self._loss, self._characters, self._last_step = 0.0, 0, -1
        if every or at_validations:
            if run.trainer.settings.network.has_encoder:
                raise SettingsError("a network with --encoder own writes nothing without a source; leave "
                                    "--show-samples and --samples-every out")
            note_compiling([run.trainer.settings.network], "generate")
            sample_of(run, 1)  # compiles now, not during the minutes of the run

    def after(self, event: Event) -> str | None:
        """The sample that is due after `event`, with its heading, ready to be shown; it is in samples.txt then."""
        if not self._run.is_first:
            return None
        if isinstance(event, Step):
            self._loss += event.loss * event.characters
            self._characters += event.characters
            is_due = self._every > 0 and event.step % self._every == 0
        else:
            is_due = isinstance(event, Validated) and self._at_validations
        if not is_due or not isinstance(event, (Step, Validated)) or event.step == self._last_step:
            return None
        heading, text = self._heading(event), sample_of(self._run, _LENGTH)
        append_line(self._run.folder / SAMPLES, f"--- {heading} ---\n{text}\n")
        self._last_step, self._loss, self._characters = event.step, 0.0, 0
        return "\n".join([f"sample at {heading}", *("    " + line for line in text.strip().splitlines())])

    def _heading(self, event: Step | Validated) -> str:
        """`step 500, epoch 2.43, training loss 1.612`: the mean since the last sample."""
        loss = f", training loss {self._loss / self._characters:.3f}" if self._characters else ""
        return f"step {event.step:,}, epoch {event.epoch:.2f}{loss}"


def sample_of(run: Run, length: int) -> str:
    """`length` characters as the network writes them now, or some lines where each is a document.

    The run's own generator is not touched.
    """
    trainer, mark = run.trainer, mark_of(run.trainer.settings.text)
    settings = SampleSettings(length=length, samples=_DOCUMENTS if mark == "\n" else 1, seed=trainer.step,
                              precision=trainer.settings.training.precision)
    session = LanguageModel(trainer.engine, trainer.settings, run.vocabulary).session(settings)
    return "\n".join(sample.text for sample in session.samples(with_nats=False))
