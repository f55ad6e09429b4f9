"""Files are whole or untouched, whatever fails and whenever."""

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from charrnn.errors import SettingsError, StorageError
from charrnn.storage import files
from charrnn.storage.files import TEMPORARY, append_line, new_folder, write_atomic

POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX mode bits, folders and limits")
FAULTS = [OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EIO, "Input/output error"),
          OSError(errno.EROFS, "Read-only file system"), KeyboardInterrupt()]


class FailingFile:
    """A file whose `write` number `at` fails, after half of its bytes have reached the disk."""

    def __init__(self, file: Any, fault: BaseException, at: int) -> None:
        self.file, self.fault, self.left = file, fault, at

    def __enter__(self) -> "FailingFile":
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def write(self, data: bytes) -> int:
        if self.left == 0:
            self.file.write(data[:len(data) // 2])
            self.file.flush()
            raise self.fault
        self.left -= 1
        return self.file.write(data)


def raises(fault: BaseException, when: Callable[..., bool] = lambda *given: True,
           otherwise: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """A function that raises `fault` when its arguments say so, and does what it always did when not."""
    def function(*given: Any) -> Any:
        if when(*given):
            raise fault
        return otherwise(*given)  # type: ignore[misc]
    return function


def is_folder(handle: int) -> bool:
    return stat.S_ISDIR(os.fstat(handle).st_mode)


def inject(monkeypatch: pytest.MonkeyPatch, call: str, fault: BaseException) -> None:
    if call.startswith("write"):
        at = int(call[-1])
        monkeypatch.setattr(files, "open", lambda *how: FailingFile(open(*how), fault, at), raising=False)
    elif call == "open":
        monkeypatch.setattr(files, "open", raises(fault), raising=False)
    elif call == "flush file":
        monkeypatch.setattr(os, "fsync", raises(fault, lambda handle: not is_folder(handle), os.fsync))
    elif call == "flush folder":
        monkeypatch.setattr(os, "fsync", raises(fault, is_folder, os.fsync))
    else:
        monkeypatch.setattr(os, "replace", raises(fault))


def expected(fault: BaseException) -> type[BaseException]:
    return StorageError if isinstance(fault, OSError) else type(fault)


@pytest.mark.parametrize("data", [
    b"new", bytearray(b"new"), memoryview(b"new"), [b"n", b"", memoryview(b"ew")], b""])
@pytest.mark.parametrize("old", [None, b"the old content"])
def test_write_puts_all_of_it(tmp_path: Path, old: bytes | None, data: Any) -> None:
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    write_atomic(path, data)
    assert path.read_bytes() == (b"".join(data) if isinstance(data, list) else bytes(data))
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("call", ["open", "write 0", "write 2", "flush file", "replace"])
@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("old", [None, b"the old content"])
def test_a_fault_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bytes | None,
                                     fault: BaseException, call: str) -> None:
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    inject(monkeypatch, call, fault)
    with pytest.raises(expected(fault)) as caught:
        write_atomic(path, [b"new " * 10, b"content", b"!!"])
    assert os.listdir(tmp_path) == ([] if old is None else ["file"])
    assert old is None or path.read_bytes() == old
    if isinstance(fault, OSError):
        assert str(tmp_path) in str(caught.value)
        assert str(caught.value).endswith("; nothing was changed")
        assert "\n" not in str(caught.value)


@POSIX
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_in_flushing_the_folder_leaves_the_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                            fault: BaseException) -> None:
    inject(monkeypatch, "flush folder", fault)
    with pytest.raises(expected(fault)):
        write_atomic(tmp_path / "file", b"new")
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"new"


@POSIX
def test_a_folder_that_knows_no_flush_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inject(monkeypatch, "flush folder", OSError(errno.EINVAL, "Invalid argument"))
    write_atomic(tmp_path / "file", b"new")


@POSIX
def test_file_is_flushed_before_it_takes_the_name_and_the_folder_after(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    flush, replace = os.fsync, os.replace

    def fsync(handle: int) -> None:
        order.append("folder" if is_folder(handle) else f"file of {os.fstat(handle).st_size} bytes")
        flush(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", lambda *paths: (order.append("name"), replace(*paths)))
    write_atomic(tmp_path / "file", b"12345")
    assert order == ["file of 5 bytes", "name", "folder"]


def test_a_source_of_buffers_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    def buffers() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "file", buffers())
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


@POSIX
def test_a_real_limit_on_file_size(tmp_path: Path) -> None:
    code = ("import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "from charrnn.storage.files import write_atomic; write_atomic(sys.argv[1], b'small')\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
            "write_atomic(sys.argv[1], bytes(100_000))")
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "file")], cwd=Path(__file__).parents[2],
                          capture_output=True, text=True)
    assert "StorageError: cannot write" in done.stderr
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"small"


@pytest.mark.parametrize(("fault", "words"), [
    (errno.ENOSPC, "no space left"), (errno.EROFS, "read-only"), (errno.EACCES, "not allowed"),
    (errno.EIO, "error")])
def test_the_message_names_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int,
                                     words: str) -> None:
    inject(monkeypatch, "open", OSError(fault, os.strerror(fault)))
    with pytest.raises(StorageError, match=words):
        write_atomic(tmp_path / "file", b"")


def test_the_root_folder_is_no_file() -> None:
    with pytest.raises(StorageError, match="cannot write /: "):
        write_atomic(Path(os.sep), b"x")
    assert not list(Path(os.sep).glob(TEMPORARY.format("*")))


def test_a_missing_folder_and_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        write_atomic(tmp_path / "nowhere" / "file", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match=r"cannot write|not allowed"):
        write_atomic(tmp_path / "folder", b"")
    assert os.listdir(tmp_path) == ["folder"]


def test_a_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="can't name a file: it has a NUL"):
        write_atomic(f"{tmp_path}/a\0b", b"")
    with pytest.raises(StorageError, match="can't name a file: it has a NUL"):
        new_folder(f"{tmp_path}/a\0b", "run")
    assert os.listdir(tmp_path) == []


@POSIX
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_mode_bits_follow_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_atomic(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~umask


@POSIX
def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "file")
    write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere" / "file").read_bytes() == b"new"


@pytest.mark.parametrize(("before", "after"), [
    (None, b"line\n"), (b"", b"line\n"), (b"one\n", b"one\nline\n"), (b"one\ntwo\nto", b"one\ntwo\nline\n"),
    (b"torn from the start", b"line\n"), (b"one\n" + b"x" * 200_000, b"one\nline\n"),
    (b"x" * 65_535 + b"\n" + b"y" * 65_536, b"x" * 65_535 + b"\nline\n")])
def test_append_repairs_a_torn_line(tmp_path: Path, before: bytes | None, after: bytes) -> None:
    path = tmp_path / "metrics.jsonl"
    if before is not None:
        path.write_bytes(before)
    append_line(path, "line")
    assert path.read_bytes() == after
    append_line(path, "é")
    assert path.read_bytes() == after + "é\n".encode()


def test_append_says_what_the_disk_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append_line(tmp_path / "file", "one")
    inject(monkeypatch, "write 0", FAULTS[0])
    with pytest.raises(StorageError, match="no space left"):
        append_line(tmp_path / "file", "two two")
    monkeypatch.undo()
    append_line(tmp_path / "file", "three")
    assert (tmp_path / "file").read_bytes() == b"one\nthree\n"


def test_new_folder_never_gives_an_old_one(tmp_path: Path) -> None:
    parent = tmp_path / "deep" / "runs"
    assert [new_folder(parent, "run").name for _ in range(3)] == ["run", "run-2", "run-3"]
    (parent / "file").write_bytes(b"")
    assert new_folder(str(parent), "file") == parent / "file-2"


@POSIX
def test_a_new_folder_that_a_power_cut_may_lose_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inject(monkeypatch, "flush folder", OSError(errno.EIO, "Input/output error"))
    with pytest.raises(StorageError, match="nothing was changed"):
        new_folder(tmp_path, "run")
    assert os.listdir(tmp_path) == []


def test_new_folder_for_many_at_once(tmp_path: Path) -> None:
    made: list[Path] = []
    threads = [threading.Thread(target=lambda: made.append(new_folder(tmp_path, "run"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 20


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "../up", "nul\0"])
def test_new_folder_stays_in_its_parent(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="can't name a folder"):
        new_folder(tmp_path, name)
    assert os.listdir(tmp_path) == []


def test_new_folder_says_what_the_disk_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot write"):
        new_folder(tmp_path / "file", "run")
    with pytest.raises(StorageError, match="name too long"):
        new_folder(tmp_path, "x" * 300)


@pytest.mark.parametrize("name", ["a:b", "con", "NUL.txt", "com1", "dot.", "space ", "what?", "a|b", "..", ""])
def test_names_that_some_system_refuses_are_refused_everywhere(tmp_path, name):
    with pytest.raises(SettingsError, match="can't name a folder"):
        new_folder(tmp_path, name)
