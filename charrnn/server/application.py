"""Layer server: a network behind a few addresses on this machine, as other programs expect them (OpenAI's completions).

One text is written at a time, on all threads; the others wait. Only requests of this machine's own programs are
answered: a page in a browser that comes from elsewhere sends another Host, or can't send JSON without asking first.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_address
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from charrnn.errors import CharrnnError
from charrnn.model import Model
from charrnn.sampling.session import SamplingSession
from charrnn.server.requests import CompletionAnswer, CompletionRequest
from charrnn.settings import ServeSettings

# As a browser names this machine. Older versions of starlette cut "[::1]:8000" at its first colon.
_LOCAL = ("127.0.0.1", "localhost", "[::1]", "[")
_BYTES_A_CHARACTER = 12  # of a prompt in JSON at most, where each half of a pair is written as \\uXXXX
_HELP = """{name}, served by charrnn.

POST /v1/completions   {{"prompt": "ROMEO:", "max_tokens": 200, "temperature": 0.8, "stream": true}}
GET  /v1/models
"""


class Server:
    """The addresses of one network.

    page   makes the page at the root, when it is first asked for; None for a network that has none
    """

    def __init__(self, model: Model, name: str, settings: ServeSettings, page: Callable[[], bytes] | None) -> None:
        self._model, self._name, self._settings, self._make_page = model, name, settings, page
        self._turn, self._page = CapacityLimiter(1), b""

    def application(self) -> Starlette:
        """What an ASGI server runs."""
        host = self._settings.host
        hosts = [*_LOCAL, host] if _is_local(host) else ["*"]
        return Starlette(
            routes=[Route("/", self._root), Route("/v1/models", self._models),
                    Route("/v1/completions", _with_refusals(self._complete), methods=["POST"])],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)])

    async def _root(self, request: Request) -> Response:
        if self._make_page is None:
            return PlainTextResponse(_HELP.format(name=self._name))
        async with self._turn:
            self._page = self._page or await to_thread.run_sync(self._make_page)
        return HTMLResponse(self._page)

    async def _models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": self._name, "object": "model", "owned_by": "charrnn"}]})

    async def _complete(self, request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return _refusal(415, "send the request as application/json")
        asked = CompletionRequest.of(await self._body(request), self._settings)
        if self._turn.statistics().tasks_waiting >= self._settings.most_waiting and self._turn.available_tokens == 0:
            return _refusal(429, "too many requests are waiting; try again later")
        answer = CompletionAnswer(self._name)
        async with self._turn:
            # what is refused is refused here, and not in the middle of a stream
            session = await to_thread.run_sync(self._model.session, asked.settings, asked.prompt, "skip")
            if asked.stream:
                return StreamingResponse(self._pieces(session, asked.text, answer), media_type="text/event-stream")
            samples = await to_thread.run_sync(session.samples)
        texts = [(asked.text + sample.text, sample.ending) for sample in samples]
        read, written = len(self._model.vocabulary.encode(session.prime)), sum(len(sample.units) for sample in samples)
        # escaped, so that half of a surrogate pair in a prompt does no harm
        return Response(json.dumps(answer.whole(texts, read, written)), media_type="application/json")

    async def _body(self, request: Request) -> Any:
        """The JSON of a request; None for what is none, or too long."""
        most, data = _BYTES_A_CHARACTER * self._settings.most_prompt + 10_000, b""
        async for chunk in request.stream():
            data += chunk
            if len(data) > most:
                return None
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return None

    async def _pieces(self, session: SamplingSession, repeated: str, answer: CompletionAnswer) -> AsyncIterator[str]:
        """Events, each with a piece of the text; a client that goes away ends them."""
        if repeated:
            yield _event(answer.piece(repeated))
        async with self._turn:
            async for [piece] in iterate_in_threadpool(session.pieces()):
                if piece.text:
                    yield _event(answer.piece(piece.text))
        yield _event(answer.piece("", session.endings[0] or "length"))
        yield "data: [DONE]\n\n"


def _is_local(host: str) -> bool:
    """Whether only programs on this machine reach an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _with_refusals(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Answers 400 with the words of an error that the caller can mend."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except CharrnnError as error:
            return _refusal(400, str(error))

    return handle


def _event(content: dict[str, Any]) -> str:
    return f"data: {json.dumps(content)}\n\n"


def _refusal(status: int, message: str) -> Response:
    kind = "rate_limit_error" if status == 429 else "invalid_request_error"
    return JSONResponse({"error": {"message": message, "type": kind, "param": None, "code": None}}, status)
