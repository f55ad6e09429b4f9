"""Layer storage: one process at a time in a folder.

The lock is a hidden file in the folder itself: whoever sees the folder sees the lock, another user or a container too.
It is removed when the lock is released. A process that is killed leaves the empty file behind,
but not the lock: the system lets go of that, and the next process takes the file over.
"""

import contextlib
from pathlib import Path

from charrnn.errors import StorageError

LOCK_FILE = ".lock"


class FolderLock:
    """Holds `folder` for this process until release(); raises StorageError if another process holds it.

    Where no lock can be made (a read-only disk, some network file systems) everything goes on without.
    """

    def __init__(self, folder: Path) -> None:
        from filelock import FileLock, Timeout

        self._path = folder / LOCK_FILE
        self._lock = FileLock(self._path, thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise StorageError(f"{folder} is in use: another process trains this run; wait for it, or stop it with "
                               "Ctrl-C first") from error
        except (OSError, NotImplementedError):
            pass

    def release(self) -> None:
        """Lets go; a second time it does nothing."""
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                self._path.unlink()  # first: filelock tries again if the file it locked was removed
            self._lock.release()

    def __del__(self) -> None:
        self.release()
