"""What one client costs: a bounded amount of memory and of files, for a bounded time, and nobody else their reply."""

from __future__ import annotations

import contextlib
import gc
import json
import select
import signal
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from mockserver.contract.readings import Readings
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.world import Merchant, Project, World
from mockserver.web.bounds import Backlog, Waiting, most_waiting
from mockserver.web.connection import Limits
from mockserver.web.server import Server
from tests.support.asking import DEMO_PROJECT, MERCHANT, NOW, PATH, SECRET, body, call, fields
from tests.support.command import Serving
from tests.support.raw_http import exchange, post
from tests.support.waiting import until

MIB = 1_048_576
MANY = 15_000
CLOSE = b"\r\nConnection: close\r\n\r\n"


def kept_alive(content: bytes, *headers: str) -> bytes:
    return post(content, *headers).replace(b"Connection: close\r\n", b"")


def connect(server: Server, receive: int | None = None) -> socket.socket:
    client = socket.socket()
    if receive is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    client.settimeout(30)
    client.connect(("127.0.0.1", server.port))
    return client


def forget_calls(server: Server) -> None:
    """Empty the journal; where two serve by turns, each empties its own when it is asked next."""
    server.provider.clear_journal()
    for _ in range(2):
        exchange(server, post(b"{"))


@contextlib.contextmanager
def traced() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def large_world() -> World:
    """A project of which one page can be 3 MB."""
    vouchers = generate_vouchers(MANY, first_id=1)
    return World((Merchant(MERCHANT, SECRET, None, (Project(1, DEMO_PROJECT, None, vouchers),)),))


def large_provider(world: World) -> Provider:
    return Provider(world, Readings(), FrozenClock(NOW))


def test_a_delayed_call_whose_client_is_gone_is_over_and_holds_no_body(server: Server) -> None:
    padded = body() + b" " * (MIB - len(body()))
    with traced(), contextlib.ExitStack() as clients:
        for _ in range(10):
            client = clients.enter_context(connect(server))
            client.sendall(kept_alive(padded, "X-Apigames-Mock-Fault: delay;seconds=3600"))
        until(lambda: len(server.connections.answering) == 10)
        forget_calls(server)
        assert tracemalloc.get_traced_memory()[0] < MIB
        clients.close()
        until(lambda: not server.connections.answering and not server.connections.open)


WAIT = b"GET /__admin/requests?wait=60&count=1000000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
# What a client may leave a connection with, and how many bytes of the server's each may take.
LEFT: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 20_000),
    "a reply": (kept_alive(body()), 20_000),
    "half a head": (b"POST / HTTP/1.1\r\nX-Long: " + b"a" * 50_000, 130_000),
    "half a body": (post(b"{" * 200_000, length=300_000), 450_000),
    "half a body that is too large": (post(b"{" * 200_000, length=2 * MIB), 20_000),
    "a delay": (kept_alive(body() + b" " * 200_000, "X-Apigames-Mock-Fault: delay;seconds=3600"), 30_000),
    "a slow body": (kept_alive(body() + b" " * 200_000, "X-Apigames-Mock-Fault: slow_body;seconds=3600"), 40_000),
    "a delay, and more behind it": (
        kept_alive(body(), "X-Apigames-Mock-Fault: delay;seconds=3600") + kept_alive(body()) * 1_000,
        500_000,
    ),
    "a wait": (WAIT, 30_000),
}


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.parametrize("left", LEFT)
def test_a_connection_holds_a_bounded_amount_and_nothing_when_it_is_gone(left: str, server: Server) -> None:
    """Told of forty of them, before and while they are there and when they are gone."""
    sent, most = LEFT[left]
    exchange(server, WAIT.replace(b"wait=60", b"wait=0").replace(b"\r\n\r\n", CLOSE))
    until(lambda: not server.connections.open)
    files = open_files()
    with traced(), contextlib.ExitStack() as clients:
        for _ in range(40):
            clients.enter_context(connect(server)).sendall(sent)
        until(lambda: len(server.connections.open) == 40)
        if "nothing" not in left and "half" not in left and "wait" not in left:
            until(lambda: server.provider.journal.total == 40)
        if "delay" in left or "slow" in left or "wait" in left:
            until(lambda: len(server.connections.answering) == 40)
        forget_calls(server)
        gc.collect()
        assert open_files() <= files + 80, "one of the client's and one of the server's"
        assert tracemalloc.get_traced_memory()[0] < 40 * most
        clients.close()
        until(lambda: not server.connections.answering and not server.connections.open)
        until(lambda: open_files() <= files)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < MIB


def test_those_that_wait_for_calls_share_what_they_wait_for(server: Server) -> None:
    with traced(), contextlib.ExitStack() as clients:
        for _ in range(60):
            clients.enter_context(connect(server)).sendall(WAIT)
        until(lambda: server.provider.journal.listeners == 60)
        before = tracemalloc.get_traced_memory()[0]
        exchange(server, post(body() + b" " * (MIB - len(body()))))
        # Each of them has looked at it.
        exchange(server, WAIT.replace(b"wait=60&count=1000000", b"wait=60&count=1").replace(b"\r\n\r\n", CLOSE))
        assert tracemalloc.get_traced_memory()[0] < before + 4 * MIB


def test_the_journal_holds_a_bounded_amount(provider: Provider) -> None:
    with traced():
        for number in range(90):
            call(provider, b"{" * (MIB - number))
        provider.journal.newest(1000)
        assert tracemalloc.get_traced_memory()[0] < 70 * MIB


@pytest.mark.parametrize("fault", ["delay;seconds=3600", "slow_body;seconds=3600"])
def test_what_a_client_sends_ahead_of_a_call_that_waits_is_bounded_and_its_end_is_heard(
    server: Server, fault: str
) -> None:
    with traced(), connect(server) as client:
        client.sendall(kept_alive(body(), f"X-Apigames-Mock-Fault: {fault}"))
        until(lambda: server.connections.answering)
        for _ in range(40):
            client.sendall(kept_alive(body()) * 1_000)
        assert tracemalloc.get_traced_memory()[0] < MIB
    until(lambda: not server.connections.answering and not server.connections.open)


def test_what_was_kept_of_too_much_is_answered_before_the_end(server: Server) -> None:
    with connect(server) as client:
        client.sendall(kept_alive(body(), "X-Apigames-Mock-Fault: delay;seconds=0.2"))
        until(lambda: server.connections.answering)
        client.sendall(kept_alive(body(limit=1)) * 5_000)
        received = read_all(client)
    assert 100 < received.count(b"HTTP/1.1 200 OK") < 5_000


def test_of_those_that_wait_only_a_share_of_the_files_is_taken(tmp_path: Path) -> None:
    few_files = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))"
    with Serving(folder=tmp_path, before=few_files) as serving, contextlib.ExitStack() as clients:
        url = serving.url
        port = int(url.rpartition(":")[2])
        # The log says why a call was refused: what it takes to know is loaded while there are files.
        assert requests.post(url + PATH, data=b"{", timeout=30).status_code == 400
        waiting = []
        for _ in range(120):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            client.sendall(kept_alive(body(), "X-Apigames-Mock-Fault: delay;seconds=3600"))
            waiting.append(client)
        until(lambda: len(select.select(waiting, [], [], 0)[0]) == 80)
        assert requests.post(url + PATH, json=fields(), timeout=30).json()["rc"] == 200
        assert requests.get(f"{url}/__admin/health", timeout=30).json()["status"] == "ok"
        status, _, said = serving.stop(signal.SIGTERM)
    assert status == 0
    assert said.count("no more can") == 1
    assert "Traceback" not in said


def test_a_client_that_never_reads_is_cut_off(large_world: World) -> None:
    with (
        Server(large_provider(large_world), limits=Limits(write_seconds=0.2)) as server,
        connect(server, receive=4096) as client,
    ):
        client.sendall(kept_alive(body(limit=MANY)))
        until(lambda: server.provider.journal.total)
        until(lambda: not server.connections.open and not server.connections.answering)


def test_a_client_that_reads_a_byte_now_and_then_is_cut_off(large_world: World) -> None:
    with (
        Server(large_provider(large_world), limits=Limits(write_seconds=0.2)) as server,
        connect(server, receive=4096) as client,
    ):
        client.sendall(kept_alive(body(limit=MANY)))
        until(lambda: server.provider.journal.total)
        until(lambda: not (client.recv(1) and server.connections.open))


def test_a_client_that_reads_steadily_gets_all_of_a_long_reply(large_world: World) -> None:
    with (
        Server(large_provider(large_world), limits=Limits(write_seconds=5)) as server,
        connect(server, receive=65_536) as client,
    ):
        client.sendall(post(body(limit=MANY)))
        received = b""
        while chunk := client.recv(1_000_000):
            received += chunk
            time.sleep(0.001)
    assert len(json.loads(received.partition(b"\r\n\r\n")[2])["data"]["data"]["vouchers"]) == MANY


def test_many_clients_that_do_not_read_long_replies_hold_a_bounded_amount(large_world: World) -> None:
    clients = 12
    with Server(large_provider(large_world)) as server, traced(), contextlib.ExitStack() as open_ones:
        for _ in range(clients):
            client = open_ones.enter_context(connect(server, receive=4096))
            client.sendall(kept_alive(body(limit=MANY)))
        until(lambda: server.provider.journal.total == clients)
        most = tracemalloc.get_traced_memory()[1]
        size = len(call(server.provider, body(limit=MANY)).body)
        assert size > 3 * 10**6
        # At no time more than the one that all of them wait for, what one is made of, and the start of each.
        assert most < 6 * size + clients * 300_000 < clients * size


def test_calls_whose_replies_are_not_read_are_not_answered_and_not_read(provider: Provider) -> None:
    # With long bodies and replies it takes fewer of them until all buffers are full.
    calls = kept_alive(body() + b" " * 3_000) * 1_000
    with (
        Server(provider, limits=Limits(write_seconds=60)) as server,
        traced(),
        connect(server) as client,
    ):
        sent = sent_until_it_stops(client, calls)
        answered = provider.journal.total
        forget_calls(server)
        assert tracemalloc.get_traced_memory()[0] < 2 * MIB
        rest = threading.Thread(target=client.sendall, args=(calls[sent % len(calls) :] + post(body()),))
        rest.start()
        received = read_all(client)
        rest.join()
    assert received.count(b'"rc":200') == (sent // len(calls) + 1) * 1_000 + 1 > answered


def sent_until_it_stops(client: socket.socket, calls: bytes) -> int:
    """Send calls again and again until the server has read none of them for a while; return how many bytes."""
    sent, view = 0, memoryview(calls)
    client.setblocking(False)
    while select.select([], [client], [], 0.5)[1]:
        sent += client.send(view[sent % len(calls) :])
    client.settimeout(30)
    return sent


def test_many_calls_on_one_connection_leave_others_their_turn(server: Server) -> None:
    """Told by order: another client's call stands in the journal before the last of those that were sent before it."""
    with connect(server) as client, connect(server) as other:
        other.sendall(kept_alive(body()))
        assert other.recv(65_536)
        client.sendall(kept_alive(b"{") * 3_000)
        other.sendall(post(b"{}"))
        read_all(other)
        client.sendall(post(b"{"))
        read_all(client)
    bodies = [entry.body for entry in server.provider.journal.entries()]
    assert server.provider.journal.total == 3_003
    assert "{}" not in bodies or bodies.index("{}") < len(bodies) - 1


def read_all(client: socket.socket) -> bytes:
    received = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while chunk := client.recv(1_000_000):
            received += chunk
    return bytes(received)


def test_a_body_in_the_smallest_chunks_takes_no_more_than_its_size(server: Server) -> None:
    head = post(b"", "Transfer-Encoding: chunked", length=-1)
    with traced(), connect(server) as client:
        client.sendall(head + b"1\r\n \r\n" * (MIB // 4))
        until(lambda: tracemalloc.get_traced_memory()[0] > MIB // 4)
        assert tracemalloc.get_traced_memory()[0] < 2 * MIB
        client.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body()), body()))
        assert b'"rc":200' in read_all(client)


BUSY = """
import sys
from mockserver.provider.provider import Provider

def never_ends(self, *_):
    print("busy", file=sys.stderr, flush=True)
    while True:
        pass

Provider.handle = Provider.handle_together = never_ends
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process_whatever_it_is_doing(tmp_path: Path, number: int) -> None:
    with (
        Serving("--url-file", "url", folder=tmp_path, before=BUSY) as serving,
        socket.create_connection(("127.0.0.1", int(serving.url.rpartition(":")[2])), timeout=30) as client,
    ):
        client.sendall(post(b"{}"))
        assert serving.process.stderr is not None
        while "busy" not in serving.process.stderr.readline():
            assert serving.process.poll() is None
        assert (tmp_path / "url").exists()
        assert serving.stop(number)[0] == 0
        assert not (tmp_path / "url").exists()


def test_as_many_may_wait_as_half_of_the_files() -> None:
    waiting = Waiting()
    assert 0 < most_waiting() <= 4096
    assert all(waiting.take(0) for _ in range(most_waiting()))
    assert not waiting.take(0)
    waiting.give_back(0)
    assert waiting.take(0)


def test_those_that_wait_hold_so_many_bytes_together() -> None:
    waiting = Waiting()
    assert waiting.take(60 * MIB)
    assert not waiting.take(5 * MIB)
    waiting.give_back(60 * MIB)
    assert waiting.take(5 * MIB)


class Slow:
    """A reader that is cut off or not."""

    def __init__(self) -> None:
        self.is_cut_off = False

    def cut_off(self) -> None:
        self.is_cut_off = True


def test_equal_replies_that_wait_for_their_readers_are_held_once() -> None:
    backlog, one, other = Backlog(), Slow(), Slow()
    first, second = bytes(5 * MIB), bytes(5 * MIB)
    assert backlog.add(one, first) is first
    assert backlog.add(other, second) is first
    backlog.remove(one)
    assert backlog.add(one, second) is first
    backlog.remove(one)
    backlog.remove(other)
    assert backlog.add(one, second) is second


def test_the_slowest_readers_are_cut_off_when_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("mockserver.web.machine_time.monotonic", lambda: now[0])
    backlog, readers = Backlog(), [Slow() for _ in range(5)]
    for number, reader in enumerate(readers[:4]):
        backlog.add(reader, bytes([number]) * 20 * MIB)
    assert not any(reader.is_cut_off for reader in readers)
    now[0] = 2.0
    backlog.goes_on(readers[0])
    backlog.add(readers[4], b"x" * 20 * MIB)
    assert [reader.is_cut_off for reader in readers] == [False, True, True, False, False]
    backlog.remove(readers[1])


def test_a_reply_that_is_longer_than_all_that_may_wait_waits_alone() -> None:
    backlog, reader, following = Backlog(), Slow(), Slow()
    backlog.add(reader, bytes(300 * MIB))
    assert not reader.is_cut_off
    backlog.add(following, b"x")
    assert reader.is_cut_off
    assert not following.is_cut_off
