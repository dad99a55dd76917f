"""One exchange against the clauses: a lawful reply raises nothing, each single damage is blamed on its clause."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.contract.judging.checks import check, shape_violations, violations
from mockserver.contract.judging.violation import Choice
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings
from tests.support.replies import NOW, STATS, changed, error, exchange, success

LAWFUL: dict[str, tuple[Any, dict[str, Any]]] = {
    "every voucher on one page": (success(), {}),
    "first of two pages": (success(limit=3), {"limit": 3}),
    "last of two pages": (success(page=2, limit=3), {"page": 2, "limit": 3}),
    "past the last page": (success(page=9, limit=3), {"page": 9, "limit": 3}),
    "a status": (success(status="0"), {"status": "0"}),
    "a status without vouchers": (success(status="2"), {"status": "2"}),
    "an unknown filter": (success(status="9"), {"status": "9"}),
    "fields nobody knows": (changed(success(), "data.data.vouchers.0.serial", 1) | {"request_id": "a"}, {}),
    "half of a surrogate pair in a text and a field": (
        changed(changed(success(), "data.data.vouchers.0.note", "\ud800"), "data.data.\udfff", 1),
        {},
    ),
    "a field nested 300 deep": (changed(success(), "data.deep", json.loads("[" * 300 + "]" * 300)), {}),
    "a clock half a minute off": (changed(success(), "ts", NOW - 30), {}),
    "project not found": (error(), {}),
    "not JSON": (error(400, "Data JSON tidak valid"), {}),
    "an error with added fields": ({**error(), "trace": "x"}, {}),
}


@pytest.mark.parametrize("name", LAWFUL)
def test_a_lawful_reply_raises_nothing(name: str) -> None:
    reply, sent = LAWFUL[name]
    assert violations(exchange(reply, **sent)) == []


# Damage: the place in the lawful reply, what is put there (... takes it out), the kind and the clause to blame.
DAMAGES: list[tuple[str, Any, str, str]] = [
    ("status", True, "shape", "RES-1"),
    ("rc", "200", "shape", "RES-1"),
    ("rc", 200.0, "fraction", "RES-1"),
    ("message", "List Voucher Redeem Kiosgamer", "shape", "RES-1"),
    ("ts", ..., "shape", "RES-1"),
    ("ts", NOW - 61, "ts", "RES-1"),
    ("ts", NOW * 1000, "ts", "RES-1"),
    ("data", ..., "shape", "RES-1"),
    ("data", [], "shape", "RES-2"),
    ("data.data", [], "shape", "RES-2"),
    ("data.data", ..., "shape", "RES-2"),
    ("data.current_page", "1", "shape", "RES-2"),
    ("data.current_page", 2, "current_page", "RES-2"),
    ("data.total_data", ..., "shape", "RES-2"),
    ("data.total_page", 1.0, "fraction", "RES-2"),
    ("data.data.id", "5847", "shape", "RES-3"),
    ("data.data.merchant_id", "M0", "merchant_id", "RES-3"),
    ("data.data.vouchers", ..., "shape", "RES-3"),
    ("data.data.vouchers", {}, "shape", "RES-3"),
    ("data.data.total_voucher", 4.0, "fraction", "RES-3"),
    ("data.data.stats", ..., "shape", "SUM-1"),
    ("data.data.stats.process", ..., "shape", "SUM-1"),
    ("data.data.stats.process", 0.0, "fraction", "SUM-1"),
    ("data.data.kategori_voucher", ..., "shape", "SUM-2"),
    ("data.data.kategori_voucher.0.total", "1", "shape", "SUM-2"),
    ("data.data.kategori_voucher.0.total", 1.0, "fraction", "SUM-2"),
    ("data.data.vouchers.1.id", "503", "shape", "RES-4"),
    ("data.data.vouchers.1.id", 503.0, "fraction", "RES-4"),
    ("data.data.vouchers.1.note", None, "shape", "RES-4"),
    ("data.data.vouchers.1.voucher_code", "", "shape", "RES-4"),
    ("data.data.vouchers.1.cretaed_at", ..., "shape", "RES-4"),
    ("data.data.vouchers.1.cretaed_at", "\ud800", "shape", "RES-4"),
    ("data.data.vouchers.1.project_id", "R0", "voucher_project_id", "RES-4"),
    ("data.data.vouchers.1.updated_at", "2024-11-31 08:30:00", "not_a_day", "RES-4"),
    ("data.data.vouchers.1.created", "2024-11-19", "created", "RES-6"),
    ("data.data.vouchers.1.updated_at", "2024-11-19 08:30:00", "updated_at", "RES-6"),
    ("data.data.vouchers", lambda listed: listed[::-1], "order", "RES-5"),
    ("data.data.vouchers.1.id", 504, "voucher_twice", "PAGE-1"),
    ("data.data.vouchers", lambda listed: listed[1:], "page_size", "PAGE-1"),
    ("data.total_page", 2, "total_page", "PAGE-2"),
    ("data.total_data", 5, "total_data_unfiltered", "PAGE-2"),
    ("data.data.stats.success", 2, "stats_sum", "SUM-1"),
    ("data.data.stats", {**STATS, "pending": 1, "success": 2}, "stats_and_codes", "SUM-1"),
    ("data.data.kategori_voucher.0.total", 2, "category_totals", "SUM-2"),
    ("data.data.kategori_voucher.0.name", "25", "category_twice", "SUM-2"),
    ("data.data.kategori_voucher", lambda listed: [listed[2], listed[0], listed[1]], "category_order", "SUM-2"),
]


@pytest.mark.parametrize(
    ("path", "value", "kind", "clause"), DAMAGES, ids=[f"{path}-{kind}" for path, _, kind, _ in DAMAGES]
)
def test_each_damage_of_a_success_is_blamed_on_its_clause(path: str, value: Any, kind: str, clause: str) -> None:
    found = violations(exchange(changed(success(), path, value)))
    assert (kind, clause) in {(violation.kind, violation.clause) for violation in found}
    if kind in {"shape", "fraction"}:
        assert {violation.clause for violation in found} == {clause}


def test_the_damages_reach_every_clause_that_one_success_can_show() -> None:
    others = {"REQ-1", "REQ-2", "REQ-3", "FILT-1", *(f"ERR-{number}" for number in range(1, 6))}
    assert {clause for *_, clause in DAMAGES} == set(PROJECT_DETAIL.clauses) - others


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", "0"),
        ("status", ...),
        ("rc", "500"),
        ("rc", ...),
        ("error_msg", 1),
        ("data", []),
        ("ts", NOW),
        ("message", "error"),
    ],
)
def test_each_damage_of_an_error_is_blamed_on_its_envelope(path: str, value: Any) -> None:
    found = violations(exchange(changed(error(), path, value) if value is ... else {**error(), path: value}))
    assert {violation.clause for violation in found} == {"ERR-5"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<h1>Welcome</h1>", "not_json"),
        (b"", "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b'{"note":"\xe9"}', "not_json"),
        (b'{"rc":NaN}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
    ],
)
def test_what_is_not_one_json_object_is_res_1(body: bytes, kind: str) -> None:
    (violation,) = violations(exchange(body))
    assert (violation.kind, violation.clause) == (kind, "RES-1")


def test_two_sections_that_are_missing_are_two_clauses() -> None:
    reply = changed(changed(success(), "data.data.stats", ...), "data.data.kategori_voucher", ...)
    assert {violation.clause for violation in violations(exchange(reply))} == {"SUM-1", "SUM-2"}


def test_a_success_with_an_http_error_is_res_1_and_an_error_may_have_any() -> None:
    assert [v.kind for v in violations(exchange(success(), http_status=500))] == ["success_http_status"]
    assert violations(exchange(error(), http_status=200)) == []


def test_an_old_reply_is_right_where_the_clock_of_the_target_says_so() -> None:
    old = changed(success(), "ts", NOW - 500)
    made = exchange(old)
    with_date = type(made)(**{**vars_of(made), "date": NOW - 480.0})
    without_times = type(made)(**{**vars_of(made), "sent_at": None, "received_at": None})
    assert [v.kind for v in violations(made)] == ["ts"]
    assert violations(with_date) == violations(without_times) == []


def vars_of(made: Any) -> dict[str, Any]:
    return {name: getattr(made, name) for name in made.__dataclass_fields__}


def test_a_violation_says_where_and_what_as_values() -> None:
    (found,) = violations(exchange(changed(success(), "data.data.vouchers.2.created", "2024-01-01")))
    assert found.where == "data.data.vouchers[2].created"
    assert (found.expected, found.got) == ({"date": "2024-11-20"}, {"date": "2024-01-01"})


def test_a_reply_is_held_to_readings_where_they_are_given() -> None:
    filtered = success(page=9, limit=3)
    assert violations(exchange(filtered, page=9, limit=3), Readings()) == []
    (found,) = violations(exchange(filtered, page=9, limit=3), Readings.of({"beyond_last": "last"}))
    assert (found.kind, found.clause, found.expected) == ("reading", "PAGE-1", {"key": "beyond_last", "value": "last"})


def test_what_a_reply_shows_of_readings_are_choices() -> None:
    shown = {found.key: found.values for found in check(exchange(success())) if isinstance(found, Choice)}
    assert shown["kategori_order"] == {"nominal"}
    assert shown["kategori_scope"] == {"project", "filtered", "page"}
    assert shown["max_limit"] == {"none"}
    # success and error_voucher have one voucher each, process and error_engine none: their numbers are open.
    assert shown["status_codes"] == {"0,1,2,3,4", "0,1,3,2,4", "0,4,2,3,1", "0,4,3,2,1"}


def test_a_reply_out_of_form_shows_its_shape_and_nothing_else() -> None:
    broken = changed(changed(success(), "ts", NOW - 1000), "rc", "200")
    assert [v.kind for v in violations(exchange(broken))] == ["shape"]
    assert shape_violations(exchange(success())) == []
