"""A saved request in the forms that people have one: raw HTTP, a curl line, or the body alone."""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from mockserver.contract.wire import PATH_PATTERN

_REQUEST_LINE = re.compile(rb"\s*([A-Z]+) +(\S+) +HTTP/[0-9.]+\r?\n")
_DATA_OPTIONS = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json")


class SavedRequest(NamedTuple):
    """What was sent; `merchant_id` is None when the text does not say, `path` is empty when it does not."""

    merchant_id: str | None
    path: str
    body: bytes


def saved_request(text: bytes) -> SavedRequest:
    """Read a saved request.

    Raises:
        ValueError: it begins like a curl line, and its quotes do not match.
    """
    found = _REQUEST_LINE.match(text)
    if found:
        head_end = re.search(rb"\r?\n\r?\n", text)
        body = text[head_end.end() :] if head_end else b""
        return _of_path(found[2].decode("latin-1"), body)
    if text.lstrip().startswith(b"curl "):
        return _of_curl(text.decode("utf-8", "replace"))
    return SavedRequest(None, "", text)


def _of_path(address: str, body: bytes) -> SavedRequest:
    path = unquote(urlsplit(address).path)
    matched = PATH_PATTERN.fullmatch(path)
    return SavedRequest(matched[1] if matched else None, path, body)


def _of_curl(line: str) -> SavedRequest:
    words = shlex.split(line.replace("\\\n", " "))
    address, body = "", ""
    for place, word in enumerate(words[1:], 1):
        if words[place - 1] in _DATA_OPTIONS:
            body = word
        elif any(word.startswith(f"{option}=") for option in _DATA_OPTIONS):
            body = word.partition("=")[2]
        elif "://" in word and not address:
            address = word
    return _of_path(address, body.encode())
