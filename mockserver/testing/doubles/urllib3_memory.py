"""Connections of urllib3 that end in the fake, in memory: retries, timeouts and reads are those of the wire."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from typing import Any

import urllib3
import urllib3.connection
from httptools import HttpRequestParser

from mockserver.testing.doubles.in_process import Answer, Doubled, Part, answer_in_process


def _of_urllib3(known: type) -> Any:
    """Return urllib3's own class, also where VCR has put one of its own in the place of it."""
    return next(one for one in known.__mro__ if one.__module__ == "urllib3.connection")


_HttpsConnection: Any = _of_urllib3(urllib3.connection.HTTPSConnection)
_HttpConnection: Any = _of_urllib3(urllib3.connection.HTTPConnection)


class _Socket:
    """What a connection needs of a socket: takes one request, and gives the reply."""

    def __init__(self, merchant: Doubled, base: str) -> None:
        self._merchant = merchant
        self._base = base
        self._parser = HttpRequestParser(self)
        self._target = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._is_whole = False
        self._parts: Iterator[Part] = iter(())
        self._rest = b""
        self._timeout: float | None = None

    # The parser's callbacks.

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._is_whole = True

    # What http.client and urllib3 call.

    def sendall(self, data: bytes) -> None:
        __tracebackhide__ = True
        self._parser.feed_data(data)
        if self._is_whole:
            self._parts = _sent(self._answer())

    def _answer(self) -> Answer:
        __tracebackhide__ = True
        return answer_in_process(
            self._merchant,
            self._parser.get_method().decode("ascii"),
            self._base + self._target.decode("latin-1"),
            b"".join(self._body),
            origin="responses",
            headers=self._headers,
        )

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        pass

    def receive(self, most: int) -> bytes:
        """Return what is there; nothing at the end. What is late comes at once, or is a timeout at once."""
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            if self._timeout is not None and part.late > self._timeout:
                raise TimeoutError("timed out")
            self._rest = part.data
        received, self._rest = self._rest[:most], self._rest[most:]
        return received


class _Reader(io.RawIOBase):
    def __init__(self, socket: _Socket) -> None:
        self._socket = socket

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        received = self._socket.receive(len(buffer))
        buffer[: len(received)] = received
        return len(received)


def _sent(answer: Answer) -> Iterator[Part]:
    if answer.is_lost:
        yield Part(answer.late, b"")
        return
    lines = [f"HTTP/1.1 {answer.http_status} {answer.reason}", *(f"{name}: {value}" for name, value in answer.headers)]
    yield Part(answer.late, "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1"))
    yield from answer.body


class _Connection:
    """A connection of urllib3 that connects to the fake. Each is for one request: there is nothing to keep alive."""

    merchant: Doubled

    def connect(self: Any) -> None:
        self.sock = _Socket(self.merchant, f"{self.scheme}://{self.host}")
        self.is_verified = True  # or urllib3 warns

    def getresponse(self: Any, **options: Any) -> Any:
        response = super().getresponse(**options)  # type: ignore[misc]  # that of urllib3's class beside this one
        self.sock = None  # closed, as http.client does it: the response reads on by itself
        return response


class _MemoryHttp(_Connection, _HttpConnection):  # type: ignore[misc]  # found when it runs
    scheme = "http"


class _MemoryHttps(_Connection, _HttpsConnection):  # type: ignore[misc]  # as above
    scheme = "https"


def memory_pools(merchant: Doubled) -> urllib3.PoolManager:
    """Return a pool manager all of whose connections end in the fake, at this merchant's server."""
    pools: Any = urllib3.PoolManager()
    pools.pool_classes_by_scheme = {
        "http": partial(_pool, urllib3.HTTPConnectionPool, _MemoryHttp, merchant),
        "https": partial(_pool, urllib3.HTTPSConnectionPool, _MemoryHttps, merchant),
    }
    made: urllib3.PoolManager = pools
    return made


def _pool(kind: Any, connection: type, merchant: Doubled, *args: Any, **kwargs: Any) -> Any:
    pool = kind(*args, **kwargs)
    pool.ConnectionCls = type(connection.__name__, (connection,), {"merchant": merchant})
    return pool
