"""Layer text: texts with a name of their own (`@fables`), so that a first run needs no file.

Four kinds: those that come with charrnn, toy tasks, which are written when they are read, those that come with Python,
which differ a little from one release to the next, and classics, which are read once `charrnn corpora fetch` has
fetched them.
"""

import difflib
import importlib
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from charrnn.errors import CorpusError
from charrnn.text.classics import CLASSICS, read_classic
from charrnn.text.toys import average, gap, gap_of, hello

SOURCE_LIMIT = 6_000_000
SOURCE_PACKAGES = frozenset(
    "asyncio collections concurrent email html http importlib json logging re urllib xml zoneinfo".split())


@dataclass(frozen=True)
class Builtin:
    """A text with a name of its own: what help says about it, where it comes from, and how to read it."""

    description: str
    origin: str  # "charrnn", "toy", "Python" or "fetched"
    read: Callable[[], str]
    sized: Callable[[str], Callable[[], str]] | None = None  # what reads it with a size, the 50 of @gap:50


def find_builtin(name: str) -> Builtin:
    """What is behind `name`, which is given with its @, and for some texts with a size, as in @gap:20."""
    family, colon, size = name.partition(":")
    if colon and family in BUILTINS and (sized := BUILTINS[family].sized):
        return replace(BUILTINS[family], read=sized(size))
    if name not in BUILTINS:
        nearest = difflib.get_close_matches(name, BUILTINS, n=1)
        advice = f"did you mean {nearest[0]}? " if nearest else ""
        raise CorpusError(f"no built-in text is called {name!r}; {advice}there are {', '.join(BUILTINS)} "
                          f"(a file of that name is read as ./{name})")
    return BUILTINS[name]


def _shipped(file: str) -> Callable[[], str]:
    """What reads a text that comes with charrnn."""

    def read() -> str:
        package = Path(__file__).parents[1]
        for folder in (package / "corpora", package.parent / "corpora"):  # installed; in a checkout
            if (folder / file).is_file():
                return (folder / file).read_text(encoding="utf-8")
        raise CorpusError(f"this installation lacks {file}, which comes with charrnn; install charrnn again")

    return read


def _python_docs() -> str:
    """Python's language reference: the topics behind help(), in the order of their names."""
    try:
        topics: dict[str, str] = importlib.import_module("pydoc_data.topics").topics
    except ImportError:
        raise CorpusError("this Python was installed without pydoc_data, the texts behind help(); "
                          "install it in full, or train on a file of yours") from None
    return "\n".join(_without_repeats([topics[name] for name in sorted(topics)]))


def _without_repeats(topics: list[str]) -> Iterator[str]:
    """The topics in the same order, without those that mostly repeat earlier ones.

    A fifth of the text would stand there twice, most of it near the end: trained on, and then validated on.
    """
    seen: set[str] = set()
    for topic in topics:
        paragraphs = {part.strip() for part in topic.split("\n\n") if len(part) > 80}
        if 2 * sum(map(len, paragraphs & seen)) < len(topic):
            yield topic
            seen |= paragraphs


def _python_source() -> str:
    """The standard library's own modules and a few of its packages, in the order of their paths."""
    files: list[str] = []
    length = 0
    for path in _source_files(Path(sysconfig.get_paths()["stdlib"])):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        length += len(text)
        if length > SOURCE_LIMIT:
            break
        files.append(text)
    if not files:
        raise CorpusError("this Python was installed without the source of its standard library; "
                          "train on a folder of yours instead")
    return "".join(files)


def _source_files(library: Path) -> Iterator[Path]:
    """The .py files of public standard modules below `library`, in the same order on every system."""
    found = [path for path in library.glob("*.py") if path.stem in sys.stdlib_module_names]
    for package in SOURCE_PACKAGES:
        found += (library / package).rglob("*.py")
    yield from sorted((path for path in found if not path.stem.startswith("_") or path.stem == "__init__"),
                      key=lambda path: path.relative_to(library).as_posix())


BUILTINS = {
    "@fables": Builtin("fifty short fables: prose, dialogue, verse", "charrnn", _shipped("fables.txt")),
    "@harbour": Builtin("a short story, enough to learn by heart", "charrnn", _shipped("harbour.txt")),
    "@colours": Builtin("a thousand names of paints; with --documents line", "charrnn", _shipped("colours.txt")),
    "@tunes": Builtin("sixty tunes in ABC notation; with --documents blank", "charrnn", _shipped("tunes.abc")),
    "@hamlet": Builtin("Shakespeare's play, in the form of @shakespeare", "charrnn", _shipped("hamlet.txt")),
    "@hello": Builtin("one word, again and again", "toy", hello),
    "@average": Builtin("digits and their average so far; with --documents line", "toy", average),
    "@gap": Builtin("a letter to remember over 1 to 20 others, @gap:50 to 50; with --pairs", "toy", gap, gap_of),
    "@python-docs": Builtin("Python's language reference, in English", "Python", _python_docs),
    "@python-source": Builtin("Python's standard library, code", "Python", _python_source),
    **{f"@{name}": Builtin(classic.description, "fetched", partial(read_classic, name))
       for name, classic in CLASSICS.items()},
}
# What messages say where a text is wanted and none is there; all of them would be a long list.
SUCH_AS = "a built-in text such as @fables (charrnn corpora lists them)"
