"""What a server meets that no client library sends: bytes written to a socket by hand."""

from __future__ import annotations

import json
import socket

import pytest

from mockserver.provider.request import MAX_BODY
from mockserver.web.connection import Limits
from mockserver.web.server import Server
from tests.support.asking import PATH, body, built_in_provider
from tests.support.raw_http import envelope, exchange, post

MIB = 1_048_576


def assert_alive(server: Server) -> None:
    assert b'"rc":200' in exchange(server, post(body()))


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        f"POST {PATH} HTTP/9.9\r\n\r\n".encode(),
        b"POST /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".encode(),
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".encode(),
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode(),
        f"POST {PATH} HTTP/1.1\r\nno colon\r\n\r\n".encode(),
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_not_http_gets_the_envelope(server: Server, sent: bytes) -> None:
    assert envelope(exchange(server, sent, half_close=True))["rc"] in {400, 404, 405}
    assert_alive(server)


def test_a_flood_of_headers_is_refused(server: Server) -> None:
    flood = "".join(f"X-{number}: {'a' * 100}\r\n" for number in range(2_000))
    assert envelope(exchange(server, f"POST {PATH} HTTP/1.1\r\n{flood}".encode()))["rc"] == 431
    assert envelope(exchange(server, f"POST {PATH} HTTP/1.1\r\nX: {'a' * 200_000}".encode()))["rc"] == 431
    assert_alive(server)


def test_a_body_over_the_bound_is_refused_and_the_consumer_gets_to_read_why(server: Server) -> None:
    assert envelope(exchange(server, post(b"x" * (3 * MIB))))["rc"] == 413
    chunked = post(b"", "Transfer-Encoding: chunked", length=-1)
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    assert envelope(exchange(server, chunked, *[chunk] * (MAX_BODY // 65_536 + 1), b"0\r\n\r\n"))["rc"] == 413
    assert_alive(server)


def test_a_body_announced_far_over_the_bound_is_refused_unread(server: Server) -> None:
    assert envelope(exchange(server, post(b"", length=10**12)))["rc"] == 413
    assert envelope(exchange(server, post(b"", "Expect: 100-continue", length=2 * MIB)))["rc"] == 413


def test_a_body_of_just_the_bound_is_read(server: Server) -> None:
    padded = body() + b" " * (MAX_BODY - len(body()))
    assert b'"rc":200' in exchange(server, post(padded))


@pytest.mark.parametrize("sent", [b"", body()[:10]])
def test_a_body_shorter_than_announced_gets_the_envelope(server: Server, sent: bytes) -> None:
    received = envelope(exchange(server, post(sent, length=1_000), half_close=True))
    assert received["rc"] == 400
    assert "incomplete" in received["error_msg"]
    assert_alive(server)


def test_a_consumer_that_hangs_up_mid_request_harms_nobody(server: Server) -> None:
    for sent in (post(b"", length=1_000), post(body())[:30], post(body())[:-5], b""):
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(sent)
    assert_alive(server)


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nHost:", post(b'{"a"', length=100)])
def test_a_slow_request_ends_in_bounded_time(sent: bytes) -> None:
    with Server(built_in_provider(), limits=Limits(request_seconds=0.2)) as server:
        assert envelope(exchange(server, sent))["rc"] == 408
        assert_alive(server)


def test_a_kept_alive_connection_is_bounded_anew_for_each_request() -> None:
    with Server(built_in_provider(), limits=Limits(request_seconds=0.2)) as server:
        first = post(body()).replace(b"Connection: close\r\n", b"")
        received = exchange(server, first, b"POST / HTTP/1.1\r\nHost:")
        assert received.count(b"HTTP/1.1 ") == 2
        assert b"HTTP/1.1 408" in received


@pytest.mark.parametrize(
    ("path", "rc"),
    [
        (PATH + "/", 404),
        ("/" + PATH, 404),
        (PATH.replace("/kiosgamer", "//kiosgamer"), 404),
        (PATH.replace("/kiosgamer", "/../kiosgamer"), 404),
        (PATH.replace("/M2", "/%2FM2"), 404),
        (PATH.replace("/kiosgamer", "%2Fkiosgamer"), 200),
        (PATH.replace("M240315GAME2847K", "M" * 5_000), 500),
        (PATH.replace("M240315GAME2847K", ".."), 500),
        (PATH.replace("M240315GAME2847K", "%4D240315GAME2847K"), 200),
        (PATH + "?status=1&signature=x", 200),
    ],
)
def test_path_tricks(server: Server, path: str, rc: int) -> None:
    received = exchange(server, post(body(), path=path))
    assert json.loads(received.partition(b"\r\n\r\n")[2])["rc"] == rc


def test_a_project_id_of_5000_characters_is_not_found(server: Server) -> None:
    assert envelope(exchange(server, post(body(projectid="p" * 5_000))))["rc"] == 500


def test_a_wrong_method_is_told_the_right_one(server: Server) -> None:
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        received = exchange(server, f"{method} {PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert envelope(received)["rc"] == 405
        assert b"allow: POST\r\n" in received.lower().replace(b"allow: post", b"allow: POST")
    head = exchange(server, f"HEAD {PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert head.startswith(b"HTTP/1.1 405")
    assert head.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Type: application/json"],
        ["Content-Type: application/json; charset=utf-8"],
        [],
        ["Content-Type: text/plain"],
        ["Content-Type: application/x-www-form-urlencoded"],
        ["Accept-Encoding: gzip"],
        ["Accept: text/html"],
    ],
)
def test_clients_differ_in_headers_and_get_the_same(server: Server, headers: list[str]) -> None:
    received = exchange(server, post(body(), *headers))
    assert b'"rc":200' in received
    assert b"content-type: application/json\r\n" in received.lower()


def test_a_consumer_that_says_it_sends_no_more_is_answered(server: Server) -> None:
    assert b'"rc":200' in exchange(server, post(body()), half_close=True)
    assert b'"rc":404' in exchange(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", half_close=True)


def test_clients_differ_in_how_they_send(server: Server) -> None:
    http_1_0 = f"POST {PATH} HTTP/1.0\r\nContent-Length: {len(body())}\r\n\r\n".encode() + body()
    assert b'"rc":200' in exchange(server, http_1_0)
    chunked = post(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body()), body()), "Transfer-Encoding: chunked", length=-1)
    assert b'"rc":200' in exchange(server, chunked)
    expecting = exchange(server, post(body(), "Expect: 100-continue"))
    assert expecting.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")
    kept_alive = post(body()).replace(b"Connection: close\r\n", b"") * 3 + post(body())
    assert exchange(server, kept_alive).count(b'"rc":200') == 4
