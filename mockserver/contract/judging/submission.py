"""What the contract says of an accepted submission beyond its shape: BULK-RES-2, and the reading `bulk_reply`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.violation import CheckResult, Choice, Fact, Violation
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import BadList, decode_codes

_CLAUSE = "BULK-RES-2"
_SUMS = ("total_voucher", "s_pending")
_TIMES = ("created", "created_at", "updated_at")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
# However a list is read, it has so many codes.
_KINDS_OF_LINES = tuple(Readings.of({"bulk_base64": "lenient", "bulk_lines": lines}) for lines in ("any", "strict"))


def submission_checks(exchange: Exchange) -> Iterator[CheckResult]:
    """Check the data of an accepted submission."""
    data = exchange.reply["data"]
    if data["merchant_id"] != exchange.merchant_id:
        expected, got = {"merchant_id": exchange.merchant_id}, {"merchant_id": data["merchant_id"]}
        yield Violation("merchant_id", _CLAUSE, "data.merchant_id", expected, got)
    counts = _counts(exchange.fields.get("kode_voucher"))
    if not counts:
        return
    shown = {key: data[key] for key in (*_SUMS, *_TIMES)}
    if not any(shown.values()):
        value = "as_shown"
    elif all(data[key] == data[_SUMS[0]] and data[key] in counts for key in _SUMS) and _are_times(data):
        value = "counted"
    else:
        yield Violation("submission_sums", _CLAUSE, "data", {"counts": sorted(counts)}, {"shown": shown})
        return
    yield Choice("bulk_reply", frozenset({value}), _CLAUSE, Fact.of("submission_sums", shown=shown), "data")


def _counts(kode_voucher: object) -> set[int]:
    return {count for readings in _KINDS_OF_LINES if (count := _count(str(kode_voucher), readings))}


def _count(kode_voucher: str, readings: Readings) -> int:
    try:
        return len(decode_codes(kode_voucher, readings))
    except BadList:
        return 0


def _are_times(data: dict[str, Any]) -> bool:
    created, made, updated = (data[key] for key in _TIMES)
    return all(_DATE_TIME.fullmatch(text) for text in (made, updated)) and created == made[:10] and updated >= made
