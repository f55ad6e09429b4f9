"""Layer cli: `charrnn sample`: new text, as it is made."""

import os
import select
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.checkpoints import find_checkpoint, offer_checkpoints
from charrnn.cli.options import GroupedCommand, label_option, option, settings_from, settings_options, with_option
from charrnn.errors import SettingsError
from charrnn.settings import ColourSettings, EngineSettings, SampleSettings, UnknownSettings

if TYPE_CHECKING:
    from charrnn.model import Model
    from charrnn.render.samples import Brush
    from charrnn.render.screen import Screen
    from charrnn.sampling.session import SamplingSession
    from charrnn.text.unknown import Readable

_PATIENCE = 1.0  # seconds without a word from a pipe before a note says what we wait for


@dataclass(frozen=True)
class SampleArguments:
    """Where the prime comes from, and what becomes of the text."""

    prime: str | None
    prime_file: str | None
    hide_prime: bool
    surprisal: bool
    novelty: bool
    corpus: tuple[str, ...]
    others: tuple[str, ...]
    label: str | None
    in_json: bool
    output: str | None


@click.command(cls=GroupedCommand)
@click.argument("checkpoint", required=False, shell_complete=offer_checkpoints)
@option("--prime", metavar="TEXT", group="Prime", help="text to continue; it is printed first")
@option("--prime-file", metavar="FILE", group="Prime", help="continue the text in FILE (- for standard input), "
        "without its last line end; without a prime, piped input is read")
@option("--hide-prime", is_flag=True, group="Prime", help="print only the new text")
@settings_options(UnknownSettings, group="Prime")
@settings_options(SampleSettings)
@settings_options(EngineSettings, group="Seed and speed")
@with_option
@label_option
@option("--novelty", is_flag=True, group="Output", help="report on standard error how much of it stands word for word "
        "in the training text (charrnn novelty says more)")
@option("--corpus", metavar="FILE", multiple=True, group="Output", help="for --novelty: where the training text is "
        "now, if it was moved; repeatable")
@option("--json", "in_json", is_flag=True, group="Output", help="one line of JSON for each text: text, seed, what "
        "ended it, and the probability of each character")
@option("-o", "--output", metavar="FILE", group="Output", help="write to FILE; Ctrl-C keeps what is written so far")
@option("--surprisal", is_flag=True, group="Colours", help="give each character the colour of its surprisal, where "
        "there are colours")
@settings_options(ColourSettings)
def sample(checkpoint: str | None, **options: Any) -> None:
    """Write new text with the network in CHECKPOINT: a file, a run's folder or its name.

    Without CHECKPOINT the newest run in ./checkpoints is used; if there is none, @shakespeare, which comes with
    charrnn. Only the text goes to standard output. Each character is drawn from the network's prediction: --bias and
    --ban change its logits, --temp divides them, then --top-k, --top-p and --min-p cut off what is improbable, in this
    order.
    """
    settings, given = settings_from(SampleSettings, options), settings_from(SampleArguments, options)
    colours, on = settings_from(ColourSettings, options), settings_from(EngineSettings, options)
    _refuse_together(settings, given)
    typed = _prime(given)
    from charrnn.model import Ensemble, load
    from charrnn.render.screen import screen_for
    from charrnn.render.wording import note_label

    names = (checkpoint, *given.others)
    model, *others = [load(find_checkpoint(name), given.label, on.engine, on.device) for name in names]
    note_label(model.corpus.labels, given.label)
    writer = Ensemble([model, *others]) if others else model
    readable = _readable([model, *others], typed, settings_from(UnknownSettings, options))
    session = writer.session(settings, readable.text)
    # as it was typed, if it could be read; normalized letters stay
    shown = "" if given.hide_prime else readable.text if readable.notes else typed
    made: list[str] = []  # the texts without their prime
    screen = screen_for(colours if given.surprisal else ColourSettings(color="never"))
    pieces = _pieces(model, session, settings.samples, given, shown, screen, made)
    if given.output is None:
        _print(pieces, screen)
    else:
        _write(pieces, given.output)
    if given.novelty:
        from charrnn.render.novelty import novelty_with_notes, short_lines
        from charrnn.render.streams import loud

        found = novelty_with_notes(made, model.settings, model.corpus, model.path, given.corpus)
        print("\n".join(short_lines(found)), file=loud())


def _refuse_together(settings: SampleSettings, given: SampleArguments) -> None:
    """Rejects options that would have no effect beside the others."""
    others = {"--json": given.in_json, "--output": given.output is not None, "--temps": len(settings.temps) > 1}
    for other, is_given in others.items():
        if given.surprisal and is_given:
            raise SettingsError(f"--surprisal and {other} contradict each other; give one of them")
    if given.corpus and not given.novelty:
        raise SettingsError("--corpus has no effect without --novelty; leave it out, or ask for both")
    if given.prime is not None and given.prime_file is not None:
        raise SettingsError("--prime and --prime-file contradict each other; give one of them")
    if "" in (given.prime_file, given.output):
        raise SettingsError("a file needs a name; give one after --prime-file and --output, or leave them out")


def _prime(given: SampleArguments) -> str:
    """The text to go on from: an option's, a file's or what is piped in; empty if there is none.

    One line end at the end of a file or a pipe is dropped: editors and echo put it there.
    """
    if given.prime is not None or (given.prime_file is None and not _is_piped()):
        return given.prime or ""
    from charrnn.render.reading import read_text

    if given.prime_file is None and os.name == "posix" and not select.select([sys.stdin], [], [], _PATIENCE)[0]:
        print('waiting for the prime on standard input; --prime "" starts without one', file=sys.stderr, flush=True)
    return read_text(given.prime_file or "-").removesuffix("\n").removesuffix("\r")


def _is_piped() -> bool:
    """Whether standard input is a pipe or a file, and not a terminal, nothing or closed."""
    try:
        kind = os.fstat(sys.stdin.fileno()).st_mode if sys.stdin else 0
    except (OSError, ValueError):  # closed, or not the real one
        return False
    return stat.S_ISFIFO(kind) or stat.S_ISREG(kind)


def _readable(models: "Sequence[Model]", prime: str, unknown: UnknownSettings) -> "Readable":
    """The prime as the models read it, with a note for everything that is not read as it stands."""
    from charrnn.render.wording import note_compiling, note_readable

    model = models[0]
    readable = model.readable(prime, unknown.unknown)
    model.prime_ids(readable.text)  # what can't be read is refused before any note
    note_readable(readable, model.vocabulary)
    note_compiling([one.settings.network for one in models if not one.by_engine], "generate",
                   kernels=["choose_rows"] if len(models) > 1 or model.by_engine else [])
    return readable


def _pieces(model: "Model", session: "SamplingSession", count: int, given: SampleArguments, prime: str,
            screen: "Screen", made: list[str]) -> Iterator[str]:
    """The output, piece by piece; the texts go into `made` too."""
    from charrnn.render.samples import as_json, below, beside, streamed
    from charrnn.render.terminal_text import terminal_text

    brush = _brush(screen) if given.surprisal else None
    if brush is not None:
        prime = terminal_text(prime)  # as what is painted is: what looks like a colour in it is none
    if count == 1 and len(session.temps) == 1 and not given.in_json:
        ends_line = sys.stdout.isatty() or model.mark is not None or given.output is not None
        return streamed(session, prime, ends_line, made, brush)
    samples = session.samples(with_nats=given.in_json or brush is not None)
    made.extend(sample.text for sample in samples)
    if given.in_json:
        return as_json(samples)
    if len(session.temps) > 1:
        return beside(samples, prime, screen.width if given.output is None and sys.stdout.isatty() else 0)
    # documents of one line need nothing between
    return below(samples, prime, "" if model.mark == "\n" else "---\n", brush)


def _brush(screen: "Screen") -> "Brush | None":
    """What colours a text on standard output; None where it shows no colours. Its legend goes to stderr."""
    from charrnn.render.colour.paint import Painter, legend
    from charrnn.render.samples import Brush
    from charrnn.render.streams import painted

    if screen.depth is None:
        print("note: no colours are shown here, and so no surprisal; --color always shows them, and --json has the "
              "numbers", file=sys.stderr)
        return None
    click.echo("bits of surprisal: " + legend("0", "7 or more", screen.sequential, screen.depth, 0),
               file=painted(sys.stderr), color=True)
    return Brush(Painter(screen.sequential, screen.depth))


def _print(pieces: Iterable[str], screen: "Screen") -> None:
    """Shows the pieces as they come. In a terminal, what is stopped ends its line, and its colour."""
    try:
        for piece in pieces:
            screen.say(piece, end="")
    except (KeyboardInterrupt, SystemExit):
        if sys.stdout.isatty():  # even behind a line end: the terminal has written ^C there
            screen.end_line()
        raise


def _write(pieces: Iterable[str], output: str) -> None:
    """Puts the pieces into a file, in one go at the end; what is there when we are stopped is kept too.

    A pipe or a device gets each piece as soon as it is made.
    """
    from charrnn.storage.files import is_stream, write_atomic

    if is_stream(output):
        write_atomic(output, map(_encoded, pieces))
        return
    made: list[str] = []
    try:
        made.extend(pieces)
    except (KeyboardInterrupt, SystemExit):
        write_atomic(output, _encoded("".join(made)))
        print(f"stopped; {sum(map(len, made)):,} characters are in {output}", file=sys.stderr)
        raise
    write_atomic(output, _encoded("".join(made)))


def _encoded(text: str) -> bytes:
    """The bytes of a text in a file. Half a surrogate, which no file holds, can only come from the prime."""
    return text.encode(errors="replace")
