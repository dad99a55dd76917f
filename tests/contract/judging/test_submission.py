"""One submission and its reply, held to BULK-RES-1 and BULK-RES-2, and to the readings."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from mockserver.contract.judging.checks import check, violations
from mockserver.contract.judging.drift import added_fields
from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.violation import Choice
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, SubmissionBody, encode_codes

MERCHANT, NOW = "M240315GAME2847K", 1723719138
COUNTED = {"total_voucher": 2, "s_pending": 2, "created": "2024-08-15"} | dict.fromkeys(
    ("created_at", "updated_at"), "2024-08-15 17:52:18"
)
Change = Callable[[dict[str, Any]], Any]


def success(**data: Any) -> dict[str, Any]:
    made = msgspec.to_builtins(SubmissionBody(23, MERCHANT, "R220414JXXX0021", "R220414JXXX0021"))
    own = REDEEM_BULK.success
    return {"status": 1, "rc": own.rc, "message": own.message, "data": {**made, **data}, "ts": NOW}


def exchange(reply: Any, *, codes: tuple[str, ...] = ("AAA", "BBB"), http_status: int = 200) -> Exchange:
    request = json.dumps({"kode_voucher": encode_codes(codes), "signature": "0" * 32}).encode()
    body = json.dumps(reply).encode()
    return Exchange(MERCHANT, request, http_status, body, NOW - 1, NOW + 1, operation=REDEEM_BULK)


def test_the_examples_of_the_sibling_page_hold() -> None:
    assert [*check(exchange(success()))] == [choice for choice in check(exchange(success())) if _is(choice, "as_shown")]
    for error in REDEEM_BULK.errors:
        reply = {"status": 0, "rc": error.rc, "error_msg": error.error_msg}
        found = exchange(reply, http_status=500)
        assert found.outcome == error.clause
        assert violations(found, Readings()) == []


def _is(result: object, value: str) -> bool:
    return isinstance(result, Choice) and (result.key, result.values) == ("bulk_reply", frozenset({value}))


@pytest.mark.parametrize(
    ("change", "kind", "clause"),
    [
        (lambda reply: reply.update(rc=200), "shape", "BULK-RES-1"),
        (lambda reply: reply.update(message="x"), "shape", "BULK-RES-1"),
        (lambda reply: reply.update(ts=1.5), "shape", "BULK-RES-1"),
        (lambda reply: reply.update(ts=float(NOW)), "fraction", "BULK-RES-1"),
        (lambda reply: reply.update(ts=NOW + 3600), "ts", "BULK-RES-1"),
        (lambda reply: reply.update(data=[]), "shape", "BULK-RES-2"),
        (lambda reply: reply["data"].pop("s_process"), "shape", "BULK-RES-2"),
        (lambda reply: reply["data"].update(id=0), "shape", "BULK-RES-2"),
        (lambda reply: reply["data"].update(id=23.0), "fraction", "BULK-RES-2"),
        (lambda reply: reply["data"].update(merchant_id="M0"), "merchant_id", "BULK-RES-2"),
        (lambda reply: reply["data"].update(total_voucher=2), "submission_sums", "BULK-RES-2"),
        (lambda reply: reply["data"].update({**COUNTED, "s_pending": 3}), "submission_sums", "BULK-RES-2"),
        (lambda reply: reply["data"].update({**COUNTED, "created": "2024-08-16"}), "submission_sums", "BULK-RES-2"),
    ],
)
def test_what_is_wrong_is_blamed_on_its_clause(change: Change, kind: str, clause: str) -> None:
    reply = success()
    change(reply)
    assert {(found.kind, found.clause) for found in violations(exchange(reply))} == {(kind, clause)}


def test_the_error_envelope_is_the_same_for_both_calls() -> None:
    found = violations(exchange({"status": 0, "rc": 500, "error_msg": "JSON tidak valid", "data": []}))
    assert {item.clause for item in found} == {"ERR-5"}


def test_sums_are_held_to_a_reading_where_one_is_given() -> None:
    counted = exchange(success(**COUNTED))
    assert violations(counted) == []
    assert violations(counted, Readings.of({"bulk_reply": "counted"})) == []
    (found,) = violations(counted, Readings())
    assert (found.kind, found.clause, found.expected["key"]) == ("reading", "BULK-RES-2", "bulk_reply")


def test_sums_are_left_open_where_the_list_cannot_be_read() -> None:
    asked = Exchange(MERCHANT, b'{"kode_voucher":1}', 200, json.dumps(success(total_voucher=9)).encode())
    assert violations(Exchange(**{**vars(asked), "operation": REDEEM_BULK})) == []


def test_added_fields_are_drift() -> None:
    reply = success(queue=1)
    reply["trace"] = 2
    assert added_fields(exchange(reply)) == {"trace", "data.queue"}
    assert violations(exchange(reply)) == []
