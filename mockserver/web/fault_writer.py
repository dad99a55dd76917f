"""A faulty reply on an ASGI connection: late, in drips, cut off, with another length than it has."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from mockserver.provider.faults.faults import FaultyReply
from mockserver.web.connection import CONNECTION

if TYPE_CHECKING:
    from collections.abc import Callable

    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope

_DRIPS = 20


async def send_faulty(
    reply: FaultyReply,
    scope: HTTPScope,
    receive: ASGIReceiveCallable,
    send: ASGISendCallable,
) -> None:
    """Send the reply with what goes wrong with it; nobody else waits for it."""
    if reply.delay:
        await asyncio.sleep(reply.delay)
    if reply.close == "before":
        await _close(scope, receive)
        return
    headers = [
        (b"content-type", reply.content_type.encode("latin-1")),
        (b"content-length", b"%d" % reply.content_length),
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers),
    ]
    await send({"type": "http.response.start", "status": reply.http_status, "headers": headers, "trailers": False})
    await _send_body(reply, send)
    if reply.close is not None:
        await _close(scope, receive)


async def _send_body(reply: FaultyReply, send: ASGISendCallable) -> None:
    body, more = reply.body, reply.close is not None
    if reply.body_seconds and body:
        size = -(-len(body) // _DRIPS)
        drips = [body[start : start + size] for start in range(0, len(body), size)]
        # Headers go out at once: it is the body that is slow.
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        for drip in drips[:-1]:
            await asyncio.sleep(reply.body_seconds / len(drips))
            await send({"type": "http.response.body", "body": drip, "more_body": True})
        await asyncio.sleep(reply.body_seconds / len(drips))
        body = drips[-1]
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _close(scope: HTTPScope, receive: ASGIReceiveCallable) -> None:
    close = cast("Callable[[], None]", (scope.get("extensions") or {})[CONNECTION]["close"])
    close()
    # Until the connection is gone the server below would still want a whole reply.
    while (await receive())["type"] != "http.disconnect":
        pass
