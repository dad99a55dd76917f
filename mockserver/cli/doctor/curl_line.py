"""A curl line as a shell and curl read it: what would be sent, where."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple
from urllib.parse import quote_plus

_CURL = re.compile(rb"\s*(?:[$%#>]\s+)?curl(?:\.exe)?\s", re.IGNORECASE)
# The next part of a word, or what is between two. Not `shlex`, which takes the square of a word's length.
_PART = re.compile(
    r"""(?P<between>(?:[ \t\r\n]|\\\r?\n)+)
      | (?P<plain>[^ \t\r\n'"\\$]+|\$(?!'))
      | '(?P<single>[^']*)'
      | "(?P<double>[^"\\]*(?:\\.[^"\\]*)*)"
      | \$'(?P<ansi>[^'\\]*(?:\\.[^'\\]*)*)'
      | \\(?P<escaped>.)""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|(.))", re.DOTALL)
_ESCAPED = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPED |= {sign: sign for sign in "\\'\"?"}
_ESCAPED_IN_QUOTES = re.compile(r"\\([\\\"])")
_ENDS = frozenset({"|", "||", "&", "&&", ";", ">", ">>", "2>", "2>&1"})

# The options of curl that take a value, or the value would be taken for the address.
_SHORT_WITH_VALUE = frozenset("AbcCdDeEFhHKmoPQrtTuUwxXyYz")
_LONG_WITH_VALUE = frozenset(
    """
    aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout connect-to cookie cookie-jar data data-ascii
    data-binary data-raw data-urlencode dns-servers dump-header expect100-timeout form form-string header interface
    json keepalive-time key key-type limit-rate local-port max-filesize max-redirs max-time netrc-file noproxy
    oauth2-bearer output output-dir pass pinnedpubkey proto proxy proxy-header proxy-user range referer request
    request-target resolve retry retry-delay retry-max-time speed-limit speed-time stderr tls-max tlsv1.3-ciphers
    trace trace-ascii unix-socket upload-file url url-query user user-agent write-out
    """.split()  # noqa: SIM905 - a list would be a page long
)
_LONG_OF_SHORT = {
    "d": "data", "H": "header", "X": "request", "G": "get", "I": "head", "T": "upload-file", "F": "form",
}  # fmt: skip
_DATA = frozenset({"data", "data-ascii", "data-binary", "data-raw", "data-urlencode", "json"})


class CurlCall(NamedTuple):
    """What a curl line sends; `address` is empty when it names none.

    `headers` are the lines of `-H`, and the Content-Type that curl adds by itself.
    """

    method: str
    address: str
    headers: list[str]
    body: bytes


def is_curl_line(text: bytes) -> bool:
    """Tell whether a text begins as a curl line does, with or without a shell's prompt."""
    return _CURL.match(text) is not None


def read_curl_line(line: str) -> CurlCall:
    """Read a curl line; bytes that are not UTF-8 stand in it as `surrogateescape` has them.

    Raises:
        ValueError: its quotes do not match, or it takes its body from a file.
    """
    method, address, headers, data = "", "", list[str](), list[tuple[str, str]]()
    switches = set()
    for option, value in _options(_words(line)):
        if option in _DATA:
            data.append((option, _inline(option, value)))
        elif option == "request":
            method = value
        elif option == "header":
            headers.append(value)
        elif option == "url" or (option == "" and not address):
            address = value
        else:
            switches.add(option)
    if data and "get" not in switches:
        return CurlCall(method or "POST", address, [*_added(data, headers), *headers], _joined(data))
    if "form" in switches:
        return CurlCall(method or "POST", address, headers, b"--form\r\nContent-Disposition: form-data\r\n")
    implied = {"head": "HEAD", "upload-file": "PUT"}
    method = method or next((implied[switch] for switch in implied if switch in switches), "GET")
    return CurlCall(method, address, headers, b"")


def _added(data: list[tuple[str, str]], headers: list[str]) -> list[str]:
    if any(line.partition(":")[0].strip().lower() == "content-type" for line in headers):
        return []
    is_json = any(option == "json" for option, _ in data)
    return [f"Content-Type: application/{'json' if is_json else 'x-www-form-urlencoded'}"]


def _words(line: str) -> list[str]:
    words = _split(line)
    next(word for word, _ in words if word.lower() in {"curl", "curl.exe"})
    return [word for word, _ in takewhile(lambda one: one[1] or one[0] not in _ENDS, [*words])]


def _split(line: str) -> Iterator[tuple[str, bool]]:
    """Yield the words of a line as a shell has them, each with whether some of it is quoted.

    Raises:
        ValueError: a quote is not closed, or nothing follows the last backslash.
    """
    parts: list[str] = []
    is_quoted = False
    place = 0
    while place < len(line):
        found = _PART.match(line, place)
        if found is None:
            missing = "No escaped character" if line[place] == "\\" else "No closing quotation"
            raise ValueError(f"{missing}; put the whole of it into the file")
        place = found.end()
        if found.lastgroup != "between":
            parts.append(_part(found))
            is_quoted = is_quoted or found.lastgroup != "plain"
        elif parts:
            yield "".join(parts), is_quoted
            parts, is_quoted = [], False
    if parts:
        yield "".join(parts), is_quoted


def _part(found: re.Match[str]) -> str:
    kind, text = found.lastgroup, found[found.lastgroup or 0]
    if kind == "ansi":
        return _ESCAPE.sub(_unescaped, text)
    return _ESCAPED_IN_QUOTES.sub(r"\1", text) if kind == "double" else text


def _unescaped(found: re.Match[str]) -> str:
    byte, octal, *codes, other = found.groups()
    if byte or octal:
        written = bytes([int(byte, 16) if byte else int(octal, 8) & 0xFF])
    elif any(codes):
        code = int(codes[0] or codes[1], 16)
        if code > sys.maxunicode:
            raise ValueError(f"there is no character {found[0]}; write the body without it")
        written = chr(code).encode("utf-8", "surrogatepass")
    else:
        return _ESCAPED.get(other, f"\\{other}")
    return written.decode("utf-8", "surrogateescape")


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each option by its long name with its value, and each word of its own under an empty name."""
    rest = iter(words)
    for word in rest:
        if word.startswith("--") and len(word) > 2:
            name, equals, value = word[2:].partition("=")
            yield name, value if equals or name not in _LONG_WITH_VALUE else next(rest, "")
        elif word.startswith("-") and len(word) > 1:
            yield from _short_options(word[1:], rest)
        else:
            yield "", word


def _short_options(letters: str, rest: Iterator[str]) -> Iterator[tuple[str, str]]:
    for place, letter in enumerate(letters):
        name = _LONG_OF_SHORT.get(letter, letter)
        if letter in _SHORT_WITH_VALUE:
            yield name, letters[place + 1 :] or next(rest, "")
            return
        yield name, ""


def _inline(option: str, value: str) -> str:
    if option == "data-urlencode":
        name, equals, content = value.partition("=")
        return f"{name}={quote_plus(content)}" if equals else quote_plus(value)
    if value.startswith("@") and option != "data-raw":
        raise ValueError(
            "the body is in another file (@FILE), which is not read; put the body itself in its place, or ask "
            "about that file with --merchant ID"
        )
    return value


def _joined(data: list[tuple[str, str]]) -> bytes:
    body = ""
    for option, value in data:
        body += value if not body or option == "json" else f"&{value}"
    return body.encode("utf-8", "surrogateescape")
