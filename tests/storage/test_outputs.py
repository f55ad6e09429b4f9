"""An output that is no regular file gets what is written, and stays what it is: a FIFO, a device, a stream of ours."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from charrnn.errors import StorageError
from charrnn.storage.files import write_atomic

pytestmark = pytest.mark.skipif(os.name != "posix", reason="FIFOs, devices and /dev/stdout")
ROOT = Path(__file__).parents[2]
CODE = """
import sys
from charrnn.storage.files import write_atomic
print("before")
write_atomic(sys.argv[1], [b"new", b" content\\n"])
print("after")
"""


def test_a_fifo_gets_it_and_stays(tmp_path: Path) -> None:
    path, got = tmp_path / "fifo", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()), daemon=True)
    reader.start()
    write_atomic(path, [b"new", b" content"])
    reader.join(20)
    assert got == [b"new content"]
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert os.listdir(tmp_path) == ["fifo"]


def test_a_link_to_a_device_gets_it_and_both_stay(tmp_path: Path) -> None:
    terminal, device = os.openpty()
    try:
        (tmp_path / "link").symlink_to(os.ttyname(device))
        write_atomic(tmp_path / "link", b"new")
        assert os.read(terminal, 100) == b"new"
        assert stat.S_ISCHR((tmp_path / "link").stat().st_mode)
        assert (tmp_path / "link").is_symlink()
    finally:
        os.close(terminal)
        os.close(device)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("kind", ["pipe", "file", "file to append to", "removed file"])
def test_standard_output_by_name(tmp_path: Path, name: str, kind: str) -> None:
    if not os.path.exists(os.path.dirname(name)):
        pytest.skip(f"no {name} here")
    path = tmp_path / "file"
    path.write_bytes(b"old\n")
    how = {"cwd": ROOT, "stderr": subprocess.PIPE, "check": True}
    command = [sys.executable, "-c", CODE, name]
    if kind == "pipe":
        content = subprocess.run(command, stdout=subprocess.PIPE, **how).stdout
    else:
        with open(path, "ab+" if kind == "file to append to" else "wb+") as out:
            if kind == "removed file":
                path.unlink()
            subprocess.run(command, stdout=out, **how)
            out.seek(0)
            content = out.read()
    earlier = b"old\n" if kind == "file to append to" else b""
    assert content == earlier + b"before\nnew content\nafter\n"
    assert os.listdir(tmp_path) == ([] if kind == "removed file" else ["file"])


def test_a_descriptor_of_a_process_substitution(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    try:
        write_atomic(f"/dev/fd/{writer}", b"new")
        assert os.read(reader, 100) == b"new"
    finally:
        os.close(reader)
        os.close(writer)


def test_a_full_device_is_refused_and_stays(tmp_path: Path) -> None:
    full = tmp_path / "full"
    try:
        os.mknod(full, stat.S_IFCHR | 0o666, os.makedev(1, 7))  # what /dev/full is on Linux
        full.open("rb").close()
    except OSError:
        pytest.skip("devices can't be made or opened here")
    with pytest.raises(StorageError, match=r"no space left on .*; only a part of it was written"):
        write_atomic(full, b"new")
    assert stat.S_ISCHR(full.stat().st_mode)


def test_a_reader_that_goes_away_is_no_refusal(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        with pytest.raises(BrokenPipeError):
            write_atomic(f"/dev/fd/{writer}", b"new")
    finally:
        os.close(writer)
