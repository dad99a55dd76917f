"""A call to the built-in address, answered in process: no socket, no thread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from mockserver.contract.foreign_text import printable
from mockserver.contract.operation import MERCHANT_ID, Operations
from mockserver.contract.wire import BASE_URL
from mockserver.provider.faults.faults import FaultyReply
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.request import Request, no_such_path

BUILT_IN_HOST = urlsplit(BASE_URL).hostname


class UndocumentedCall(BaseException):
    """A call to the vendor's host at a path that no page of it documents.

    No `Exception`: the code under test must not take it for a failure of the network, and try again.
    """


class Answer(NamedTuple):
    """What goes back: the HTTP status, headers and body (UTF-8 JSON unless a fault has it otherwise).

    It begins `delay` seconds late, and its body takes `body_seconds`. `is_cut_off` says that the connection ends
    before the whole of it is there, and with an empty body before anything is.
    """

    http_status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    delay: float = 0.0
    body_seconds: float = 0.0
    is_cut_off: bool = False

    @property
    def sent_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers as a client gets them, with the length of the body."""
        return (*self.headers, ("Content-Length", str(len(self.body))))


def patience_ends(answer: Answer, read_timeout: float | None) -> bool:
    """Tell whether a client that waits so many seconds for a sign of life gives up; a body that drips is one."""
    return read_timeout is not None and answer.delay > read_timeout


def is_built_in(url: str) -> bool:
    """Tell whether this is an address of the vendor's host."""
    return urlsplit(url).hostname == BUILT_IN_HOST


def is_to(merchant_id: str, url: str, operations: Operations) -> bool:
    """Tell whether this merchant stands in an address where the operations have one, at whatever host."""
    path = unquote(urlsplit(url).path)
    return any(operation.path.partition(MERCHANT_ID)[0] + merchant_id + "/" in path for operation in operations)


def answer_in_process(
    provider: Provider, method: str, url: str, body: bytes, *, origin: str, headers: Iterable[tuple[str, str]] = ()
) -> Answer:
    """Answer as the server would; `origin` stands in the journal as where the call came from.

    Raises:
        UndocumentedCall: the path is not the endpoint's, or the scheme not https; with what was called and what exists.
    """
    __tracebackhide__ = True
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.scheme != "https" and parts.hostname == BUILT_IN_HOST:
        provider.refuse(404, no_such_path(provider.operations), method=method, path=path, origin=origin)
        raise UndocumentedCall(_undocumented(provider, method, url))
    sent = tuple((name.lower(), value) for name, value in headers)
    reply = provider.handle(Request(method, path, body, sent, origin))
    if not provider.operations.at(path):
        raise UndocumentedCall(_undocumented(provider, method, url))
    return _answer(reply)


def body_bytes(body: object) -> bytes:
    """Return the body of a request as its bytes, however the client holds it: text, bytes, a file or parts."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    read = getattr(body, "read", None)
    if callable(read):
        return body_bytes(read())
    if isinstance(body, Iterable):
        return b"".join(body_bytes(part) for part in body)
    raise TypeError(f"cannot read a request body of type {type(body).__name__}")


def _answer(reply: Reply) -> Answer:
    headers = (("Content-Type", reply.content_type), *reply.headers)
    if not isinstance(reply, FaultyReply):
        return Answer(reply.http_status, headers, reply.body)
    return Answer(
        reply.http_status,
        headers,
        reply.body[: reply.content_length],
        delay=reply.delay,
        body_seconds=reply.body_seconds,
        is_cut_off=reply.close is not None,
    )


def _undocumented(provider: Provider, method: str, url: str) -> str:
    called = printable(provider.journal.mask(url), 500)
    known = ", or ".join(f"{one.method} {BASE_URL}{one.path}" for one in provider.operations)
    return f"{printable(method, 20)} {called} was called, which the vendor does not document; there is {known}"
