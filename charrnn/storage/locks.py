"""Layer storage: one process at a time in a folder. The folder itself is locked: nothing has to be written, and the
system lets go of it when the process ends, however it ends. Where there are no such locks (Windows, some network
file systems)
everything goes on without."""

import contextlib
import errno
import os
from pathlib import Path

from charrnn.errors import StorageError


class FolderLock:
    """Holds `folder` for this process until release(); raises StorageError if another process holds it."""

    def __init__(self, folder: Path) -> None:
        self._handle = -1
        try:
            import fcntl

            self._handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (ImportError, OSError) as error:
            self.release()
            if getattr(error, "errno", None) in (errno.EWOULDBLOCK, errno.EAGAIN):
                raise StorageError(f"{folder} is in use: another process trains this run; wait for it, or stop it "
                                   "with Ctrl-C first") from error

    def release(self) -> None:
        """Lets go; a second time it does nothing."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            with contextlib.suppress(OSError):
                os.close(handle)

    def __del__(self) -> None:
        self.release()
