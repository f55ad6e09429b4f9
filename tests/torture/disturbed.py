"""The commands that attacks disturb, on a tiny run called `run` and its text."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.tiny import OPTIONS, TEXT
from tests.torture.forked import Outcome, charrnn

RUN = Path("checkpoints/run")
OLD = b"what stood here before"

TRAIN = ("train", "text.txt", *OPTIONS, "--threads", "1")


@dataclass(frozen=True)
class Command:
    """A command that is disturbed.

    outputs   files that it writes; in each stood something before
    """

    arguments: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    stdin: bytes = b""
    trains: bool = False

    @property
    def name(self) -> str:
        return " ".join(self.arguments[:1] + tuple(word for word in self.arguments[1:] if word.startswith("--"))[:3])


COMMANDS = (
    Command(("sample", "run", "--length", "60", "--seed", "1", "--prime", "the ", "-o", "sample.txt"), ("sample.txt",)),
    Command(("sample", "run", "--length", "60", "--seed", "1", "--prime", "the ")),
    Command(("sample", "run", "--length", "20", "--samples", "2", "--seed", "1", "--prime", "the ", "--json")),
    Command(("inspect-cells", "run", "--json", "a.json", "--html", "a.html", "--csv", "a.csv", "--npz", "a.npz"),
            ("a.json", "a.html", "a.csv", "a.npz")),
    Command(("plot", "run", "--output", "a.png"), ("a.png",)),
    Command(("plot", "run", "--output", "a.svg"), ("a.svg",)),
    Command(("plot", "run")),
    Command(("score", "run", "text.txt", "--json")),
    Command(("score", "run", "text.txt")),
    Command(("info", "run")),
    Command(("complete", "run", "the c", "--json")),
    Command(("novelty", "run", "text.txt", "--json")),
    Command(("play", "run"), ("play.txt",), b"the cat\n/save! play.txt\n/quit\n"),
    Command((*TRAIN, "--name", "run", "--keep-last", "2", "--show-samples"), trains=True),
    Command(("train", "--resume", "run", "--epochs", "2", "--threads", "1"), trains=True),
)


@dataclass
class Place:
    """A folder with a text, a trained run, a cache and old outputs."""

    folder: Path
    model: Path
    command: Command
    cache: Path = field(init=False)
    not_inherited: list[int] = field(default_factory=list)  # file descriptors

    def __post_init__(self) -> None:
        self.cache = self.folder / "cache"
        self.folder.mkdir()
        (self.folder / "text.txt").write_text(TEXT, encoding="utf-8")
        os.utime(self.folder / "text.txt", (1e9, 1e9))
        if self.command.arguments[:2] != TRAIN[:2]:
            shutil.copytree(self.model, self.folder / RUN)
        for name in self.command.outputs:
            (self.folder / name).write_bytes(OLD)

    def call(self, prepare: Callable[[], object], arguments: tuple[str, ...] = (),
             environment: Mapping[str, str | None] | None = None, **options: Any) -> Outcome:
        """Runs the command, or another one, here."""
        def act() -> None:
            for number in self.not_inherited:
                os.close(number)
            prepare()

        return charrnn(*(arguments or self.command.arguments), folder=self.folder, prepare=act,
                       environment={**self.environment, **(environment or {})},
                       **{"stdin": self.command.stdin, **options})

    @property
    def environment(self) -> dict[str, str]:
        return {"XDG_CACHE_HOME": str(self.cache), "XDG_STATE_HOME": str(self.folder / "state"),
                "TMPDIR": str(self.folder / "tmp")}

    def outputs(self, run: Path | None = None) -> dict[str, bytes]:
        """What the command's files hold; of a run, all but what depends on time."""
        if self.command.trains:
            return {path.name: path.read_bytes() for path in (self.folder / (run or RUN)).glob("*.safetensors")}
        return {name: (self.folder / name).read_bytes() for name in self.command.outputs}

    def left_over(self) -> list[str]:
        """Files that nobody asked for."""
        return [str(path.relative_to(self.folder)) for path in self.folder.rglob("*")
                if path.suffix == ".tmp" or path.parent.name == "tmp"
                or (path.is_dir() and path.parent.name == "checkpoints" and not any(path.iterdir()))]
