"""Scratch files: where they lie, and that nothing of them is left."""

import errno
import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from charrnn.errors import StorageError
from charrnn.storage.cache import ScratchFile, user_cache
from charrnn.text.corpus import Corpus

linux = pytest.mark.skipif(sys.platform != "linux", reason="the cache's place is named by XDG_CACHE_HOME")
TEXT = "some text, and some more\n" * 1000


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Full:
    """A file on a disk that takes no more than the first `room` bytes."""

    def __init__(self, file: Any, room: int) -> None:
        self._file, self._room = file, room

    def write(self, data: Any) -> int:
        if self._file.tell() + len(data) > self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self._file.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@linux
def test_it_lies_in_the_cache_folder_and_leaves_nothing(cache: Path) -> None:
    assert user_cache() == cache
    with closing(ScratchFile()) as file:
        assert file.folder == cache / "charrnn"
        file.write(0, b"12345678")
        file.write(2, b"xy")
        assert file.read(1, 4) == b"2xy5"
        file.truncate(6)
        assert list(file.folder.iterdir()) == []  # it has no name
        memory = file.map()
    assert bytes(memory) == b"12xy56"
    assert list(cache.rglob("*")) == [cache / "charrnn"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows is asked for its own folder")
@pytest.mark.parametrize(("dirs", "variable", "rest"), [
    (Unix, "XDG_CACHE_HOME", ""), (Unix, None, ".cache"), (MacOS, None, "Library/Caches")])
def test_caches_lie_where_they_lay_before_platformdirs(dirs: type, variable: str | None, rest: str, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv(variable or "HOME", str(tmp_path))
    monkeypatch.setattr(platformdirs, "PlatformDirs", dirs)
    assert user_cache() == tmp_path / rest


@linux
def test_the_temporary_folder_comes_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with closing(ScratchFile()) as file:
        assert file.folder == Path(tempfile.gettempdir())

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda: Path("~/.cache"))  # as without a home folder
    with pytest.raises(RuntimeError):
        user_cache()
    with closing(ScratchFile()) as file:
        assert file.folder == Path(tempfile.gettempdir())


def test_no_folder_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(StorageError, match=r"no folder takes temporary files.*; name one in TMPDIR"):
        ScratchFile()


@pytest.mark.parametrize("room", [0, 10_000])
def test_a_full_disk(cache: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    made: list[Full] = []
    really = tempfile.TemporaryFile

    def full(**options: Any) -> Full:
        made.append(Full(really(**options), room))
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(StorageError, match=r"no space left on the disk that holds .*; a text takes a byte or two"):
        Corpus.of(TEXT)
    assert len(made) == 2  # the temporary folder's is full too
    assert all(file.closed for file in made)
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_a_full_cache_disk_moves_the_file_to_the_temporary_folder(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = tempfile.TemporaryFile

    def full(dir: Path, **options: Any) -> Any:
        file = really(dir=dir, **options)
        return Full(file, 10_000) if dir == cache / "charrnn" else file

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with closing(ScratchFile()) as file:
        file.write(0, b"ab" * 4000)
        assert file.folder == cache / "charrnn"
        file.write(8000, b"cd" * 4000)
        assert file.folder == Path(tempfile.gettempdir())
        file.write(1, b"xyz")
        assert bytes(file.map()) == b"axyz" + b"ab" * 3998 + b"cd" * 4000
    assert Corpus.of(TEXT).characters == len(TEXT)


def test_the_file_is_closed_when_reading_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[ScratchFile] = []

    def interrupted(file: ScratchFile, start: int, data: Any) -> None:
        files.append(file)
        raise KeyboardInterrupt

    monkeypatch.setattr(ScratchFile, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Corpus.of(TEXT)
    assert files[0]._file.closed


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs a list of open files")
def test_no_file_stays_open_behind_a_text() -> None:
    def scratch_files() -> int:
        links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
        return sum("(deleted)" in os.readlink(link) for link in links if os.path.lexists(link))

    before, kept = scratch_files(), [Corpus.of(TEXT) for _ in range(3)]
    assert scratch_files() == before + 3  # the memory's own
    kept.clear()
    assert scratch_files() == before
