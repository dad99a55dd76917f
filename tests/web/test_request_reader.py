"""Requests are the same in whatever pieces their bytes come, and few are made at once."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.web.http_request import HttpRequest
from mockserver.web.request_reader import AHEAD, RequestReader

bodies = st.binary(max_size=60) | st.sampled_from([b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n" * 20, b"HTTP/1.1" * 20])
methods = st.sampled_from(["GET", "POST", "PUT", "OPTIONS"])
paths = st.sampled_from(["/", "//a", "/a?b=c", "/%41%2F", "http://other/b", "/" + "x" * 300])
offers = st.sampled_from(["", "Connection: Upgrade\r\nUpgrade: h2c\r\n"])


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    head = f"{draw(methods)} {draw(paths)} HTTP/1.1\r\nHost: mock\r\n{draw(offers)}"
    body = draw(bodies)
    if draw(st.booleans()):
        chunks = [body[start : start + 7] for start in range(0, len(body), 7)]
        sent = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
        return f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + sent
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def reader() -> RequestReader:
    return RequestReader(65_536, lambda _: (1_000, 10_000), ("127.0.0.1", 1), ("127.0.0.1", 2))


def read(pieces: list[bytes]) -> tuple[list[HttpRequest], RequestReader]:
    found: list[HttpRequest] = []
    reading = reader()
    for piece in pieces:
        reading.add(piece)
        while reading.rest and not reading.is_last:
            reading.parse()
            assert len(reading.requests) <= AHEAD + 1
            found += reading.requests
            reading.requests.clear()
    return found, reading


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    ends = [0, *sorted({place for place in places if 0 < place < len(whole)}), len(whole)]
    return [whole[start:end] for start, end in itertools.pairwise(ends)]


@given(sent=st.lists(requests(), min_size=1, max_size=6), places=st.lists(st.integers(0, 2_000), max_size=12))
def test_requests_are_the_same_in_whatever_pieces_they_come(sent: list[bytes], places: list[int]) -> None:
    alone = [request for one in sent for request in read([one])[0]]
    assert len(alone) == len(sent)
    together, reading = read(cut(b"".join(sent), places))
    assert together == alone
    assert (reading.rest, reading.is_whole, reading.refusal) == (b"", True, None)


@given(first=requests(), blank=st.sampled_from([b"", b"\r\n", b"\r\n\r\n"]), data=st.data())
def test_a_head_that_comes_again_is_read_as_if_it_were_the_first(
    first: bytes, blank: bytes, data: st.DataObject
) -> None:
    head, end, body = first.partition(b"\r\n\r\n")
    # Another body of the length that the head announces; in chunks nothing but the same can follow.
    other = body if b"chunked" in head else data.draw(st.binary(min_size=len(body), max_size=len(body)))
    sent = data.draw(st.lists(st.sampled_from([first, head + end + other, blank + first, first + blank]), max_size=6))
    found, reading = read(sent)
    assert found == [request for one in sent for request in read([one])[0]]
    assert (reading.is_whole, reading.rest) == (True, b"")


@given(sent=requests())
def test_requests_are_the_same_byte_by_byte(sent: bytes) -> None:
    assert read([bytes([byte]) for byte in sent])[0] == read([sent])[0]


@given(sent=requests(), count=st.integers(AHEAD, 10 * AHEAD))
def test_of_many_requests_a_few_are_made_at_once(sent: bytes, count: int) -> None:
    found, _ = read([sent * count])
    assert len(found) == count


@given(junk=st.binary(min_size=1, max_size=80), places=st.lists(st.integers(0, 100), max_size=4))
def test_any_bytes_are_read_refused_or_waited_for(junk: bytes, places: list[int]) -> None:
    _, reading = read(cut(junk + b"\r\n\r\n", places))
    assert reading.rest == b"" or reading.is_last
    reading.end()
    assert reading.is_last


def test_a_body_is_kept_up_to_its_bound_and_read_up_to_another() -> None:
    def of(size: int) -> dict[str, Any]:
        head = b"POST / HTTP/1.1\r\nHost: mock\r\nContent-Length: %d\r\n\r\n" % size
        (found,), reading = read([head, b"x" * min(size, 20_000)])
        return {"kept": len(found.body), "too large": found.is_too_large, "cut": reading.is_cut}

    assert of(1_000) == {"kept": 1_000, "too large": False, "cut": False}
    assert of(1_001) == {"kept": 0, "too large": True, "cut": False}
    assert of(10_000) == {"kept": 0, "too large": True, "cut": False}
    assert of(10_001) == {"kept": 0, "too large": True, "cut": True}


def test_an_absolute_target_brings_its_own_host() -> None:
    ((request,), _) = read([b"GET http://other:8787/a?b HTTP/1.1\r\nHost: mock\r\n\r\n"])
    assert (request.path, request.query, request.header("host")) == ("/a", "b", "other:8787")


@given(places=st.lists(st.integers(1, 70_080), max_size=3), body=st.integers(0, 900))
def test_a_head_that_is_too_large_is_refused_in_whatever_pieces_it_comes(places: list[int], body: int) -> None:
    """And one that is not is read, also behind another request."""
    first = b"POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (body, b"x" * body)
    for size, is_read in ((70_000, False), (65_000, True)):
        head = b"POST /path HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n" % (b"a" * size)
        seen, reading = read(cut(first + head, [len(first) + place for place in places]))
        assert (reading.refusal is None) is is_read
        assert reading.refusal is None or reading.refusal.http_status == 431
        assert [request.path for request in seen] == ["/first", "/path"][: 2 if is_read else 1]
