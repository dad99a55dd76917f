"""What clients that do not behave cost: the memory and the files of the server with each, and what is left after.

Also how long another client then waits for its reply.
"""

from __future__ import annotations

import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks._measure import Served, baseline, resident_mb
from benchmarks.http import BODY, MERCHANT, PATH, body

MIB = 1_048_576
# Of which one page can be 5 MB.
_VOUCHERS = 19_000
_WORLD = {
    "merchants": [
        {
            "merchant_id": MERCHANT,
            "secret_key": "apigames-mock-secret",
            "projects": [{"project_id": "R250101DEMO000137", "vouchers": {"generate": {"count": _VOUCHERS}}}],
        }
    ]
}


def post(content: bytes, *headers: str) -> bytes:
    """Return a call as bytes."""
    lines = [f"POST {PATH} HTTP/1.1", "Host: 127.0.0.1", *headers, f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(lines).encode() + content


class Clients:
    """Connections to one server, all closed together."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = ExitStack()

    def connect(self, receive: int | None = None) -> socket.socket:
        """Open another one, with a small receive buffer if asked for."""
        client = self._open.enter_context(socket.socket())
        if receive is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        client.settimeout(60)
        client.connect(("127.0.0.1", self._port))
        return client

    def close(self) -> None:
        """Close them all."""
        self._open.close()


def gone_under_a_delay(clients: Clients) -> None:
    """600 calls of 1 MB under a delay of an hour, each client gone at once."""
    padded = BODY + b" " * (MIB - len(BODY))
    for _ in range(600):
        with clients.connect() as client:
            client.sendall(post(padded, "X-Apigames-Mock-Fault: delay;seconds=3600"))


def pipelined_and_read(clients: Clients) -> None:
    """One connection, 40 MB of small calls sent ahead, replies read."""
    _pipelined(clients, reads=True)


def pipelined_and_unread(clients: Clients) -> None:
    """One connection, 40 MB of small calls sent ahead, replies not read."""
    _pipelined(clients, reads=False)


def _pipelined(clients: Clients, *, reads: bool) -> None:
    calls = post(b"{") * (MIB // len(post(b"{")))
    client = clients.connect()
    reading = threading.Thread(target=_read_all, args=(client,), daemon=True)
    if reads:
        reading.start()
    client.settimeout(5)
    try:
        for _ in range(40):
            client.sendall(calls)
    except TimeoutError:
        pass  # it is not read any more
    if reads:
        time.sleep(1)


def _read_all(client: socket.socket) -> None:
    try:
        while client.recv(MIB):
            pass
    except OSError:
        pass


def unread_long_replies(clients: Clients) -> None:
    """200 calls for 5 MB each, none read."""
    for _ in range(200):
        clients.connect(receive=4096).sendall(post(body(1, _VOUCHERS)))


def silent(clients: Clients) -> None:
    """500 connections that send nothing."""
    for _ in range(500):
        clients.connect()


def slow(clients: Clients) -> None:
    """450 connections that send half a request."""
    for _ in range(450):
        clients.connect().sendall(post(BODY)[:-5])


WAYS: tuple[Callable[[Clients], None], ...] = (
    silent,
    slow,
    gone_under_a_delay,
    pipelined_and_read,
    pipelined_and_unread,
    unread_long_replies,
)


def files(pid: int) -> int:
    """Return how many files a process has open (Linux)."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """Yield a list that gets the highest resident memory of a process, in MB."""
    highest = [resident_mb(pid)]
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.02):
            highest[0] = max(highest[0], resident_mb(pid))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield highest
    finally:
        is_over.set()
        watching.join()


def ordinary_call(port: int) -> float:
    """Return the milliseconds that an ordinary call takes."""
    started = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(post(BODY))
        client.recv(1)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Print what each way costs, in a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / "world.json"
        world.write_text(json.dumps(_WORLD))
        checkouts = {"apigames-mock serve": None, "the baseline": baseline()}
        for name, checkout in checkouts.items():
            if name == "the baseline" and checkout is None:
                continue
            print(f"{name}: memory before, at most, after; files at the end of it, after; another client's reply")
            for way in WAYS:
                with Served(
                    "-m", "mockserver", "serve", "--port", "0", "--world", str(world), checkout=checkout
                ) as served:
                    print(f"  {_measured(way, served)}   {(way.__doc__ or '').rstrip('.')}", flush=True)


def _measured(way: Callable[[Clients], None], served: Served) -> str:
    pid, port = served.process.pid, urlsplit(served.url).port
    assert port is not None
    ordinary_call(port)
    before, clients = resident_mb(pid), Clients(port)
    with watched(pid) as highest:
        way(clients)
        time.sleep(0.5)
        held, took = files(pid), ordinary_call(port)
    clients.close()
    ordinary_call(port)
    time.sleep(1)
    after = resident_mb(pid)
    return f"{before:4.0f} {highest[0]:5.0f} {after:5.0f} MB   {held:4} {files(pid):4} files   {took:7.1f} ms"


if __name__ == "__main__":
    main()
