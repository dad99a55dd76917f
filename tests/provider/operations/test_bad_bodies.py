"""What the contract says of bodies that no careful consumer sends."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.readings import Readings
from tests.support.asking import body, built_in_provider, call

INVALID = [
    b"",
    b" ",
    b"null",
    b"[]",
    b'""',
    b"1",
    b"true",
    body()[:-1],
    body()[:40],
    body().replace(b"}", b",}"),
    b"{'projectid':'x'}",
    body().replace(b'"page": 1', b'"page": NaN'),
    body().replace(b'"page": 1', b'"page": Infinity'),
    body().replace(b'"page": 1', b'"page": -Infinity'),
    body().replace(b'"page": 1', b'"page": 1.5'),
    body().replace(b'"page": 1', b'"page": true'),
    body().replace(b'"page": 1', b'"page": null'),
    body().replace(b'"page": 1', b'"page": 1e400'),
    body().replace(b'"page": 1', b'"page": 01'),
    body(page=0),
    body(limit=0),
    body(limit=-1),
    body(limit=-(2**70)),
    body(status=0),
    body(projectid=12),
    body(signature=["x"]),
    body(session_key={}),
    body().replace(b"R25", b"\xff\xfe"),
    body().decode().encode("utf-16"),
    body().decode().encode("utf-32-le"),
    b"projectid=DW&page=1",
    b"\x00",
    body() + b"x",
]

EITHER = [
    b"\xef\xbb\xbf" + body(),
    body()[:-1] + b',"page":2}',
    body(page=2**63),
    body(page=10**300),
    body(limit=2**64),
    body().replace(b'"page": 1', b'"page": 1e300'),
    body().replace(b'"page": 1', b'"page": ' + b"9" * 5000),
    body(projectid="\x00"),
    body().replace(b'"status": ""', b'"status": "\\ud800"'),
    body().replace(b'"status": ""', b'"status": "\\ud800\\ud800"'),
    body(signature="ключ"),
    body(projectid="p" * 5000),
    b"[" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
]


@pytest.mark.parametrize("content", INVALID, ids=lambda content: repr(content[:40]))
def test_what_is_not_the_object_on_the_page_is_err_1(content: bytes) -> None:
    reply = call(built_in_provider(), content)
    assert reply.body == b'{"status":0,"rc":400,"error_msg":"Data JSON tidak valid"}'
    assert reply.http_status == 400


@pytest.mark.parametrize("content", EITHER, ids=lambda content: repr(content[:40]))
@pytest.mark.parametrize("types", ["strict", "coerce"])
def test_the_rest_is_err_1_or_an_ordinary_reply(content: bytes, types: str) -> None:
    provider = built_in_provider(Readings.of({"types": types, "form_body": "accept"}))
    reply = json.loads(call(provider, content).body)
    assert reply["rc"] in {200, 400, 500}
    assert reply["status"] == (1 if reply["rc"] == 200 else 0)


@given(content=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_get_anything_but_a_documented_reply(content: bytes) -> None:
    reply = call(built_in_provider(Readings.of({"form_body": "accept"})), content)
    assert json.loads(reply.body)["error_msg"] in {"Data JSON tidak valid", "Signature Not Valid"}


def test_an_integer_may_be_written_as_a_float_without_a_fraction() -> None:
    provider = built_in_provider()
    content = body().replace(b'"page": 1', b'"page": 2.0')
    assert json.loads(call(provider, content).body)["data"]["current_page"] == 2
