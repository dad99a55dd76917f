"""The one gate: path, method and size, each call recorded; and what happens to merchants that come and go."""

from __future__ import annotations

import json

import pytest

from mockserver.contract.operations import OPERATIONS
from mockserver.provider.provider import Provider
from mockserver.provider.request import DOCTOR_HEADER, FAULT_HEADER, LONGEST_EXPLAINED, MAX_BODY, PAGE, Request
from mockserver.provider.state.world import Merchant
from tests.support.asking import MERCHANT, PATH, body, built_in_provider, call

ANY = OPERATIONS.in_words
FOR_PEOPLE = f"a mock that is served has a page for people at {PAGE}"
STATUS_CALL = "POST /merchant/{merchant_id}/kiosgamer/project/detail"


@pytest.fixture
def provider() -> Provider:
    return built_in_provider()


@pytest.mark.parametrize(
    ("request_", "status", "error_msg", "allow"),
    [
        (Request("POST", "/"), 404, f"No such path: expected {ANY}; {FOR_PEOPLE}", None),
        (Request("GET", "/nowhere"), 404, f"No such path: expected {ANY}", None),
        (Request("POST", "/" + PATH), 404, f"No such path: expected {ANY}", None),
        (Request("GET", PATH), 405, f"Method GET not allowed: expected {STATUS_CALL}", "POST"),
        (Request("post", PATH), 405, f"Method post not allowed: expected {STATUS_CALL}", "POST"),
        (Request("G\nT", PATH), 405, f"Method G\\nT not allowed: expected {STATUS_CALL}", "POST"),
        (Request("POST", PATH, b"x" * (MAX_BODY + 1)), 413, "Body too large: at most 1572864 bytes are read", None),
        (Request("POST", PATH, is_too_large=True), 413, "Body too large: at most 1572864 bytes are read", None),
        (Request("GET", PATH, is_too_large=True), 405, f"Method GET not allowed: expected {STATUS_CALL}", "POST"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_no_operation_takes_is_refused_in_the_envelope_and_recorded(
    provider: Provider, request_: Request, status: int, error_msg: str, allow: str | None
) -> None:
    reply = provider.handle(request_)
    assert json.loads(reply.body) == {"status": 0, "rc": status, "error_msg": error_msg}
    assert (reply.http_status, dict(reply.headers).get("allow")) == (status, allow)
    (entry,) = provider.journal.entries()
    assert (entry.method, entry.path, entry.merchant_id, entry.operation) == (
        request_.method, request_.path, None, None,
    )  # fmt: skip
    assert (entry.role, entry.clause, entry.explanation) == (None, None, error_msg)


def test_a_body_of_the_most_bytes_is_read(provider: Provider) -> None:
    whole = body()
    assert provider.handle(Request("POST", PATH, whole + b" " * (MAX_BODY - len(whole)))).rc == 200


def test_a_call_is_recorded_with_what_it_was(provider: Provider) -> None:
    headers = ((FAULT_HEADER.lower(), "html_502"),)
    provider.handle(Request("POST", PATH, body(page=2), headers, "10.0.0.1:5"))
    (entry,) = provider.journal.entries()
    assert (entry.operation, entry.merchant_id, entry.origin) == ("project_detail", MERCHANT, "10.0.0.1:5")
    assert (entry.forced, entry.fault, entry.role, entry.asked["page"]) == ("html_502", "html_502", None, 2)


@pytest.mark.parametrize(("content", "speaks"), [(b"{", True), (body(), False)])
def test_the_doctor_speaks_in_a_header_of_refusals_when_asked(content: bytes, speaks: bool) -> None:
    provider = built_in_provider()
    provider.doctor_header = True
    assert (DOCTOR_HEADER.lower() in dict(call(provider, content).headers)) is speaks
    provider.doctor_header = False
    assert DOCTOR_HEADER.lower() not in dict(call(provider, content).headers)


def test_the_header_says_of_a_long_body_where_it_is_explained() -> None:
    """Who explains it before the reply lets everybody wait."""
    provider = built_in_provider()
    provider.doctor_header = True
    call(provider, body())
    headers = dict(call(provider, b"{" * (LONGEST_EXPLAINED + 1)).headers)
    assert headers[DOCTOR_HEADER.lower()] == "the body has 65537 bytes; GET /__admin/requests/2 says why"
    assert "breaks" in dict(call(provider, b"{" * LONGEST_EXPLAINED).headers)[DOCTOR_HEADER.lower()]


def test_a_merchant_that_is_gone_is_unknown(provider: Provider) -> None:
    provider.add_merchant(Merchant("M9", "secret-of-nine"))
    assert call(provider, body(), merchant_id="M9").role == "signature"
    provider.remove_merchant("M9")
    assert call(provider, body(), merchant_id="M9").role == "merchant"
    provider.remove_merchant("M9")


def test_an_error_of_the_mock_is_a_reply_and_a_call(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("marked-text")

    monkeypatch.setattr(provider, "reply_to", fail)
    reply = call(provider, body())
    assert (reply.http_status, reply.rc) == (500, 500)
    assert provider.journal.entries()[0].http_status == 500
    assert "RuntimeError" in caplog.text
    assert "marked-text" not in caplog.text.replace('RuntimeError("marked-text")', "")


def test_a_doctor_that_fails_leaves_the_reply_and_its_call(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    provider.doctor_header = True
    monkeypatch.setattr(provider, "_findings", None)
    reply = call(provider, body(projectid="nowhere"))
    assert reply.clause == "ERR-4"
    assert [entry.clause for entry in provider.journal.entries()] == ["ERR-4"]
    assert "TypeError" in caplog.text
