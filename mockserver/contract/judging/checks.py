"""What the contract says of one exchange beyond shapes: named checks, each citing its clause.

`check(exchange)` reads as a tolerant reader does; `check(exchange, readings)` holds the reply to one choice of
every reading. Laws across several exchanges stand on top of these, in `mockserver.verification`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from mockserver._text import json_type
from mockserver.contract.judging.exchange import SUCCESS, Exchange, NotJson, looks_like_success
from mockserver.contract.judging.page import Page
from mockserver.contract.judging.page_laws import filter_laws, page_laws, sum_laws
from mockserver.contract.judging.violation import Choice, Finding, Violation
from mockserver.contract.project_detail import DEFAULT_STATUS
from mockserver.contract.readings import REGISTER, Readings
from mockserver.contract.schemas import schema, tolerant, validator
from mockserver.contract.wire import CREATED_AT

__all__ = ["Choice", "Finding", "Violation", "check", "findings", "shape_violations"]

CLOCK_TOLERANCE = 60.0
_PLACES = (
    (re.compile(r"data\.data\.vouchers\[\d+\]"), "RES-4"),
    (re.compile(r"data\.data\.kategori_voucher"), "SUM-2"),
    (re.compile(r"data\.data\.stats"), "SUM-1"),
    (re.compile(r"data\.data\b"), "RES-3"),
    (re.compile(r"data\b"), "RES-2"),
)
_MISSING = re.compile(r"'(\w+)'(?=.* is missing)")
_MISSING_HOMES = {"kategori_voucher": "SUM-2", "stats": "SUM-1"}


def check(exchange: Exchange, readings: Readings | None = None) -> list[Violation]:
    """Return every way in which the reply breaks the contract, looked at by itself.

    With `readings`, what is open on the page is held to them; with None, any value of the register will do.
    """
    found = findings(exchange)
    violations = [item for item in found if isinstance(item, Violation)]
    for item in found:
        if isinstance(item, Choice) and readings is not None and not item.allows(readings):
            chosen = getattr(readings, item.key)
            expected = f"{item.key} as {chosen!r}: {REGISTER[item.key].question}"
            violations.append(Violation(item.clause, expected, item.seen, item.where))
    return violations


def findings(exchange: Exchange) -> list[Finding]:
    """Return the violations, and the choices among readings that the reply shows (any exchange, any target)."""
    shape = shape_violations(exchange)
    if shape:
        return list(shape)
    if exchange.outcome != SUCCESS:
        return []
    return [*_values(exchange), *_laws(exchange)]


def shape_violations(exchange: Exchange) -> list[Violation]:
    """Return where the reply departs from the documented fields and types; with none, it can be read by its fields."""
    return list(_shape(exchange))


def _shape(exchange: Exchange) -> Iterator[Violation]:
    try:
        reply = exchange.reply
    except NotJson as reason:
        yield Violation("RES-1", "a reply that is JSON", f"HTTP {exchange.http_status} with a body: {reason}")
        return
    if not isinstance(reply, dict):
        yield Violation("RES-1", "a reply that is one JSON object", f"a JSON {json_type(reply)}")
        return
    name = "success" if looks_like_success(reply) else "error"
    if not _tolerant_validator(name).is_valid(reply):
        yield from _shape_failures(reply, name)
    elif name == "success":
        yield from _written_with_a_fraction(reply)


def _shape_failures(reply: dict[str, Any], name: str) -> Iterator[Violation]:
    from mockserver.contract.schema_errors import failures  # noqa: PLC0415 - jsonschema only when it is needed

    for failure in failures(reply, tolerant(schema(name))):
        place, _, reason = failure.partition(": ")
        yield Violation(_clause_of(place, reason, name), "the documented fields and types", f"{place}: {reason}", place)


def _clause_of(place: str, reason: str, name: str) -> str:
    if name == "error":
        return "ERR-5"
    if place == "data.data" and reason.startswith("expected object"):
        return "RES-2"
    missing = _MISSING.search(reason)
    if place == "data.data" and missing and missing.group(1) in _MISSING_HOMES:
        return _MISSING_HOMES[missing.group(1)]
    return next((clause for pattern, clause in _PLACES if pattern.match(place)), "RES-1")


def _written_with_a_fraction(reply: dict[str, Any]) -> Iterator[Violation]:
    """Find integers written as `3.0`: JSON Schema takes them for integers, many clients do not."""
    data, inner = reply["data"], reply["data"]["data"]
    places: list[tuple[str, str, Any]] = [
        *(("RES-1", key, reply[key]) for key in ("status", "rc", "ts")),
        *(("RES-2", f"data.{key}", data[key]) for key in ("current_page", "total_data", "total_page")),
        *(("RES-3", f"data.data.{key}", inner[key]) for key in ("id", "total_voucher")),
        *(("SUM-1", f"data.data.stats.{key}", value) for key, value in inner["stats"].items()),
        *(("SUM-2", "data.data.kategori_voucher[].total", item["total"]) for item in inner["kategori_voucher"]),
        *(
            ("RES-4", f"data.data.vouchers[{number}].{key}", voucher[key])
            for number, voucher in enumerate(inner["vouchers"] or [])
            for key in ("id", "nominal_gs", "status")
        ),
    ]
    for clause, place, value in places:
        if isinstance(value, float):
            yield Violation(clause, "an integer", f"{place}: {value!r}, a number with a fraction", place)


@cache
def _tolerant_validator(name: str) -> Any:
    return validator(tolerant(schema(name)))


def _values(exchange: Exchange) -> Iterator[Violation]:
    """Check what each field of a success must be, looked at by itself or beside its neighbour."""
    reply, sent = exchange.reply, exchange.fields
    if not 200 <= exchange.http_status < 300:
        yield Violation("RES-1", "HTTP 200 on a success", f"HTTP {exchange.http_status}")
    yield from _now(exchange, reply["ts"])
    data, project = reply["data"], reply["data"]["data"]
    if project["merchant_id"] != exchange.merchant_id:
        yield Violation("RES-3", "merchant_id of the path", f"{project['merchant_id']!r}", "data.data.merchant_id")
    page = sent.get("page", 1)
    if type(page) is int and page >= 1 and data["current_page"] != page:
        yield Violation("RES-2", f"current_page {page}, as asked", f"{data['current_page']}", "data.current_page")
    for number, voucher in enumerate(project["vouchers"] or []):
        yield from _voucher(voucher, project["project_id"], f"data.data.vouchers[{number}]")
    ids = [voucher["id"] for voucher in project["vouchers"] or []]
    if len(set(ids)) != len(ids):
        yield Violation("PAGE-1", "each voucher once", "an id that stands twice on one page", "data.data.vouchers")
    elif ids != sorted(ids, reverse=True):
        yield Violation("RES-5", "ids in descending order, newest first", f"{_short(ids)}", "data.data.vouchers")


def _now(exchange: Exchange, ts: int) -> Iterator[Violation]:
    if exchange.sent_at is None or exchange.received_at is None:
        return
    if exchange.sent_at - CLOCK_TOLERANCE <= ts <= exchange.received_at + CLOCK_TOLERANCE:
        return
    if exchange.date is not None and abs(exchange.date - ts) <= CLOCK_TOLERANCE:
        return
    expected = f"ts as Unix seconds, now ({int(exchange.received_at)})"
    yield Violation("RES-1", expected, f"{ts}, {ts - int(exchange.received_at):+d} s away", "ts")


def _voucher(voucher: dict[str, Any], project_id: str, place: str) -> Iterator[Violation]:
    if voucher["project_id"] != project_id:
        yield Violation("RES-4", f"project_id {project_id!r}", f"{voucher['project_id']!r}", f"{place}.project_id")
    made, updated, day = voucher[CREATED_AT], voucher["updated_at"], voucher["created"]
    for name, text in ((CREATED_AT, made), ("updated_at", updated), ("created", day)):
        if not _is_day(text):
            yield Violation("RES-4", "a day of the calendar", repr(text), f"{place}.{name}")
    if day != made[:10]:
        yield Violation("RES-6", f"created {made[:10]!r}, the date of {CREATED_AT}", repr(day), f"{place}.created")
    if updated < made:
        yield Violation("RES-6", f"updated_at not before {made!r}", repr(updated), f"{place}.updated_at")


def _is_day(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _laws(exchange: Exchange) -> Iterator[Finding]:
    page = Page.of(exchange)
    if page is None:
        return
    yield from page_laws(page)
    yield from sum_laws(page)
    if page.status != DEFAULT_STATUS:
        yield from filter_laws(page)


def _short(ids: list[int]) -> str:
    shown = ", ".join(map(str, ids[:6]))
    return f"{shown}, ..." if len(ids) > 6 else shown
