"""`?wait=`: let go at once when the server stops or the client is gone, whatever else happens then."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest

from mockserver.provider.provider import Provider
from mockserver.testing.admin_client import AdminClient
from mockserver.web.admin.access import Access
from mockserver.web.admin.long_poll import REQUESTS, wait_for_calls
from mockserver.web.http_request import HttpRequest
from mockserver.web.server import Server
from tests.support.asking import ask, body
from tests.support.waiting import until


def asking(query: str) -> HttpRequest:
    return HttpRequest("GET", REQUESTS, query, "1.1", [], ("127.0.0.1", 1), ("127.0.0.1", 2))


def test_a_stop_does_not_wait_for_those_who_wait(provider: Provider) -> None:
    server = Server(provider)
    server.start()
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(OSError, match=r".*"):
            AdminClient(server.url).requests(wait=60)
        ended.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not provider.journal.listeners:
        assert waiting.is_alive()
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    stopping.join(30)
    assert not stopping.is_alive()
    assert ended.wait(30)
    waiting.join()


def test_a_wait_ends_with_its_client(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as client:
        client.sendall(f"GET {REQUESTS}?wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        until(lambda: server.provider.journal.listeners)
    until(lambda: not server.provider.journal.listeners)
    until(lambda: not server.connections.open and not server.connections.answering)


@pytest.mark.parametrize("steps", range(6))
def test_a_wait_that_is_cancelled_as_a_call_arrives_ends(provider: Provider, steps: int) -> None:
    """Whatever the loop did in between: a cancellation that is forgotten would hold up a stop."""

    async def cancelled() -> bool:
        waiting = asyncio.create_task(wait_for_calls(asking("wait=60&count=2"), provider.journal, Access()))
        while not provider.journal.listeners:
            await asyncio.sleep(0)
        ask(provider, body())
        for _ in range(steps):
            await asyncio.sleep(0)
        waiting.cancel()
        done, _ = await asyncio.wait({waiting}, timeout=10)
        return done == {waiting} and waiting.cancelled()

    assert asyncio.run(cancelled())
    assert provider.journal.listeners == 0


def test_a_call_after_the_end_of_a_loop_that_waited_is_answered(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever records a call may still hold the listener of a server that has stopped meanwhile."""
    late: list[Callable[[], None]] = []
    listening = provider.journal.listening

    def remembering(heard: Callable[[], None]) -> AbstractContextManager[None]:
        late.append(heard)
        return listening(heard)

    async def waits() -> None:
        waiting = asyncio.create_task(wait_for_calls(asking("wait=60"), provider.journal, Access()))
        while not late:
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})

    monkeypatch.setattr(provider.journal, "listening", remembering)
    asyncio.run(waits())
    with listening(late[0]), ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(ask, provider, body()).result(30)["rc"] == 200


def test_a_wait_ends_when_its_seconds_are_over(provider: Provider) -> None:
    asked = asking("wait=0.01&page=2")
    asyncio.run(wait_for_calls(asked, provider.journal, Access()))
    assert asked.query == "page=2"


def test_calls_that_the_loop_answers_itself_write_nothing_to_the_pipe_that_wakes_it(provider: Provider) -> None:
    """A full pipe loses signals: a server with many who wait would not hear SIGTERM."""
    woken = []

    async def waits() -> None:
        loop = asyncio.get_running_loop()
        waiting = asyncio.create_task(wait_for_calls(asking("wait=60&count=3"), provider.journal, Access()))
        while not provider.journal.listeners:
            await asyncio.sleep(0)
        loop.call_soon_threadsafe = lambda *_, **__: woken.append(1)  # type: ignore[assignment,method-assign]
        for _ in range(3):
            ask(provider, body())
        del loop.call_soon_threadsafe
        await asyncio.wait_for(waiting, 10)

    asyncio.run(waits())
    assert woken == []
