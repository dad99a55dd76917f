"""Reaching a target: one POST, with bounds on time and memory whatever comes back."""

from __future__ import annotations

import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import httpx

from mockserver.contract.wire import PATH_TEMPLATE

MAX_REPLY = 32 * 1024 * 1024
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}


class NoReply(Exception):
    """The target gave no reply that could be read whole; the message is one clear reason."""


@dataclass(frozen=True)
class RawReply:
    """A reply as it came: `body` with content codings undone; times in Unix seconds, `took` in seconds."""

    http_status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)
    sent_at: float
    received_at: float
    date: float | None


class Target(Protocol):
    """Anything that takes the body of a call for a merchant and gives a reply."""

    base_url: str

    def post(self, merchant_id: str, body: bytes) -> RawReply:
        """Make one call; raises NoReply."""
        ...

    def close(self) -> None:
        """Let go of what the target holds."""
        ...


class HttpTarget:
    """A server at `base_url` (or, with `wsgi`, an app in this process), reached with httpx.

    `timeout` is in seconds, for the whole of a call; `max_reply` is in bytes. Redirects are never followed. The
    environment's proxies are used only with `use_proxies`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float = 10.0,
        max_reply: int = MAX_REPLY,
        use_proxies: bool = False,
        wsgi: Callable[..., Iterable[bytes]] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._max_reply = max_reply
        self._use_proxies = use_proxies
        self._transport = httpx.WSGITransport(app=wsgi, raise_app_exceptions=False) if wsgi else transport
        self._client: httpx.Client | None = None

    def url(self, merchant_id: str) -> str:
        """Return the one URL that calls for this merchant go to."""
        return self.base_url + PATH_TEMPLATE.format(merchant_id=quote(merchant_id, safe=""))

    def post(self, merchant_id: str, body: bytes) -> RawReply:
        """Make one call.

        Raises:
            NoReply: no connection, a time-out, a reply that is cut off, too large or wrongly compressed.
        """
        client = self._connected()
        # Timeouts of the client hold for each read; only closing it ends a reply that comes byte by byte.
        watchdog = threading.Timer(self._timeout + 0.5, client.close)
        watchdog.daemon = True
        if self._transport is None:
            watchdog.start()
        started, sent_at = time.monotonic(), time.time()
        try:
            with client.stream("POST", self.url(merchant_id), content=body, headers=_HEADERS) as response:
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
            raise NoReply(self._reason(error, time.monotonic() - started)) from None
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
                trust_env=self._use_proxies,
                transport=self._transport,
                limits=httpx.Limits(max_connections=4),
            )
        return self._client

    def _forget_client(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None

    def _read(self, response: httpx.Response, started: float) -> bytes:
        expand = _expander(response.headers.get("content-encoding", ""), self._max_reply + 1)
        parts: list[bytes] = []
        size = 0
        for raw in response.iter_raw(65_536):
            parts.append(expand(raw, self._max_reply + 1 - size))
            size += len(parts[-1])
            if size > self._max_reply:
                raise NoReply(
                    f"the reply is larger than {self._max_reply // 1_048_576} MiB; it was not read to its end"
                )
            if time.monotonic() - started > self._timeout:
                raise NoReply(f"the reply did not end within {self._timeout:g} s; give more with --timeout")
        return b"".join(parts)

    def _reason(self, error: Exception, took: float) -> str:
        host = urlsplit(self.base_url).netloc
        if isinstance(error, httpx.TimeoutException) or took >= self._timeout:
            return f"{host} did not answer within {self._timeout:g} s; give more with --timeout"
        if isinstance(error, httpx.ConnectError):
            why = "its TLS certificate does not hold" if _is_tls(error) else "no connection"
            return f"{host} cannot be reached ({why}); see that it runs and that --base-url is right"
        return f"{host} broke off before the reply was whole ({type(error).__name__})"


def _expander(coding: str, limit: int) -> Callable[[bytes, int], bytes]:
    """Return what undoes a content coding, never making more than it is asked for: a bomb stays small."""
    name = coding.strip().lower()
    if name in {"", "identity"}:
        return lambda raw, _: raw
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise NoReply(f"the reply is compressed as {name[:40]!r}, which was not asked for")
    stream = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def expand(raw: bytes, room: int) -> bytes:
        try:
            return stream.decompress(raw, max(min(room, limit), 1))
        except zlib.error:
            raise NoReply("the reply's compression is broken") from None

    return expand


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError) or "certificate" in str(error).lower():
            return True
        error = error.__cause__ or error.__context__
    return False


def _date(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def checked_base_url(text: str) -> str:
    """Return the base URL without a slash at its end.

    Raises:
        ValueError: it is not `http(s)://HOST[:PORT][/PATH]`; the message says what to write.
    """
    parts: Any = urlsplit(text.strip())
    example = "write it like http://127.0.0.1:8787"
    try:
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_fine:
        raise ValueError(f"the base URL is not one of http or https with a host; {example}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"the base URL holds more than scheme, host, port and path; {example}")
    return str(parts.geturl()).rstrip("/")
