"""From the server to the Flask app: each request in a daemon thread, which never holds up the end of the server."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from mockserver.provider.request import MAX_BODY
from mockserver.web.admin.access import AUTHORITY, Access, Problem, Request, is_admin

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope

_T = TypeVar("_T")

# Of somebody without the key: enough to send it.
_UNKNOWN_BYTES = 65_536
_AT_ONCE = 16


class ConsumerGone(Exception):
    """The connection ended before the request did."""


class _Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class WsgiBridge:
    """Serves a WSGI app on the server's loop. Bodies are read before the app is asked, bounded in size."""

    def __init__(self, app: Any, access: Access) -> None:
        self._app = app
        self._access = access
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve one request."""
        body, announced = await self._body(scope, receive)
        environ = _environ(scope, body, announced)
        async with self._places:
            answer = await in_thread(lambda: _called(self._app, environ))
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers, "trailers": False}
        )
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})

    async def _body(self, scope: HTTPScope, receive: ASGIReceiveCallable) -> tuple[bytes, int]:
        """Return what was sent, and how long it says it is; nothing of a body that would be refused unread."""
        announced = next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)
        most = self._most(scope)
        if announced > most:
            return b"", announced
        parts, size, more = [], 0, True
        while more and size <= most:
            message = await receive()
            if message["type"] != "http.request":
                raise ConsumerGone
            parts.append(message["body"])
            size += len(parts[-1])
            more = message["more_body"]
        return b"".join(parts), max(size, announced)

    def _most(self, scope: HTTPScope) -> int:
        if not is_admin(scope["path"]):
            return MAX_BODY
        try:
            self._access.check(request_of(scope))
        except Problem:
            return _UNKNOWN_BYTES
        return self._access.most_bytes


def request_of(scope: HTTPScope) -> Request:
    """Return what access is decided by of a request."""
    headers: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name, text = raw.decode("latin-1"), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    client, server = scope["client"], scope["server"]
    return Request(
        method=scope["method"],
        peer=client[0] if client else None,
        local=server[0] if server else None,
        headers=headers,
        path=scope["path"],
        authority=_authority(scope),
        has_body=headers.get("content-length", "0") != "0" or "transfer-encoding" in headers,
    )


def _authority(scope: HTTPScope) -> str | None:
    authority: str | None = (scope.get("extensions") or {}).get(AUTHORITY)  # type: ignore[assignment] # of our own
    return authority


def _environ(scope: HTTPScope, body: bytes, announced: int) -> dict[str, Any]:
    client, server = scope["client"] or ("", 0), scope["server"] or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    if (authority := _authority(scope)) is not None:
        environ[AUTHORITY] = authority
    # A chunked body has no length until it is here.
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_LENGTH"] = str(announced)
    return environ


def _called(app: Any, environ: dict[str, Any]) -> _Answer:
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
    written = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return _Answer(int(status.split(" ", 1)[0]), written, body)


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
