"""Layer cli: `charrnn serve`: a network for other programs on this machine, over HTTP."""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.checkpoints import find_checkpoint, offer_checkpoints
from charrnn.cli.options import GroupedCommand, settings_from, settings_options
from charrnn.errors import SettingsError
from charrnn.settings import LivePageSettings, ServeSettings

if TYPE_CHECKING:
    from charrnn.model import Model


@click.command(cls=GroupedCommand)
@click.argument("checkpoint", required=False, shell_complete=offer_checkpoints)
@settings_options(ServeSettings)
def serve(checkpoint: str | None, **options: Any) -> None:
    """Serve the network in CHECKPOINT (a file, a run's folder or its name) to other programs on this machine.

    Without CHECKPOINT the newest run in ./checkpoints is used; if there is none, @shakespeare, which comes with
    charrnn. The address in a browser is the live page of charrnn export --html. Programs that speak OpenAI's API for
    completions can use it too: POST /v1/completions, also as a stream, and GET /v1/models. A token is one unit of the
    network, usually a character. Needs the extra `serve`. Ctrl-C ends it.
    """
    settings = settings_from(ServeSettings, options)
    try:
        import uvicorn

        from charrnn.server.application import Server
    except ImportError as error:
        raise SettingsError("charrnn serve needs starlette and uvicorn; install them with: "
                            "pip install 'charrnn-numba[serve]'") from error
    from charrnn.model import load
    from charrnn.render.wording import note_compiling
    from charrnn.storage.run_folders import run_name_of

    path = find_checkpoint(checkpoint)
    model = load(path)
    name = run_name_of(path)
    listener = _listener(settings)
    note_compiling([model.settings.network], "generate")
    model.sample(1)  # compiled now, and not while the first program waits
    host, port = listener.getsockname()[:2]
    print(f"serving {name} at http://{f'[{host}]' if ':' in host else host}:{port}; Ctrl-C ends it", file=sys.stderr,
          flush=True)
    application = Server(model, name, settings, _page(model, path)).application()
    logging.getLogger("uvicorn.error").addFilter(_is_no_end)
    uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="off",
                                  timeout_graceful_shutdown=3)).run(sockets=[listener])


def _is_no_end(record: logging.LogRecord) -> bool:
    """False for what the server says of requests that Ctrl-C cuts off."""
    is_cut_off = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not is_cut_off and "graceful shutdown" not in record.getMessage()


def _page(model: "Model", path: Path) -> Callable[[], bytes] | None:
    """What makes the live page of a network; None where its cells do not run in a page."""
    from charrnn.live.payload import check_runnable
    from charrnn.render.live import live_page_of

    try:
        check_runnable(model)
    except SettingsError:
        return None
    # naming cells takes a while, and somebody waits; what is not sent anywhere may be large
    settings = LivePageSettings(names=False, max_mb=10_000)
    return lambda: live_page_of(model, model.corpus, path, settings, labels=model.label_weights)[0]


def _listener(settings: ServeSettings) -> socket.socket:
    """A socket at the address; raises SettingsError where there can be none."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except (OSError, UnicodeError) as error:
        # Python adds the address to what the system says, in words of its own
        reason = (getattr(error, "strerror", None) or str(error)).partition(" (")[0].lower()
        raise SettingsError(f"can't listen on {settings.host} port {settings.port}: {reason}; give another --port or "
                            "--host") from error
