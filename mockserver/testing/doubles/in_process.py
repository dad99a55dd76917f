"""A call to the built-in address, answered in process: what the wire would show, without a socket or a thread."""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus
from typing import NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from mockserver.contract.foreign_text import printable
from mockserver.contract.operation import MERCHANT_ID, Operations
from mockserver.contract.wire import BASE_URL
from mockserver.provider.faults.faults import FaultyReply
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.request import Request, no_such_path

BUILT_IN_HOST = "v1.apigames.id"
assert f"https://{BUILT_IN_HOST}" == BASE_URL

# In how many parts a slow body comes, as from the server.
_DRIPS = 20


class UndocumentedCall(BaseException):
    """A call to the vendor's host at a path that no page of it documents.

    Not an `Exception`: the code under test must not take it for a failure of the network, and try again.
    """


class Serving(Protocol):
    """Who answers behind doubles: `FakeServer`, which knows them."""

    @property
    def provider(self) -> Provider:
        """The provider that answers."""

    @property
    def allows_vendor_host(self) -> bool:
        """Whether a call may leave for the vendor's real host."""

    @property
    def undocumented_calls(self) -> list[str]:
        """Where a line is kept for each call that no page of the vendor documents."""


class Doubled(Protocol):
    """The merchant that a double stands for: `FakeMerchant`, which makes them."""

    @property
    def merchant_id(self) -> str:
        """The id in the path of its calls."""

    @property
    def server(self) -> Serving:
        """Who answers."""

    @property
    def undocumented_calls(self) -> list[str]:
        """Those of its server."""


class Part(NamedTuple):
    """Bytes of a body, `late` seconds after what was sent before them."""

    late: float
    data: bytes


class Answer(NamedTuple):
    """What the wire shows of a reply: its head `late` seconds after the call, its body in parts.

    `is_closed` says that the connection ends behind it, `is_lost` that it ends before anything of it is there.
    """

    http_status: int
    headers: tuple[tuple[str, str], ...]
    late: float
    body: tuple[Part, ...]
    is_closed: bool
    is_lost: bool

    @property
    def reason(self) -> str:
        """The reason phrase of the status line."""
        return HTTPStatus(self.http_status).phrase


def is_built_in(url: str) -> bool:
    """Tell whether this is an address of the vendor's host."""
    return (urlsplit(url).hostname or "").rstrip(".") == BUILT_IN_HOST


def is_to(merchant_id: str, url: str, operations: Operations) -> bool:
    """Tell whether this merchant stands in an address where the operations have one, at whatever host."""
    path = unquote(urlsplit(url).path)
    return any(operation.path.partition(MERCHANT_ID)[0] + merchant_id + "/" in path for operation in operations)


def answer_in_process(
    merchant: Doubled,
    method: str,
    url: str,
    body: bytes,
    *,
    origin: str,
    headers: Iterable[tuple[str, str]] = (),
) -> Answer:
    """Answer as the merchant's server would; `origin` is what the journal says of where the call came from.

    Raises:
        UndocumentedCall: the path is not the endpoint's, or the scheme is not https; it says what was called and what
            exists, and the merchant's `undocumented_calls` say it too.
    """
    __tracebackhide__ = True
    provider = merchant.server.provider
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.scheme != "https" and is_built_in(url):
        provider.refuse(404, no_such_path(path, provider.operations), method=method, path=path, origin=origin)
        raise _undocumented(merchant, method, url)
    sent = tuple((name.lower(), value) for name, value in headers)
    reply = provider.handle(Request(method, path, body, sent, origin))
    if not provider.operations.at(path):
        raise _undocumented(merchant, method, url)
    return _on_the_wire(reply, method)


def _on_the_wire(reply: Reply, method: str) -> Answer:
    headers = (
        ("date", formatdate(time.time(), usegmt=True)),
        ("content-type", reply.content_type),
        ("content-length", str(reply.content_length)),
        *reply.headers,
    )
    body = b"" if method == "HEAD" else reply.body
    if not isinstance(reply, FaultyReply):
        return Answer(reply.http_status, headers, 0.0, (Part(0.0, body),), is_closed=False, is_lost=False)
    return Answer(
        reply.http_status,
        headers,
        reply.delay,
        tuple(_drips(body, reply.body_seconds)),
        is_closed=reply.close is not None,
        is_lost=reply.close == "before",
    )


def _drips(body: bytes, seconds: float) -> Iterable[Part]:
    if not seconds or not body:
        return [Part(0.0, body)]
    size = -(-len(body) // _DRIPS)
    starts = range(0, len(body), size)
    return [Part(seconds / len(starts), body[start : start + size]) for start in starts]


def _undocumented(merchant: Doubled, method: str, url: str) -> UndocumentedCall:
    provider = merchant.server.provider
    mask = provider.journal.mask
    called = f"{printable(mask(method), 20)} {printable(mask(url), 500)}"
    known = ", or ".join(f"{one.method} {BASE_URL}{one.path}" for one in provider.operations)
    call = UndocumentedCall(f"{called} was called, which the vendor does not document; there is {known}")
    merchant.undocumented_calls.append(str(call))
    return call
