"""Servers that conform, each in its own way: none may be blamed. Name, and how to make the app."""

from __future__ import annotations

import gzip
import json
import re
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from mockserver.contract.readings import Readings, each_other_value
from mockserver.contract.redeem_bulk import BadList, decode_codes, encode_codes
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.world import Merchant, Project, Voucher, World
from tests.verification.broken_fake import MERCHANT, PROJECT, Answer, Break, BrokenFake, Call, a_world


@dataclass(frozen=True)
class Variant:
    """A conforming server: its name and how it is made; one that `submits` is held to the laws of the submit call."""

    name: str
    app: Callable[[], BrokenFake]
    submits: bool = False


VARIANTS: list[Variant] = []


def variant(name: str, broken: Break = lambda call: call.honest(), **more: Any) -> None:
    """Put a variant on the list."""
    VARIANTS.append(Variant(name, lambda: BrokenFake(broken, **more)))


def reply_as(name: str, change: Callable[[int, Any], Any], **more: Any) -> None:
    """Put a variant on the list that writes each decoded reply in its own way."""

    def broken(call: Call) -> Any:
        status, body = call.honest()
        return change(status, json.loads(body))

    variant(name, broken, **more)


def dumped(reply: Any, **how: Any) -> bytes:
    return json.dumps(reply, **how).encode()


# Readings, one by one and together
for _key, _value in each_other_value():
    variant(f"{_key} = {_value}", readings=Readings.of({_key: _value}))
for _codes in ("0,4,3,2,1", "0,3,1,4,2"):
    variant(f"status_codes = {_codes}", readings=Readings.of({"status_codes": _codes}))
variant(
    "every other reading at once",
    readings=Readings.of(dict(reversed(list(each_other_value())))),
)
variant(
    "names for filters, unknown ones ignored, codes in another order",
    readings=Readings.of({"status_filter": "name", "unknown_status": "ignored", "status_codes": "0,2,1,4,3"}),
)
variant(
    "names for filters, unknown ones ERR-1", readings=Readings.of({"status_filter": "name", "unknown_status": "json"})
)
variant(
    "names for filters, types coerced, unknown ones ERR-1",
    readings=Readings.of({"status_filter": "name", "unknown_status": "json", "types": "coerce"}),
)
variant(
    "sums of the filter, kategori of the page, newest nominal first",
    readings=Readings.of(
        {
            "stats_scope": "filtered",
            "total_voucher_scope": "filtered",
            "kategori_scope": "page",
            "kategori_order": "first_seen",
        }
    ),
)
variant(
    "session_key required, forms accepted", readings=Readings.of({"session_key": "required", "form_body": "accept"})
)
variant("limit capped at 1", readings=Readings.of({"max_limit": "1"}))
variant("limit capped at 7, last page repeated", readings=Readings.of({"max_limit": "7", "beyond_last": "last"}))
variant("first seen under a cap", readings=Readings.of({"max_limit": "5", "kategori_order": "first_seen"}))
variant("filtered kategori under a cap", readings=Readings.of({"max_limit": "5", "kategori_scope": "filtered"}))

# Ways to write a reply
reply_as("pretty-printed", lambda status, reply: (status, dumped(reply, indent=4)))
reply_as("keys sorted", lambda status, reply: (status, dumped(reply, sort_keys=True)))
reply_as("letters beyond ASCII escaped", lambda status, reply: (status, dumped(reply, ensure_ascii=True)))
reply_as("slashes escaped", lambda status, reply: (status, dumped(reply).replace(b"/", b"\\/")))
reply_as("white space around", lambda status, reply: (status, b"\n" + dumped(reply) + b"\r\n"))
reply_as("gzip", lambda status, reply: (status, gzip.compress(dumped(reply)), {"Content-Encoding": "gzip"}))
reply_as("deflate", lambda status, reply: (status, zlib.compress(dumped(reply)), {"Content-Encoding": "deflate"}))


def _typed(content_type: str) -> Callable[[int, Any], Any]:
    return lambda status, reply: (status, dumped(reply), {"Content-Type": content_type})


def _errors_with(http_status: int) -> Callable[[int, Any], Any]:
    return lambda status, reply: (status if reply["status"] else http_status, dumped(reply))


for _type in ("text/html; charset=UTF-8", "text/plain", "application/json; charset=utf-8", ""):
    reply_as(f"Content-Type {_type!r}", _typed(_type))
for _http in (400, 403, 422, 503):
    reply_as(f"every error with HTTP {_http}", _errors_with(_http))
reply_as(
    "HTTP status by the kind of error",
    lambda s, r: (s if r["status"] else {"M": 404, "S": 401, "P": 404}.get(r["error_msg"][0], 400), dumped(r)),
)


def _added(status: int, reply: Any) -> Answer:
    reply["request_id"] = "a-b-c"
    if reply["status"]:
        reply["meta"] = {"version": 2}
        reply["data"]["per_page"] = 30
        reply["data"]["data"]["created_at"] = "2024-01-01"
        reply["data"]["data"]["stats"]["expired"] = 0
        for item in reply["data"]["data"]["kategori_voucher"]:
            item["label"] = "x"
        for voucher in reply["data"]["data"]["vouchers"]:
            voucher["created_at"] = None
            voucher["serial"] = 1.5
    return status, dumped(reply)


reply_as("added fields everywhere", _added)


def _clock_off(status: int, reply: Any) -> Answer:
    if reply["status"]:
        reply["ts"] -= 25
    return status, dumped(reply)


reply_as("a clock 25 seconds off", _clock_off)

# Projects
variant("an empty project", world=a_world(0))
variant(
    "an empty project, null and one page",
    world=a_world(0),
    readings=Readings.of({"empty_vouchers": "null", "empty_total_page": "1"}),
)
variant("one voucher", world=a_world(1))
variant("two vouchers", world=a_world(2))
variant("thirty vouchers", world=a_world(30))
variant("31 vouchers", world=a_world(31))
variant("5,000 vouchers", world=a_world(5000))
variant("5,000 vouchers, limit capped at 100", world=a_world(5000), readings=Readings.of({"max_limit": "100"}))
variant("400 vouchers, limit capped at 10", world=a_world(400), readings=Readings.of({"max_limit": "10"}))
for _status in VoucherStatus:
    variant(f"every voucher in {_status.value}", world=a_world(9, shares={_status: 1}))
variant("one nominal", world=a_world(20, nominals=(25,)))
variant("many nominals of equal counts", world=a_world(40, nominals=(0, 5, 10, 25, 50, 100, 500, 1000)))
variant("statuses of equal counts", world=a_world(25, shares=dict.fromkeys(VoucherStatus, 1)))
variant(
    "statuses of equal counts, codes in another order, names for filters",
    world=a_world(25, shares=dict.fromkeys(VoucherStatus, 1)),
    readings=Readings.of({"status_codes": "0,2,1,4,3", "status_filter": "name"}),
)


def _with_texts(note: str, response_json: str) -> World:
    made = generate_vouchers(8, first_id=2**53, seed=1)
    listed = tuple(msgspec.structs.replace(voucher, note=note, response_json=response_json) for voucher in made)
    world = a_world(0)
    own = world.merchants[0]
    return World(
        (Merchant(own.merchant_id, own.secret_key, None, (Project(1, own.projects[0].project_id, None, listed),)),)
    )


variant(
    "notes of every script, ids of 16 digits",
    world=_with_texts(note='ünï 🎮 "\\ \u2028 <b>', response_json='{"a":"\\u0000"}'),
)


# Live movement
def _moving(every: int, act: Callable[[Call], None]) -> Break:
    def broken(call: Call) -> Answer:
        if call.number % every == 0:
            act(call)
        return call.honest()

    return broken


def move_one(call: Call) -> None:
    project = _project(call)
    listed = project.snapshot().vouchers
    voucher = listed[call.number % len(listed)]
    statuses = list(VoucherStatus)
    to = statuses[(statuses.index(voucher.status) + 1) % len(statuses)]
    project.move(voucher.id, to, updated_at="2026-01-01 00:00:00", nominal_gs=voucher.nominal_gs + 25)


def add_one(call: Call) -> None:
    merchant = call.store.merchant(MERCHANT)
    assert merchant is not None
    project = _project(call).snapshot()
    newest = project.vouchers[0].id + 1
    added = Voucher(newest, f"NEW{newest}", VoucherStatus.PENDING, "2026-01-01 00:00:00", "2026-01-01 00:00:00")
    merchant.add_project(Project(project.id, project.project_id, project.project_name, (added, *project.vouchers)))


def _project(call: Call) -> Any:
    merchant = call.store.merchant(MERCHANT)
    assert merchant is not None
    return merchant.projects()[0]


for _every in (1, 3, 10, 25):
    variant(f"a voucher moves at every call in {_every}", _moving(_every, move_one))
    variant(f"a voucher is added at every call in {_every}", _moving(_every, add_one))
variant(
    "vouchers move at every call, scopes filtered",
    _moving(1, move_one),
    readings=Readings.of({"stats_scope": "filtered", "total_voucher_scope": "filtered", "kategori_scope": "filtered"}),
)
variant(
    "vouchers move at every fifth call, limit capped at 10",
    _moving(5, move_one),
    readings=Readings.of({"max_limit": "10"}),
)
variant(
    "vouchers are added at every call, limit capped at 10",
    _moving(1, add_one),
    readings=Readings.of({"max_limit": "10"}),
)


# Odd bodies, and a target that is busy now and then
def _lenient(call: Call) -> Answer:
    try:
        return call.ask(call.merchant_id, json.dumps(json.loads(call.body.decode("utf-8-sig"))).encode())
    except (ValueError, RecursionError):
        return call.honest()


variant("a byte-order mark, NaN and surrogates let into the parser", _lenient)


def _busy(call: Call) -> Any:
    if call.number % 9 == 0:
        return 503, b"<h1>Service Unavailable</h1>", {"Content-Type": "text/html", "Retry-After": "1"}
    return call.honest()


variant("busy now and then (503, HTML)", _busy)


def _many(call: Call) -> Any:
    return (429, b"Too Many Requests", {"Retry-After": "2"}) if call.number % 11 == 0 else call.honest()


variant("429 now and then", _many)


def _slow(call: Call) -> Answer:
    if call.number % 20 == 0:
        time.sleep(0.05)
    return call.honest()


variant("slow now and then", _slow)


# The submit call
def submit_variant(name: str, broken: Break = lambda call: call.honest(), **more: Any) -> None:
    """Put a variant on the list that lists are submitted to."""
    VARIANTS.append(Variant(f"submit: {name}", lambda: BrokenFake(broken, **more), submits=True))


def submit_reply_as(name: str, change: Callable[[int, Any], Any], **more: Any) -> None:
    """Put a variant on the list that writes each decoded reply in its own way."""
    submit_variant(name, lambda call: change((answer := call.honest())[0], json.loads(answer[1])), **more)


for _key, _value in each_other_value(operation="redeem_bulk"):
    submit_variant(f"{_key} = {_value}", readings=Readings.of({_key: _value}))
for _most in ("1", "2", "3", "57", "1000"):
    submit_variant(f"bulk_most = {_most}", readings=Readings.of({"bulk_most": _most}))
submit_variant(
    "every other reading at once",
    readings=Readings.of(dict(reversed(list(each_other_value(operation="redeem_bulk"))))),
)
for _key, _value in (
    ("timezone", "UTC"),
    ("http_status", "200"),
    ("types", "coerce"),
    ("signature_case", "ignore"),
    ("session_key", "required"),
    ("max_limit", "10"),
    ("max_limit", "1"),
    ("empty_vouchers", "null"),
    ("status_codes", "0,4,3,2,1"),
    ("kategori_scope", "page"),
):
    submit_variant(f"{_key} = {_value}", readings=Readings.of({_key: _value}))
submit_reply_as("pretty-printed", lambda status, reply: (status, dumped(reply, indent=4)))
submit_reply_as("keys sorted", lambda status, reply: (status, dumped(reply, sort_keys=True)))
submit_reply_as("gzip", lambda s, reply: (s, gzip.compress(dumped(reply)), {"Content-Encoding": "gzip"}))
submit_reply_as("Content-Type 'text/html'", _typed("text/html"))
for _http in (400, 503):
    submit_reply_as(f"every error with HTTP {_http}", _errors_with(_http))


def _added_to_submissions(status: int, reply: Any) -> Answer:
    reply["request_id"] = "a-b-c"
    if reply["status"]:
        reply["data"]["queue"] = {"place": 3}
    return status, dumped(reply)


submit_reply_as("added fields", _added_to_submissions)
submit_reply_as("a clock 25 seconds off", _clock_off)
submit_variant("busy now and then (503, HTML)", _busy)
submit_variant("429 now and then", _many)
submit_variant("slow now and then", _slow)
submit_variant("a voucher moves at every third call", _moving(3, move_one))
submit_variant("an empty project beside it", world=a_world(0))
submit_variant("codes that finish in a while", world=World(a_world().merchants, Plan("timed")))


def _in_state(call: Call) -> Answer:
    merchant = call.store.merchant(MERCHANT)
    assert merchant is not None
    merchant.vendor_state = "maintenance" if call.number % 7 == 0 else None
    return call.honest()


submit_variant("under maintenance now and then", _in_state)


def _under_maintenance(call: Call) -> Answer:
    merchant = call.store.merchant(MERCHANT)
    assert merchant is not None
    merchant.vendor_state = "maintenance"
    return call.honest()


submit_variant("under maintenance", _under_maintenance)


def _other_ids(call: Call) -> Answer:
    """Name projects in another way than the mock does."""
    asked = call.fields.get("projectid")
    status, body = (
        call.honest(projectid=str(asked).replace("P-", "R", 1)) if str(asked).startswith("P-") else call.honest()
    )
    if asked == PROJECT:
        return status, body
    return status, re.sub(rb'("project_(?:id|name)":)"R', rb'\1"P-', body)


submit_variant("ids of projects of another form", _other_ids)


def _plain_code(call: Call) -> Answer:
    """Take the reserved codes of the mock for codes like others."""
    try:
        codes = decode_codes(str(call.fields.get("kode_voucher")), Readings())
    except BadList:
        return call.honest()
    if not any(code.startswith("RMOCK") for code in codes):
        return call.honest()
    return call.honest(kode_voucher=encode_codes([code.replace("RMOCK", f"R{call.number}") for code in codes]))


submit_variant("no code is reserved", _plain_code)
