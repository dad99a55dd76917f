"""Reaching a target: one POST, with bounds on time and memory whatever comes back."""

from __future__ import annotations

import re
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timezone
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from mockserver.contract.operation import Operation
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.verification.live_guard import Submitting, check_request, is_loopback

MAX_REPLY = 32 * 1024 * 1024
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
_DIGITS = re.compile(r"[0-9]+")


class Failure(Enum):
    """Why there is no reply that could be read whole."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    ENDLESS = "endless"
    TOO_LARGE = "too large"
    BROKEN_OFF = "broken off"
    UNKNOWN_COMPRESSION = "unknown compression"
    BROKEN_COMPRESSION = "broken compression"


class NoReply(Exception):
    """The target gave no reply that could be read whole: data alone, for people `report/wording.py` makes the text.

    `host` is host and port; `seconds` and `most_bytes` are the bounds of the call; `detail` is the name of the error
    or of the compression that was met, and may be foreign text.
    """

    def __init__(self, kind: Failure, host: str, *, seconds: float, most_bytes: int, detail: str = "") -> None:
        super().__init__(kind.value, host, detail)
        self.kind = kind
        self.host = host
        self.seconds = seconds
        self.most_bytes = most_bytes
        self.detail = detail


@dataclass(frozen=True)
class RawReply:
    """A reply as it came: `body` with content codings undone; times in Unix seconds, `took` in seconds."""

    http_status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)
    sent_at: float
    received_at: float
    date: float | None

    @property
    def retry_after(self) -> float:
        """How many seconds the target asks to be left alone, as a number or until a date; 0 where it says neither."""
        text = self.headers.get("retry-after", "").strip()
        if _DIGITS.fullmatch(text):
            return float(text)
        until = _date(text)
        if until is None:
            return 0.0
        return max(0.0, until - (self.received_at if self.date is None else self.date))


class Target(Protocol):
    """Anything that takes the body of a call for a merchant and gives a reply."""

    base_url: str

    def post(self, merchant_id: str, body: bytes, operation: Operation = PROJECT_DETAIL) -> RawReply:
        """Make one call of an operation; raises NoReply."""
        ...

    def close(self) -> None:
        """Let go of what the target holds."""
        ...


class HttpTarget:
    """A server at `base_url` (or, with `wsgi`, an app in this process), reached with httpx.

    `timeout` is in seconds, for the whole of a call; `max_reply` is in bytes. Redirects are never followed. The
    environment's proxies are used only with `use_proxies`, and never for this machine. Whatever is asked of it, the
    live guard lets no more be submitted than `submitting` says.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float = 10.0,
        max_reply: int = MAX_REPLY,
        use_proxies: bool = False,
        submitting: Submitting = Submitting.NOTHING,
        wsgi: Callable[..., Iterable[bytes]] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._max_reply = max_reply
        self._use_proxies = use_proxies
        self._submitting = submitting
        self._transport = httpx.WSGITransport(app=wsgi, raise_app_exceptions=False) if wsgi else transport
        self._client: httpx.Client | None = None

    def url(self, merchant_id: str, operation: Operation = PROJECT_DETAIL) -> str:
        """Return the one URL that calls of an operation for this merchant go to.

        Raises:
            ValueError: the id is a step in a path, `.` or `..`, which no encoding keeps from being taken.
        """
        if merchant_id in {".", ".."}:
            raise ValueError(f"{merchant_id!r} is not an id but a step in a path")
        return self.base_url + operation.path_of(merchant_id)

    def post(self, merchant_id: str, body: bytes, operation: Operation = PROJECT_DETAIL) -> RawReply:
        """Make one call.

        Raises:
            NoReply: no connection, a time-out, a reply that is cut off, too large or wrongly compressed.
            Withheld: it might be accepted where nothing may be submitted; it was not sent.
        """
        url = self.url(merchant_id, operation)
        client = self._connected()
        # Timeouts of the client hold for each read; only closing it ends a reply that comes byte by byte.
        watchdog = threading.Timer(self._timeout + 0.5, client.close)
        watchdog.daemon = True
        if self._transport is None:
            watchdog.start()
        started, sent_at = time.monotonic(), time.time()
        try:
            with client.stream("POST", url, content=body, headers=_HEADERS) as response:
                received = self._read(response, started)
            return RawReply(
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                received,
                sent_at,
                time.time(),
                _date(response.headers.get("date")),
            )
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, RuntimeError, ValueError) as error:
            self._forget_client()
            raise self._failure(error, time.monotonic() - started) from None
        except NoReply:
            self._forget_client()
            raise
        finally:
            watchdog.cancel()

    def close(self) -> None:
        """Close the connections."""
        self._forget_client()

    def _connected(self) -> httpx.Client:
        if self._client is None:
            self._client = httpx.Client(
                timeout=self._timeout,
                follow_redirects=False,
                trust_env=self._use_proxies and not is_loopback(self.base_url),
                transport=self._transport,
                limits=httpx.Limits(max_connections=4),
                # Called with each request as it is about to be sent, after all that may change it.
                event_hooks={"request": [self._check]},
            )
        return self._client

    def _check(self, request: httpx.Request) -> None:
        check_request(
            method=request.method,
            host=request.url.host,
            path=request.url.raw_path.decode("ascii"),
            body=request.read(),
            base_path=httpx.URL(self.base_url).raw_path.decode("ascii").partition("?")[0].rstrip("/"),
            submitting=self._submitting,
        )

    def _forget_client(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None

    def _read(self, response: httpx.Response, started: float) -> bytes:
        expand = self._expander(response.headers.get("content-encoding", ""), self._max_reply + 1)
        received = bytearray()
        # Each piece as it comes: collecting pieces to a size would wait past the time-out for a reply that drips.
        for raw in response.iter_raw():
            received += expand(raw, self._max_reply + 1 - len(received))
            if len(received) > self._max_reply:
                raise self._no_reply(Failure.TOO_LARGE)
            if time.monotonic() - started > self._timeout:
                raise self._no_reply(Failure.ENDLESS)
        return bytes(received)

    def _expander(self, coding: str, limit: int) -> Callable[[bytes, int], bytes]:
        """Return what undoes a content coding, never making more than it is asked for: a bomb stays small."""
        name = coding.strip().lower()
        if name in {"", "identity"}:
            return lambda raw, _: raw
        if name not in {"gzip", "x-gzip", "deflate"}:
            raise self._no_reply(Failure.UNKNOWN_COMPRESSION, name)
        stream = zlib.decompressobj(zlib.MAX_WBITS | 32)

        def expand(raw: bytes, room: int) -> bytes:
            try:
                return stream.decompress(raw, max(min(room, limit), 1))
            except zlib.error:
                raise self._no_reply(Failure.BROKEN_COMPRESSION, name) from None

        return expand

    def _failure(self, error: Exception, took: float) -> NoReply:
        if isinstance(error, httpx.TimeoutException) or took >= self._timeout:
            return self._no_reply(Failure.TIMEOUT)
        if isinstance(error, httpx.ConnectError):
            return self._no_reply(Failure.TLS if _is_tls(error) else Failure.UNREACHABLE)
        return self._no_reply(Failure.BROKEN_OFF, type(error).__name__)

    def _no_reply(self, kind: Failure, detail: str = "") -> NoReply:
        host = urlsplit(self.base_url).netloc
        return NoReply(kind, host, seconds=self._timeout, most_bytes=self._max_reply, detail=detail)


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _date(text: str | None) -> float | None:
    """Read a date of HTTP, which is in UTC also where it does not say so, as Unix seconds."""
    if text is None:
        return None
    try:
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def checked_base_url(text: str) -> str:
    """Return the base URL without a slash at its end.

    Raises:
        ValueError: it is not `http(s)://HOST[:PORT][/PATH]`; the message says what to write.
    """
    example = "write it like http://127.0.0.1:8787"
    try:
        parts = urlsplit(text.strip())
        # The live guard judges the host as it is read here, httpx calls it as it reads it itself.
        is_one = parts.hostname == httpx.URL(parts.geturl()).host and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        is_one = False
    if not is_one or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"the base URL is not one of http or https with a host; {example}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"the base URL holds more than scheme, host, port and path; {example}")
    return parts.geturl().rstrip("/")
