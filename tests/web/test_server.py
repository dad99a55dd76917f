"""The server's own life: how it starts, what it lives by, and what it leaves behind when it stops."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import threading
import time
import warnings

import pytest

from mockserver.contract.readings import Readings
from mockserver.provider.journal.recorded import RawEntry
from mockserver.provider.provider import Provider
from mockserver.provider.request import FAULT_HEADER
from mockserver.provider.state.clock import SystemClock
from mockserver.provider.state.world_file import built_in_world
from mockserver.web.server import Server, ServerError, address_option
from tests.support.asking import body
from tests.support.raw_http import exchange, post

CLIENTS = 2
STOPS = 20


def connects(port: int, under_way: threading.Event, over: threading.Event) -> None:
    try:
        while not over.wait(0.0002):
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
            under_way.set()
    except OSError:
        pass  # the server is gone, or does not accept as fast as this


def test_a_stop_under_clients_that_connect_leaves_no_socket_open(provider: Provider) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(STOPS):
            under_way, over = threading.Event(), threading.Event()
            with Server(provider) as server:
                clients = [
                    threading.Thread(target=connects, args=(server.port, under_way, over)) for _ in range(CLIENTS)
                ]
                for client in clients:
                    client.start()
                assert under_way.wait(30)
            over.set()
            for client in clients:
                client.join()
        gc.collect()
    assert [str(warning.message) for warning in said] == []


@pytest.mark.parametrize("at", [0.0, 1e9])
def test_a_test_that_freezes_time_does_not_hold_up_replies(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, at: float
) -> None:
    with Server(provider) as server, monkeypatch.context() as frozen:
        for name in ("time", "monotonic"):
            frozen.setattr(time, name, lambda: at)
        received = exchange(server, post(b"{}", f"{FAULT_HEADER}: delay; seconds=0.001"))
    assert received.startswith(b"HTTP/1.1 500 ")


def test_a_test_whose_own_clock_fails_does_not_end_the_server(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> float:
        raise StopIteration

    with monkeypatch.context() as broken:
        broken.setattr(time, "time", fail)
        server = Server(provider)
        server.start()
    try:
        assert exchange(server, post(b"{}")).startswith(b"HTTP/1.1 500 ")
    finally:
        server.stop()


def test_a_server_that_cannot_start_says_so_and_leaves_no_socket_open(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no sockets")

    server = Server(provider)
    monkeypatch.setattr(asyncio, "run", refuse)
    with pytest.raises(ServerError, match=r"cannot serve on 127\.0\.0\.1 port \d+: OSError: no sockets"):
        server.start()
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port)).close()


def test_a_server_that_was_never_started_stops_and_stops_again(provider: Provider) -> None:
    server = Server(provider)
    server.stop()
    server.stop()
    Server(provider, port=server.port).stop()


@pytest.mark.parametrize("was_started", [True, False])
def test_a_server_that_was_stopped_does_not_start_again(provider: Provider, was_started: bool) -> None:
    server = Server(provider)
    if was_started:
        server.start()
    server.stop()
    with pytest.raises(ServerError, match="starts once"):
        server.start()


def test_a_server_that_serves_does_not_start_again_and_goes_on(server: Server) -> None:
    with pytest.raises(ServerError, match="starts once"):
        server.start()
    assert b" 200 OK" in exchange(server, post(body()))


def test_an_observer_may_stop_the_server_that_it_observes() -> None:
    servers: list[Server] = []

    def stop(_: RawEntry) -> None:
        servers[0].stop()

    server = Server(Provider(built_in_world(Readings(), SystemClock()), observers=(stop,)))
    servers.append(server)
    before = set(threading.enumerate())  # the server of the whole run may be among them
    server.start()
    assert b"500" not in exchange(server, post(body()))
    server.stop()
    assert not any(thread.name == "apigames-mock" for thread in set(threading.enumerate()) - before)


def test_a_server_in_the_main_thread_is_stopped_from_another_one(provider: Provider) -> None:
    server = Server(provider)
    stopper = threading.Thread(target=server.stop)
    server.run(stopper.start)
    stopper.join()
    Server(provider, port=server.port).stop()


def test_a_server_whose_banner_cannot_be_written_leaves_no_socket_open(provider: Provider) -> None:
    server = Server(provider)

    def fail() -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        server.run(fail)
    Server(provider, port=server.port).stop()


def test_many_servers_are_started_and_stopped_at_once_and_leave_nothing(provider: Provider) -> None:
    gc.collect()  # what earlier tests left is none of this one's
    before = set(threading.enumerate())

    def serve() -> None:
        for _ in range(10):
            with Server(provider) as server:
                assert b" 200 OK" in exchange(server, post(body()))

    async def serve_in_threads() -> None:
        await asyncio.gather(*(asyncio.to_thread(serve) for _ in range(4)))

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        asyncio.run(serve_in_threads())
        gc.collect()
    assert [str(warning.message) for warning in said] == []
    assert set(threading.enumerate()) <= before


def test_nothing_is_said_of_the_calls_that_a_stop_cuts_off(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    with Server(provider) as server, contextlib.ExitStack() as clients:
        for fault in ("delay;seconds=60", "slow_body;seconds=60"):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))
            client.sendall(post(body(), f"X-Apigames-Mock-Fault: {fault}"))
            while not provider.journal.find(fault=fault.partition(";")[0]):
                assert client.fileno() >= 0
        unfinished = clients.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))
        unfinished.sendall(post(body(), length=1000))
        assert b" 200 OK" in exchange(server, post(body()))
        server.stop()
    assert [record.getMessage() for record in caplog.records] == []


def test_an_address_is_taken_so_that_no_other_server_gets_its_calls(provider: Provider) -> None:
    assert address_option("linux") == address_option("darwin") == socket.SO_REUSEADDR
    assert address_option("win32") == getattr(socket, "SO_EXCLUSIVEADDRUSE", -5)
    with Server(provider) as server, pytest.raises(ServerError, match="is taken"):
        Server(provider, port=server.port)


def test_an_address_is_free_again_at_once(provider: Provider) -> None:
    with Server(provider) as server, socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(post(b"{}").replace(b"Connection: close\r\n", b""))
        assert client.recv(1)
        server.stop()
        with Server(provider, port=server.port):
            pass


def test_the_signals_are_their_owners_again_after_a_run(provider: Provider) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    told: list[str] = []
    server = Server(provider)
    server.run(lambda: signal.raise_signal(signal.SIGTERM), lambda: told.append("a signal"))
    assert told == ["a signal"]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
