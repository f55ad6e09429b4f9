"""Layer cli: the way in and the way out. The one place that turns errors into exit codes.

0 done - 1 refused - 2 wrong usage - 130 Ctrl-C - 141 the reader of our output went away - 143 asked to stop
(SIGTERM). These are what a shell reports for programs ended by the same signals. A bug keeps its traceback.
"""

import contextlib
import errno
import io
import os
import signal
import sys
from _thread import interrupt_main
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TextIO

if TYPE_CHECKING:
    from click import UsageError

INTERRUPTED, PIPE_CLOSED, TERMINATED = 130, 141, 143
_LONGEST, _LONGEST_WORD = 300, 100  # characters of a message, and of a word in one that has more
_MOMENT = 0.02  # seconds: longer than a finalizer, and too short to notice
COMPLETE = "_CHARRNN_COMPLETE"


def main() -> NoReturn:
    """Runs the command in sys.argv and leaves with its exit code.

    Even our own modules are imported here, where Ctrl-C during the import is caught.
    """
    try:
        signal.signal(signal.SIGTERM, _terminate)
        sys.unraisablehook = _answer_later
        _hold_descriptors()
        _choose_encoding()
        from charrnn.render.streams import take_streams

        take_streams()
        code = _run(sys.argv[1:])
    except BaseException as error:
        code = _exit_code(error)
    code = _flush(code)
    if os.environ.get("WORLD_SIZE", "1") != "1" and "torch" in sys.modules:
        # Where another process of a training has gone, PyTorch's threads abort a Python that shuts down; we are done.
        os._exit(code)
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    """The exit code of the command."""
    import click

    from charrnn.cli.group import charrnn
    from charrnn.errors import speaking

    if COMPLETE in os.environ:
        from click.shell_completion import shell_complete

        return shell_complete(charrnn, {}, "charrnn", COMPLETE, os.environ[COMPLETE])
    _check_threads()
    try:
        # Not charrnn.main(): it would turn a closed pipe and Ctrl-C into codes of its own.
        with speaking("command"), charrnn.make_context("charrnn", arguments) as context:
            charrnn.invoke(context)
        return 0
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.exceptions.Abort:
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as help_text:
        help_text.show()
        return help_text.exit_code
    except click.UsageError as refusal:
        from charrnn.engine.ranks import this_rank

        if not this_rank().is_first:  # processes that train together were called in the same way
            return refusal.exit_code
        command = refusal.ctx.command_path if refusal.ctx else "charrnn"
        message = _usage_words(refusal)
        stop = "" if message.endswith((".", "?")) else "."
        _say(f"{message[:1].lower()}{message[1:]}{stop} Usage: {command} --help")
        return refusal.exit_code
    except click.ClickException as refusal:
        refusal.show()
        return refusal.exit_code


def _usage_words(refusal: "UsageError") -> str:
    """What click says; of an option that does not exist the one that was probably meant."""
    import difflib

    import click

    message = refusal.format_message()
    if isinstance(refusal, click.NoSuchOption):
        known = {name.lstrip("-"): name for name in refusal.possibilities or ()}
        near = difflib.get_close_matches(refusal.option_name.lstrip("-"), known, 1)
        return f"no such option {refusal.option_name!r}" + (f"; did you mean {known[near[0]]}?" if near else "")
    takes_text = refusal.ctx is not None and any("--text" in param.opts for param in refusal.ctx.command.params)
    if takes_text and "extra argument" in message:
        return f"{message.removesuffix('.')}; --text names a text"
    return message


def _check_threads() -> None:
    """Refuses what numba would refuse with a traceback, when it is imported."""
    with contextlib.suppress(ValueError):  # what is no number it only warns of
        if int(os.environ.get("NUMBA_NUM_THREADS", "1")) < 1:
            from charrnn.errors import SettingsError

            raise SettingsError(f"NUMBA_NUM_THREADS is {os.environ['NUMBA_NUM_THREADS']}; it must be at least 1, or "
                                "not set")


def _exit_code(error: BaseException) -> int:
    """The code for `error`, with its one line on stderr; an error that is no refusal is raised again."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    from charrnn.errors import CharrnnError, speaking
    from charrnn.render.streams import is_pipe_closed
    from charrnn.storage.files import NO_SPACE

    if isinstance(error, CharrnnError):
        with speaking("command"):
            _say(str(error))
        return error.exit_code
    if isinstance(error, SystemExit) and isinstance(error.code, int):
        return error.code
    if isinstance(error, MemoryError):
        _say("not enough memory; close other programs, or use a smaller network, batch or window")
        return CharrnnError.exit_code
    if isinstance(error, OSError):
        if is_pipe_closed(error):
            return PIPE_CLOSED
        if error.errno in (errno.EMFILE, errno.ENFILE):
            _say("too many open files; allow more (ulimit -n), or close other programs")
            return CharrnnError.exit_code
        if isinstance(error, FileNotFoundError) and not _has_folder():
            _say("the current folder was removed; change to another one")
            return CharrnnError.exit_code
        # Files of ours raise StorageError, so this is the output: `charrnn sample > file`.
        if error.errno in NO_SPACE:
            _say("no space left for the output; free some, or send it elsewhere")
            return CharrnnError.exit_code
    raise error


def _has_folder() -> bool:
    """Whether there is a current folder."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _answer_later(ignored: "sys.UnraisableHookArgs") -> None:
    """Ctrl-C or SIGTERM in a finalizer or a weak reference's callback, where Python can't raise it, comes again a
    moment later."""
    if isinstance(ignored.exc_value, KeyboardInterrupt):
        number = signal.SIGINT
    elif isinstance(ignored.exc_value, SystemExit) and ignored.exc_value.code == TERMINATED:
        number = signal.SIGTERM
    else:
        sys.__unraisablehook__(ignored)
        return
    import threading

    timer = threading.Timer(_MOMENT, interrupt_main, (number,))
    timer.daemon = True
    timer.start()


def _hold_descriptors() -> None:
    """Opens what was closed before we began, or the next file would get its number, and what is written to it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _choose_encoding() -> None:
    """Files and pipes get UTF-8, as it is read; a terminal gets its own encoding, with ? for what that lacks."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="replace")
        else:
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def _flush(code: int) -> int:
    """Empties both streams while failure can still be answered for; a code that is not 0 stays."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except Exception as error:
            _discard(stream)
            if not code:
                code = _exit_code(error)
    return code


def _discard(stream: TextIO) -> None:
    """Points `stream` nowhere, so that Python's own flush at exit finds nothing to complain about."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _say(message: str) -> None:
    """One line on stderr, if that is open; of one that is too long, because a name or a value in it is, both ends."""
    words = f"charrnn: {message}".split()
    line = " ".join(words)
    if len(line) > _LONGEST:
        line = _both_ends(" ".join(_both_ends(word, _LONGEST_WORD) for word in words), _LONGEST)
    from charrnn.render.streams import loud

    with contextlib.suppress(OSError):
        print(line, file=loud(), flush=True)


def _both_ends(text: str, longest: int) -> str:
    """The text, or if it is longer than that its beginning and its end."""
    end = (longest - 3) // 2
    return text if len(text) <= longest else f"{text[:end]}...{text[-end:]}"


def _terminate(signum: int, frame: FrameType | None) -> NoReturn:
    # An exception, not the system's sudden end, so that half-written files are cleaned up.
    sys.exit(TERMINATED)
