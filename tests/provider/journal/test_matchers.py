"""Calls are found by matchers, and a failed expectation says of every call why it was not the one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.contract.readings import Readings
from mockserver.provider.journal.matchers import MatcherError, Matchers, summary
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.world_file import built_in_world
from tests.support.asking import MERCHANT, call


def provider_with_calls(*bodies: Any) -> Provider:
    clock = FrozenClock(1_723_719_138)
    provider = Provider(built_in_world(Readings(), clock), clock=clock)
    merchant = provider.store.merchant(MERCHANT)
    assert merchant is not None
    for body in bodies:
        sent = body if isinstance(body, bytes) else json.dumps({"signature": merchant.signature, **body}).encode()
        call(provider, sent)
    return provider


def asked(**fields: Any) -> dict[str, Any]:
    return {"projectid": "R240815XPQR000012", "status": "", "page": 1, "limit": 30, **fields}


def test_a_value_matches_what_was_asked_and_what_was_answered() -> None:
    journal = provider_with_calls(asked(page=1), asked(page=2), b"{", asked(projectid="DW")).journal

    def numbers(**matchers: Any) -> list[int]:
        return [entry.n for entry in journal.find(**matchers)]

    assert numbers(page=2) == [2]
    assert numbers(http_status=400, rc=400) == [3]
    assert numbers(clause="ERR-4") == [4]
    assert numbers(projectid="R240815XPQR000012") == [1, 2]
    assert numbers(merchant_id=MERCHANT) == [1, 2, 3, 4]
    assert numbers() == [1, 2, 3, 4]
    assert numbers(page=3) == []


def test_a_predicate_gets_the_value() -> None:
    journal = provider_with_calls(asked(page=1), asked(page=7)).journal
    assert [entry.n for entry in journal.find(page=lambda page: page > 5)] == [2]


def test_none_is_a_field_that_was_left_out() -> None:
    journal = provider_with_calls({"projectid": "R240815XPQR000012"}, asked()).journal
    assert [entry.n for entry in journal.find(page=None)] == [1]


def test_a_null_that_was_sent_is_not_left_out_and_the_failure_says_so() -> None:
    journal = provider_with_calls(asked(page=None), {"projectid": "R240815XPQR000012"}).journal
    assert journal.count(page=None) == 1
    null, left_out = journal.entries()
    assert Matchers(page=3).mismatches(null) == ["page: expected 3, page was sent as null"]
    assert Matchers(page=None).mismatches(null) == ["page: expected None, page was sent as null"]
    assert Matchers(page=3).mismatches(left_out) == ["page: expected 3, page was not sent"]


def test_true_is_not_1() -> None:
    journal = provider_with_calls(asked(page=True)).journal
    assert journal.find(page=1) == []
    assert len(journal.find(page=True)) == 1


def test_a_predicate_that_raises_does_not_match_and_the_failure_says_so() -> None:
    entries = provider_with_calls({"projectid": "x"}).journal.entries()

    def large(page: int) -> bool:
        return page > 5

    assert "page: large raised TypeError on None" in Matchers(page=large).failure(entries, "a call")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("pge", "did you mean 'page'"),
        ("signature", "masked"),
        ("session_key", "masked"),
    ],
)
def test_an_unknown_matcher_says_which_there_are(name: str, says: str) -> None:
    with pytest.raises(MatcherError, match=says):
        Matchers(**{name: "x"})


def test_the_failure_lists_every_call_and_why_it_is_not_the_one() -> None:
    entries = provider_with_calls(asked(page=1), asked(page=2, status="1"), b"{").journal.entries()
    text = Matchers(page=2, status="0").failure(entries, "at least one call")
    assert text.splitlines() == [
        "expected at least one call with page=2, status='0'; no calls matched of 3 that arrived:",
        '  - #1 POST projectid="R240815XPQR000012" status="" page=1 limit=30 -> HTTP 200, rc 200 (RES-1)',
        "      page: expected 2, got 1",
        "      status: expected '0', got ''",
        (
            '  - #2 POST projectid="R240815XPQR000012" status="1" page=2 limit=30 -> HTTP 200, rc 200 (RES-1): '
            "200, and empty: page 2 is past the last; no voucher matches"
        ),
        "      status: expected '0', got '1'",
        "  - #3 POST body { -> HTTP 400, rc 400 (ERR-1): the body is not valid JSON: Input data was truncated",
        "      page: expected 2, page was not sent",
        "      status: expected '0', status was not sent",
    ]


def test_the_failure_marks_the_calls_that_do_match() -> None:
    entries = provider_with_calls(asked(page=2), asked(page=2)).journal.entries()
    text = Matchers(page=2).failure(entries, "exactly 1 call")
    assert text.startswith("expected exactly 1 call with page=2; 2 calls matched of 2 that arrived:")
    assert text.count("  + #") == 2


def test_the_failure_says_that_nothing_arrived_and_where_a_call_goes() -> None:
    text = Matchers(page=2).failure([], "at least one call")
    assert "no call arrived at all" in text
    assert "/merchant/{merchant_id}/kiosgamer/project/detail" in text


def test_a_long_list_shows_the_newest_calls() -> None:
    entries = provider_with_calls(*[asked(page=page) for page in range(1, 26)]).journal.entries()
    text = Matchers(limit=1).failure(entries, "at least one call")
    assert "5 earlier calls not shown" in text
    assert "page=25" in text
    assert "page=5 " not in text


def test_a_summary_of_a_call_to_another_path_names_the_path() -> None:
    provider = provider_with_calls()
    provider.refuse(404, "No such path", method="GET", path="/nowhere\n", origin="127.0.0.1:1")
    (entry,) = provider.journal.entries()
    assert summary(entry).startswith("#1 GET /nowhere\\n -> HTTP 404, rc 404 (outside the contract)")


def test_no_secret_stands_in_a_failure() -> None:
    provider = provider_with_calls(asked(session_key="marked-session-key"), b'{"signature": "marked-signature"')
    merchant = provider.store.merchant(MERCHANT)
    assert merchant is not None
    text = Matchers(page=9, body=lambda body: body is None).failure(provider.journal.entries(), "a call")
    for secret in ("marked-session-key", "marked-signature", merchant.signature):
        assert secret not in text
