"""Targets that answer badly: raw bytes on a socket, one behaviour each."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
MEGABYTE = 1_048_576


def hundred_megabytes(connection: socket.socket) -> None:
    connection.sendall(_HEAD + b"Content-Length: %d\r\n\r\n" % (100 * MEGABYTE))
    for _ in range(100):
        connection.sendall(b" " * MEGABYTE)


def never_ends(connection: socket.socket) -> None:
    connection.sendall(_HEAD + b"\r\n{")
    while True:
        connection.sendall(b" ")
        threading.Event().wait(0.05)


def headers_never_end(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-A: b\r\n")
        threading.Event().wait(0.05)


def says_nothing(connection: socket.socket) -> None:
    connection.recv(1)
    threading.Event().wait(30)


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def html(connection: socket.socket) -> None:
    body = b"<!doctype html><title>Welcome</title>"
    connection.sendall(
        _HEAD.replace(b"application/json", b"text/html") + b"Content-Length: %d\r\n\r\n" % len(body) + body
    )


def html_404(connection: socket.socket) -> None:
    body = b"<h1>Not Found</h1>"
    connection.sendall(b"HTTP/1.1 404 X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def redirects(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


def gzip_bomb(connection: socket.socket) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    body = b"".join(packer.compress(b" " * MEGABYTE) for _ in range(300)) + packer.flush()
    connection.sendall(_HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def bomb_in_a_bomb(connection: socket.socket) -> None:
    body = gzip.compress(gzip.compress(b" " * 8 * MEGABYTE))
    connection.sendall(_HEAD + b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def gzip_of_nothing(connection: socket.socket) -> None:
    connection.sendall(_HEAD + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!")


def not_http(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")


def cut_off(connection: socket.socket) -> None:
    connection.sendall(_HEAD + b'Content-Length: 500\r\n\r\n{"status":1,')


def always_503(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 503 X\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy")


def rests_of_no_length(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 503 X\r\nConnection: close\r\nRetry-After: \xb2\r\nContent-Length: 4\r\n\r\nbusy")


HOSTILE: tuple[Callable[[socket.socket], None], ...] = (
    hundred_megabytes,
    never_ends,
    headers_never_end,
    says_nothing,
    resets,
    html,
    html_404,
    redirects,
    gzip_bomb,
    bomb_in_a_bomb,
    gzip_of_nothing,
    not_http,
    cut_off,
    always_503,
    rests_of_no_length,
)


@contextmanager
def served(behaviour: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve a behaviour to every connection; gives the base URL."""
    listening = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=_answer, args=(connection, behaviour), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def _answer(connection: socket.socket, behaviour: Callable[[socket.socket], None]) -> None:
    with connection:
        try:
            connection.settimeout(20)
            connection.recv(65_536)
            behaviour(connection)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other side has hung up, which is what it should do
