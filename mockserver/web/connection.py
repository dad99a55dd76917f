"""One connection: uvicorn's, with bounds on how much and how slowly a consumer may send before the app is asked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mockserver.provider.reply import Reply, outside_reply
from mockserver.web.admin.access import AUTHORITY

# The ASGI extension through which the lane closes the connection under a reply.
CONNECTION = "mockserver.connection"

_logger = logging.getLogger("mockserver.web")
# A library that is asked nothing says nothing; whoever wants to hear adds a handler.
_logger.addHandler(logging.NullHandler())


_HEADERS_TOO_LARGE = "Request header too large"


@dataclass(frozen=True)
class Limits:
    """What a consumer may take: `header_bytes` for the request line and headers, `request_seconds` for a request."""

    header_bytes: int = 65_536
    request_seconds: float = 10.0


# After a refusal, this much is read and thrown away, for this long: a close with bytes unread would reset the
# connection, and the consumer might never see the reply.
_DRAINED_BYTES = 33_554_432
_DRAINED_SECONDS = 2.0


class Connection(HttpToolsProtocol):
    """Answers in the error envelope whatever does not get as far as the app, and closes.

    `refuse` is the provider's: it records a refusal and makes its reply.
    """

    def __init__(self, *, limits: Limits, refuse: Callable[..., Reply], **wiring: Any) -> None:
        super().__init__(**wiring)
        # Not uvicorn's loggers: they belong to whoever runs uvicorn in the same process.
        self.logger = self.access_logger = _logger
        self.access_log = False
        self._limits = limits
        self._record_refusal = refuse
        self._in_headers = False
        self._header_bytes = 0
        self._whole = True
        self._deadline: asyncio.TimerHandle | None = None
        self._refusal = (400, "Not an HTTP request: expected HTTP/1.1")
        self._offers_upgrade = False
        # From a refusal on, nothing more is read: the bytes are counted, and the refusal waits for replies still owed.
        self._drained: int | None = None
        self._waiting_refusal: tuple[int, str] | None = None
        self._in_answer: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock: a connection that never sends anything ends too."""
        super().connection_made(transport)
        self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock, and tell whoever is answering that nobody listens any more."""
        self._stop_deadline()
        super().connection_lost(exc)
        # uvicorn tells the newest request only, and that one may still wait for its turn.
        if self._in_answer is not None and not self._in_answer.response_complete:
            self._in_answer.disconnected = True
            self._in_answer.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and refuse headers that do not end."""
        if self._drained is not None:
            self._drain(len(data))
            return
        # A request that begins in these bytes sets the count back: they may hold the end of another one too.
        self._header_bytes += len(data)
        while data:
            data = self._parse(data)
        if self._in_headers and self._header_bytes > self._limits.header_bytes:
            self._refuse(431, _HEADERS_TOO_LARGE)

    def eof_received(self) -> bool:  # type: ignore[override]  # True keeps the way back open
        """Answer a consumer that sends no more; tell it so when it stopped in the middle of its request."""
        if not self._whole:
            self._refuse(400, "Request incomplete: it ended before its headers or its Content-Length did")
        if self._waiting_refusal is not None:
            return True
        if self._whole and self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
            return True
        return False

    def on_message_begin(self) -> None:
        """Start to bound the next request."""
        super().on_message_begin()
        # Here and not at every byte: the empty lines that some consumers send behind a body begin no request, and
        # without a clock the connection would stay for good.
        self._unset_keepalive_if_required()
        self.scope["extensions"] = {CONNECTION: {"close": self.transport.close}}
        self._whole = False
        self._in_headers = True
        self._header_bytes = 0
        self._start_deadline()

    def on_headers_complete(self) -> None:
        """Hand the request to the app, unless its headers are too large."""
        if sum([len(name) + len(value) for name, value in self.headers], len(self.url)) > self._limits.header_bytes:
            self._refusal = (431, _HEADERS_TOO_LARGE)
            raise ValueError(_HEADERS_TOO_LARGE)
        self._offers_upgrade = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if not self._offers_upgrade:
            if not self.url.startswith(b"/"):
                # uvicorn keeps the path of a target alone; the admin side asks for its host too.
                self.scope["extensions"][AUTHORITY] = cast("Any", _authority(self.url))
            super().on_headers_complete()
            if not self.pipeline:
                self._in_answer = self.cycle
        self._in_headers = False

    def on_message_complete(self) -> None:
        """Stop to bound: the request is here."""
        if self._offers_upgrade:
            return
        self._whole = True
        self._stop_deadline()
        super().on_message_complete()
        if self.cycle.response_complete:  # answered before it was here
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        """Go on to the next request, or to the refusal that waited for this reply."""
        following = self.pipeline[-1][0] if self.pipeline else None
        self._in_answer = following
        super().on_response_complete()
        if not self._whole:  # there is a clock on the request that has begun
            self._unset_keepalive_if_required()
        if following is None and self._waiting_refusal is not None:
            self._write_refusal(*self._waiting_refusal)

    def _parse(self, data: bytes) -> bytes:
        """Feed the parser; return what is to be fed to it next."""
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            if self._offers_upgrade:
                # The parser took the offer and skips the body. There is nothing to upgrade to, so the request is read
                # as if nothing had been offered (RFC 9110, 7.8).
                data = self._head_without_offer() + data[upgrade.args[0] :]
                self.parser = HttpRequestParser(self)
                return data
        except HttpParserError:
            self._refuse(*self._refusal)
        return b""

    def _head_without_offer(self) -> bytes:
        start = b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode("ascii"))
        kept = [b"%s: %s" % (name, value) for name, value in self.headers if name != b"upgrade"]
        return b"\r\n".join([start, *kept, b"", b""])

    def _start_deadline(self) -> None:
        self._stop_deadline()
        self._deadline = self.loop.call_later(self._limits.request_seconds, self._too_slow)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._refuse(408, f"Request not complete after {self._limits.request_seconds:g} s")

    def _refuse(self, http_status: int, error_msg: str) -> None:
        """Read no more, and refuse once every request before this one is answered."""
        if self.transport.is_closing() or self._drained is not None:
            return
        self._drained = 0
        self._stop_deadline()
        has_cycle = not self._whole and not self._in_headers
        if has_cycle and self.cycle.response_started:
            self.transport.close()
        elif has_cycle and self.pipeline:
            # The newest in the queue is the request that is refused here; those before it are still to be answered.
            self.pipeline.popleft()
            self._waiting_refusal = (http_status, error_msg)
        elif not has_cycle and self.cycle is not None and not self.cycle.response_complete:
            self._waiting_refusal = (http_status, error_msg)
        else:
            if has_cycle:  # the app waits for a body that will not come, and must not answer too
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            self._write_refusal(http_status, error_msg)

    def _write_refusal(self, http_status: int, error_msg: str) -> None:
        self._waiting_refusal = None
        if self.transport.is_closing():
            return
        body = self._refusal_reply(http_status, error_msg).body
        head = (
            f"HTTP/1.1 {http_status} {HTTPStatus(http_status).phrase}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.write_eof()
        self._deadline = self.loop.call_later(_DRAINED_SECONDS, self.transport.close)

    def _refusal_reply(self, http_status: int, error_msg: str) -> Reply:
        if self._whole:  # a connection on which nothing was asked is no call
            return outside_reply(http_status, error_msg)
        # Without a path not even the method was read to its end.
        method = self.parser.get_method().decode("ascii") if self.url else ""
        path = unquote(self.url[: self._limits.header_bytes].decode("latin-1").partition("?")[0])
        origin = f"{self.client[0]}:{self.client[1]}" if self.client else ""
        return self._record_refusal(http_status, error_msg, method=method, path=path, origin=origin)

    def _drain(self, size: int) -> None:
        assert self._drained is not None
        self._drained += size
        if self._drained > _DRAINED_BYTES:
            self.transport.close()


def _authority(target: bytes) -> str:
    return target.partition(b"://")[2].partition(b"/")[0].partition(b"?")[0].decode("latin-1")
