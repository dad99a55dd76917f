"""How a connection ends: whoever goes away in the middle leaves nothing behind, and nothing is said of it."""

from __future__ import annotations

import asyncio
import socket

import pytest

from mockserver.web.server import Server
from tests.support.asking import body
from tests.support.raw_http import exchange, post


def kept_alive(*headers: str) -> bytes:
    return post(body(), *headers).replace(b"Connection: close\r\n", b"")


def left_tasks(server: Server) -> int:
    """How many tasks of the server do not end, though nobody asks any more."""

    async def count() -> int:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        answering = {task for task in others if "run_asgi" in repr(task)}
        if not answering:
            return 0
        return len((await asyncio.wait(answering, timeout=10))[1])

    assert server._loop is not None
    return asyncio.run_coroutine_threadsafe(count(), server._loop).result(30)


def test_a_call_that_is_closed_under_before_another_one_ends(server: Server) -> None:
    faulty = kept_alive("X-Apigames-Mock-Fault: close_before")
    for _ in range(3):
        assert exchange(server, faulty + kept_alive()) == b""
    assert left_tasks(server) == 0


def test_nothing_is_written_for_a_consumer_that_went_away_before_another_reply(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    slow = kept_alive("X-Apigames-Mock-Fault: slow_body;seconds=0.2")
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as client:
        client.sendall(slow + kept_alive())
        assert client.recv(9) == b"HTTP/1.1 "
    assert left_tasks(server) == 0
    assert [record.getMessage() for record in caplog.records] == []
