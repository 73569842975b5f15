"""The viewer: a local web page on trajectory logs, which nobody but this machine can reach.

It listens on 127.0.0.1, answers GET alone, and only under that name, so that no page from elsewhere
can read it by pointing a name of its own here. Pages load nothing but the viewer's own style sheet,
icon and five lines of script, and their policy lets them load nothing else.
"""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crosearch.tools.errors import CroSearchError, UsageError
from crosearch.training.viewer_filters import Filters, read_filters
from crosearch.training.viewer_groups import MOST_COLUMNS
from crosearch.training.viewer_index import LogIndex
from crosearch.training.viewer_list import RunList
from crosearch.training.viewer_pages import DATA, Pages

HOST = "127.0.0.1"

_PATIENCE = 0.25
"""Seconds that a page waits for the index to take in what is new."""

_STATIC = {"viewer.css": "text/css", "viewer.js": "text/javascript", "icon.svg": "image/svg+xml"}

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(index: LogIndex, pages: Pages) -> Starlette:
    """Make the viewer's application; it closes the index when it ends."""
    views = _Views(index, pages)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            await run_in_threadpool(views.warm)
            yield
        finally:
            await run_in_threadpool(index.close)

    routes = [
        Route("/", _telling(views.list, pages), methods=["GET"]),
        Route("/runs/{key}", _telling(views.run, pages), methods=["GET"]),
        Route("/runs/{key}/tokens", _telling(views.tokens, pages), methods=["GET"]),
        Route("/groups/{group}", _telling(views.group, pages), methods=["GET"]),
        Route("/static/{name}", _static, methods=["GET"]),
    ]
    middleware = [
        Middleware(_Guarded),
        Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"], www_redirect=False),
    ]
    return Starlette(routes=routes, middleware=middleware, lifespan=lifespan)


def listen(port: int) -> socket.socket:
    """Take a port of 127.0.0.1; 0 takes any that is free.

    Raises:
        UsageError: It is taken, or may not be taken.
    """
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((HOST, port))
        server.listen(64)
    except (OSError, OverflowError) as error:
        server.close()
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        reason = "is taken" if taken else f"cannot be used ({error})"
        raise UsageError(f"port {port} {reason}: give another --port, or 0 for any") from error
    return server


def serve(app: Starlette, server: socket.socket) -> None:
    """Serve the viewer until it is interrupted."""
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=3
    )
    uvicorn.Server(config).run(sockets=[server])


class _Views:
    """Answers the requests for pages."""

    def __init__(self, index: LogIndex, pages: Pages) -> None:
        self._index = index
        self._list = RunList(index)
        self._pages = pages
        self._refresh: asyncio.Task[None] | None = None

    def warm(self) -> None:
        """Read what the first page would have to wait for."""
        self._list.page(Filters())

    async def list(self, request: Request) -> str:
        filters = read_filters(request.query_params.multi_items())
        notice = await self._fresh()

        def make() -> str:
            return self._pages.list(self._list.page(filters), notice)

        return await run_in_threadpool(make)

    async def run(self, request: Request) -> str:
        key, attempt = request.path_params["key"], _attempt(request)
        notice = await self._fresh()

        def make() -> str:
            record = self._index.read(key, attempt)
            return self._pages.run(
                record,
                attempts=self._index.attempts(record["key"]),
                forks=self._index.forks(record["key"]),
                notice=notice,
            )

        return await run_in_threadpool(make)

    async def tokens(self, request: Request) -> str:
        key, attempt = request.path_params["key"], _attempt(request)
        notice = await self._fresh()

        def make() -> str:
            record = self._index.read(key, attempt)
            attempts = self._index.attempts(record["key"])
            return self._pages.tokens(record, attempts=attempts, notice=notice)

        return await run_in_threadpool(make)

    async def group(self, request: Request) -> str:
        notice = await self._fresh()

        def make() -> str:
            records, left_out = self._index.read_group(request.path_params["group"], MOST_COLUMNS)
            return self._pages.group(records, left_out=left_out, notice=notice)

        return await run_in_threadpool(make)

    async def _fresh(self) -> str:
        """Take in what the log got since, and say what there is to know of that.

        What takes longer goes on by itself, and the page shows what there is by now.
        """
        if self._refresh is None or self._refresh.done():
            self._refresh = asyncio.create_task(run_in_threadpool(self._index.refresh))
            # What went wrong after a page stopped waiting goes wrong again for the next one.
            self._refresh.add_done_callback(lambda task: task.cancelled() or task.exception())
        done, _ = await asyncio.wait([self._refresh], timeout=_PATIENCE)
        if not done:
            return "The log is still being indexed: load the page again to see more."
        try:
            self._refresh.result()
        except CroSearchError as error:
            return f"The log could not be read to its end: {error}"
        problems = await run_in_threadpool(self._index.problems)
        if problems:
            lines = "line" if problems == 1 else "lines"
            return f"{problems:,} {lines} of the log could not be read: `crosearch log verify`."
        return ""


class _Guarded:
    """Puts the headers on every answer that keep a page to itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


def _telling(view: Callable[[Request], Awaitable[str]], pages: Pages) -> Endpoint:
    """Make an endpoint of a view, which tells on a page what was wrong."""

    async def endpoint(request: Request) -> Response:
        try:
            return HTMLResponse(await view(request))
        except UsageError as error:
            missing = "key" in request.path_params or "group" in request.path_params
            status, title = (404, "Not in this log") if missing else (400, "Not understood")
            return HTMLResponse(pages.error(title, str(error)), status_code=status)
        except CroSearchError as error:
            return HTMLResponse(pages.error("Cannot be read", str(error)), status_code=500)

    return endpoint


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _STATIC:
        return Response("there is no such file", 404, media_type="text/plain")
    return FileResponse(DATA / name, media_type=_STATIC[name])


def _attempt(request: Request) -> int | None:
    text = request.query_params.get("attempt", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise UsageError(f"attempt is {text!r}: give a number from 1")
    return int(text)
