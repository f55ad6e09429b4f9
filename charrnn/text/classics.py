"""Layer text: public-domain classics that `charrnn corpora fetch` fetches from addresses that do not change.

Each address names a commit, so that its bytes stay the same; their SHA-256 is checked all the same. A fetched text lies
in the user's own data folder, and is checked again whenever it is read.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from charrnn.errors import CorpusError
from charrnn.storage.cache import in_home

_RAW = "https://raw.githubusercontent.com/"
_YXTAY = "yxtay/char-rnn-text-generation"
_GUTENBERG = "Project Gutenberg, by GITenberg"


@dataclass(frozen=True)
class Classic:
    """A text at an address, and what is to be found there.

    size     its bytes
    source   where that copy comes from
    """

    description: str
    url: str
    size: int
    sha256: str
    source: str


CLASSICS = {
    "shakespeare": Classic(
        "scenes from Shakespeare's plays (tiny Shakespeare)",
        _RAW + "karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
        1_115_394, "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed", "karpathy/char-rnn"),
    "alice": Classic(
        "Carroll, Alice's Adventures in Wonderland",
        _RAW + "GITenberg/Alice-s-Adventures-in-Wonderland_11/7f18748e114b994d5d9454d5793581bc0b9cf9d7/11.txt",
        167_546, "0f9ea0b148d553177962a25edd2f56d36342c22576a3253a127b4fbeffa5687d", _GUTENBERG),
    "sherlock": Classic(
        "Doyle, The Adventures of Sherlock Holmes",
        _RAW + "GITenberg/The-Adventures-of-Sherlock-Holmes_1661/7e5dd2703fbf503c004063e96ab7c61262375e5f/1661.txt",
        594_941, "2a0ce5568625a304f54fbb6bfdeeadf527a1437254b5f0e06b5a9e233d4784a2", _GUTENBERG),
    "pride": Classic(
        "Austen, Pride and Prejudice",
        _RAW + "GITenberg/Pride-and-Prejudice_1342/81db45c9c48c592f0b77f01fc59e677ad0a5634e/1342.txt",
        717_602, "441e778a4297bfc944dc254810e8ded3134cfb0e36d73eef6bb312b4ffd74d6a", _GUTENBERG),
    "grimm": Classic(
        "Grimm, Fairy Tales, in English",
        _RAW + "GITenberg/Grimms-Fairy-Tales_2591/9991a30953853be9b40751408c3ad0d3af314fb7/2591.txt",
        549_774, "8ade9aa3b46666387eff9703a32faf14c9bf7a79c787207cfe5fa59fd4c2c8fd", _GUTENBERG),
    "dictionary": Classic(
        "Bierce, The Devil's Dictionary",
        _RAW + "GITenberg/The-Devil-s-Dictionary_972/fcea6b9736136ae4bd6bb76b398d56b7cd62e3c8/972.txt",
        394_044, "f61a70f08650fd2b87101cb276b4d6cf12c4714d4bbd0a8a45a27501ffc8fea3", _GUTENBERG),
    "nietzsche": Classic(
        "Nietzsche, Beyond Good and Evil, in English",
        _RAW + _YXTAY + "/b8585e3a3609c945bdfc48daa21658bfc4128f1b/data/nietzsche.txt",
        600_901, "23cf69874ab69d3d256099ab530ea4be24d47d9675b673bcc67cbcd6298ec647", _YXTAY),
    "war-and-peace": Classic(
        "Tolstoy, War and Peace, in English",
        _RAW + _YXTAY + "/b8585e3a3609c945bdfc48daa21658bfc4128f1b/data/warpeace.txt",
        3_258_246, "fb66ba999dafe24017cdd59e04c56d385a9c8466993d374fd4c6f08b2142985e", _YXTAY),
}


def classics_folder() -> Path:
    """The folder of fetched texts (in XDG_DATA_HOME); raises RuntimeError where there is no home folder."""
    return in_home(platformdirs.user_data_path("charrnn", appauthor=False)) / "corpora"


def classic_file(name: str) -> Path | None:
    """The file of a fetched classic; None if it is not there."""
    try:
        path = classics_folder() / f"{name}.txt"
    except RuntimeError:
        return None
    return path if path.is_file() else None


def read_classic(name: str) -> str:
    """A fetched classic, without what Project Gutenberg puts before and behind a text.

    Raises CorpusError if it was not fetched, or is no longer what was fetched.
    """
    again = f"charrnn corpora fetch {name}"
    path = classic_file(name)
    if path is None:
        raise CorpusError(f"@{name} is not on this machine yet; fetch it with: {again}")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {(error.strerror or str(error)).lower()}; fetch it again with: "
                          f"{again}") from error
    if hashlib.sha256(data).hexdigest() != CLASSICS[name].sha256:
        raise CorpusError(f"{path} was changed since it was fetched; fetch it again with: {again}")
    return _without_frame(data.decode("utf-8-sig").replace("\r\n", "\n"))


def _without_frame(text: str) -> str:
    """The text between the lines with which Project Gutenberg frames it; all of it where there are none."""
    edge = r"^\*\*\* {} OF THIS PROJECT GUTENBERG[^\n]*\n"
    framed = re.search(f"{edge.format('START')}(.*){edge.format('END')}", text, re.DOTALL | re.MULTILINE)
    if framed is None:
        return text
    inner = re.sub(r"\AProduced by .*\n", "", framed[1].strip())
    return re.sub(r"\n\s*End of (the )?Project Gutenberg[^\n]*(\n.+)?\Z", "", inner).strip() + "\n"
