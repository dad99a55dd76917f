"""`GET /__admin/requests?wait=`: waits on the server's own loop, so that no thread is held and stopping is at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from mockserver.provider.journal import Journal, Search
from mockserver.web.access import ADMIN, Access, Problem
from mockserver.web.query import matchers_of, wait_count, wait_seconds
from mockserver.web.wsgi import request_of

if TYPE_CHECKING:
    from uvicorn._types import HTTPScope

REQUESTS = f"{ADMIN}/requests"


async def wait_for_calls(scope: HTTPScope, journal: Journal, access: Access) -> None:
    """Wait as the query says, then take `wait` out of it; a query that makes no sense is left for the app to refuse."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    query = dict(pairs)
    try:
        access.check(request_of(scope))
        seconds = wait_seconds(query.get("wait"))
        search = Search(journal, matchers_of(pairs))
        count = wait_count(query.get("count"))
    except Problem:
        return
    await _wait(journal, search, count, seconds)
    scope["query_string"] = urlencode([pair for pair in pairs if pair[0] != "wait"]).encode("ascii")


async def _wait(journal: Journal, search: Search, count: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    deadline = loop.time() + seconds

    def heard() -> None:
        loop.call_soon_threadsafe(arrived.set)

    with journal.listening(heard):
        while len(search.found()) < count and (left := deadline - loop.time()) > 0:
            arrived.clear()
            try:
                await asyncio.wait_for(arrived.wait(), left)
            except asyncio.TimeoutError:
                return
