"""`GET /__admin/requests?wait=`: waits on the server's own loop, so that no thread is held and stopping is at once."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from mockserver.provider.journal.journal import Journal, Search
from mockserver.web.admin.access import ADMIN, Access, Problem
from mockserver.web.admin.query import after_number, matchers_of, wait_count, wait_seconds
from mockserver.web.wsgi import request_of

if TYPE_CHECKING:
    from uvicorn._types import HTTPScope

REQUESTS = f"{ADMIN}/requests"


def is_wait(scope: HTTPScope) -> bool:
    """Whether a request asks the journal to wait."""
    return scope["path"] == REQUESTS and scope["method"] in {"GET", "HEAD"} and b"wait=" in scope["query_string"]


async def wait_for_calls(scope: HTTPScope, journal: Journal, access: Access) -> None:
    """Wait as the query says, then take `wait` out of it; a query that makes no sense is left for the app to refuse."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    # Of a name that stands twice the app takes the first.
    query = dict(reversed(pairs))
    try:
        access.check(request_of(scope))
        seconds = wait_seconds(query.get("wait"))
        search = Search(journal, matchers_of(pairs, journal.operations), after_number(query.get("since")))
        count = wait_count(query.get("count"))
    except Problem:
        return
    await _wait(journal, search, count, seconds)
    scope["query_string"] = urlencode([pair for pair in pairs if pair[0] != "wait"]).encode("ascii")


async def _wait(journal: Journal, search: Search, count: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    stirred = asyncio.Event()
    is_over = False

    here = threading.get_ident()

    def heard() -> None:
        if threading.get_ident() == here:
            # Each call_soon_threadsafe writes to the pipe that wakes the loop; full, it would lose a signal.
            stirred.set()
            return
        try:
            loop.call_soon_threadsafe(stirred.set)
        except RuntimeError:
            pass  # the server has stopped since: nobody waits

    def end() -> None:
        nonlocal is_over
        is_over = True
        stirred.set()

    # Not asyncio.wait_for: before Python 3.12 it starts a task, which a stop would wait for, and where a call arrives
    # while the server stops it forgets that it was cancelled.
    timer = loop.call_later(seconds, end)
    try:
        with journal.listening(heard):
            while search.count() < count and not is_over:
                stirred.clear()
                await stirred.wait()
    finally:
        timer.cancel()
