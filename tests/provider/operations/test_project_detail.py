"""The documented outcomes, to the byte where the page gives them."""

from __future__ import annotations

import json

import pytest

from mockserver.contract.schemas import schema, validator
from mockserver.contract.signature import sign
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.pieces import Pieces
from mockserver.provider.provider import Provider
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.project_store import Written
from mockserver.provider.state.world import Merchant, Project, World
from tests.support.asking import (
    DEMO_PROJECT,
    MERCHANT,
    NOW,
    PAGE_PROJECT,
    SECRET,
    ask,
    body,
    built_in_provider,
    call,
    fields,
)

PAGE_EXAMPLE = b"""{
"projectid":"DW",
"status":"", //kosong jika tidak melakukan pencarian by status
"page":1,
"limit":30,
"signature":"fa375f4e30dbe2cdcf5d1ee0e9d678ef"
}"""


def raw(provider: Provider, content: bytes, merchant_id: str = MERCHANT) -> bytes:
    return call(provider, content, merchant_id=merchant_id).body


def test_the_page_s_own_project_is_answered_as_on_the_page(provider: Provider) -> None:
    example = schema("success")["examples"][0]
    assert ask(provider, body(projectid=PAGE_PROJECT)) == example
    assert list(example) == ["status", "rc", "message", "data", "ts"]
    assert example["ts"] == NOW


@pytest.mark.parametrize(
    ("content", "merchant_id", "expected"),
    [
        (b"{", MERCHANT, b'{"status":0,"rc":400,"error_msg":"Data JSON tidak valid"}'),
        (PAGE_EXAMPLE, MERCHANT, b'{"status":0,"rc":400,"error_msg":"Data JSON tidak valid"}'),
        (body(), "M000000NOBODY00K", b'{"status":0,"rc":500,"error_msg":"Merchant not found"}'),
        (body(signature="0" * 32), MERCHANT, b'{"status":0,"rc":500,"error_msg":"Signature Not Valid"}'),
        (body(projectid="DW"), MERCHANT, b'{"status":0,"rc":500,"error_msg":"Project ID tidak ditemukan"}'),
    ],
    ids=["ERR-1", "ERR-1 the page's example", "ERR-2", "ERR-3", "ERR-4"],
)
def test_an_error_is_exact_to_the_byte(provider: Provider, content: bytes, merchant_id: str, expected: bytes) -> None:
    assert raw(provider, content, merchant_id) == expected


def test_errors_have_the_precedence_of_the_page_s_numbering(provider: Provider) -> None:
    wrong = {"signature": "x", "projectid": "x"}
    assert ask(provider, b"[]", merchant_id="nobody")["rc"] == 400
    assert ask(provider, body(**wrong), merchant_id="nobody")["error_msg"] == "Merchant not found"
    assert ask(provider, body(**wrong))["error_msg"] == "Signature Not Valid"


def test_a_project_of_another_merchant_is_not_found() -> None:
    provider = built_in_provider()
    other = provider.store.add_merchant(provider.store.snapshot().merchants[0].__class__("M2", "another-secret"))
    content = body(signature=other.signature)
    assert ask(provider, content, merchant_id="M2")["error_msg"] == "Project ID tidak ditemukan"


def test_the_pages_of_the_demo_project_hold_each_voucher_once_newest_first(provider: Provider) -> None:
    ids = []
    for page in range(1, 6):
        reply = ask(provider, body(page=page))
        assert reply["data"]["current_page"] == page
        assert (reply["data"]["total_data"], reply["data"]["total_page"]) == (137, 5)
        ids += [voucher["id"] for voucher in reply["data"]["data"]["vouchers"]]
    assert len(ids) == len(set(ids)) == 137
    assert ids == sorted(ids, reverse=True)


def test_every_reply_fits_the_published_schema(provider: Provider) -> None:
    success, error = validator(schema("success")), validator(schema("error"))
    for status in ("", "0", "1", "2", "3", "4", "nonsense"):
        assert success.is_valid(ask(provider, body(status=status, page=2)))
    for content in (b"", b"null", body(signature="x"), body(projectid="x")):
        assert error.is_valid(ask(provider, content))


def test_the_demo_project_has_every_status_and_several_nominals(provider: Provider) -> None:
    data = ask(provider, body())["data"]["data"]
    assert all(count > 0 for count in data["stats"].values())
    assert sum(data["stats"].values()) == data["total_voucher"] == 137
    assert len(data["kategori_voucher"]) > 2
    assert sum(category["total"] for category in data["kategori_voucher"]) == 137


def test_fields_of_other_names_are_ignored(provider: Provider) -> None:
    content = json.dumps({**fields(), "merchant_id": 1, "x": None}).encode()
    assert ask(provider, content)["rc"] == 200


def test_the_reply_says_on_this_side_what_decided(provider: Provider) -> None:
    reply = call(provider, body(page="1"))
    assert (reply.clause, reply.reading) == ("ERR-1", "types")
    assert reply.explanation == "page is of the JSON type string; expected integer"
    assert DEMO_PROJECT not in reply.explanation


def test_a_signature_of_another_merchant_is_refused(provider: Provider) -> None:
    assert ask(provider, body(signature=sign("M2", "apigames-mock-secret")))["error_msg"] == "Signature Not Valid"


def test_a_page_that_was_read_before_shows_each_change(provider: Provider) -> None:
    asked = body(status="0", limit=1)
    first = ask(provider, asked)
    assert ask(provider, asked) == first
    (voucher,) = first["data"]["data"]["vouchers"]
    merchant = provider.store.merchant(MERCHANT)
    assert merchant is not None
    project = merchant.project(DEMO_PROJECT)
    assert project is not None
    moved = project.move(voucher["id"], VoucherStatus.SUCCESS, updated_at="2030-01-01 00:00:00")
    second = ask(provider, asked)
    assert second["data"]["data"]["vouchers"][0]["id"] != voucher["id"]
    assert second["data"]["total_data"] == first["data"]["total_data"] - 1
    assert ask(provider, body(limit=200))["data"]["data"]["stats"]["success"] == 63
    project.move(moved.id, VoucherStatus.PENDING, updated_at="2030-01-01 00:00:01")
    provider.clock.advance(5)
    again = ask(provider, asked)
    assert again["ts"] == first["ts"] + 5
    assert again["data"]["data"]["vouchers"][0]["updated_at"] == "2030-01-01 00:00:01"
    provider.readings = provider.readings.replace(total_voucher_scope="filtered")
    assert ask(provider, asked)["data"]["data"]["total_voucher"] == first["data"]["total_data"]


def test_pages_that_are_kept_take_a_bounded_amount() -> None:
    written, readings = Written(), object()
    for number in range(1_000):
        written.under(readings).keep_page(number, Pieces.of((bytes(9_000), b",{}", bytes(1_000))))
    kept = [number for number in range(1_000) if written.page(number) is not None]
    assert kept == list(range(1_000 - 99, 1_000))
    assert written.under(object()).page(999) is None


def test_what_the_replies_in_the_journal_say_alike_is_in_memory_once(provider: Provider) -> None:
    for _ in range(100):
        for page in (1, 2):
            provider.clock.advance(1)
            ask(provider, body(page=page, limit=60))
    kept = [one.reply.written for one in provider.journal.calls()]
    pieces: dict[int, bytes] = {}
    for written in kept:
        assert isinstance(written, Pieces)
        pieces.update({id(piece): piece for piece in (written.start, *written.shared, written.end)})
    sent = sum(len(one.reply.body) for one in provider.journal.calls())
    assert sum(map(len, pieces.values())) < sent / 50


@pytest.mark.parametrize(("limit", "rc"), [(20_000, 200), (40_000, 400), (10**6, 400), (10**30, 400)])
def test_a_reply_that_is_too_large_is_refused_and_says_so(limit: int, rc: int) -> None:
    vouchers = generate_vouchers(60_000, first_id=1)
    world = World((Merchant(MERCHANT, SECRET, None, (Project(1, DEMO_PROJECT, None, vouchers),)),))
    reply = ask(Provider(world), body(limit=limit))
    assert reply["rc"] == rc
    if rc != 200:
        assert reply["error_msg"] == "Reply too large: this page has more than 8388608 bytes; ask for fewer with limit"
