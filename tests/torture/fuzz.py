"""A coverage-guided fuzzer, atheris, on the reader of checkpoints and on that of --config files.

    pip install atheris
    python -m tests.torture.fuzz checkpoint|config [SECONDS]

It is no part of `make test` or `make torture`: atheris is for Linux and macOS alone, and finds more the longer it runs
(20 minutes each by default). It stops at the first input that raises anything but a refusal in one line, and keeps that
input as a file crash-... in the current folder.
"""

import contextlib
import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import atheris

READERS = ["charrnn.runs", "charrnn.settings", "charrnn.storage", "charrnn.training.history",
           "charrnn.training.progress", "charrnn.cli.config", "tomllib", "tomli"]
with atheris.instrument_imports(include=READERS):
    from charrnn.cli.config import read_config
    from charrnn.cli.train import train
    from charrnn.errors import CharrnnError
    from charrnn.runs.checkpoint import load_checkpoint
    from charrnn.runs.trained_network import check_state

from tests.runs.forging import signed, split  # noqa: E402  (what it imports has to be instrumented before)

MINUTES, LONGEST = 20, 700
FILE = Path(tempfile.mkdtemp()) / "fuzzed"
CONFIG = b"""# settings
hidden = 8
[training]
lr = 0.01
optimizer = "adam"
[text]
documents = "blank"
"""


def read_checkpoint(data: bytes) -> None:
    """The bytes as they are; and, if they are a header, with a right checksum."""
    files = [data]
    with contextlib.suppress(Exception):
        files.append(signed(*split(data)))
    for content in files:
        FILE.write_bytes(content)
        with refusals():
            check_state(load_checkpoint(FILE))


def read_settings(data: bytes) -> None:
    FILE.write_bytes(data)
    with refusals(), contextlib.redirect_stderr(io.StringIO()):
        read_config(str(FILE), train)


@contextlib.contextmanager
def refusals():  # type: ignore[no-untyped-def]
    """Lets refusals pass that are as they should be."""
    try:
        yield
    except CharrnnError as error:
        if len(" ".join(str(error).split())) > LONGEST:
            raise RuntimeError(f"a refusal is too long: {str(error)[:1000]}") from error


def main() -> NoReturn:
    kind, *rest = sys.argv[1:] or ["checkpoint"]
    seconds = int(rest[0]) if rest else 60 * MINUTES
    seeds = Path(tempfile.mkdtemp())
    if kind == "config":
        (seeds / "seed").write_bytes(CONFIG)
    else:
        code = ("import sys; from pathlib import Path; from tests.cli.tiny import train_tiny; "
                "train_tiny(Path(sys.argv[1]))")
        subprocess.run([sys.executable, "-c", code, str(FILE.parent)], check=True)
        (seeds / "seed").write_bytes((FILE.parent / "tiny" / "last.safetensors").read_bytes())
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-max_len=60000", "-rss_limit_mb=3000", "-timeout=10",
                   "-print_final_stats=1", str(seeds)], read_settings if kind == "config" else read_checkpoint)
    atheris.Fuzz()
    raise SystemExit


if __name__ == "__main__":
    main()
