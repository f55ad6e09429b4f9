"""A folder's lock: one process at a time, gone with its holder, and no file left of it."""

import os
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from charrnn.errors import StorageError
from charrnn.storage.locks import LOCK_FILE, FolderLock

HOLDER = ("import sys, time; from pathlib import Path; from charrnn.storage.locks import FolderLock\n"
          "lock = FolderLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)")


def test_a_second_one_is_refused_until_the_first_is_released(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)
    for _ in range(2):
        with pytest.raises(StorageError, match="is in use: another process trains this run; wait for it"):
            FolderLock(tmp_path)
    first.release()
    assert list(tmp_path.iterdir()) == []
    second = FolderLock(tmp_path)
    first.release()  # does nothing any more
    with pytest.raises(StorageError):
        FolderLock(tmp_path)
    del second
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StorageError):
            FolderLock(tmp_path)
        holder.kill()
    lock = FolderLock(tmp_path)
    with pytest.raises(StorageError):
        FolderLock(tmp_path)
    lock.release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("refusal", [PermissionError(13, "Permission denied"), NotImplementedError("no flock here")])
def test_where_no_lock_can_be_made_it_goes_on_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                      refusal: Exception) -> None:
    def refuse(lock: object) -> None:
        raise refusal

    monkeypatch.setattr(filelock.FileLock, "_acquire", refuse)
    FolderLock(tmp_path).release()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_needs_no_lock(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    FolderLock(tmp_path).release()
    assert not (tmp_path / LOCK_FILE).exists()
