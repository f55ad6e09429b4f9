"""Classics are fetched whole, a cut-off download goes on where it ended, and other bytes are refused.

The server is our own.
"""

import hashlib
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from charrnn.errors import CorpusError, StorageError
from charrnn.text import classics, fetch
from charrnn.text.builtin import BUILTINS, find_builtin
from charrnn.text.classics import CLASSICS, Classic, classic_file

TEXT = b"Call me Ishmael.\n" * 20_000
LONGEST_PART = 100_000


class Server(ThreadingHTTPServer):
    """Serves `content` at /text, and says what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.knows_ranges = TEXT, True
        self.cut = 0  # bytes after which an answer is cut off; 0 never
        self.asked: list[tuple[str | None, str | None]] = []  # Range and Accept-Encoding

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader that went away is no error here."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.server.asked.append((wanted, self.headers["Accept-Encoding"]))
        if self.path != "/text":
            self.send_error(404)
            return
        content, start = self.server.content, 0
        if wanted and self.server.knows_ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:][:self.server.cut or None])
        self.close_connection = True

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def folder(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where classics are kept; `whale` and `lost` are the only ones."""
    monkeypatch.setattr(classics, "classics_folder", lambda: tmp_path / "data" / "corpora")
    monkeypatch.setattr(fetch, "classics_folder", lambda: tmp_path / "data" / "corpora")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    address, sha256 = f"http://127.0.0.1:{server.server_port}", hashlib.sha256(TEXT).hexdigest()
    for name, path in (("whale", "/text"), ("lost", "/lost")):
        monkeypatch.setitem(CLASSICS, name, Classic("a whale", address + path, len(TEXT), sha256, "here"))
    return tmp_path / "data" / "corpora"


def test_what_is_fetched_is_read_and_not_fetched_again(server: Server, folder: Path) -> None:
    told: list[tuple[int, int | None]] = []
    path = fetch.fetch_classic("whale", lambda done, total: told.append((done, total)))
    assert path == classic_file("whale") == folder / "whale.txt"
    assert path.read_bytes() == TEXT
    assert told[-1] == (len(TEXT), len(TEXT))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) > 2
    assert classics.read_classic("whale") == TEXT.decode()
    fetch.fetch_classic("whale")
    assert server.asked == [(None, "identity")]
    assert os.listdir(folder) == ["whale.txt"]


def test_a_cut_off_download_goes_on_where_it_ended(server: Server, folder: Path) -> None:
    server.cut = LONGEST_PART
    with pytest.raises(CorpusError, match=r"cut off after [\d,]+ bytes; the same command goes on from there$"):
        fetch.fetch_classic("whale", retries=0)
    assert classic_file("whale") is None
    part = (folder / ".whale.part").stat().st_size
    assert LONGEST_PART - fetch._BLOCK < part <= LONGEST_PART
    server.cut = 0
    assert fetch.fetch_classic("whale").read_bytes() == TEXT
    assert [asked for asked, _ in server.asked] == [None, f"bytes={part}-"]
    assert os.listdir(folder) == ["whale.txt"]


def test_a_server_that_knows_no_ranges_begins_anew(server: Server, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / ".whale.part").write_bytes(TEXT[:1000])
    server.knows_ranges = False
    assert fetch.fetch_classic("whale").read_bytes() == TEXT


@pytest.mark.parametrize("content", [TEXT[:-1] + b"!", TEXT + b"more", b"x" * 10 * len(TEXT)])
def test_other_bytes_are_not_kept(server: Server, folder: Path, content: bytes) -> None:
    server.content = content
    with pytest.raises(CorpusError, match="is not the text that is expected there"):
        fetch.fetch_classic("whale", retries=0)
    assert classic_file("whale") is None
    server.content = TEXT
    assert fetch.fetch_classic("whale", retries=0).read_bytes() == TEXT  # what was wrong is not gone on with


def test_a_part_that_is_too_long_is_dropped(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / ".whale.part").write_bytes(TEXT + b"more")
    assert fetch.fetch_classic("whale").read_bytes() == TEXT


def test_a_changed_text_is_refused_and_fetched_again(folder: Path) -> None:
    fetch.fetch_classic("whale").write_bytes(b"Call me Ahab.\n")
    with pytest.raises(CorpusError, match=r"was changed since it was fetched; .* charrnn corpora fetch whale"):
        classics.read_classic("whale")
    assert fetch.fetch_classic("whale").read_bytes() == TEXT


def test_a_failure_is_tried_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    server.cut = 2 * len(TEXT) // 3
    assert fetch.fetch_classic("whale", retries=1).read_bytes() == TEXT


def test_refusals(server: Server, folder: Path) -> None:
    with pytest.raises(CorpusError, match=r"no classic is called 'dog'; there are shakespeare, alice"):
        fetch.fetch_classic("dog")
    with pytest.raises(CorpusError, match=r"cannot fetch @lost from http://.*/lost: the server answered 404 Not Found"):
        fetch.fetch_classic("lost", retries=0)
    server.shutdown()
    server.server_close()
    with pytest.raises(CorpusError, match=r"no connection; try again later, or once you are online$"):
        fetch.fetch_classic("whale", retries=0)


def test_a_folder_that_cannot_be_made(folder: Path) -> None:
    folder.parent.write_text("a file")
    with pytest.raises(StorageError, match="nothing was fetched"):
        fetch.fetch_classic("whale")


def test_no_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError

    monkeypatch.setattr(fetch, "classics_folder", nowhere)
    monkeypatch.setattr(classics, "classics_folder", nowhere)
    with pytest.raises(CorpusError, match="there is no home folder to keep a text in"):
        fetch.fetch_classic("whale")
    with pytest.raises(CorpusError, match="@whale is not on this machine yet"):
        classics.read_classic("whale")


def test_the_frame_of_project_gutenberg_is_left_out() -> None:
    framed = ("Title: A Whale\n\n*** START OF THIS PROJECT GUTENBERG EBOOK A WHALE ***\n\n\nProduced by Nobody\n\n\n"
              "A WHALE\n\nCall me *** Ishmael.\n\n\n"
              "End of the Project Gutenberg EBook of A Whale, by\nHerman Melville\n\n"
              "*** END OF THIS PROJECT GUTENBERG EBOOK A WHALE ***\n\n*** START: FULL LICENSE ***\n")
    assert classics._without_frame(framed) == "A WHALE\n\nCall me *** Ishmael.\n"
    assert classics._without_frame("Call me Ishmael.\n") == "Call me Ishmael.\n"


def test_each_classic_is_named_by_its_bytes_and_its_commit() -> None:
    for name in set(CLASSICS) - {"whale", "lost"}:
        classic = CLASSICS[name]
        assert len(bytes.fromhex(classic.sha256)) == 32
        assert 100_000 < classic.size < 4_000_000
        commit = classic.url.removeprefix("https://raw.githubusercontent.com/").split("/")[2]
        assert len(bytes.fromhex(commit)) == 20
        assert BUILTINS[f"@{name}"].origin == "fetched"
        with pytest.raises(CorpusError, match=rf"@{name} is not on this machine yet; .* corpora fetch {name}$"):
            find_builtin(f"@{name}").read()
