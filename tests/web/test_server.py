"""The server's own life: what it leaves behind when it stops."""

from __future__ import annotations

import gc
import socket
import threading
import warnings

from mockserver.provider.provider import Provider
from mockserver.web.server import Server

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
