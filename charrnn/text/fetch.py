"""Layer text: fetches classics. Nothing else in charrnn uses the network.

Pooch checks what arrives and moves it into place whole or not at all. What it leaves to us: a download that was cut off
goes on where it ended, and never takes more than the bytes that are expected.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from charrnn.errors import CorpusError
from charrnn.storage.files import refusals
from charrnn.text.classics import CLASSICS, classics_folder

OnRead = Callable[[int, int | None], None]
PART = ".{}.part"  # hidden, and kept when a download is cut off
_RETRIES = 2
_TIMEOUT = (10.0, 30.0)  # seconds for a connection, and between two blocks
_BLOCK = 1 << 14  # what is lost of a download that is cut off, at most


def fetch_classic(name: str, on_read: OnRead = lambda done, total: None, retries: int = _RETRIES) -> Path:
    """The file of a classic, which is fetched if it is not there, or no longer what it was.

    on_read   gets the number of bytes that are there, now and then, and of all
    retries   further tries after a failure

    Raises CorpusError for a name that does not exist, and where it can't be fetched; StorageError where it can't be
    kept.
    """
    if name not in CLASSICS:
        raise CorpusError(f"no classic is called {name!r}; there are {', '.join(CLASSICS)}")
    classic = CLASSICS[name]
    try:
        folder = classics_folder()
    except RuntimeError as error:
        raise CorpusError("there is no home folder to keep a text in; set HOME, or name a file of yours") from error
    with refusals(folder, "nothing was fetched"):
        folder.mkdir(parents=True, exist_ok=True)
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")  # the bar says what happens
    file = f"{name}.txt"
    part = folder / PART.format(name)
    registry = pooch.create(folder, base_url="", registry={file: f"sha256:{classic.sha256}"},
                            urls={file: classic.url}, retry_if_failed=retries)
    try:
        return Path(registry.fetch(file, downloader=_Resuming(part, classic.size, on_read)))
    except requests.RequestException as error:
        advice = ("the same command goes on from there" if part.is_file() else
                  "try again later, or once you are online")
        raise CorpusError(f"cannot fetch @{name} from {classic.url}: {_cause(error, part)}; {advice}") from error
    except ValueError as error:
        raise CorpusError(f"what {classic.url} sent is not the text that is expected there (its checksum differs); "
                          "nothing was kept") from error
    except OSError as error:
        with refusals(folder / file, "it was not fetched"):
            raise error


class _Resuming:
    """Downloads for pooch, into a file that stays when the download is cut off."""

    def __init__(self, part: Path, size: int, on_read: OnRead) -> None:
        self._part, self._size, self._on_read = part, size, on_read

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Puts the bytes at `url` into `output_file`, which pooch then checks."""
        import requests

        done = self._done()
        if done < self._size:
            # compressed, its ranges would be of other bytes
            headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={done}-"} if done else {})}
            with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
                answer.raise_for_status()
                goes_on = answer.headers.get("Content-Range", "").startswith(f"bytes {done}-")
                self._write(answer.iter_content(_BLOCK), done if goes_on else 0)
        if self._done() < self._size:
            raise requests.ConnectionError("cut off")
        self._part.replace(output_file)

    def _done(self) -> int:
        """The bytes that are there; a file with more than there can be is dropped."""
        with contextlib.suppress(FileNotFoundError):
            if self._part.stat().st_size <= self._size:
                return self._part.stat().st_size
            self._part.unlink()
        return 0

    def _write(self, blocks: Any, done: int) -> None:
        with open(self._part, "ab" if done else "wb") as file:
            for block in blocks:
                done += len(block)
                if done > self._size:
                    file.truncate(0)
                    raise ValueError("it is longer than expected")
                file.write(block)
                self._on_read(done, self._size)


def _cause(error: Exception, part: Path) -> str:
    """What went wrong, in a few words: messages of the library are long and full of its own objects."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}".strip()
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate can't be verified"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if part.is_file():
        return f"the download was cut off after {part.stat().st_size:,} bytes"
    return "no connection"
