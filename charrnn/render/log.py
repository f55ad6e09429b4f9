"""Layer render: what the library tells Python's logging, shown on standard error: `--verbose`."""

import logging
import sys
from collections.abc import Callable


class _Lines(logging.Handler):
    """`charrnn.runs.checkpoint: read checkpoints/a/best.safetensors`, a line each."""

    def emit(self, record: logging.LogRecord) -> None:
        print(f"{record.name}: {record.getMessage()}", file=sys.stderr, flush=True)


def show_log() -> Callable[[], None]:
    """Shows every message of the library from now on; a function that ends that."""
    logger, handler = logging.getLogger("charrnn"), _Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)

    def end() -> None:
        logger.removeHandler(handler)
        logger.setLevel(level)

    return end
