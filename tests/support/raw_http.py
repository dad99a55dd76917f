"""HTTP as bytes on a socket: what no client library sends, and what came back to the last byte."""

from __future__ import annotations

import json
import socket
from typing import Any

from mockserver.web.server import Server
from tests.support.asking import PATH


def exchange(server: Server, *parts: bytes, half_close: bool = False) -> bytes:
    """Send the parts, then read until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as client:
        for part in parts:
            client.sendall(part)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := client.recv(65_536):
            received += chunk
    return received


def post(content: bytes, *headers: str, path: str = PATH, length: int | None = None) -> bytes:
    """Write a POST to the endpoint that asks to close; a `length` below 0 leaves Content-Length out."""
    lines = [f"POST {path} HTTP/1.1", "Host: mock", "Connection: close", *headers]
    if length is None or length >= 0:
        lines.append(f"Content-Length: {len(content) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + content


def envelope(received: bytes) -> dict[str, Any]:
    """Return the one reply in `received`, checked to be the error envelope."""
    head, _, content = received.partition(b"\r\n\r\n")
    assert b"application/json" in head
    decoded: dict[str, Any] = json.loads(content)
    assert set(decoded) == {"status", "rc", "error_msg"}
    assert decoded["status"] == 0
    assert "Traceback" not in decoded["error_msg"]
    return decoded
