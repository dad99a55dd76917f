"""One connection: requests in any segments, offers that are not taken, and what follows a request."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from typing import Any

import pytest

from mockserver.testing.admin_client import AdminClient
from mockserver.web.connection import Limits
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, PATH, body, built_in_provider
from tests.support.raw_http import envelope, exchange, post

CURL = shutil.which("curl")

H2C = ("Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")
OFFERS = {
    "http2": ("Connection: Upgrade, HTTP2-Settings", *H2C),
    "http2, then close": ("Connection: Upgrade, HTTP2-Settings, close", *H2C),
    "websocket": ("Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
}


def offering(*headers: str, content: bytes | None = None, path: str = PATH) -> bytes:
    sent = body() if content is None else content
    return post(sent, *headers, path=path).replace(b"Connection: close\r\n", b"")


def replies(received: bytes) -> list[tuple[int, Any]]:
    """Take replies with a Content-Length apart: the status and the decoded body of each."""
    found = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        found.append((int(head.split()[1]), json.loads(rest[:length])))
        received = rest[length:]
    return found


def exchange_in_segments(server: Server, *parts: bytes) -> bytes:
    """As `exchange`, and the server has read each part before the next is sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as client:
        for part in parts:
            client.sendall(part)
            # The server reads both connections in one loop: the answer here means that the part was there to be read.
            assert envelope(exchange(server, post(b"{")))["rc"] == 400
        client.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := client.recv(65_536):
            received += chunk
    return received


@pytest.mark.parametrize("headers", OFFERS.values(), ids=OFFERS)
def test_an_offered_upgrade_is_not_taken_and_the_body_is_read(server: Server, headers: tuple[str, ...]) -> None:
    ((status, reply),) = replies(exchange(server, offering(*headers), half_close=True))
    assert (status, reply["rc"]) == (200, 200)
    (entry,) = server.provider.journal.entries()
    assert (entry.http_status, entry.body != "") == (200, True)


@pytest.mark.parametrize("headers", OFFERS.values(), ids=OFFERS)
def test_an_offered_upgrade_is_not_taken_in_whatever_segments_it_comes(
    server: Server, headers: tuple[str, ...]
) -> None:
    whole = offering(*headers)
    head = whole.index(b"\r\n\r\n")
    for cut in (*range(1, head, 23), *range(head, head + 6), len(whole) - 1):
        ((status, reply),) = replies(exchange_in_segments(server, whole[:cut], whole[cut:]))
        assert (status, reply["rc"]) == (200, 200), cut
    ((status, _),) = replies(
        exchange_in_segments(server, whole[:9], whole[9:head], whole[head : head + 9], whole[head + 9 :])
    )
    assert status == 200


def test_requests_after_an_offer_on_the_same_connection_are_answered(server: Server) -> None:
    offer = offering(*OFFERS["http2"])
    found = replies(exchange(server, offer * 3 + offering() + offer + post(body(page=2))))
    assert [status for status, _ in found] == [200] * 6
    assert found[-1][1]["data"]["current_page"] == 2


def test_a_chunked_body_after_an_offer_is_read(server: Server) -> None:
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body()), body())
    lines = (f"POST {PATH} HTTP/1.1", "Host: mock", *OFFERS["http2"], "Transfer-Encoding: chunked", "", "")
    ((status, _),) = replies(exchange(server, "\r\n".join(lines).encode() + sent, half_close=True))
    assert status == 200


def test_thousands_of_offers_in_one_segment_are_answered(server: Server) -> None:
    lines = ("GET / HTTP/1.1", "Host: mock", *OFFERS["http2"], "", "")
    received = exchange(server, "\r\n".join(lines).encode() * 2_000, half_close=True)
    assert received.count(b"HTTP/1.1 404") == 2_000


@pytest.mark.parametrize(("path", "status"), [(PATH, 405), ("/__admin/health", 200), ("/__admin/nope", 404)])
def test_a_websocket_gets_a_plain_answer(server: Server, path: str, status: int) -> None:
    lines = (f"GET {path} HTTP/1.1", "Host: localhost", *OFFERS["websocket"], "Sec-WebSocket-Key: eA==", "", "")
    ((got, _),) = replies(exchange(server, "\r\n".join(lines).encode(), half_close=True))
    assert got == status


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
def test_curl_that_offers_http2_is_answered(server: Server) -> None:
    assert CURL is not None
    line = [CURL, "-sS", "--http2", server.url + PATH, "-H", "Content-Type: application/json", "-d", body().decode()]
    done = subprocess.run(line, capture_output=True, timeout=30, check=True)
    assert json.loads(done.stdout)["rc"] == 200


@pytest.mark.parametrize("trailing", [b"junk", b"}}", b"\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_follows_a_request_does_not_destroy_its_reply(server: Server, trailing: bytes) -> None:
    good, bad = replies(exchange(server, offering() + trailing))
    assert (good[0], good[1]["rc"]) == (200, 200)
    assert (bad[0], bad[1]["error_msg"]) == (400, "Not an HTTP request: expected HTTP/1.1")
    assert [entry.http_status for entry in server.provider.journal.entries()] == [200, 400]


def test_what_follows_a_request_that_asked_to_close_is_ignored(server: Server) -> None:
    assert [status for status, _ in replies(exchange(server, post(body()) + b"junk"))] == [200]
    assert [entry.http_status for entry in server.provider.journal.entries()] == [200]


def test_a_content_length_that_is_too_small_is_answered_for_what_it_covers(server: Server) -> None:
    sent = post(body(), length=len(body()) - 2).replace(b"Connection: close\r\n", b"")
    (first, (status, _)) = replies(exchange(server, sent))
    assert (first[0], first[1]["error_msg"]) == (400, "Data JSON tidak valid")
    assert status == 400


def test_every_whole_request_before_a_broken_one_is_answered(server: Server) -> None:
    broken = post(b"zz\r\n", "Transfer-Encoding: chunked", length=-1)
    found = replies(exchange(server, offering() * 3 + broken))
    assert [status for status, _ in found] == [200, 200, 200, 400]


@pytest.mark.parametrize("half", [b"POST / HT", post(b'{"a"', length=100)])
def test_the_end_of_a_connection_in_a_request_leaves_the_reply_before_it(server: Server, half: bytes) -> None:
    good, bad = replies(exchange(server, offering() + half, half_close=True))
    assert (good[0], bad[0]) == (200, 400)
    assert "incomplete" in bad[1]["error_msg"]


def test_a_slow_reply_is_sent_to_its_end_before_a_request_that_is_too_slow_is_refused() -> None:
    slow = offering("X-Apigames-Mock-Fault: delay;seconds=0.5")
    with Server(built_in_provider(), limits=Limits(request_seconds=0.05)) as server:
        good, bad = replies(exchange(server, slow + b"POST / HTTP/1.1\r\nHost:"))
    assert (good[0], good[1]["rc"], bad[0]) == (200, 200, 408)


@pytest.mark.parametrize(
    ("sent", "status", "method", "path"),
    [
        (b"hello\r\n\r\n", 400, "", ""),
        (f"POST {PATH} HTTP/9.9\r\n\r\n".encode(), 400, "POST", PATH),
        (b"PUT /%4D?x=1 HTTP/1.1\r\nno colon\r\n\r\n", 400, "PUT", "/M"),
        (f"POST {PATH} HTTP/1.1\r\nX: {'a' * 70_000}\r\n\r\n".encode(), 431, "POST", PATH),
        (post(b"", length=5), 400, "POST", PATH),
    ],
)
def test_a_refusal_stands_in_the_journal(server: Server, sent: bytes, status: int, method: str, path: str) -> None:
    refused = envelope(exchange(server, sent, half_close=True))
    (entry,) = server.provider.journal.entries()
    assert (entry.http_status, entry.method, entry.path, entry.merchant_id) == (status, method, path, None)
    assert entry.explanation == refused["error_msg"]
    assert entry.origin.startswith("127.0.0.1:")


def test_a_request_that_is_too_slow_stands_in_the_journal_and_a_silent_connection_does_not() -> None:
    with Server(built_in_provider(), limits=Limits(request_seconds=0.05)) as server:
        assert envelope(exchange(server, b""))["rc"] == 408
        assert envelope(exchange(server, b"POST /slow HTTP/1.1\r\n"))["rc"] == 408
        assert [(entry.http_status, entry.path) for entry in server.provider.journal.entries()] == [(408, "/slow")]
        assert server.provider.journal.find(merchant_id=MERCHANT) == []


def test_no_curl_line_is_made_of_what_is_not_http(server: Server) -> None:
    exchange(server, b"hello\r\n\r\n", half_close=True)
    assert AdminClient(server.url).request(1)["curl"] == "# not HTTP, so curl cannot repeat it"
