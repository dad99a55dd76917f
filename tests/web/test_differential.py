"""The Flask app alone and the server give the same replies: status, headers that matter, body."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from urllib.parse import quote, unquote_to_bytes

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from mockserver.provider.provider import Provider
from mockserver.provider.request import DOCTOR_HEADER, FAULT_HEADER
from mockserver.web.app import create_app
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, PATH, body, built_in_provider

Seen = tuple[int, bytes, str | None, str | None]

bodies = st.one_of(
    st.builds(
        body,
        page=st.integers(-1, 8) | st.none(),
        limit=st.integers(-1, 200) | st.none(),
        status=st.sampled_from(["", "0", "1", "4", "9", "pending", None]),
        projectid=st.sampled_from(["R250101DEMO000137", "R240815XPQR000012", "DW", None]),
        signature=st.sampled_from(["8ecf9bcf82d3baabb24e8ebbaa1cf6ba", "", "x", None]),
    ),
    st.binary(max_size=50),
)
merchants = st.sampled_from([MERCHANT, "nobody", "M%2F1", quote("M é"), "%FF", "%00", "a%0Ab", "%252F", "."])
paths = merchants.map(lambda merchant: PATH.replace(MERCHANT, merchant)) | st.sampled_from(
    ["/", "//", PATH + "/", "/" + PATH, PATH.replace("/project", "//project"), "/merchant/x/../" + MERCHANT, "/a%2Fb"]
)
methods = st.sampled_from(["POST", "POST", "POST", "POST", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
content_types = st.sampled_from([None, "application/json", "application/json; charset=utf-8", "text/plain", "nonsense"])


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with Server(built_in_provider()) as server:
        yield server


@pytest.fixture(scope="module")
def flask_app() -> Flask:
    return create_app(built_in_provider())


def over_http(server: Server, method: str, path: str, content: bytes, headers: dict[str, str]) -> Seen:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, content, headers)
        reply = connection.getresponse()
        return reply.status, reply.read(), reply.getheader("content-type"), reply.getheader("allow")
    finally:
        connection.close()


@settings(max_examples=150)
@given(method=methods, path=paths, content=bodies, content_type=content_types)
def test_both_adapters_give_the_same_reply(
    running: Server, flask_app: Flask, method: str, path: str, content: bytes, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    environ = EnvironBuilder(method=method, data=content, headers=list(headers.items())).get_environ()
    # Set by hand: the builder would take `//` for the beginning of a host.
    environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
    alone = Response.from_app(flask_app, environ)
    expected = (alone.status_code, alone.data, alone.headers.get("Content-Type"), alone.headers.get("Allow"))
    assert over_http(running, method, path, content, headers) == expected
    assert len(running.provider.journal.entries()) > 0


FORCED = [
    *([fault] for fault in ("html_502", "truncated_json", "wrong_content_type", "empty_body", "rate_limit", "ERR-3")),
    ["html_502", "rate_limit"],
    ["nonsense"],
]


@pytest.mark.parametrize("content", [b"{}", body()], ids=["refused", "good"])
@pytest.mark.parametrize("forced", FORCED, ids=", ".join)
def test_both_adapters_take_the_same_fault_from_the_headers(forced: list[str], content: bytes) -> None:
    sent = [(FAULT_HEADER, value) for value in forced]
    one, other = advising(), advising()
    alone = create_app(one).test_client().post(PATH, data=content, headers=sent)
    with Server(other) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.putrequest("POST", PATH)
        for name, value in [*sent, ("Content-Length", str(len(content)))]:
            connection.putheader(name, value)
        connection.endheaders(content)
        reply = connection.getresponse()
        seen = reply.read(), {name: reply.getheader(name) for name in ("content-type", "retry-after", DOCTOR_HEADER)}
        connection.close()
    assert (reply.status, seen) == (
        alone.status_code,
        (alone.data, {name: alone.headers.get(name) for name in seen[1]}),
    )
    assert [entry.forced for entry in other.journal.entries()] == [entry.forced for entry in one.journal.entries()]


def advising() -> Provider:
    provider = built_in_provider()
    provider.doctor_header = True
    return provider
