"""How a connection ends: whoever goes away in the middle leaves nothing behind, and nothing is said of it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator

import pytest

from mockserver.web.admin.access import Access
from mockserver.web.connection import Connection, Connections, Limits
from mockserver.web.dispatch import Dispatcher
from mockserver.web.server import Server
from tests.support.asking import PATH, body, built_in_provider
from tests.support.raw_http import exchange, post
from tests.support.waiting import until


@pytest.fixture
def impatient() -> Iterator[Server]:
    """A server that soon closes connections on which nothing is asked any more."""
    with Server(built_in_provider(), limits=Limits(keep_alive_seconds=0.05)) as server:
        yield server


def reply_on(client: socket.socket) -> tuple[int, bytes]:
    """Read one reply with a Content-Length."""
    with client.makefile("rb", buffering=0) as received:
        status = int(received.readline().split()[1])
        length = 0
        while line := received.readline().strip():
            name, _, value = line.lower().partition(b":")
            length = int(value) if name == b"content-length" else length
        return status, received.read(length)


def kept_alive(*headers: str) -> bytes:
    return post(body(), *headers).replace(b"Connection: close\r\n", b"")


def assert_nothing_is_left(server: Server) -> None:
    """Whatever is done for clients that are gone ends."""
    until(lambda: not server.connections.open and not server.connections.answering)


def test_a_call_that_is_closed_under_before_another_one_ends(server: Server) -> None:
    faulty = kept_alive("X-Apigames-Mock-Fault: close_before")
    for _ in range(3):
        assert exchange(server, faulty + kept_alive()) == b""
    assert_nothing_is_left(server)


def test_nothing_is_written_for_a_consumer_that_went_away_before_another_reply(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    slow = kept_alive("X-Apigames-Mock-Fault: slow_body;seconds=0.2")
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as client:
        client.sendall(slow + kept_alive())
        assert client.recv(9) == b"HTTP/1.1 "
    assert_nothing_is_left(server)
    assert [record.getMessage() for record in caplog.records] == []


class Gone(asyncio.Transport):
    """A connection that the client has reset, which is found out by the first write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def write(self, data: object) -> None:
        self.writes += 1

    def is_closing(self) -> bool:
        return self.writes > 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


def test_of_a_long_reply_no_more_is_written_than_tells_that_the_client_is_gone() -> None:
    """A thousand writes would be a thousand warnings of asyncio's."""

    async def pour() -> int:
        connection = Connection(Connections(Limits(), Dispatcher(built_in_provider(), Access())))
        gone = Gone()
        connection.connection_made(gone)
        await asyncio.wait_for(connection.send(bytes(10 * 65_536)), 5)
        connection.connection_lost(None)
        return gone.writes

    assert asyncio.run(pour()) == 1


def test_empty_lines_behind_a_body_do_not_keep_a_connection_for_good(impatient: Server) -> None:
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=15) as client:
        client.sendall(kept_alive())
        assert reply_on(client)[0] == 200
        client.sendall(b"\r\n\r\n")
        assert client.recv(1) == b""


def test_a_body_that_comes_after_its_reply_does_not_keep_a_connection_for_good(impatient: Server) -> None:
    head = b"PUT /__admin/world HTTP/1.1\r\nHost: elsewhere\r\nContent-Length: 70000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=15) as client:
        client.sendall(head)
        assert reply_on(client)[0] == 421
        client.sendall(b"x" * 70_000)
        assert client.recv(1) == b""


def test_a_request_begun_before_the_reply_to_the_one_before_gets_its_time() -> None:
    slow = kept_alive("X-Apigames-Mock-Fault: delay;seconds=0.1")
    with (
        Server(built_in_provider(), limits=Limits(request_seconds=1, keep_alive_seconds=0.05)) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=15) as client,
    ):
        client.sendall(slow + f"POST {PATH} HTTP/1.1\r\nHost:".encode())
        assert reply_on(client)[0] == 200
        status, content = reply_on(client)
    assert (status, json.loads(content)["rc"]) == (408, 408)
