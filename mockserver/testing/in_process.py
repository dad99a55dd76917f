"""A call to the built-in address, answered in process: no socket, no thread."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from mockserver.contract.wire import BASE_URL, PATH_PATTERN, PATH_TEMPLATE
from mockserver.provider.masking import Masker, printable
from mockserver.provider.provider import MAX_BODY, Provider
from mockserver.web.words import TOO_LARGE, outside_message

BUILT_IN_HOST = urlsplit(BASE_URL).hostname


class UndocumentedCall(BaseException):
    """A call to the vendor's host at a path that its page does not have.

    No `Exception`: the code under test must not take it for a failure of the network, and try again.
    """


class Answer(NamedTuple):
    """What goes back: the HTTP status, headers and body (UTF-8 JSON)."""

    http_status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def is_built_in(url: str) -> bool:
    """Tell whether this is an address of the vendor's host."""
    return urlsplit(url).hostname == BUILT_IN_HOST


def answer_in_process(provider: Provider, method: str, url: str, body: bytes, origin: str) -> Answer:
    """Answer as the server would; `origin` stands in the journal as where the call came from.

    Raises:
        UndocumentedCall: the path is not the endpoint's, or the scheme not https; with what was called and what exists.
    """
    __tracebackhide__ = True
    parts = urlsplit(url)
    path = unquote(parts.path)
    found = PATH_PATTERN.fullmatch(path)
    if found is None or (parts.scheme != "https" and parts.hostname == BUILT_IN_HOST):
        provider.refuse(404, outside_message(404, method), method=method, path=path, origin=origin)
        raise UndocumentedCall(_undocumented(provider, method, url))
    if method != "POST":
        reply = provider.refuse(405, outside_message(405, method), method=method, path=path, origin=origin)
        return Answer(405, (("Content-Type", "application/json"), ("Allow", "POST")), reply.body)
    if len(body) > MAX_BODY:
        reply = provider.refuse(413, TOO_LARGE, method=method, path=path, origin=origin)
    else:
        reply = provider.call(found.group(1), body, path=path, origin=origin)
    return Answer(reply.http_status, (("Content-Type", "application/json"),), reply.body)


def reason_phrase(http_status: int) -> str:
    """Return the words of a status line."""
    return HTTPStatus(http_status).phrase


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


def _undocumented(provider: Provider, method: str, url: str) -> str:
    secrets = (secret for merchant in provider.store.merchants() for secret in merchant.secrets())
    called = printable(Masker(secrets)(url), 500)
    return (
        f"{printable(method, 20)} {called} was called, which the vendor's page does not have; "
        f"there is one call: POST {BASE_URL}{PATH_TEMPLATE}"
    )
