"""A new connection for each call, as `requests.post` makes it: processor time beside a bare asyncio socket."""

from __future__ import annotations

import asyncio
import socket
import statistics
import sys
from contextlib import ExitStack
from urllib.parse import urlsplit

from benchmarks._measure import Served, baseline, processor_seconds
from benchmarks.http import BODY, PATH

CALLS = 1_000
ROUNDS = 9
_REPLY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8269\r\n\r\n" + b"x" * 8269
# What requests sends.
_REQUEST = (
    f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: python-requests/2.32.3\r\n"
    f"Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n"
    f"Content-Length: {len(BODY)}\r\nContent-Type: application/json\r\n\r\n"
).encode() + BODY


class _Constant(asyncio.Protocol):
    """Says the same to whatever comes."""

    _transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, _: bytes) -> None:
        self._transport.write(_REPLY)


async def bare() -> None:
    """Serve the constant until the process is ended."""
    server = await asyncio.get_running_loop().create_server(_Constant, "127.0.0.1", 0, backlog=64)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def call(port: int) -> None:
    """Make one call on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(_REQUEST)
        received = 0
        while received < 8_000:
            received += len(connection.recv(65_536))


def main() -> None:
    """Print what a call costs each server's processor, and how much that is above the bare socket."""
    spent: dict[str, list[float]] = {}
    with ExitStack() as running:
        serve = ("-m", "mockserver", "serve", "--port", "0")
        servers = {
            "a bare asyncio socket": running.enter_context(Served("-m", "benchmarks.connections", "bare")),
            "apigames-mock serve": running.enter_context(Served(*serve)),
        }
        if (other := baseline()) is not None:
            servers["the baseline"] = running.enter_context(Served(*serve, checkout=other))
        for _ in range(ROUNDS):
            for name, served in servers.items():
                port = urlsplit(served.url).port
                assert port is not None
                before = processor_seconds(served.process.pid)
                for _ in range(CALLS):
                    call(port)
                each = (processor_seconds(served.process.pid) - before) / CALLS * 1000
                spent.setdefault(name, []).append(each)
    least = min(spent["a bare asyncio socket"])
    for name, rounds in spent.items():
        middle = statistics.median(rounds)
        print(f"{name:22} {middle:.3f} ms of processor a call, {min(rounds):.3f} at least, {min(rounds) - least:+.3f}")


if __name__ == "__main__":
    asyncio.run(bare()) if "bare" in sys.argv else main()
