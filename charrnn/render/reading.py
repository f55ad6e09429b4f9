"""Layer render: texts that commands read, and what is shown meanwhile: nothing if it is quick, else a bar or a line."""

import sys
import time
from collections.abc import Iterator, Sequence

from charrnn.errors import CorpusError
from charrnn.render.progress import ProgressBar
from charrnn.render.wording import size_words, source_words
from charrnn.settings import TextSettings
from charrnn.text.corpus import Corpus, read_corpus
from charrnn.text.corpus_cache import LIMIT_NAME, gigabytes_wanted
from charrnn.text.sources import STDIN, lines_of, no_stdin, read_source, stdin_refused

_PATIENCE = 1.0  # seconds before anything is shown


def read_text(name: str) -> str:
    """The text in the file `name`; "-" is standard input."""
    stdin = sys.stdin.buffer if name == "-" and sys.stdin else None
    return "".join(read_source(name, stdin, lambda size: None))


def read_lines(name: str) -> Iterator[str]:
    """The lines of a file without their ends; of standard input, "-", each as soon as it arrives."""
    if name != "-":
        yield from lines_of(read_text(name))
        return
    if sys.stdin is None:
        raise no_stdin()
    is_first = True
    while True:
        try:
            line = sys.stdin.buffer.readline().decode()
        except UnicodeDecodeError as error:
            raise CorpusError("standard input is not UTF-8; convert it first, for example with iconv") from error
        except (OSError, ValueError) as error:
            raise stdin_refused(error) from error
        if not line:
            return
        yield (line.removeprefix("\ufeff") if is_first else line).removesuffix("\n").removesuffix("\r")
        is_first = False


def read(sources: Sequence[str], settings: TextSettings, max_size: float = 0.0) -> Corpus:
    """The corpus that `sources` name, read as `settings` say, of so many gigabytes at most (0: no limit); it takes long
    for a long text.

    Ctrl-C and SIGTERM end it with a line that says what is left: nothing.
    """
    words = f"reading {source_words(sources)}"
    began, is_told = time.monotonic(), False

    def show(done: int, total: int | None, unpacked: int) -> None:
        nonlocal is_told
        bar.show(done, total, f"{words}, {size_words(unpacked)} unpacked" if unpacked > 2 * done else words)
        if not bar.is_shown and not is_told and time.monotonic() - began > _PATIENCE:
            is_told = True
            print(words + (f" ({size_words(total)})" if total else ""), file=sys.stderr, flush=True)

    with ProgressBar(words=words, unit="B", patience=_PATIENCE) as bar:
        try:
            corpus = read_corpus(sources, sys.stdin.buffer if sys.stdin else None, show, settings, max_size)
        except (KeyboardInterrupt, SystemExit):
            bar.close()
            print(f"stopped while {words}; nothing was changed", file=sys.stderr)
            raise
    if STDIN not in sources and corpus.labels is None and (wanted := gigabytes_wanted(corpus)):
        print("note: the text is too long for the cache, so each start reads all of it again; "
              f"{LIMIT_NAME}={wanted} keeps it", file=sys.stderr, flush=True)
    return corpus
