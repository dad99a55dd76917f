"""`GET /__admin/requests?wait=`: waits on the server's own loop, so that no thread is held and stopping is at once."""

from __future__ import annotations

import asyncio
import threading
from urllib.parse import parse_qsl, urlencode

from mockserver.provider.journal.journal import LOOK_SECONDS, Journal, Search
from mockserver.web.admin.access import ADMIN, Access, Problem
from mockserver.web.admin.query import after_number, matchers_of, wait_count, wait_seconds
from mockserver.web.http_request import HttpRequest
from mockserver.web.wsgi import access_request

REQUESTS = f"{ADMIN}/requests"


def is_wait(request: HttpRequest) -> bool:
    """Whether a request asks the journal to wait."""
    return request.path == REQUESTS and request.method in {"GET", "HEAD"} and "wait=" in request.query


async def wait_for_calls(request: HttpRequest, journal: Journal, access: Access) -> None:
    """Wait as the query says, then take `wait` out of it; a query that makes no sense is left for the app to refuse."""
    pairs = parse_qsl(request.query, keep_blank_values=True)
    # Of a name that appears twice the app takes the first.
    query = dict(reversed(pairs))
    try:
        access.check(access_request(request))
        seconds = wait_seconds(query.get("wait"))
        search = Search(journal, matchers_of(pairs, journal.operations), after_number(query.get("since")))
        count = wait_count(query.get("count"))
    except Problem:
        return
    await _wait(journal, search, count, seconds)
    request.query = urlencode([pair for pair in pairs if pair[0] != "wait"])


async def _wait(journal: Journal, search: Search, count: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    call_recorded = asyncio.Event()
    is_over = False

    here = threading.get_ident()

    def heard() -> None:
        if threading.get_ident() == here:
            # Each call_soon_threadsafe writes to the pipe that wakes the loop; full, it would lose a signal.
            call_recorded.set()
            return
        try:
            loop.call_soon_threadsafe(call_recorded.set)
        except RuntimeError:
            pass  # the server has stopped since: nobody waits

    def end() -> None:
        nonlocal is_over
        is_over = True
        call_recorded.set()

    # Not asyncio.wait_for: before Python 3.12 it starts a task, which a stop would wait for, and where a call arrives
    # while the server stops it forgets that it was cancelled.
    timer = loop.call_later(seconds, end)
    looks: asyncio.TimerHandle | None = None

    def look() -> None:
        nonlocal looks
        looks = loop.call_later(LOOK_SECONDS, look)
        call_recorded.set()

    if journal.is_shared:
        look()
    try:
        with journal.listening(heard):
            while search.count() < count and not is_over:
                call_recorded.clear()
                await call_recorded.wait()
    finally:
        timer.cancel()
        if looks is not None:
            looks.cancel()
