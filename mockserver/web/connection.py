"""One connection: uvicorn's, with bounds on how much and how slowly a consumer may send before the app is asked."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mockserver.contract.wire import error_body

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
    """Answers in the error envelope whatever does not get as far as the app, and closes."""

    def __init__(self, *, limits: Limits, **wiring: Any) -> None:
        super().__init__(**wiring)
        # Not uvicorn's loggers: they belong to whoever runs uvicorn in the same process.
        self.logger = self.access_logger = _logger
        self.access_log = False
        self._limits = limits
        self._in_headers = False
        self._header_bytes = 0
        self._whole = True
        self._deadline: asyncio.TimerHandle | None = None
        self._refusal = (400, "Not an HTTP request: expected HTTP/1.1")
        self._drained: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock: a connection that never sends anything ends too."""
        super().connection_made(transport)
        self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and refuse headers that do not end."""
        if self._drained is not None:
            self._drain(len(data))
            return
        was_in_headers = self._in_headers
        super().data_received(data)
        # The first part may hold the end of another request, so only what follows it is counted here.
        if was_in_headers and self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > self._limits.header_bytes:
                self._refuse(431, _HEADERS_TOO_LARGE)

    def eof_received(self) -> bool:  # type: ignore[override]  # True keeps the way back open
        """Answer a consumer that sends no more; tell it so when it stopped in the middle of its request."""
        if not self._whole:
            if not self._is_answering():
                self._refuse(400, "Request incomplete: it ended before its headers or its Content-Length did")
            self.transport.close()
        elif self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
            return True
        return False

    def on_message_begin(self) -> None:
        """Start to bound the next request."""
        super().on_message_begin()
        self.scope["extensions"] = {CONNECTION: {"close": self.transport.close}}
        self._whole = False
        self._in_headers = True
        self._header_bytes = 0
        self._start_deadline()

    def on_headers_complete(self) -> None:
        """Hand the request to the app, unless its headers are too large."""
        self._in_headers = False
        if sum([len(name) + len(value) for name, value in self.headers], len(self.url)) > self._limits.header_bytes:
            self._refusal = (431, _HEADERS_TOO_LARGE)
            raise ValueError(_HEADERS_TOO_LARGE)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop to bound: the request is here."""
        self._whole = True
        self._stop_deadline()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are for nobody here
        """Refuse what the parser does not take."""
        self._refuse(*self._refusal)

    def _start_deadline(self) -> None:
        self._stop_deadline()
        self._deadline = self.loop.call_later(self._limits.request_seconds, self._too_slow)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        if self._is_answering():
            self.transport.close()
        else:
            self._refuse(408, f"Request not complete after {self._limits.request_seconds:g} s")

    def _is_answering(self) -> bool:
        return self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete

    def _refuse(self, http_status: int, error_msg: str) -> None:
        if self.transport.is_closing() or self._drained is not None:
            return
        body = error_body(http_status, error_msg)
        head = (
            f"HTTP/1.1 {http_status} {HTTPStatus(http_status).phrase}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.write_eof()
        self._drained = 0
        self._stop_deadline()
        self._deadline = self.loop.call_later(_DRAINED_SECONDS, self.transport.close)

    def _drain(self, size: int) -> None:
        assert self._drained is not None
        self._drained += size
        if self._drained > _DRAINED_BYTES:
            self.transport.close()
