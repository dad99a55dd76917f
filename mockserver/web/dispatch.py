"""ASGI: a call to the endpoint goes straight to the provider, everything else to the Flask app.

The detour through WSGI would cost a thread and ten times the work of an answer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.provider.faults.faults import FaultyReply
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.request import MAX_BODY, Request
from mockserver.web.admin.access import Access, is_admin
from mockserver.web.admin.long_poll import is_wait, wait_for_calls
from mockserver.web.fault_writer import send_faulty
from mockserver.web.wsgi import ConsumerGone, WsgiBridge, in_thread

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

# A body of up to this size is read and thrown away before its 413, so that the consumer gets to read the reply.
_DRAINED = 32 * MAX_BODY


class _Announced(NamedTuple):
    """What the headers say: the size of the body, and whether the consumer waits to be told to send it."""

    size: int
    waits: bool


class Lane:
    """The ASGI app of the server."""

    def __init__(self, provider: Provider, access: Access | None = None) -> None:
        self._provider = provider
        self._access = access or Access()
        self._flask: Any = None
        self._building = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve one request."""
        assert scope["type"] == "http"
        try:
            if is_admin(scope["path"]):
                flask = self._flask or await self._built()
                if is_wait(scope):
                    await wait_for_calls(scope, self._provider.journal, self._access)
                await flask(scope, receive, send)
            else:
                await self._endpoint(scope, receive, send)
        except (ConsumerGone, asyncio.CancelledError):
            return  # nobody listens any more: a stop cancels what it has cut off, which uvicorn would log as an error

    async def _endpoint(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        body = await _read(_announced(scope), receive)
        reply = self._provider.handle(
            Request(
                scope["method"],
                scope["path"],
                body or b"",
                tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
                _origin(scope),
                is_too_large=body is None,
            )
        )
        if isinstance(reply, FaultyReply):
            await send_faulty(reply, scope, receive, send)
        else:
            await _send(reply, send, close=body is None)

    async def _built(self) -> Any:
        async with self._building:
            if self._flask is None:
                app = await in_thread(lambda: _flask_app(self._provider, self._access))
                self._flask = WsgiBridge(app, self._access)
        return self._flask


def _flask_app(provider: Provider, access: Access) -> Any:
    # Imported when first needed: the endpoint alone starts twice as fast without Flask.
    from mockserver.web.app import create_app  # noqa: PLC0415

    return create_app(provider, access)


async def _read(announced: _Announced, receive: ASGIReceiveCallable) -> bytes | None:
    """Return the body; None when it is too large, and as much of it as is borne was thrown away."""
    if announced.size > _DRAINED or (announced.size > MAX_BODY and announced.waits):
        return None
    body, more = await _next(receive)
    if not more:
        return body if len(body) <= MAX_BODY else None
    parts, size = [body], len(body)
    while more:
        part, more = await _next(receive)
        size += len(part)
        if size <= MAX_BODY:
            parts.append(part)
        elif size > _DRAINED:
            break
    return b"".join(parts) if size <= MAX_BODY else None


async def _next(receive: ASGIReceiveCallable) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] != "http.request":
        raise ConsumerGone
    return message["body"], message["more_body"]


def _announced(scope: HTTPScope) -> _Announced:
    size, waits = 0, False
    for name, value in scope["headers"]:
        if name == b"content-length":
            size = int(value)
        elif name == b"expect":
            waits = True
    return _Announced(size, waits)


def _origin(scope: HTTPScope) -> str:
    client = scope["client"]
    return f"{client[0]}:{client[1]}" if client else ""


async def _send(reply: Reply, send: ASGISendCallable, *, close: bool) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(reply.body))]
    headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": reply.http_status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})
