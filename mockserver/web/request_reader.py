"""From the bytes of a connection to whole requests: on httptools' parser, bounded, and no faster than asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from urllib.parse import unquote

import msgspec
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from mockserver.provider.internal_error import report
from mockserver.provider.request import INTERNAL_ERROR
from mockserver.web.http_request import NOT_HTTP, BadRequest, HttpRequest, check_head, target_of

# Requests that one call of `parse` makes at most.
AHEAD = 16

_HEAD_TOO_LARGE = BadRequest(431, "Request header too large")
_INCOMPLETE = BadRequest(400, "Request incomplete: it ended before its headers or its Content-Length did")

# As nearly every client spells them.
_NAMES = {
    spelt.encode("ascii"): name
    for name in (
        "accept",
        "accept-encoding",
        "accept-language",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "user-agent",
    )
    for spelt in (name, name.title())
}


class _Early(Exception):
    """The request is answered before its body has come."""


class RequestReader:
    """Takes what was read in `rest`, and makes `requests` of it, one piece at a time.

    `refusal` is what is wrong with the request after those, `is_last` says that nothing is parsed after them, for
    that reason or another, `is_cut` that the last one is answered though more of it may come. `begun` counts the
    requests that have begun; the last of them is not here yet unless `is_whole`.

    `body_bytes` says of a request with its head alone how many bytes of a body are kept, and how many are read.
    """

    def __init__(
        self,
        header_bytes: int,
        body_bytes: Callable[[HttpRequest], tuple[int, int]],
        peer: tuple[str, int],
        local: tuple[str, int],
    ) -> None:
        self._header_bytes = header_bytes
        self._body_bytes = body_bytes
        self._peer, self._local = peer, local
        self._parser = HttpRequestParser(self)
        self.rest = b""
        self.requests: deque[HttpRequest] = deque()
        self.refusal: BadRequest | None = None
        self.is_last = self.is_cut = False
        self.is_whole = True
        self.begun = 0
        # Of `rest`, how much is parsed; the sizes of the piece that is being parsed, and of that in which the present
        # request began; and how many bytes came since that one, or since the last byte of its body.
        self._parsed = self._piece = self._first_piece = self._idle_bytes = 0
        # The present request.
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._request: HttpRequest | None = None
        self._body: bytes | bytearray = b""
        self._size = self._kept = self._read = 0
        self._in_head = self._offers_upgrade = False
        # The newest request that came alone in one piece, and its head: clients that poll send it again and again.
        self._known_head = b""
        self._known: HttpRequest | None = None

    def add(self, data: bytes) -> None:
        """Take more bytes."""
        self.rest = self.rest[self._parsed :] + data if self.rest else data
        self._parsed = 0

    def parse(self) -> None:
        """Parse some of what is there; call it while there is a `rest` and this is not the last."""
        rest, start = self.rest, self._parsed
        if self._known is not None and not start and self.is_whole and self._take_known(self._known):
            return
        # Each request has its version in it, and its head ends with an empty line: so few come of one piece.
        if start or rest.count(b"HTTP/") > AHEAD:
            end = rest.find(b"\r\n\r\n", start) + 4
            piece = rest[start:end] if end > 3 else rest[start:]
        else:
            piece = rest
        self._parsed = start + len(piece)
        if self._parsed == len(rest):
            self.rest, self._parsed = b"", 0
        self._piece = len(piece)
        self._idle_bytes += len(piece)
        is_alone = self.is_whole and not self.requests and not self.rest
        try:
            self._parser.feed_data(piece)
            if is_alone:
                self._remember(piece)
        except HttpParserUpgrade as upgrade:
            # What follows a CONNECT is for a tunnel, and there is none.
            if self._offers_upgrade:
                self.rest, self._parsed = self._head_without_offer() + rest[start + upgrade.args[0] :], 0
                self._parser = HttpRequestParser(self)
        except HttpParserError:
            # What follows a request that asked to close, or whose body is not waited for, is nobody's.
            if not self.is_last:
                self.refuse(self.refusal or BadRequest(400, NOT_HTTP))
        if self._idle_bytes > self._header_bytes and not self.is_whole:
            self.refuse(_HEAD_TOO_LARGE)

    def _remember(self, piece: bytes) -> None:
        """Remember the head of the only request of a piece, when nothing but its body can be another next time."""
        if not self.is_whole or self.is_last or len(self.requests) != 1:
            return
        request = self.requests[0]
        head_size = piece.find(b"\r\n\r\n") + 4
        if len(piece) == head_size + request.announced and len(request.body) == request.announced:
            self._known_head = piece[:head_size]
            self._known = msgspec.structs.replace(request, body=b"")

    def _take_known(self, known: HttpRequest) -> bool:
        """Take a whole request whose head is the one remembered, without parsing it; tell whether it was one."""
        rest, head_size = self.rest, len(self._known_head)
        if len(rest) != head_size + known.announced or not rest.startswith(self._known_head):
            return False
        if self._body_bytes(known)[0] < known.announced:
            return False
        self.requests.append(msgspec.structs.replace(known, body=rest[head_size:]))
        self.rest = b""
        self.begun += 1
        return True

    def refuse(self, refusal: BadRequest) -> None:
        """Parse no more: this is to be said after the replies to the requests before."""
        self.refusal = refusal
        self.is_last = True

    def end(self) -> None:
        """Hear that no more bytes come."""
        if not self.is_whole and not self.is_last:
            self.refuse(_INCOMPLETE)
        self.is_last = True

    def drop(self) -> None:
        """Let go of everything."""
        self.is_last = True
        self.rest, self._body, self._request = b"", b"", None
        self.requests.clear()

    def take_expectation(self) -> bool:
        """Return, once, whether the client of the present request waits to be told to send the body."""
        request = self._request
        if request is None or not request.expects:
            return False
        request.expects = False
        return True

    def begun_request(self) -> tuple[str, str]:
        """Return method and path of the present request as far as they came, for what is said of it."""
        if not self._url:  # then not even the method was read to its end
            return "", ""
        method = self._parser.get_method().decode("ascii")
        try:
            return method, target_of(self._url, method, [])[0]
        except BadRequest:
            return method, unquote(self._url.decode("latin-1").partition("?")[0])

    # What the parser tells.

    def on_message_begin(self) -> None:
        """Start to bound the next request."""
        self._url, self._headers, self._request, self._body = b"", [], None, b""
        self._size = self._idle_bytes = 0
        self._first_piece = self._piece
        self.is_whole = False
        self._in_head = True
        self.begun += 1

    def on_url(self, url: bytes) -> None:
        """Take the target, or the next part of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those that follow a body mean nothing here."""
        if self._in_head:
            text = value.rstrip(b" \t").decode("latin-1")
            self._headers.append((_NAMES.get(name) or name.decode("latin-1").lower(), text))

    def on_headers_complete(self) -> None:
        """Judge the head, and how much of a body is borne."""
        try:
            self._take_head()
        except BadRequest as refusal:
            self.refusal = refusal
            raise
        except _Early:
            raise
        except Exception as error:
            report(error)
            self.refusal = BadRequest(500, INTERNAL_ERROR)
            raise

    def on_body(self, part: bytes) -> None:
        """Keep what comes of the body, up to its bound."""
        self._idle_bytes = 0
        self._size += len(part)
        if self._size > self._kept:
            self._body = b""
            if self._size > self._read:
                self._finish_early()
        elif not self._body:
            self._body = part
        else:
            if isinstance(self._body, bytes):
                self._body = bytearray(self._body)
            self._body += part

    def on_message_complete(self) -> None:
        """Put the request behind those before it."""
        if self._request is not None:
            self._request.body = bytes(self._body)
            self._finish(self._request)

    def _take_head(self) -> None:
        parser, headers = self._parser, self._headers
        # More than this it cannot be: what came of it in its first piece is not counted apart.
        if self._first_piece + self._idle_bytes > self._header_bytes:
            size = sum([len(name) + len(value) + 4 for name, value in headers], len(self._url))
            if size > self._header_bytes:
                raise _HEAD_TOO_LARGE
        version = parser.get_http_version()
        if version not in {"1.1", "1.0"}:
            raise BadRequest(400, NOT_HTTP)
        fields = dict(headers)
        check_head(version, headers, fields)
        method = parser.get_method().decode("ascii")
        path, query = target_of(self._url, method, headers)
        self._offers_upgrade = parser.should_upgrade() and method != "CONNECT"
        if self._offers_upgrade:
            return
        self._in_head = False
        self._request = request = HttpRequest(method, path, query, version, headers, self._peer, self._local)
        request.keep_alive = parser.should_keep_alive() and method != "CONNECT"
        self._kept, self._read = self._body_bytes(request)
        announced = fields.get("content-length")
        if announced is not None:
            request.announced = int(announced)
        expects = "expect" in fields and version != "1.0"
        if request.announced > (self._kept if expects else self._read):
            self._finish_early()
        if request.announced > self._kept:
            self._kept = 0  # it will be refused, so nothing of it is needed
        request.expects = expects and (request.announced > 0 or "transfer-encoding" in fields)

    def _finish_early(self) -> None:
        assert self._request is not None
        self._request.keep_alive = False
        self._size = max(self._size, self._request.announced)
        self.is_cut = True
        self._finish(self._request)
        raise _Early

    def _finish(self, request: HttpRequest) -> None:
        if self._size > self._kept:
            request.is_too_large, request.keep_alive = True, False
            request.announced = max(request.announced, self._size)
        self.requests.append(request)
        self._request, self._body = None, b""
        self.is_whole = True
        if not request.keep_alive:
            self.is_last = True

    def _head_without_offer(self) -> bytes:
        """Return the head of a request that offers an upgrade as if nothing had been offered (RFC 9110, 7.8).

        There is nothing to upgrade to, and the parser, which took the offer, would skip the body.
        """
        parser = self._parser
        start = b"%s %s HTTP/%s" % (parser.get_method(), self._url, parser.get_http_version().encode("ascii"))
        kept = [f"{name}: {value}".encode("latin-1") for name, value in self._headers if name != "upgrade"]
        return b"\r\n".join([start, *kept, b"", b""])
