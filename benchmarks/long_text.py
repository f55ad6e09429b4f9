"""`python -m benchmarks.long_text`: what a long text costs: to prepare it, and in the memory of processes that train.

The text is made of the paragraphs of @fables, drawn at random, in 8 files. It lies with its cache in a
folder that is removed at the end, and takes twice its size there. Needs Linux, whose /proc tells what memory is for.
"""

import json
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from charrnn.text.builtin import find_builtin
from charrnn.text.corpus_cache import FRESH

FILES, AT_ONCE = 8, 1000  # files of a text, and paragraphs that are written at once
PREPARE = "from benchmarks.long_text import prepare; prepare()"
TRAIN = ("-m", "charrnn", "train", "text", "--engine", "torch", "--device", "cpu", "--threads", "1", "--layers", "1",
         "--hidden", "128", "--batch", "64", "--window", "64", "--epochs", "1", "--name", "a")


@click.command()
@click.option("--megabytes", "sizes", type=click.IntRange(6, 100_000), multiple=True, default=(20, 2000),
              show_default=True)
@click.option("--seconds", type=float, default=45, show_default=True, help="To train, after the first checkpoint.")
@click.option("--folder", type=click.Path(exists=True), help="Where the text lies; the system's temporary folder.")
def main(sizes: tuple[int, ...], seconds: float, folder: str | None) -> None:
    """Measure preparing a text of each size, and two processes that train on it. Each line of the output is JSON."""
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            place = Path(name)
            write_text(place / "text", size * 10**6)
            given = {**os.environ, "XDG_CACHE_HOME": str(place / "cache"), "CHARRNN_CACHE_GB": "1000"}
            time.sleep(2 * FRESH)  # what has just changed is not kept
            done = subprocess.run([sys.executable, "-c", PREPARE], cwd=place, env=_importable(given), check=True,
                                  stdout=subprocess.PIPE, text=True)
            on_disk = sum(file.stat().st_size for file in (place / "cache/charrnn/texts").iterdir())
            click.echo(json.dumps({
                "text_megabytes": size, **json.loads(done.stdout), "disk_megabytes": on_disk // 10**6,
                "ranks": ranks(place, _importable(given), seconds), "load": os.getloadavg()[0]}))


def write_text(folder: Path, size: int) -> None:
    """A text of about so many bytes."""
    paragraphs = [paragraph + "\n\n" for paragraph in find_builtin("@fables").read().split("\n\n")]
    folder.mkdir()
    for number in range(FILES):
        drawn, written = random.Random(number), 0
        with open(folder / f"{number}.txt", "w", encoding="utf-8") as file:
            while written < size // FILES:
                written += file.write("".join(drawn.choices(paragraphs, k=AT_ONCE)))


def prepare() -> None:
    """Prepares the text in this process; prints JSON."""
    from charrnn.text.corpus import read_corpus

    start = time.perf_counter()
    read_corpus(["text"])
    seconds, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"prepare_seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime,
                      "peak_megabytes": used.ru_maxrss // 1000}))


def ranks(place: Path, given: dict[str, str], seconds: float) -> list[dict[str, int]]:
    """The most memory in megabytes that each of two processes held which trained on the text: of its own, and of files
    that all processes share."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    started = [subprocess.Popen(
        [sys.executable, *TRAIN], cwd=place, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env=given | {
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "RANK": str(rank), "LOCAL_RANK": str(rank),
            "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}) for rank in range(2)]
    most = [{"own": 0, "of_files": 0} for _ in started]
    end = None
    while (end is None or time.monotonic() < end) and all(process.poll() is None for process in started):
        for process, own in zip(started, most, strict=True):
            for name, value in _memory(process.pid).items():
                own[name] = max(own[name], value)
        if end is None and (place / "checkpoints/a/last.safetensors").exists():
            end = time.monotonic() + seconds
        time.sleep(0.2)
    started[0].send_signal(signal.SIGINT)
    for process in started:
        process.wait()
    if end is None:
        raise click.ClickException("a process ended before its first checkpoint")
    return most


def _memory(process: int) -> dict[str, int]:
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    rss, own = (int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[1]) for name in ("Rss", "Anonymous"))
    return {"own": own // 1000, "of_files": (rss - own) // 1000}


def _importable(given: dict[str, str]) -> dict[str, str]:
    return {**given, "PYTHONPATH": str(Path(__file__).parents[1])}


if __name__ == "__main__":
    main()
