"""What the user puts between files stands there, and nowhere else."""

import io
from pathlib import Path

import pytest

from charrnn.errors import SettingsError
from charrnn.settings import TextSettings
from charrnn.text.corpus import read_corpus
from tests.text.test_chunks import chunks_of
from tests.text.test_corpus import text_of, write


@pytest.mark.parametrize(("between", "stands"), [
    (r"\n---\n", "\n---\n"), ("", ""), (r"\t\\n\x", "\t\\n\\x"), ("\n\n", "\n\n"), ("É", "É")])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_between_files_of_folders_and_named_ones(tmp_path: Path, between: str, stands: str, size: int) -> None:
    for name, data in {"a": b"one\n", "b": b"", "c.bin": b"a text, then \0", "d": b"two", "e": b"last \xff"}.items():
        write(tmp_path / "folder" / name, data)
    empty, three = write(tmp_path / "empty", b""), write(tmp_path / "three", b"three")
    sources = [empty, str(tmp_path / "folder"), "-", three, empty]
    with chunks_of(size):
        read = read_corpus(sources, io.BytesIO(b"piped\n"), settings=TextSettings(between=between, lowercase=True))
    assert text_of(read) == stands.join(["one\n", "two", "piped\n", "three"])


def test_one_file_has_nothing_between(tmp_path: Path) -> None:
    assert text_of(read_corpus([write(tmp_path / "a", b"one")], settings=TextSettings(between="--"))) == "one"


def test_what_makes_no_sense_is_refused() -> None:
    for documents in ("line", "file", "--"):
        with pytest.raises(SettingsError, match="--documents and --between contradict each other"):
            TextSettings(documents=documents, between="")
    with pytest.raises(SettingsError, match="which is not valid UTF-8"):
        TextSettings(between="a\udcff")
    with pytest.raises(SettingsError, match="between is 3; it must be text"):
        TextSettings(between=3)  # type: ignore[arg-type]
