"""Commands that end in every way a command can.

`python -m tests.cli.fakes NAME` runs one through the real main().
"""

import errno
import os
import signal
import sys
import time

import click

from charrnn.cli import group
from charrnn.cli.main import main
from charrnn.errors import CheckpointError, SettingsError

ERRORS: dict[str, BaseException] = {
    "refusal": CheckpointError("nothing here;\n  train first"),
    "settings": SettingsError("hidden is 0; it must be at least 1"),
    "usage": click.UsageError("give a text"),
    "click": click.ClickException("click's own"),
    "abort": click.Abort(),
    "interrupt": KeyboardInterrupt(),
    "pipe": BrokenPipeError(errno.EPIPE, "Broken pipe"),
    "full": OSError(errno.ENOSPC, "No space left on device"),
    "leave": SystemExit(143),
    "bug": ZeroDivisionError("our bug"),
    "system-bug": OSError(errno.ENOENT, "No such file"),
    "end-of-file": EOFError(),
    "open-files": OSError(errno.EMFILE, "Too many open files"),
}


@click.command()
@click.argument("kind")
def fails(kind: str) -> None:
    """Writes a little and raises the error called KIND."""
    click.echo("before")
    raise ERRORS[kind]


@click.command()
@click.argument("code", type=int)
@click.pass_context
def leaves(ctx: click.Context, code: int) -> None:
    """Leaves with the exit code CODE."""
    ctx.exit(code)


@click.command()
@click.option("--lines", default=1)
@click.option("--then", default=0, help="refuse after writing")
def writes(lines: int, then: int) -> None:
    """Writes LINES lines in Python's own way: some may wait in the buffer until the end."""
    for _ in range(lines):
        print("text")
    if then:
        raise CheckpointError("refused after all")


class Interrupted:
    """An object that sends a signal when it is finalized."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __del__(self) -> None:
        os.kill(os.getpid(), getattr(signal, self.name))
        time.sleep(1)


@click.command()
@click.argument("name")
def finalizes(name: str) -> None:
    """Sends itself the signal NAME in a finalizer, and goes on for a while."""
    Interrupted(name)
    time.sleep(10)


@click.command()
@click.argument("name")
def stops(name: str) -> None:
    """Sends itself the signal NAME and waits; tells whether its cleaning up was run."""
    try:
        os.kill(os.getpid(), getattr(signal, name))
        time.sleep(10)
    finally:
        print("cleaned up", file=sys.stderr)


def register() -> None:
    """Puts the commands above into the table."""
    for command in (fails, leaves, writes, stops, finalizes):
        group.COMMANDS[str(command.name)] = (f"{__name__}:{command.name}", "A fake.")


if __name__ == "__main__":
    register()
    main()
