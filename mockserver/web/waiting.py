"""`GET /__admin/requests?wait=`: waits on the server's own loop, so that no thread is held and stopping is at once."""

from __future__ import annotations

import asyncio
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from mockserver.provider.journal import Journal, Search
from mockserver.provider.matchers import MatcherError
from mockserver.web.access import ADMIN, COOKIE, Access, Problem, Request
from mockserver.web.query import matchers_of, wait_seconds

if TYPE_CHECKING:
    from uvicorn._types import HTTPScope

REQUESTS = f"{ADMIN}/requests"


async def wait_for_calls(scope: HTTPScope, journal: Journal, access: Access) -> None:
    """Wait as the query says, then take `wait` out of it; a query that makes no sense is left for the app to refuse."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    query = dict(pairs)
    try:
        access.check(_request(scope))
        seconds = wait_seconds(query.get("wait"))
        search = Search(journal, matchers_of(pairs))
        count = int(query.get("count", "1"))
    except (Problem, MatcherError, ValueError):
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


def _request(scope: HTTPScope) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    client, server = scope["client"], scope["server"]
    return Request(
        method=scope["method"],
        peer=client[0] if client else None,
        local=server[0] if server else None,
        host=headers.get("host"),
        authorization=headers.get("authorization"),
        token=_cookie_token(headers.get("cookie")),
    )


def _cookie_token(header: str | None) -> str | None:
    try:
        morsel = SimpleCookie(header or "").get(COOKIE)
    except CookieError:
        return None
    return None if morsel is None else morsel.value
