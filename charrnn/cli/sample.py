"""Layer cli: `charrnn sample`: new text, as it is made."""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.options import settings_from, settings_options
from charrnn.errors import SettingsError
from charrnn.settings import UNKNOWN, SampleSettings

if TYPE_CHECKING:
    from charrnn.model import Model
    from charrnn.render.samples import Brush
    from charrnn.sampling.session import SamplingSession
    from charrnn.text.unknown import Readable


@click.command()
@click.argument("checkpoint", required=False)
@settings_options(SampleSettings)
@click.option("--prime", metavar="TEXT", help="text to go on from; it is printed first")
@click.option("--prime-file", metavar="FILE", help="go on from the text in FILE, - for standard input, without the "
                                                   "line end at its end; what is piped in is taken in any case")
@click.option("--hide-prime", is_flag=True, help="print only what is new")
@click.option("--unknown", type=click.Choice(UNKNOWN), default=UNKNOWN[0], show_default=True,
              help="what becomes of characters of the prime that the model never saw: fold reads them in another "
                   "Unicode form or without accents, skip and replace do what they say with those that have none")
@click.option("--color", type=click.Choice(["none", "surprise"]), default="none", show_default=True,
              help="in a terminal, give each character the colour of its surprise; FORCE_COLOR and NO_COLOR are heeded")
@click.option("--novelty", is_flag=True, help="tell on standard error how much of it stands in the training text "
                                              "(charrnn novelty tells more)")
@click.option("--corpus", metavar="FILE", multiple=True, help="for --novelty: where the training text is now, if it "
                                                              "was moved; again for each further one")
@click.option("--json", "in_json", is_flag=True, help="one line of JSON for each text: text, seed, what ended it, and "
                                                      "the probability of each character")
@click.option("-o", "--output", metavar="FILE", help="write to FILE in place of the terminal; Ctrl-C keeps what there "
                                                     "is")
def sample(checkpoint: str | None, prime: str | None, prime_file: str | None, hide_prime: bool, unknown: str,
           color: str, novelty: bool, corpus: tuple[str, ...], in_json: bool, output: str | None,
           **options: Any) -> None:
    """Write new text with the network in CHECKPOINT: a file, a run's folder or its name.

    Without CHECKPOINT the newest run in ./checkpoints writes. Only the text goes to standard output. A character is
    chosen so: --bias and --ban change what the network expects, --temp sharpens or flattens it, then --top-k, --top-p
    and --min-p cut it, each what the one before has left.
    """
    settings = settings_from(SampleSettings, options)
    from charrnn.cli.prime import prime_from
    from charrnn.model import load

    _refuse_together(settings, color, in_json, output)
    if corpus and not novelty:
        raise SettingsError("--corpus has no use without --novelty; leave it out, or ask for both")
    said = prime_from(prime, prime_file)
    model = load(checkpoint)
    readable = _readable(model, said, unknown)
    session = model.session(settings, readable.text)
    # as it was typed, if it could be read; letters that are made alike in reading stay
    shown = "" if hide_prime else readable.text if readable.notes else said
    made: list[str] = []  # the texts without their prime
    pieces = _pieces(model, session, settings, shown, in_json, output, color, made)
    if output is None:
        _print(pieces)
    else:
        _write(pieces, output)
    if novelty:
        from charrnn.render.novelty import novelty_with_notes, short_lines

        found = novelty_with_notes(made, model.settings, model.corpus, model.path, corpus)
        print("\n".join(short_lines(found)), file=sys.stderr)


def _refuse_together(settings: SampleSettings, color: str, in_json: bool, output: str | None) -> None:
    """Refuses colours where there can be none."""
    others = {"--json": in_json, "--output": output is not None, "--temps": len(settings.temps) > 1}
    for other, is_given in others.items():
        if color != "none" and is_given:
            raise SettingsError(f"--color {color} and {other} contradict each other; give one of them")


def _readable(model: "Model", prime: str, unknown: str) -> "Readable":
    """The prime as the model reads it, with a note for everything that is not read as it stands."""
    from charrnn.cells.registry import is_compiled
    from charrnn.render.wording import compiling_words
    from charrnn.sampling.session import prime_ids

    readable = model.readable(prime, unknown)
    prime_ids(model.vocabulary, readable.text, model.mark)  # what can't be read is refused before anything is said
    for note in readable.notes:
        print(f"note: {note}", file=sys.stderr)
    if rare := model.vocabulary.rare(readable.text):
        print(f"note: too rare in training to be known, and read as \ufffd: {', '.join(rare)}", file=sys.stderr)
    if not is_compiled(model.settings.network.cell, "generate"):
        print(compiling_words(), file=sys.stderr)
    return readable


def _pieces(model: "Model", session: "SamplingSession", settings: SampleSettings, prime: str, in_json: bool,
            output: str | None, color: str, made: list[str]) -> Iterator[str]:
    """The output, piece by piece; the texts go into `made` too."""
    from charrnn.render.samples import as_json, below, beside, streamed

    brush = _brush() if color == "surprise" else None
    if settings.samples == 1 and len(session.temps) == 1 and not in_json:
        ends_line = sys.stdout.isatty() or model.mark is not None or output is not None
        return streamed(session, prime, ends_line, made, brush)
    samples = session.samples(with_nats=in_json or brush is not None)
    made.extend(sample.text for sample in samples)
    if in_json:
        return as_json(samples)
    if len(session.temps) > 1:
        from charrnn.render.screen import width

        return beside(samples, prime, width() if output is None and sys.stdout.isatty() else 0)
    # documents of one line need nothing between
    return below(samples, prime, "" if model.mark == "\n" else "---\n", brush)


def _brush() -> "Brush | None":
    """What colours a text on standard output; None where it shows no colours. Its legend goes to stderr."""
    from charrnn.render.colour.paint import Painter, legend
    from charrnn.render.colours import colours_for
    from charrnn.render.samples import Brush
    from charrnn.settings import ColourSettings

    colours = colours_for(ColourSettings())
    if colours.depth is None:
        return None
    click.echo("bits of surprise: " + legend("0", "7 or more", colours.sequential, colours.depth, 0), err=True,
               color=True)
    return Brush(Painter(colours.sequential, colours.depth))


def _print(pieces: Iterable[str]) -> None:
    """Puts each piece on stdout now, not when a buffer is full; colours reach consoles that know no escape codes."""
    for piece in pieces:
        if "\x1b" in piece:
            click.echo(piece, nl=False, color=True)
        else:
            sys.stdout.write(piece)
            sys.stdout.flush()


def _write(pieces: Iterable[str], output: str) -> None:
    """Puts the pieces into a file, in one go at the end; what is there when we are stopped is kept too."""
    from charrnn.storage.files import write_atomic

    made: list[str] = []
    try:
        made.extend(pieces)
    except (KeyboardInterrupt, SystemExit):
        write_atomic(output, "".join(made).encode())
        print(f"stopped; {sum(map(len, made)):,} characters are in {output}", file=sys.stderr)
        raise
    write_atomic(output, "".join(made).encode())
