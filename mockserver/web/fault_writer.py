"""A faulty reply that takes its time: late, or in drips."""

from __future__ import annotations

import asyncio
from typing import Protocol

from mockserver.provider.faults.faults import FaultyReply
from mockserver.web.http_request import HttpRequest

_DRIPS = 20


class Wire(Protocol):
    """The connection that a reply goes out on."""

    def head(self, reply: FaultyReply, request: HttpRequest) -> bytes:
        """Return status line and headers."""

    async def send(self, data: bytes) -> None:
        """Write, and wait until it is taken."""

    def end(self) -> None:
        """Close, after what was written."""


async def send_slowly(reply: FaultyReply, request: HttpRequest, wire: Wire) -> None:
    """Send a reply with what goes wrong with it; nobody else waits for it, and it ends with its connection."""
    await asyncio.sleep(reply.delay)
    if reply.close == "before":
        wire.end()
        return
    head, body = wire.head(reply, request), reply.body
    if reply.body_seconds and body:
        # Headers go out at once: it is the body that is slow.
        await wire.send(head)
        size = -(-len(body) // _DRIPS)
        for start in range(0, len(body), size):
            await asyncio.sleep(reply.body_seconds * size / len(body))
            await wire.send(body[start : start + size])
    else:
        await wire.send(head + body)
    if reply.close is not None:
        wire.end()
