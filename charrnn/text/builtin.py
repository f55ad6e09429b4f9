"""Layer text: built-in texts (`@python-docs`): those that come with Python, so that a first run needs no download.

They differ a little from one release of Python to the next.
"""

import difflib
import importlib
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import CorpusError

SOURCE_LIMIT = 6_000_000
SOURCE_PACKAGES = frozenset(
    "asyncio collections concurrent email html http importlib json logging re urllib xml zoneinfo".split())


@dataclass(frozen=True)
class Builtin:
    """A text with a name of its own: what help says about it, and how to read it."""

    description: str
    read: Callable[[], str]


def find_builtin(name: str) -> Builtin:
    """What is behind `name`, which is given with its @."""
    if name not in BUILTINS:
        nearest = difflib.get_close_matches(name, BUILTINS, n=1)
        advice = f"did you mean {nearest[0]}? " if nearest else ""
        raise CorpusError(f"no built-in text is called {name!r}; {advice}there are {', '.join(BUILTINS)} "
                          f"(a file of that name is read as ./{name})")
    return BUILTINS[name]


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
    "@python-docs": Builtin("Python's language reference, about 380,000 characters of English", _python_docs),
    "@python-source": Builtin("Python's standard library, 6 million characters of code", _python_source),
}
