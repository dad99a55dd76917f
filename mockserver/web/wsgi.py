"""From the server to the Flask app: each request in a daemon thread, which never holds up the end of the server."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from mockserver.web.admin.access import Request
from mockserver.web.http_request import HttpRequest, Response

_T = TypeVar("_T")

_AT_ONCE = 16


class WsgiBridge:
    """Serves a WSGI app on the server's loop, so many requests at once."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def answer(self, request: HttpRequest) -> Response:
        """Answer one request."""
        environ = _environ(request)
        request.body = b""  # the app has it, and lets go of it
        async with self._places:
            return await in_thread(lambda: _called(self._app, environ))


def access_request(request: HttpRequest) -> Request:
    """Return what access is decided by of a request."""
    headers: dict[str, str] = {}
    for name, value in request.headers:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Request(
        method=request.method,
        peer=request.peer[0] or None,
        local=request.local[0] or None,
        headers=headers,
        path=request.path,
        has_body=bool(request.announced) or "transfer-encoding" in headers,
    )


def _environ(request: HttpRequest) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": request.query,
        "SERVER_NAME": request.local[0],
        "SERVER_PORT": str(request.local[1]),
        "SERVER_PROTOCOL": f"HTTP/{request.version}",
        "REMOTE_ADDR": request.peer[0],
        "REMOTE_PORT": str(request.peer[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    # A chunked body has no length until it is here.
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_LENGTH"] = str(max(len(request.body), request.announced))
    return environ


def _called(app: Any, environ: dict[str, Any]) -> Response:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], Any]:
        started.append((status, headers))
        return lambda _: None

    chunks: Iterable[bytes] = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    status, headers = started[-1]
    return Response(int(status.split(" ", 1)[0]), [(name.lower(), value) for name, value in headers], body)


async def in_thread(work: Callable[[], _T]) -> _T:
    """Do work in a daemon thread, so that neither the end of the loop nor of the process waits for it."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(outcome: Callable[[], None]) -> None:
        if not done.done():
            outcome()

    def run() -> None:
        try:
            result = work()
            outcome = partial(done.set_result, result)
        except Exception as error:
            outcome = partial(done.set_exception, error)
        try:
            loop.call_soon_threadsafe(settle, outcome)
        except RuntimeError:
            pass  # the server has stopped in the meantime: nobody waits for the answer

    threading.Thread(target=run, name="apigames-mock-admin", daemon=True).start()
    return await done
