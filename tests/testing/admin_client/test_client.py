"""The admin client at a server that is not what it should be: always an OSError, as it says."""

from __future__ import annotations

import socket
import threading

import pytest

from mockserver.testing.admin_client import AdminClient

REPLIES = {
    "nothing": b"",
    "no HTTP": b"hello\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a body": b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"status"',
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
    "a page": b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>",
}


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_a_server_that_goes_away_or_is_none_is_an_os_error(reply: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            client, _ = listening.accept()
            with client:
                client.recv(65_536)
                client.sendall(reply)

        answering = threading.Thread(target=answer)
        answering.start()
        try:
            with pytest.raises(OSError, match=r"."):
                AdminClient(f"http://127.0.0.1:{listening.getsockname()[1]}").health()
        finally:
            answering.join()
