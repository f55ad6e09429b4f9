"""Layer render: a network written to a file as a page that reads and writes, and what its weights cost there."""

import sys
from pathlib import Path

import numpy as np

from charrnn.errors import CorpusError
from charrnn.inspection.page.collect import named_cells
from charrnn.inspection.passage import Passage, held_out, joined, of_text
from charrnn.inspection.results import Inspection
from charrnn.live.document import MEGABYTE, live_page
from charrnn.live.payload import LiveContent, check_runnable
from charrnn.live.quantize import MeasuredLoss, measured_loss, quantized_network
from charrnn.render.reading import read
from charrnn.render.wording import bits
from charrnn.runs.corpus_info import CorpusInfo
from charrnn.runs.labelled import LabelWeights
from charrnn.runs.pretrained import pretrained_at
from charrnn.runs.training_text import read_training_text
from charrnn.sampling.session import LanguageModel, mark_id
from charrnn.settings import LivePageSettings
from charrnn.storage.files import write_atomic
from charrnn.storage.run_folders import run_name_of
from charrnn.text.builtin import find_builtin
from charrnn.text.documents import Documents, source_ends
from charrnn.text.model_input import model_input
from charrnn.text.windows import Text

# Units that the cost of quantized weights is measured on, and that cells are named by.
_MEASURED = 20_000
_OWN_TEXTS, _OWN_LENGTH = 4, 3_000


def write_live_page(model: LanguageModel, corpus: CorpusInfo, path: Path, name: str, settings: LivePageSettings,
                    text: str = "", labels: LabelWeights | None = None) -> None:
    """Writes the page to the file `name`; stderr says how large it is, and what its weights cost.

    corpus, path   what the network was trained on, and its checkpoint
    text           what the page opens with; empty: what the network writes
    labels         of a network that was trained with them; the page opens with the chosen one
    """
    page, words = live_page_of(model, corpus, path, settings, text, labels)
    write_atomic(name, page)
    print(f"written: {name} ({words})", file=sys.stderr)


def live_page_of(model: LanguageModel, corpus: CorpusInfo, path: Path, settings: LivePageSettings,
                 text: str = "", labels: LabelWeights | None = None) -> tuple[bytes, str]:
    """The page, and in words how large it is and what its weights cost; as write_live_page()."""
    check_runnable(model)
    passage = _passage(model, corpus, path)
    run = run_name_of(path)
    if passage is None:
        page = live_page(model, LiveContent(run, text=text, labels=labels), settings)
        return page, (f"{len(page) / MEGABYTE:.2f} MB; what {settings.precision} bits for each weight cost was not "
                      "measured, because the training text can't be read again")
    loss = _loss(model, passage, settings.precision)
    cells = named_cells(Inspection(model.engine, passage)) if settings.names else ()
    which = "" if labels is None else f", all read as {labels.label or 'the average of all labels'}"
    measured = f"{len(passage):,} {model.vocabulary.kind}s of {passage.origin}{which}"
    content = LiveContent(run, loss, measured, text, cells, labels)
    page = live_page(model, content, settings)
    return page, (f"{len(page) / MEGABYTE:.2f} MB; {settings.precision} bits for each weight cost {loss.cost:.4f} bits "
                  f"a {model.vocabulary.kind} on {content.measured}: {bits(loss.quantized):.4f} in place of "
                  f"{bits(loss.exact):.4f}")


def _passage(model: LanguageModel, corpus: CorpusInfo, path: Path) -> Passage | None:
    """Held-out text of the network; where that can't be read again, text that it writes itself, or None for one that
    learned to write only targets."""
    if pretrained := pretrained_at(path):
        unseen = model_input(find_builtin(pretrained.unseen).read(), model.settings.text, model.vocabulary)
        return of_text(unseen.content, model.settings.text, model.vocabulary, _MEASURED, pretrained.unseen)
    try:
        found = read_training_text(corpus, model.settings.text, path, (), read, advice="")
        return held_out(found, corpus, model.settings, model.vocabulary, _MEASURED)
    except CorpusError:
        if model.settings.text.pairs:
            return None
        texts = model.samples(_OWN_TEXTS, _OWN_LENGTH, temp=1.0, seed=0)
        own = joined([one for one in texts if one], model.vocabulary, model.mark)
        return of_text(own, model.settings.text, model.vocabulary, _MEASURED, "text of its own")


def _loss(model: LanguageModel, passage: Passage, precision: int) -> MeasuredLoss:
    parameters = model.engine.parameters()
    text: Text = passage.ids
    if model.mark is not None:
        marks = np.flatnonzero(passage.ids == passage.ids[0])
        ends = source_ends(passage.ids, marks, model.vocabulary) if model.settings.text.pairs else None
        text = Documents(passage.ids, marks, source_ends=ends)
    return measured_loss(parameters, quantized_network(parameters, precision), model.settings,
                         mark_id(model.mark, model.vocabulary), text)
