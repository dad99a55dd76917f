"""The headers of a call are kept, shown without secrets, matched by, and bounded."""

from __future__ import annotations

import json

import pytest
import requests

from mockserver.contract.masking import MASK, Maskers
from mockserver.provider.journal.headers import MOST_HEADERS
from mockserver.provider.journal.journal import BODIES_KEPT, Journal
from mockserver.provider.journal.matchers import MatcherError, Matchers
from mockserver.provider.journal.recorded import Call, Entry
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.request import Request
from mockserver.testing.admin_client import AdminClient, AdminProblem
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, PATH, SECRET, body, built_in_provider, fields

SESSION = "my session/key of today"
SENT = (
    ("content-type", "application/json"),
    ("x-shop", "Jakarta"),
    ("x-shop", "Bandung"),
    ("authorization", "Bearer abc"),
    ("cookie", "a=1"),
    ("x-api-key", "k"),
    ("idempotency-key", "order-7"),
    ("x-note", f"{SECRET}, {SESSION}"),
    ("x-name", "Jalan Kemang\u00e9".encode().decode("latin-1")),
)


def asked(provider: Provider, headers: tuple[tuple[str, str], ...] = SENT, content: bytes | None = None) -> Entry:
    sent = body(session_key=SESSION) if content is None else content
    provider.handle(Request("POST", PATH, sent, headers, "test"))
    return provider.journal.entries()[-1]


def test_they_are_shown_by_name_and_secrets_are_masked() -> None:
    assert asked(built_in_provider()).headers == {
        "content-type": "application/json",
        "x-shop": "Jakarta, Bandung",
        "authorization": MASK,
        "cookie": MASK,
        "x-api-key": MASK,
        "idempotency-key": "order-7",
        "x-note": f"{MASK}, {MASK}",
        "x-name": "Jalan Kemang\u00e9",
    }


@pytest.mark.parametrize("path", ["/nowhere", PATH])
def test_a_call_that_no_operation_answers_has_them_too(path: str) -> None:
    provider = built_in_provider()
    provider.handle(Request("GET", path, b"", (("x-shop", "Jakarta"),)))
    (entry,) = provider.journal.entries()
    assert (entry.operation, entry.headers) == (None, {"x-shop": "Jakarta"})


def test_a_secret_that_a_client_sent_as_utf_8_is_masked() -> None:
    provider = built_in_provider()
    sent = body(session_key="kunci-rahasia-\u00e9")
    entry = asked(provider, (("x-debug", "key kunci-rahasia-\u00e9".encode().decode("latin-1")),), sent)
    assert entry.headers == {"x-debug": f"key {MASK}"}


def test_calls_are_matched_by_them() -> None:
    provider = built_in_provider()
    asked(provider)
    asked(provider, (("content-type", "text/plain"),))
    find = provider.journal.find
    assert [one.n for one in find(headers={"Content-Type": "text/plain"})] == [2]
    assert [one.n for one in find(headers={"content-type": lambda sent: "json" in sent, "x-shop": str})] == [1]
    assert [one.n for one in find(headers={"authorization": None})] == [2]
    assert [one.n for one in find(headers=lambda sent: len(sent) == 1)] == [2]
    wanted = Matchers(headers={"x-shop": "Medan", "content-type": None, "x-no": "1"})
    assert wanted.mismatches(provider.journal.entries()[0]) == [
        "x-shop: expected 'Medan', got 'Jakarta, Bandung'",
        "content-type: expected None, got 'application/json'",
        "x-no: expected '1', x-no was not sent",
    ]
    with pytest.raises(MatcherError, match="authorization is masked"):
        find(headers={"Authorization": "Bearer abc"})


def test_no_call_keeps_more_than_a_hundred_and_of_many_calls_they_count_in_bytes() -> None:
    provider = built_in_provider()
    many = tuple((f"x-{number}", "1") for number in range(MOST_HEADERS + 50))
    assert len(asked(provider, many).headers) == MOST_HEADERS
    journal = Journal(Maskers(frozenset), capacity=100_000)
    long = (("x-long", "v" * 65_000),)
    for _ in range(BODIES_KEPT // 65_000 + 10):
        journal.record(Call(Request("POST", PATH, b"", long), MERCHANT, 0.0), Reply(200, b"", 200), 0.0)
    assert len(journal.calls()) == BODIES_KEPT // 65_000


def test_the_admin_api_shows_them_and_its_client_finds_calls_by_them() -> None:
    with Server(built_in_provider()) as server:
        for shop in ("Jakarta", "Bandung"):
            headers = {"X-Shop": shop, "Authorization": "Bearer abc"}
            requests.post(server.url + PATH, json=fields(), headers=headers, timeout=10)
        admin = AdminClient(server.url)
        (only,) = admin.requests(headers={"X-Shop": "Bandung"}, wait=1)
        assert (only["n"], only["headers"]["x-shop"], only["headers"]["authorization"]) == (2, "Bandung", MASK)
        assert admin.request(1)["headers"]["content-type"] == "application/json"
        assert admin.requests(headers={"x-shop": None}) == []
        for query, why in (("headers[authorization]=x", "masked"), ("headers=x", "headers[content-type]=")):
            refused = requests.get(f"{server.url}/__admin/requests?{query}", timeout=10)
            assert (refused.status_code, why in refused.json()["detail"]) == (400, True)
        with pytest.raises(AdminProblem, match="masked"):
            admin.requests(headers={"cookie": "a=1"})


@pytest.mark.parametrize(
    ("content_type", "what"),
    [
        ("application/x-www-form-urlencoded", "Content-Type is 'application/x-www-form-urlencoded', and the body is"),
        ("text/plain; charset=utf-8", "Content-Type is 'text/plain; charset=utf-8', and the body is JSON"),
        ("application/json; charset=ISO-8859-1", "and JSON on the wire is UTF-8"),
        ("application/json; charset=utf-8", None),
        ("application/vnd.api+json", None),
    ],
)
@pytest.mark.parametrize("page", [1, "1"])
def test_the_doctor_has_a_line_for_an_odd_content_type_whatever_the_reply(
    content_type: str, what: str | None, page: object
) -> None:
    provider = built_in_provider()
    asked(provider, (("content-type", content_type),), json.dumps(fields(page=page)).encode())
    kept = provider.journal.kept(1)
    assert kept is not None
    found = [one for one in provider.diagnose(kept) if "Content-Type" in one.what]
    assert [what is not None and what in one.what for one in found] == ([] if what is None else [True])
    assert all(one.fix == "send Content-Type: application/json, and the body in UTF-8" for one in found)
