"""What somebody outside sees of a call: which outcome a reply is, and what is not JSON."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.contract.judging.drift import added_fields
from mockserver.contract.judging.exchange import NotJson, decode
from tests.support.replies import changed, error, exchange, success


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (success(), "success"),
        ({"status": 1}, "success"),
        ({"data": None}, "success"),
        (error(400, "Data JSON tidak valid"), "ERR-1"),
        (error(500, "Merchant not found"), "ERR-2"),
        (error(500, "Signature Not Valid"), "ERR-3"),
        (error(), "ERR-4"),
        ({**error(), "status": 1}, None),
        ({**error(), "status": False}, None),
        ({**error(), "rc": 500.0}, None),
        (error(400), None),
        (error(500, "project id tidak ditemukan"), None),
        ({}, None),
        ([], None),
        (b"<html>", None),
    ],
)
def test_an_outcome_is_told_by_exact_values(reply: Any, outcome: str | None) -> None:
    assert exchange(reply, http_status=200).outcome == outcome


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xef\xbb\xbf{}", "byte-order mark"),
        (b"\xff", "not UTF-8"),
        (b"[1,]", "does not parse"),
        (b"[Infinity]", "Infinity is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_body_is_decoded_strictly(body: bytes, reason: str) -> None:
    with pytest.raises(NotJson, match=reason):
        decode(body)


def test_an_exchange_shows_neither_request_nor_reply() -> None:
    assert "CODE504" not in repr(exchange(success()))
    assert "signature" not in repr(exchange(success()))


def test_added_fields_are_found_anywhere_and_documented_ones_are_not() -> None:
    reply = changed(success(), "data.data.vouchers.0.serial", 1)
    reply = changed(reply, "data.data.vouchers.1.serial", 2)
    reply = {**changed(reply, "data.data.stats.expired", 0), "request_id": "a"}
    assert added_fields(exchange(reply)) == {"request_id", "data.data.stats.expired", "data.data.vouchers[].serial"}
    assert added_fields(exchange(changed(success(), "data.\ud800", 1))) == {"data.\ud800"}
    assert added_fields(exchange(success())) == added_fields(exchange(error())) == set()
    assert added_fields(exchange({**error(), "trace": 1})) == {"trace"}
