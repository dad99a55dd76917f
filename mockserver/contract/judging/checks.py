"""What the contract says of one exchange beyond shapes: named checks, each citing its clause.

`violations(exchange)` reads as a tolerant reader does; `violations(exchange, readings)` holds the reply to one choice
of every reading. Laws across several exchanges stand on top of these, in `mockserver.verification`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from mockserver._text import json_type
from mockserver.contract.judging.exchange import SUCCESS, Exchange, NotJson, looks_like_success
from mockserver.contract.judging.page import Page
from mockserver.contract.judging.page_laws import filter_laws, page_laws, sum_laws
from mockserver.contract.judging.submission import submission_checks
from mockserver.contract.judging.violation import CheckResult, Violation
from mockserver.contract.operation import Operation
from mockserver.contract.project_detail import DEFAULT_STATUS, PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.contract.schemas import schema, surely_fits, tolerant, validator
from mockserver.contract.wire import CREATED_AT

if TYPE_CHECKING:
    from mockserver.contract.schema_errors import SchemaFailure

CLOCK_TOLERANCE = 60.0
# The clause of a field by the place of the section that it is in, for each operation; the longest that fits counts.
_CLAUSES = {
    PROJECT_DETAIL.name: {
        ("data", "data", "vouchers", "[]"): "RES-4",
        ("data", "data", "kategori_voucher"): "SUM-2",
        ("data", "data", "stats"): "SUM-1",
        ("data", "data"): "RES-3",
        ("data",): "RES-2",
        (): "RES-1",
    },
    REDEEM_BULK.name: {("data",): "BULK-RES-2", (): "BULK-RES-1"},
}


def violations(exchange: Exchange, readings: Readings | None = None) -> list[Violation]:
    """Return every way in which the reply breaks the contract, looked at by itself.

    With `readings`, what is open on the page is held to them; with None, any value of the register will do.
    """
    found: list[Violation] = []
    for result in check(exchange):
        if isinstance(result, Violation):
            found.append(result)
        elif readings is not None and not result.allows(readings):
            expected = {"key": result.key, "value": getattr(readings, result.key)}
            found.append(Violation("reading", result.clause, result.where, expected, {"seen": result.seen}))
    return found


def check(exchange: Exchange) -> list[CheckResult]:
    """Return the violations, and the choices among readings that the reply shows (any exchange, any target)."""
    shape = shape_violations(exchange)
    if shape:
        return [*shape]
    if exchange.outcome != SUCCESS:
        return []
    of_its_own = submission_checks if exchange.operation.name == REDEEM_BULK.name else _page_checks
    return [*_envelope(exchange), *of_its_own(exchange)]


def shape_violations(exchange: Exchange) -> list[Violation]:
    """Return where the reply departs from the documented fields and types; with none, it can be read by its fields."""
    return list(_shape(exchange))


def _shape(exchange: Exchange) -> Iterator[Violation]:
    operation, success = exchange.operation, exchange.operation.success.clause
    try:
        reply = exchange.reply
    except NotJson as reason:
        yield Violation("not_json", success, "", {}, {"http_status": exchange.http_status, "reason": str(reason)})
        return
    if not isinstance(reply, dict):
        yield Violation("not_an_object", success, "", {}, {"type": json_type(reply)})
        return
    name = "success" if looks_like_success(reply) else "error"
    if not surely_fits(_tolerant_validator(operation.schema_prefix + name), reply):
        found = list(_shape_failures(reply, name, operation))
        yield from found
        if found:
            return
    if name == "success":
        yield from _written_with_a_fraction(reply, operation)


def _shape_failures(reply: dict[str, Any], name: str, operation: Operation) -> Iterator[Violation]:
    from mockserver.contract.schema_errors import failures  # noqa: PLC0415 - jsonschema only when it is needed

    for failure in failures(reply, tolerant(schema(operation.schema_prefix + name))):
        for clause in ["ERR-5"] if name == "error" else _clauses_of(failure, operation):
            yield Violation("shape", clause, failure.place, {}, {"failure": failure})


def _clauses_of(failure: SchemaFailure, operation: Operation) -> list[str]:
    place = tuple("[]" if isinstance(part, int) else part for part in failure.path)
    if place == ("data", "data") and failure.rule == "type":
        return ["RES-2"]
    if place == ("data", "data") and failure.rule == "required":
        # `stats` and `kategori_voucher` have clauses of their own.
        return list(dict.fromkeys(_clause_at((*place, name), operation) for name in failure.names))
    return [_clause_at(place, operation)]


def _clause_at(place: tuple[str, ...], operation: Operation) -> str:
    clauses = _CLAUSES[operation.name]
    return next(clauses[place[:size]] for size in range(len(place), -1, -1) if place[:size] in clauses)


def _written_with_a_fraction(reply: dict[str, Any], operation: Operation) -> Iterator[Violation]:
    """Find integers written as `3.0`: JSON Schema takes them for integers, many clients do not."""
    data = reply["data"]
    places: list[tuple[str, str, Any]] = [(operation.success.clause, key, reply[key]) for key in ("status", "rc", "ts")]
    if operation.name == REDEEM_BULK.name:
        integers = (key for key, kind in _submission_fields().items() if kind["type"] == "integer")
        places += (("BULK-RES-2", f"data.{key}", data[key]) for key in integers)
    else:
        places += _integers_of_page(data, data["data"])
    for clause, place, value in places:
        if isinstance(value, float):
            yield Violation("fraction", clause, place, {}, {"value": value})


def _integers_of_page(data: dict[str, Any], inner: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    yield from (("RES-2", f"data.{key}", data[key]) for key in ("current_page", "total_data", "total_page"))
    yield from (("RES-3", f"data.data.{key}", inner[key]) for key in ("id", "total_voucher"))
    yield from (("SUM-1", f"data.data.stats.{key}", value) for key, value in inner["stats"].items())
    yield from (("SUM-2", "data.data.kategori_voucher[].total", item["total"]) for item in inner["kategori_voucher"])
    for number, voucher in enumerate(inner["vouchers"] or []):
        for key in ("id", "nominal_gs", "status"):
            yield "RES-4", f"data.data.vouchers[{number}].{key}", voucher[key]


@cache
def _submission_fields() -> Any:
    return schema(f"{REDEEM_BULK.schema_prefix}success")["properties"]["data"]["properties"]


@cache
def _tolerant_validator(name: str) -> Any:
    return validator(tolerant(schema(name)))


def _envelope(exchange: Exchange) -> Iterator[Violation]:
    """Check what holds round the data of any success."""
    clause = exchange.operation.success.clause
    if not 200 <= exchange.http_status < 300:
        yield Violation("success_http_status", clause, "", {}, {"http_status": exchange.http_status})
    yield from _now(exchange, exchange.reply["ts"], clause)


def _page_checks(exchange: Exchange) -> Iterator[CheckResult]:
    yield from _values(exchange)
    yield from _laws(exchange)


def _values(exchange: Exchange) -> Iterator[Violation]:
    """Check what each field of a page must be, looked at by itself or beside its neighbour."""
    reply, sent = exchange.reply, exchange.fields
    data, project = reply["data"], reply["data"]["data"]
    if project["merchant_id"] != exchange.merchant_id:
        place, got = "data.data.merchant_id", {"merchant_id": project["merchant_id"]}
        yield Violation("merchant_id", "RES-3", place, {"merchant_id": exchange.merchant_id}, got)
    page = sent.get("page", 1)
    if type(page) is int and page >= 1 and data["current_page"] != page:
        got = {"current_page": data["current_page"]}
        yield Violation("current_page", "RES-2", "data.current_page", {"page": page}, got)
    for number, voucher in enumerate(project["vouchers"] or []):
        yield from _voucher(voucher, project["project_id"], f"data.data.vouchers[{number}]")
    ids = [voucher["id"] for voucher in project["vouchers"] or []]
    if len(set(ids)) != len(ids):
        yield Violation("voucher_twice", "PAGE-1", "data.data.vouchers")
    elif ids != sorted(ids, reverse=True):
        yield Violation("order", "RES-5", "data.data.vouchers", {}, {"ids": ids})


def _now(exchange: Exchange, ts: int, clause: str) -> Iterator[Violation]:
    if exchange.sent_at is None or exchange.received_at is None:
        return
    if exchange.sent_at - CLOCK_TOLERANCE <= ts <= exchange.received_at + CLOCK_TOLERANCE:
        return
    if exchange.date is not None and abs(exchange.date - ts) <= CLOCK_TOLERANCE:
        return
    now = int(exchange.received_at)
    yield Violation("ts", clause, "ts", {"now": now}, {"ts": ts, "away": ts - now})


def _voucher(voucher: dict[str, Any], project_id: str, place: str) -> Iterator[Violation]:
    if voucher["project_id"] != project_id:
        expected, got = {"project_id": project_id}, {"project_id": voucher["project_id"]}
        yield Violation("voucher_project_id", "RES-4", f"{place}.project_id", expected, got)
    made, updated, day = voucher[CREATED_AT], voucher["updated_at"], voucher["created"]
    for name, text in ((CREATED_AT, made), ("updated_at", updated), ("created", day)):
        if not _is_day(text):
            yield Violation("not_a_day", "RES-4", f"{place}.{name}", {}, {"text": text})
    if day != made[:10]:
        yield Violation("created", "RES-6", f"{place}.created", {"date": made[:10]}, {"date": day})
    if updated < made:
        yield Violation("updated_at", "RES-6", f"{place}.updated_at", {"not_before": made}, {"updated_at": updated})


def _is_day(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _laws(exchange: Exchange) -> Iterator[CheckResult]:
    page = Page.of(exchange)
    if page is None:
        return
    yield from page_laws(page)
    yield from sum_laws(page)
    if page.status != DEFAULT_STATUS:
        yield from filter_laws(page)
