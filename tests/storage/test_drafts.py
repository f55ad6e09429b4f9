"""Drafts: kept in the user's own folder, whole, the latest first, only so many of them."""

import os
import sys
from pathlib import Path

import platformdirs
import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from charrnn.errors import StorageError
from charrnn.storage import drafts
from charrnn.storage.drafts import Draft, draft_folder, latest_draft


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(drafts, "draft_folder", lambda: tmp_path / "state" / "drafts")
    return tmp_path / "state" / "drafts"


def test_a_draft_is_kept_changed_and_dropped(folder: Path) -> None:
    draft = Draft()
    assert draft.path is None
    draft.drop()
    assert latest_draft() is None
    assert not folder.exists()
    draft.keep("zwölf\n")
    assert draft.path is not None
    assert list(folder.iterdir()) == [draft.path] == [latest_draft()]
    assert draft.path.read_bytes() == "zwölf\n".encode()
    draft.keep("zwei\ud800")
    assert draft.path.read_bytes() == b"zwei?"
    Draft(draft.path).keep("gone on with")
    assert [path.read_text() for path in folder.iterdir()] == ["gone on with"]
    draft.drop()
    draft.drop()
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="mode bits")
def test_nobody_else_may_look(folder: Path) -> None:
    Draft().keep("mine")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_latest_is_the_one_kept_last(folder: Path) -> None:
    texts = [Draft() for _ in range(3)]
    for number, draft in enumerate(texts):
        draft.keep("x")
        assert draft.path is not None
        os.utime(draft.path, ns=(0, number))
    (folder / ".charrnn-1.tmp").write_text("torn")
    (folder / "notes.md").write_text("not ours")
    assert latest_draft() == texts[2].path
    assert texts[0].path is not None
    os.utime(texts[0].path, ns=(0, 9))
    assert latest_draft() == texts[0].path


def test_only_so_many_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(f"2026-11-21-12{number:04}" for number in range(100))
    monkeypatch.setattr(drafts.time, "strftime", lambda form: next(times))
    for number in range(23):
        Draft().keep(str(number))
    assert sorted(int(path.read_text()) for path in folder.iterdir()) == list(range(3, 23))


def test_a_disk_that_refuses(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file in its place")
    with pytest.raises(StorageError, match="no draft is kept"):
        Draft().keep("x")
    assert latest_draft() is None


def test_without_a_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(drafts, "draft_folder", homeless)
    with pytest.raises(StorageError, match="no home folder"):
        Draft().keep("x")
    assert latest_draft() is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows is asked for its own folder")
@pytest.mark.parametrize(("dirs", "variable", "rest"), [
    (Unix, "XDG_STATE_HOME", ""), (Unix, None, ".local/state"), (MacOS, None, "Library/Application Support")])
def test_where_drafts_lie(dirs: type, variable: str | None, rest: str, monkeypatch: pytest.MonkeyPatch,
                          tmp_path: Path) -> None:
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable or "HOME", str(tmp_path))
    monkeypatch.setattr(platformdirs, "PlatformDirs", dirs)
    assert draft_folder() == tmp_path / rest / "charrnn" / "drafts"
