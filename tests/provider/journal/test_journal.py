"""What the journal keeps is whole, and bounded all the same."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from mockserver.contract.masking import Maskers
from mockserver.contract.readings import Readings
from mockserver.contract.signature import sign
from mockserver.provider.journal.journal import BODIES_KEPT, Journal
from mockserver.provider.journal.recorded import Call, RawEntry
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.request import MAX_BODY, Request
from mockserver.provider.state.clock import SystemClock
from mockserver.provider.state.world_file import built_in_world
from tests.support.asking import DEMO_PROJECT, MERCHANT, PATH, SECRET, ask, body, built_in_provider, fields

REPLY = Reply(200, b"{}", 200)


def call_of(size: int) -> Call:
    return Call(Request("POST", PATH, bytes(size), origin="test"), MERCHANT, 0.0)


def test_a_long_body_is_diagnosed_shown_and_found_as_it_came() -> None:
    provider = built_in_provider()
    ask(provider, body(padding="p" * 70_000, signature=sign(MERCHANT, SECRET).upper()))
    (entry,) = provider.journal.find(projectid=DEMO_PROJECT)
    assert entry.fields == {**fields(), "signature": "***", "padding": "p" * 70_000}
    assert json.loads(entry.body) == entry.fields
    kept = provider.journal.kept(1)
    assert kept is not None
    (only,) = provider.diagnose(kept)
    assert only.what == "the signature is the right value in upper case"


def test_the_oldest_long_bodies_are_forgotten_when_together_they_are_too_long() -> None:
    journal = Journal(Maskers(frozenset), capacity=1000)
    fitting = BODIES_KEPT // MAX_BODY
    for _ in range(fitting + 3):
        journal.record(call_of(MAX_BODY), REPLY, 0.0)
    assert [entry.n for entry in journal.entries(after=fitting)] == [fitting + 1, fitting + 2, fitting + 3]
    assert journal.kept(3) is None
    assert journal.kept(4) is not None
    journal.clear()
    for _ in range(fitting):
        journal.record(call_of(MAX_BODY), REPLY, 0.0)
    assert journal.kept(fitting + 4) is not None


def form(**changed: Any) -> bytes:
    return urlencode(fields(**changed)).encode()


def test_a_form_is_found_as_the_endpoint_reads_it_and_shown_as_it_came() -> None:
    provider = built_in_provider(Readings.of({"form_body": "accept"}))
    assert ask(provider, form(page=2, status="0", session_key="key/of+one session"))["rc"] == 200
    assert ask(provider, form(page=3, projectid="nobody's"))["rc"] == 500
    assert provider.journal.count(page=2, status="0") == 1
    assert provider.journal.count(page="2") == 0
    assert [entry.n for entry in provider.journal.find(clause="ERR-4", page=3, projectid="nobody's")] == [2]
    first, second = provider.journal.entries()
    asked = {"projectid": DEMO_PROJECT, "status": "0", "page": 2, "limit": 30, "signature": "***", "session_key": "***"}
    assert first.fields == asked
    assert first.body == f"projectid={DEMO_PROJECT}&status=0&page=2&limit=30&signature=***&session_key=***"
    assert "projectid=nobody%27s&" in second.body


def test_no_secret_hides_in_an_escape_of_a_form() -> None:
    provider = built_in_provider(Readings.of({"form_body": "accept"}))
    hidden = "".join(f"%{ord(letter):02x}" for letter in SECRET)
    ask(provider, form(status="") + b"&padding=" + hidden.encode())
    (entry,) = provider.journal.entries()
    assert (entry.fields or {})["padding"] == "***"
    assert hidden not in entry.body


@pytest.mark.parametrize(
    ("content", "readings"),
    [
        (form(page=2), {}),
        (form(page="two"), {"form_body": "accept"}),
        (b"page=%ff", {"form_body": "accept"}),
        (b"page", {"form_body": "accept"}),
    ],
)
def test_a_form_that_was_not_let_in_has_no_fields(content: bytes, readings: dict[str, str]) -> None:
    provider = built_in_provider(Readings.of(readings))
    assert ask(provider, content)["rc"] == 400
    assert [entry.fields for entry in provider.journal.entries()] == [None]


@pytest.mark.parametrize("capacity", [0, 1, 3])
def test_so_many_calls_are_kept_and_no_more(capacity: int) -> None:
    journal = Journal(Maskers(frozenset), capacity=capacity)
    for _ in range(5):
        journal.record(call_of(10), REPLY, 0.0)
    assert [entry.n for entry in journal.entries()] == list(range(6 - capacity, 6))
    assert journal.total == 5


def test_an_observer_that_fails_takes_nobody_their_reply(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[RawEntry] = []

    def fail(_: RawEntry) -> None:
        raise OSError("no more files")

    provider = Provider(built_in_world(Readings(), SystemClock()), observers=(fail, heard.append))
    assert ask(provider, body())["rc"] == 200
    assert (provider.journal.total, len(heard)) == (1, 1)
    assert caplog.messages[0].startswith("internal error of the mock: OSError")
