"""One request as it came over HTTP, the reply that goes back, and what RFC 9110 and 9112 ask of a request's head."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import unquote

import msgspec

NOT_HTTP = "Not an HTTP request: expected HTTP/1.1"
PHRASES = {status.value: status.phrase for status in HTTPStatus}

Headers = list[tuple[str, str]]

# A name or an address, and a port or none (RFC 9112, 3.2). A comma could stand in a name, but two hosts are what is
# meant by it.
_HOST = re.compile(r"(?:\[[0-9A-Za-z:.%_~-]+\]|[A-Za-z0-9._~%!$&'()*+;=-]+)(?::[0-9]*)?")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?]*)(.*)")


class BadRequest(Exception):
    """A request that is refused for its head: `http_status`, and what to say."""

    def __init__(self, http_status: int, error_msg: str) -> None:
        super().__init__(error_msg)
        self.http_status = http_status
        self.error_msg = error_msg


class HttpRequest(msgspec.Struct, gc=False):
    """One request. `path` is percent-decoded and otherwise as it was sent, `query` is neither; `*` is a path too.

    The names in `headers` are in lower case. `peer` is the address and the port that it came from, `local` those that
    it came to. `announced` is its Content-Length, 0 without one. With `is_too_large` the body is not here. `expects` is
    whether its client is still to be told to send the body.
    """

    method: str
    path: str
    query: str
    version: str
    headers: Headers
    peer: tuple[str, int]
    local: tuple[str, int]
    announced: int = 0
    body: bytes = b""
    is_too_large: bool = False
    expects: bool = False
    keep_alive: bool = True

    def header(self, name: str) -> str | None:
        """Return the value of a header (its name in lower case), the last of several; None when it was not sent."""
        for key, value in reversed(self.headers):
            if key == name:
                return value
        return None


class Response(msgspec.Struct, frozen=True):
    """A reply that is not the provider's. `headers` are all but those of the connection."""

    status: int
    headers: Headers
    body: bytes = b""


def target_of(url: bytes, method: str, headers: Headers) -> tuple[str, str]:
    """Return path and query of a request's target, in whichever form it was sent (RFC 9112, 3.2).

    The host of an absolute target takes the place of the Host header.

    Raises:
        BadRequest: it has none of the forms.
    """
    if b"#" in url or not url.isascii():
        raise BadRequest(400, "Request target not valid: expected a path, without a fragment, percent-encoded")
    text = url.decode("ascii")
    if text[:1] != "/" and method != "CONNECT":
        text = _origin_form(text, method, headers)
    path, _, query = text.partition("?")
    return (unquote(path) if "%" in path else path), query


def _origin_form(text: str, method: str, headers: Headers) -> str:
    if text == "*":
        if method != "OPTIONS":
            raise BadRequest(400, "Request target * not valid: only OPTIONS has it")
        return text
    absolute = _ABSOLUTE.fullmatch(text)
    if absolute is None or not _HOST.fullmatch(absolute[1]):
        raise BadRequest(400, "Request target not valid: expected a path, or http:// with a host and a path")
    headers[:] = [(name, absolute[1] if name == "host" else value) for name, value in headers]
    rest = absolute[2]
    if not rest and method == "OPTIONS":
        return "*"
    return rest if rest.startswith("/") else f"/{rest}"


def check_head(version: str, headers: Headers, fields: dict[str, str]) -> None:
    """Let a head through whose Host and framing are as RFC 9112 wants them; `fields` are its headers by name.

    Raises:
        BadRequest: they are not. What the parser refuses itself does not come here.
    """
    host = fields.get("host")
    if host is None:
        if version == "1.1":
            raise BadRequest(400, "Host missing: HTTP/1.1 wants one Host header")
    elif not _HOST.fullmatch(host):
        raise BadRequest(400, "Host not valid: expected a name or an address, and a port or none")
    elif len(fields) != len(headers) and sum(name == "host" for name, _ in headers) > 1:
        raise BadRequest(400, "Host appears twice: HTTP/1.1 wants one Host header")
    coding = fields.get("transfer-encoding")
    if coding is not None:
        _check_coding(version, coding, fields)


def _check_coding(version: str, coding: str, fields: dict[str, str]) -> None:
    if version != "1.1":
        raise BadRequest(400, "Transfer-Encoding not valid: HTTP/1.0 has none")
    if "content-length" in fields:
        raise BadRequest(400, "Content-Length and Transfer-Encoding: expected one of the two")
    if not coding.strip():
        raise BadRequest(400, "Transfer-Encoding empty: expected chunked")
    if coding.strip().lower() != "chunked":
        raise BadRequest(501, "Transfer-Encoding not known: expected chunked")
