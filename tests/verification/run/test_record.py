"""Every reply is judged by itself: secrets, the HTTP status of errors, added fields."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.contract.signature import sign
from mockserver.verification.credentials import Credentials
from mockserver.verification.run.record import Record
from tests.support.replies import changed, error, exchange, success

CREDENTIALS = Credentials("M1", "a-secret-of-mine", "R1", 'se"ss')


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        (CREDENTIALS.secret_key, True),
        (f"key={CREDENTIALS.secret_key}!", True),
        (sign("M1", "a-secret-of-mine"), True),
        ('se"ss', True),
        ('the word se"ss in a sentence', False),
        ("a-secret", False),
    ],
)
def test_no_reply_may_hold_a_secret(text: str, leaks: bool) -> None:
    for reply, clause in ((changed(success(), "data.data.vouchers.0.note", text), "RES-1"), (error(), "ERR-5")):
        record = Record(CREDENTIALS, {})
        record.judge(exchange({**reply, "debug": text}))
        found = [item.violation for item in record.broken if item.violation.kind == "secret_in_reply"]
        assert bool(found) is leaks
        for violation in found:
            assert violation.clause == clause
            assert json.loads(json.dumps(violation.got))["secret"].startswith("the ")


def test_any_http_status_of_an_error_is_noted_and_none_is_blamed_unless_one_was_observed() -> None:
    record = Record(CREDENTIALS, {})
    for status in (200, 400, 503):
        record.judge(exchange(error(), http_status=status))
    assert record.http_statuses == {(500, 200), (500, 400), (500, 503)}
    assert record.broken == []


@pytest.mark.parametrize(("strict", "right", "wrong"), [("rc", 500, 200), ("200", 200, 500)])
def test_an_observed_http_status_is_held_to(strict: str, right: int, wrong: int) -> None:
    record = Record(CREDENTIALS, {"http_status": strict})
    record.judge(exchange(error(), http_status=right))
    assert record.broken == []
    record.law = "some law"
    record.judge(exchange(error(), http_status=wrong))
    (item,) = record.broken
    assert (item.violation.kind, item.violation.clause, item.law) == ("error_http_status", "ERR-5", "some law")


def test_added_fields_are_drift_and_no_violation() -> None:
    record = Record(CREDENTIALS, {})
    record.judge(exchange({**success(), "request_id": "a"}))
    record.judge(exchange({**error(), "trace": "b"}))
    record.judge(exchange(b"<html>"))
    assert record.drift == {"request_id", "trace"}
    assert [item.violation.kind for item in record.broken] == ["not_json"]


def test_violations_are_numbered_in_the_order_they_were_found() -> None:
    record = Record(CREDENTIALS, {})
    damaged: Any = changed(success(), "data.data.vouchers.0.created", "2020-01-01")
    record.judge(exchange(damaged))
    record.judge(exchange(b"[]"))
    assert [(item.number, item.violation.kind) for item in record.broken] == [(0, "created"), (1, "not_an_object")]
