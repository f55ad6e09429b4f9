"""Floor 7: `charrnn sample`: new text, as it is made."""

import sys
from typing import Any

import click

from charrnn.cli.options import settings_from, settings_options
from charrnn.settings import SampleSettings


@click.command()
@click.argument("checkpoint", required=False)
@settings_options(SampleSettings)
@click.option("--prime", metavar="TEXT", default="", help="text to go on from; it is printed first")
def sample(checkpoint: str | None, prime: str, **options: Any) -> None:
    """Write new text with the network in CHECKPOINT: a file, a run's folder or its name.

    Without CHECKPOINT the newest run in ./checkpoints writes. Only the text goes to standard output.
    """
    settings = settings_from(SampleSettings, options)
    from charrnn.cli.wording import compiling_words
    from charrnn.kernels.jit import is_compiled
    from charrnn.model import load
    from charrnn.sampling.opening import opening
    from charrnn.text.alike import alike

    model = load(checkpoint)
    said = alike(prime, model.settings.text)
    opening(model.vocabulary, said, [], model.mark)  # what can't be read is refused before anything else is said
    if rare := model.vocabulary.rare(said):
        print(f"note: too rare in training to be known, and read as \ufffd: {', '.join(rare)}", file=sys.stderr)
    if not is_compiled(f"generate_{model.settings.network.cell}"):
        print(compiling_words(), file=sys.stderr)
    chosen: dict[str, Any] = {"temp": settings.temp, "top_k": settings.top_k, "prime": prime, "seed": settings.seed,
              "precision": settings.precision}
    if settings.samples > 1:
        between = "" if model.mark == "\n" else "---\n"  # documents of one line need nothing between them
        _write_all(prime, model.samples(settings.samples, settings.length, **chosen), between)
        return
    pieces = model.stream(settings.length, **chosen)
    last = _write(prime)
    for piece in pieces:
        last = _write(piece) or last
    if last != "\n" and (sys.stdout.isatty() or model.mark is not None):
        print()


def _write_all(prime: str, texts: list[str], between: str) -> None:
    """Several texts, each ended by a line end, with `between` between them."""
    for number, text in enumerate(texts):
        _write((between if number else "") + prime + text + ("" if (prime + text).endswith("\n") else "\n"))


def _write(text: str) -> str:
    """Puts text on stdout now, not when a buffer is full; its last character."""
    sys.stdout.write(text)
    sys.stdout.flush()
    return text[-1:]
