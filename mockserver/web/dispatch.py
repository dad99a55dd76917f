"""ASGI: a call to the endpoint goes straight to the provider, everything else to the Flask app.

The detour through WSGI would cost a thread and ten times the work of an answer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.contract.wire import PATH_PATTERN, Reply, outside_reply
from mockserver.provider.faults.faults import FaultyReply
from mockserver.provider.faults.forcing import FAULT_HEADER
from mockserver.provider.provider import MAX_BODY, Provider
from mockserver.web.admin.access import Access
from mockserver.web.admin.long_poll import is_wait, wait_for_calls
from mockserver.web.fault_writer import send_faulty
from mockserver.web.internal_error import report
from mockserver.web.words import INTERNAL_ERROR, TOO_LARGE
from mockserver.web.wsgi import ConsumerGone, WsgiBridge, in_thread

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

# A body of up to this size is read and thrown away before its 413, so that the consumer gets to read the reply.
_DRAINED = 32 * MAX_BODY

_FAULT_HEADER = FAULT_HEADER.lower().encode("ascii")


class _Announced(NamedTuple):
    """What the headers say: the size of the body, whether the consumer waits to be told to send it, a forced fault."""

    size: int
    waits: bool
    forced: str | None


class _TooLarge(Exception):
    pass


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
        found = PATH_PATTERN.fullmatch(scope["path"]) if scope["method"] == "POST" else None
        try:
            if found is None:
                flask = self._flask or await self._built()
                if is_wait(scope):
                    await wait_for_calls(scope, self._provider.journal, self._access)
                await flask(scope, receive, send)
            else:
                await self._endpoint(found.group(1), scope, receive, send)
        except (ConsumerGone, asyncio.CancelledError):
            return  # nobody listens any more: a stop cancels what it has cut off, which uvicorn would log as an error

    async def _endpoint(
        self, merchant_id: str, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        origin = _origin(scope)
        path = scope["path"]
        close, advice = False, None
        announced = _announced(scope)
        try:
            body = await _read(announced, receive)
            reply = self._provider.call(merchant_id, body, path=path, origin=origin, forced=announced.forced)
            advice = self._provider.header_of(merchant_id, body, reply)
        except _TooLarge:
            close = True
            reply = self._provider.refuse(413, TOO_LARGE, method="POST", path=path, origin=origin)
        except ConsumerGone:
            raise
        except Exception as error:
            report(error)
            reply = self._internal_error(path, origin)
        more = [] if advice is None else [(advice[0].lower().encode("ascii"), advice[1].encode("ascii"))]
        if isinstance(reply, FaultyReply):
            await send_faulty(reply, scope, receive, send, more)
        else:
            await _send(reply, send, [*more, *([(b"connection", b"close")] if close else [])])

    def _internal_error(self, path: str, origin: str) -> Reply:
        try:
            return self._provider.refuse(500, INTERNAL_ERROR, method="POST", path=path, origin=origin)
        except Exception:  # recording may be what failed, and the consumer gets the envelope all the same
            return outside_reply(500, INTERNAL_ERROR)

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


async def _read(announced: _Announced, receive: ASGIReceiveCallable) -> bytes:
    if announced.size > _DRAINED or (announced.size > MAX_BODY and announced.waits):
        raise _TooLarge
    body, more = await _next(receive)
    if not more:
        return body
    parts, size = [body], len(body)
    while more:
        part, more = await _next(receive)
        size += len(part)
        if size <= MAX_BODY:
            parts.append(part)
        elif size > _DRAINED:
            break
    if size > MAX_BODY:
        raise _TooLarge
    return b"".join(parts)


async def _next(receive: ASGIReceiveCallable) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] != "http.request":
        raise ConsumerGone
    return message["body"], message["more_body"]


def _announced(scope: HTTPScope) -> _Announced:
    size, waits, forced = 0, False, None
    for name, value in scope["headers"]:
        if name == b"content-length":
            size = int(value)
        elif name == b"expect":
            waits = True
        elif name == _FAULT_HEADER:
            one = value.decode("latin-1")
            forced = one if forced is None else f"{forced}, {one}"
    return _Announced(size, waits, forced)


def _origin(scope: HTTPScope) -> str:
    client = scope["client"]
    return f"{client[0]}:{client[1]}" if client else ""


async def _send(reply: Reply, send: ASGISendCallable, more: list[tuple[bytes, bytes]]) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(reply.body)), *more]
    await send({"type": "http.response.start", "status": reply.http_status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})
