"""What RFC 9110 and 9112 say of a request, a line each: the bytes, the status of the reply, and whether it goes on.

Behind each request stands another one. It is answered where the connection goes on, and by nobody where it closes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from mockserver.web.server import Server
from tests.support.asking import PATH, body, built_in_provider
from tests.support.raw_http import exchange

Rows = dict[str, tuple[bytes, int | list[int], bool]]

OPEN, CLOSED = True, False
BODY = body()
LINE = f"POST {PATH} HTTP/1.1\r\n".encode()
HOST = b"Host: mock\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
HEAD = LINE + HOST + LENGTH
GOOD = HEAD + b"\r\n" + BODY
CHUNKED_HEAD = LINE + HOST + CHUNKED + b"\r\n"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
FOLLOWING = b"GET /following HTTP/1.1\r\nHost: mock\r\nConnection: close\r\n\r\n"
GET = b"GET / HTTP/1.1\r\n"

# RFC 9112, 2 and 3: the request line.
REQUEST_LINES: Rows = {
    "a request": (GOOD, 200, OPEN),
    "an empty line before": (b"\r\n" + GOOD, 200, OPEN),
    "empty lines before": (b"\r\n\r\n\r\n" + GOOD, 200, OPEN),
    "white space before": (b" " + GOOD, 400, CLOSED),
    "a bare LF at the line's end": (GET[:-2] + b"\n" + HOST + b"\r\n", 400, CLOSED),
    "a bare CR at the line's end": (GET[:-2] + b"\r" + HOST + b"\r\n", 400, CLOSED),
    "CR alone throughout": (b"GET / HTTP/1.1\rHost: mock\r\r", 400, CLOSED),
    "LF alone throughout": (b"GET / HTTP/1.1\nHost: mock\n\n", 400, CLOSED),
    "a tab between the parts": (b"GET\t/\tHTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "a space in the target": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "a space behind the version": (b"GET / HTTP/1.1 \r\n" + HOST + b"\r\n", 400, CLOSED),
    "no target": (b"GET HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "no version": (b"GET /\r\n" + HOST + b"\r\n", 400, CLOSED),
    "no version but a space": (b"GET / \r\n\r\n", 400, CLOSED),
    "version 0.9": (b"GET / HTTP/0.9\r\n\r\n", 400, CLOSED),
    "version 1.2": (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", 400, CLOSED),
    "version 2.0": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 400, CLOSED),
    "version 9.9": (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", 400, CLOSED),
    "version 1": (b"GET / HTTP/1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "version 1.01": (b"GET / HTTP/1.01\r\n" + HOST + b"\r\n", 400, CLOSED),
    "version 1.1 in lower case": (b"GET / http/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "a space in the version": (b"GET / HTTP/ 1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, CLOSED),
    "a method in lower case": (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "a method that nobody knows": (b"FROB / HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "a long method": (b"A" * 100_000 + b" / HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "text before": (b"Extra lineGET / HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "no HTTP": (b"hello\r\n\r\n", 400, CLOSED),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, CLOSED),
}
# RFC 9112, 3.2: the target, and RFC 9110, 9: methods.
TARGETS: Rows = {
    "a path and a query": (GOOD.replace(b"/detail ", b"/detail?a=b "), 200, OPEN),
    "an absolute target": (GOOD.replace(b"POST ", b"POST http://other:1"), 200, OPEN),
    "an absolute target of https": (GOOD.replace(b"POST ", b"POST HTTPS://other"), 200, OPEN),
    "an absolute target without a path": (b"GET http://mock HTTP/1.1\r\n" + HOST + b"\r\n", 404, OPEN),
    "an absolute target with a query alone": (b"GET http://mock?a HTTP/1.1\r\n" + HOST + b"\r\n", 404, OPEN),
    "an absolute target without a host": (b"GET http:/// HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "an absolute target with a user": (b"GET http://u:p@mock/ HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "an absolute target, and no Host": (b"GET http://mock/ HTTP/1.1\r\n\r\n", 400, CLOSED),
    "OPTIONS of everything": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 204, OPEN),
    "OPTIONS of everything, absolute": (b"OPTIONS http://mock HTTP/1.1\r\n" + HOST + b"\r\n", 204, OPEN),
    "OPTIONS of the endpoint": (f"OPTIONS {PATH} HTTP/1.1\r\n".encode() + HOST + b"\r\n", 405, OPEN),
    "GET of everything": (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "POST to everything": (b"POST * HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "a target without a slash": (b"GET following HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "a fragment": (b"GET /#a HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "bytes that are not ASCII": (b"GET /\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "an overlong form of a slash": (b"GET /\xc0\xaf HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "a zero byte": (b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n", 400, CLOSED),
    "a long path": (b"GET /" + b"a" * 8_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 404, OPEN),
    "a path beyond all bounds": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431, CLOSED),
    "HEAD": (f"HEAD {PATH} HTTP/1.1\r\n".encode() + HOST + b"\r\n", 405, OPEN),
    "TRACE": (b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n", 404, OPEN),
    "CONNECT": (b"CONNECT mock:443 HTTP/1.1\r\n" + HOST + b"\r\n", 404, CLOSED),
}
# RFC 9112, 3.2, and RFC 9110, 7.2: the host.
HOSTS: Rows = {
    "none": (GET + b"\r\n", 400, CLOSED),
    "none in HTTP/1.0": (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 404, OPEN),
    "an empty one": (GET + b"Host:\r\n\r\n", 400, CLOSED),
    "an empty one in HTTP/1.0": (b"GET / HTTP/1.0\r\nHost: \r\n\r\n", 400, CLOSED),
    "two": (GET + b"Host: a\r\nHost: b\r\n\r\n", 400, CLOSED),
    "two that are equal": (GET + HOST * 2 + b"\r\n", 400, CLOSED),
    "two in HTTP/1.0": (b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, CLOSED),
    "a list": (GET + b"Host: a, b\r\n\r\n", 400, CLOSED),
    "a list without a space": (GET + b"Host: a,b\r\n\r\n", 400, CLOSED),
    "a user": (GET + b"Host: user@mock\r\n\r\n", 400, CLOSED),
    "a path": (GET + b"Host: mock/path\r\n\r\n", 400, CLOSED),
    "a scheme": (GET + b"Host: http://mock\r\n\r\n", 400, CLOSED),
    "a query": (GET + b"Host: mock?a\r\n\r\n", 400, CLOSED),
    "a space": (GET + b"Host: mock mock\r\n\r\n", 400, CLOSED),
    "a port that is no number": (GET + b"Host: mock:http\r\n\r\n", 400, CLOSED),
    "two ports": (GET + b"Host: mock:1:2\r\n\r\n", 400, CLOSED),
    "bytes that are not ASCII": (GET + b"Host: m\xc3\xb6ck\r\n\r\n", 400, CLOSED),
    "half an address": (GET + b"Host: [::1\r\n\r\n", 400, CLOSED),
    "a name behind an address": (GET + b"Host: [::1].mock\r\n\r\n", 400, CLOSED),
    "a port": (GET + b"Host: mock:8787\r\n\r\n", 404, OPEN),
    "a colon and no port": (GET + b"Host: mock:\r\n\r\n", 404, OPEN),
    "an address": (GET + b"Host: 127.0.0.1:8787\r\n\r\n", 404, OPEN),
    "an address of IPv6": (GET + b"Host: [::1]:8787\r\n\r\n", 404, OPEN),
    "an address of IPv6 with a zone": (GET + b"Host: [fe80::1%25eth0]\r\n\r\n", 404, OPEN),
    "an underscore": (GET + b"Host: my_mock\r\n\r\n", 404, OPEN),
    "white space around": (GET + b"hoST:\t mock \t\r\nempty:\r\n\r\n", 404, OPEN),
}
# RFC 9112, 5: header lines.
HEADERS: Rows = {
    "a value without a space before": (GET + b"Host:mock\r\nX:y\r\n\r\n", 404, OPEN),
    "no value": (GET + HOST + b"X:\r\nY: \r\n\r\n", 404, OPEN),
    "obs-text in a value": (GET + HOST + b"X: \xe9\r\n\r\n", 404, OPEN),
    "every sign of a token in a name": (GET + HOST + b"aZ09!#$%&'*+-.^_`|~: y\r\n\r\n", 404, OPEN),
    "white space before the colon": (GET + HOST + b"X : y\r\n\r\n", 400, CLOSED),
    "white space before the colon of the host": (GET + b"Host : mock\r\n\r\n", 400, CLOSED),
    "white space before the first": (GET + b" Host: mock\r\n\r\n", 400, CLOSED),
    "a folded line": (GET + HOST + b"X: a\r\n b\r\n\r\n", 400, CLOSED),
    "a folded line with a tab": (GET + HOST + b"X: a\r\n\tb\r\n\r\n", 400, CLOSED),
    "a folded line of a length": (LINE + HOST + b"Content-Length:\r\n 5\r\n\r\nhello", 400, CLOSED),
    "no colon": (GET + HOST + b"nothing\r\n\r\n", 400, CLOSED),
    "no name": (GET + HOST + b": y\r\n\r\n", 400, CLOSED),
    "brackets in a name": (GET + HOST + b"X[]: y\r\n\r\n", 400, CLOSED),
    "a tab in a name": (GET + HOST + b"X\tY: z\r\n\r\n", 400, CLOSED),
    "a name that is not ASCII": (GET + HOST + b"X\xe9: y\r\n\r\n", 400, CLOSED),
    "a bare CR in a value": (GET + HOST + b"X: a\rb\r\n\r\n", 400, CLOSED),
    "a bare LF at a line's end": (GET + HOST + b"X: a\nY: b\r\n\r\n", 400, CLOSED),
    "a bare CR after the headers": (GET + HOST + b"\rX: a\r\n\r\n", 400, CLOSED),
    "a zero byte in a value": (GET + HOST + b"X: a\0b\r\n\r\n", 400, CLOSED),
    "a bell in a value": (GET + HOST + b"X: a\x07b\r\n\r\n", 400, CLOSED),
    "DEL in a value": (GET + HOST + b"X: a\x7fb\r\n\r\n", 400, CLOSED),
    "a long value": (GET + HOST + b"X: " + b"a" * 60_000 + b"\r\n\r\n", 404, OPEN),
    "a value beyond all bounds": (GET + HOST + b"X: " + b"a" * 100_000 + b"\r\n\r\n", 431, CLOSED),
    "a name beyond all bounds": (GET + HOST + b"a" * 100_000 + b": x\r\n\r\n", 431, CLOSED),
    "too many": (GET + HOST + b"X: y\r\n" * 20_000 + b"\r\n", 431, CLOSED),
}
# RFC 9112, 6: how long a body is.
LENGTHS: Rows = {
    "no body": (LINE + HOST + b"\r\n", 400, OPEN),
    "an empty body": (LINE + HOST + b"Content-Length: 0\r\n\r\n", 400, OPEN),
    "a body behind a GET": (GET + HOST + b"Content-Length: 5\r\n\r\nhello", 404, OPEN),
    "a request as a body": (LINE + HOST + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD, 400, OPEN),
    "bytes behind an empty body": (LINE + HOST + b"Content-Length: 0\r\n\r\nGOT / ", [400, 400], CLOSED),
    "white space around": (GOOD.replace(b"Length: ", b"Length: \t ").replace(b"\r\n\r\n", b" \r\n\r\n"), 200, OPEN),
    "zeros before": (GOOD.replace(b"Length: ", b"Length: 000"), 200, OPEN),
    "an underscore in the name": (LINE + HOST + b"Content_Length: 5\r\n\r\n", 400, OPEN),
    "a sign": (LINE + HOST + b"Content-Length: +5\r\n\r\nhello", 400, CLOSED),
    "below zero": (LINE + HOST + b"Content-Length: -5\r\n\r\nhello", 400, CLOSED),
    "zero with a sign": (LINE + HOST + b"Content-Length: -0\r\n\r\n", 400, CLOSED),
    "no number": (LINE + HOST + b"Content-Length: abc\r\n\r\nhello", 400, CLOSED),
    "a number and more": (LINE + HOST + b"Content-Length: 5a\r\n\r\nhello", 400, CLOSED),
    "a hexadecimal number": (LINE + HOST + b"Content-Length: 0x5\r\n\r\nhello", 400, CLOSED),
    "an octal number": (LINE + HOST + b"Content-Length: 0o5\r\n\r\nhello", 400, CLOSED),
    "an underscore": (LINE + HOST + b"Content-Length: 1_0\r\n\r\nhellohello", 400, CLOSED),
    "a space within": (LINE + HOST + b"Content-Length: 1 0\r\n\r\nhellohello", 400, CLOSED),
    "an empty length": (LINE + HOST + b"Content-Length:\r\n\r\nhello", 400, CLOSED),
    "two": (LINE + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400, CLOSED),
    "two that are equal": (LINE + HOST + b"Content-Length: 5\r\n" * 2 + b"\r\nhello", 400, CLOSED),
    "a list": (LINE + HOST + b"Content-Length: 5, 6\r\n\r\nhello!", 400, CLOSED),
    "a list of equals": (LINE + HOST + b"Content-Length: 5, 5\r\n\r\nhello", 400, CLOSED),
    "beyond 64 bits": (LINE + HOST + b"Content-Length: 99999999999999999999999\r\n\r\n", 400, CLOSED),
    "beyond all bounds": (LINE + HOST + b"Content-Length: 999999999999\r\n\r\n", 413, CLOSED),
    "both": (HEAD + CHUNKED + b"\r\n" + CHUNKS, 400, CLOSED),
    "both, the other way round": (LINE + HOST + CHUNKED + LENGTH + b"\r\n" + CHUNKS, 400, CLOSED),
    "both, a request in the chunk": (HEAD + CHUNKED + b"\r\n0\r\n\r\n" + GOOD, 400, CLOSED),
    "both, and a wrong length": (LINE + HOST + b"Content-Length: 5a\r\n" + CHUNKED + b"\r\n" + CHUNKS, 400, CLOSED),
}
# RFC 9112, 6.1: codings.
CODINGS: Rows = {
    "chunked": (CHUNKED_HEAD + CHUNKS, 200, OPEN),
    "chunked in capitals": (LINE + HOST + b"TRANSFER-ENCODING: CHUNKED\r\n\r\n" + CHUNKS, 200, OPEN),
    "chunked behind a tab": (LINE + HOST + b"Transfer-Encoding:\tchunked\r\n\r\n" + CHUNKS, 200, OPEN),
    "gzip": (LINE + HOST + b"Transfer-Encoding: gzip\r\n\r\n", 501, CLOSED),
    "gzip, chunked": (LINE + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS, 501, CLOSED),
    "chunked, gzip": (LINE + HOST + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + CHUNKS, 400, CLOSED),
    "identity": (LINE + HOST + b"Transfer-Encoding: identity\r\n\r\n", 501, CLOSED),
    "xchunked": (LINE + HOST + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS, 501, CLOSED),
    "chunked with a parameter": (LINE + HOST + b"Transfer-Encoding: chunked;a=b\r\n\r\n" + CHUNKS, 501, CLOSED),
    "an empty one": (LINE + HOST + b"Transfer-Encoding:\r\n\r\n" + CHUNKS, 400, CLOSED),
    "a comma before": (LINE + HOST + b"Transfer-Encoding: , chunked\r\n\r\n" + CHUNKS, 501, CLOSED),
    "chunked twice": (LINE + HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKS, 400, CLOSED),
    "two lines": (LINE + HOST + CHUNKED * 2 + b"\r\n" + CHUNKS, 400, CLOSED),
    "two lines that differ": (LINE + HOST + CHUNKED + b"Transfer-Encoding: identity\r\n\r\n" + CHUNKS, 400, CLOSED),
    "a vertical tab": (LINE + HOST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKS, 400, CLOSED),
    "a form feed": (LINE + HOST + b"Transfer-Encoding: \x0cchunked\r\n\r\n" + CHUNKS, 400, CLOSED),
    "a zero byte": (LINE + HOST + b"Transfer-Encoding: chunked\0\r\n\r\n" + CHUNKS, 400, CLOSED),
    "a folded line": (LINE + HOST + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKS, 400, CLOSED),
    "white space before the colon": (LINE + HOST + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKS, 400, CLOSED),
    "in HTTP/1.0": (LINE.replace(b"1.1", b"1.0") + HOST + CHUNKED + b"\r\n" + CHUNKS, 400, CLOSED),
    "in HTTP/1.0, kept alive": (
        LINE.replace(b"1.1", b"1.0") + HOST + CHUNKED + b"Connection: keep-alive\r\n\r\n" + CHUNKS,
        400,
        CLOSED,
    ),
}
# RFC 9112, 7.1: chunks.
CHUNK_LINES: Rows = {
    "many": (CHUNKED_HEAD + b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n", 200, OPEN),
    "none": (CHUNKED_HEAD + b"0\r\n\r\n", 400, OPEN),
    "a size in capitals": (CHUNKED_HEAD + b"A\r\n0123456789\r\n0\r\n\r\n", 400, OPEN),
    "a size with zeros before": (CHUNKED_HEAD + b"000" + CHUNKS, 200, OPEN),
    "an extension": (CHUNKED_HEAD + CHUNKS.replace(b"\r\n", b";a=b;c\r\n", 1), 200, OPEN),
    "an extension with a quoted value": (CHUNKED_HEAD + CHUNKS.replace(b"\r\n", b';a="b c"\r\n', 1), 200, OPEN),
    "trailers": (CHUNKED_HEAD + CHUNKS[:-2] + b"X: y\r\nHost: elsewhere\r\n\r\n", 200, OPEN),
    "a length in the trailers": (CHUNKED_HEAD + CHUNKS[:-2] + b"Content-Length: 5\r\n\r\n", 400, CLOSED),
    "no number": (CHUNKED_HEAD + b"zz\r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "no size": (CHUNKED_HEAD + b"\r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "0x": (CHUNKED_HEAD + b"0x5\r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "a sign": (CHUNKED_HEAD + b"+5\r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "below zero": (CHUNKED_HEAD + b"-5\r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "an underscore": (CHUNKED_HEAD + b"1_0\r\nhellohellohello!\r\n0\r\n\r\n", 400, CLOSED),
    "a space before the size": (CHUNKED_HEAD + b" 5\r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "a space behind the size": (CHUNKED_HEAD + b"5 \r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "a size beyond 64 bits": (CHUNKED_HEAD + b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "a semicolon and no extension": (CHUNKED_HEAD + b"5;\r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "an extension that is no token": (CHUNKED_HEAD + b"5;a[=1\r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "a zero byte in an extension": (CHUNKED_HEAD + b"5;a\0\r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "a bare CR in an extension": (CHUNKED_HEAD + b"5;a\rb\r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "a bare CR behind the size": (CHUNKED_HEAD + b"5\rhello\r\n0\r\n\r\n", 400, CLOSED),
    "a bare LF behind the size": (CHUNKED_HEAD + b"5\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "a bare LF behind the data": (CHUNKED_HEAD + b"5\r\nhello\n0\r\n\r\n", 400, CLOSED),
    "nothing behind the data": (CHUNKED_HEAD + b"5\r\nhello0\r\n\r\n", 400, CLOSED),
    "more data than its size": (CHUNKED_HEAD + b"5\r\nhello!!\r\n0\r\n\r\n", 400, CLOSED),
    "less data than its size": (CHUNKED_HEAD + b"6\r\nhello\r\n0\r\n\r\n", 400, CLOSED),
    "trailers beyond all bounds": (CHUNKED_HEAD + CHUNKS[:-2] + b"X: " + b"y" * 400_000 + b"\r\n\r\n", 431, CLOSED),
}
# RFC 9112, 9, and RFC 9110, 7 and 10: connections, offers and expectations.
CONNECTIONS: Rows = {
    "to close": (HEAD + b"Connection: close\r\n\r\n" + BODY, 200, CLOSED),
    "to close, in capitals and in a list": (HEAD + b"CONNECTION: X, CLOSE\r\n\r\n" + BODY, 200, CLOSED),
    "to keep": (HEAD + b"Connection: keep-alive\r\n\r\n" + BODY, 200, OPEN),
    "HTTP/1.0": (GOOD.replace(b"1.1", b"1.0"), 200, CLOSED),
    "HTTP/1.0 that is to be kept": (
        GOOD.replace(b"1.1", b"1.0").replace(HOST, HOST + b"Connection: keep-alive\r\n"),
        200,
        OPEN,
    ),
    "an offer of HTTP/2": (HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + BODY, 200, OPEN),
    "an offer in HTTP/1.0": (
        GOOD.replace(b"1.1", b"1.0").replace(HOST, HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n"),
        200,
        CLOSED,
    ),
    "an offer without its option": (HEAD + b"Upgrade: h2c\r\n\r\n" + BODY, 200, OPEN),
    "an offer of a WebSocket with a wrong version": (
        GET + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\n\r\n",
        404,
        OPEN,
    ),
    "an expectation": (HEAD + b"Expect: 100-continue\r\n\r\n" + BODY, [100, 200], OPEN),
    "an expectation of a chunked body": (
        CHUNKED_HEAD[:-2] + b"Expect: 100-continue\r\n\r\n" + CHUNKS,
        [100, 200],
        OPEN,
    ),
    "an expectation without a body": (GET + HOST + b"Expect: 100-continue\r\n\r\n", 404, OPEN),
    "an expectation of too large a body": (
        LINE + HOST + b"Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n",
        413,
        CLOSED,
    ),
    "an expectation in HTTP/1.0": (
        GOOD.replace(b"1.1", b"1.0").replace(HOST, HOST + b"Expect: 100-continue\r\n"),
        200,
        CLOSED,
    ),
    "many requests": (GOOD * 40, [200] * 40, OPEN),
    "a range": (HEAD + b"Range: bytes=0-1\r\n\r\n" + BODY, 200, OPEN),
}
TABLE: Rows = {
    f"{table}: {name}": row
    for table, rows in {
        "request line": REQUEST_LINES,
        "target": TARGETS,
        "host": HOSTS,
        "header": HEADERS,
        "length": LENGTHS,
        "coding": CODINGS,
        "chunk": CHUNK_LINES,
        "connection": CONNECTIONS,
    }.items()
    for name, row in rows.items()
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(built_in_provider()) as running:
        yield running


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) [^\r]*\r\n", received)]


@pytest.mark.parametrize(("sent", "expected", "goes_on"), TABLE.values(), ids=TABLE)
def test_a_request_is_answered_by_the_letter(
    server: Server, sent: bytes, expected: int | list[int], goes_on: bool
) -> None:
    received = exchange(server, sent + FOLLOWING)
    replies = expected if isinstance(expected, list) else [expected]
    assert statuses(received) == [*replies, *([404] if goes_on else [])]
    assert_well_formed(received)


INCOMPLETE = {
    "half a method": b"G",
    "half a request line": b"GET /hello HTTP",
    "a request line": b"GET /hello HTTP/1.1\r\n",
    "half a header": GET + b"Host: mo",
    "headers without their end": GET + HOST,
    "half an empty line": GET + HOST + b"\r",
    "half a body": GOOD[:-5],
    "half a chunk": CHUNKED_HEAD + CHUNKS[:20],
    "chunks without the last": CHUNKED_HEAD + CHUNKS[:-5],
    "half a trailer": CHUNKED_HEAD + CHUNKS[:-2] + b"X: ",
}


@pytest.mark.parametrize("sent", INCOMPLETE.values(), ids=INCOMPLETE)
def test_what_ends_before_its_end_is_not_answered_as_if_it_were_whole(server: Server, sent: bytes) -> None:
    received = exchange(server, sent, half_close=True)
    assert statuses(received) == [400]
    assert b"incomplete" in received


def assert_well_formed(received: bytes) -> None:
    """Each reply has a date, says how long it is, and nothing stands between it and the next one."""
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = dict(field.split(": ", 1) for field in fields)
        assert len(headers) == len(fields)
        status = int(line.split()[1])
        if status == 100:
            assert headers == {}
            received = rest
            continue
        assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", headers["date"])
        assert (status == 204) == ("content-length" not in headers)
        assert (status == 405) == (headers.get("allow") == "POST")
        length = int(headers.get("content-length", 0))
        if rest[:1] != b"{":  # the reply to HEAD says how long it would be
            length = 0
        if length:
            assert headers["content-type"] == "application/json"
            assert json.loads(rest[:length])["rc"] == status
        received = rest[length:]
