"""A saved request in the forms that people have one: raw HTTP, a curl line, or the body alone."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from mockserver.cli.doctor.curl_line import CurlCall, is_curl_line, read_curl_line
from mockserver.contract.operations import OPERATIONS

_REQUEST_LINE = re.compile(rb"\s*([A-Z]+) +(\S+) +HTTP/[0-9.]+\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")


class SavedRequest(NamedTuple):
    """What was sent; `merchant_id` is None when the text does not say, `path` is empty when it does not.

    `headers` have names in lower case.
    """

    merchant_id: str | None
    path: str
    body: bytes
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """Return the value of the header of this name (in lower case), the last of several; None when there is none."""
        return dict(self.headers).get(name)


def saved_request(text: bytes) -> SavedRequest:
    """Read a saved request.

    Raises:
        ValueError: it begins like a curl line and cannot be read as one, or its body stands in another file.
    """
    found = _REQUEST_LINE.match(text)
    if found:
        return _of_raw(found[1].decode("ascii"), found[2].decode("latin-1"), text[found.end() :])
    if is_curl_line(text):
        return _of_curl(read_curl_line(text.decode("utf-8", "surrogateescape")))
    return SavedRequest(None, "", text)


def _of_raw(method: str, address: str, rest: bytes) -> SavedRequest:
    # A request without any header has its empty line at once.
    end = _HEAD_END.search(b"\n" + rest)
    head, body = (rest[: max(end.start() - 1, 0)], rest[end.end() - 1 :]) if end else (rest, b"")
    headers = _headers(head.decode("latin-1").splitlines())
    if "chunked" in dict(headers).get("transfer-encoding", "").lower():
        body = _unchunked(body)
    return _of_address(address, body, method, headers)


def _of_curl(call: CurlCall) -> SavedRequest:
    address = call.address if "://" in call.address or not call.address else f"http://{call.address}"
    return _of_address(address, call.body, call.method, _headers(call.headers))


def _headers(lines: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = (line.partition(":") for line in lines)
    return tuple((name.strip().lower(), value.strip()) for name, colon, value in pairs if colon)


def _of_address(address: str, body: bytes, method: str, headers: tuple[tuple[str, str], ...]) -> SavedRequest:
    # urlsplit would take what follows two slashes for a host.
    path = unquote(address.partition("?")[0] if address.startswith("/") else urlsplit(address).path)
    merchants = (operation.merchant_in(path) for operation in OPERATIONS)
    return SavedRequest(next(filter(None, merchants), None), path, body, method, headers)


def _unchunked(body: bytes) -> bytes:
    """Put the chunks together; a body that is none any more, as some tools save it, stays as it is."""
    parts: list[bytes] = []
    place = 0
    while found := _CHUNK.match(body, place):
        size = int(found[1], 16)
        if not size:
            return b"".join(parts)
        parts.append(body[found.end() : found.end() + size])
        place = found.end() + size
        place += len(body[place : place + 2]) - len(body[place : place + 2].lstrip(b"\r\n"))
    return body
