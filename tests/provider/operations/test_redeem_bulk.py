"""The submit call: every clause of the sibling page, every reading both ways, and what holds of any list."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, VENDOR_STATES, BadList, decode_codes, encode_codes
from mockserver.contract.schemas import schema
from mockserver.contract.signature import sign
from mockserver.contract.wire import STATUSES, VoucherStatus
from mockserver.provider.faults.faults import Fault
from mockserver.provider.faults.rules import Rule
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.request import FAULT_HEADER, Request
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore
from mockserver.provider.state.world import Merchant, Project, Voucher, World, WorldError
from mockserver.provider.state.world_document import world_to_document
from mockserver.provider.state.world_file import world_from_document
from tests.support.asking import DEMO_PROJECT, MERCHANT, NOW, SECRET, ask, body, built_in_provider

PATH = REDEEM_BULK.path_of(MERCHANT)
FIELDS = [
    "id", "merchant_id", "project_id", "project_name", "total_voucher", "total_cost", "total_bayar", "saldo_before_trx",
    "saldo_after_trx", "unipin_session", "unipin_xsrf_token", "unipin_token_redeem", "unipin_email", "balance_uc_start",
    "balance_uc_end", "balance_up_start", "balance_up_end", "s_pending", "s_success", "s_process", "s_error_engine",
    "s_error_voucher", "created", "created_at", "status", "updated_at",
]  # fmt: skip
# As the sibling page numbers them, word for word.
TEXTS = {
    "BULK-ERR-1": "JSON tidak valid",
    "BULK-ERR-2": "Signature Not Valid",
    "BULK-ERR-3": "Redem sedang maintenance",
    "BULK-ERR-4": "Data voucher bulk harus dalam bentuk bas64encode",
    "BULK-ERR-5": "Merchant not found",
    "BULK-ERR-6": "Merchant config not found",
    "BULK-ERR-7": "Error getting account info from KiosGamer",
    "BULK-ERR-8": "Error creating project redemption",
    "BULK-ERR-9": "Error inserting voucher data",
    "BULK-ERR-10": "Voucher ini double, sudah ada sebelumnya",
}
# A line of its own, and nothing that a reading drops at its ends.
lines = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=20)
lists = st.lists(lines.filter(lambda line: not line.startswith("RMOCK")), min_size=1, max_size=12, unique=True)


def fields(codes: Sequence[str] = ("A1", "B2"), **changed: Any) -> dict[str, Any]:
    """The fields of a good submission, with some changed; a field of None is left out."""
    sent = {"kode_voucher": encode_codes([*codes]), "signature": sign(MERCHANT, SECRET), **changed}
    return {name: value for name, value in sent.items() if value is not None}


def send(
    provider: Provider, content: bytes, *, merchant_id: str = MERCHANT, fault: str | None = None
) -> tuple[Reply, dict[str, Any]]:
    headers = () if fault is None else ((FAULT_HEADER.lower(), fault),)
    reply = provider.handle(Request("POST", REDEEM_BULK.path_of(merchant_id), content, headers))
    return reply, json.loads(reply.body) if reply.body.startswith(b"{") else {}


def submit(provider: Provider, codes: Sequence[str] = ("A1", "B2"), **changed: Any) -> tuple[Reply, dict[str, Any]]:
    return send(provider, json.dumps(fields(codes, **changed)).encode())


def listed(provider: Provider, project_id: str) -> list[dict[str, Any]]:
    """Every voucher of a project as the status call lists it."""
    vouchers: list[dict[str, Any]] = ask(provider, body(projectid=project_id, limit=1000))["data"]["data"]["vouchers"]
    return vouchers


def held(provider: Provider) -> World:
    """Everything that the fake holds."""
    return provider.store.snapshot()


def test_a_submission_becomes_a_project_and_the_reply_is_the_page_s(provider: Provider) -> None:
    reply, sent = submit(provider)
    assert (reply.http_status, reply.role, reply.clause) == (200, "success", "BULK-RES-1")
    assert list(sent) == ["status", "rc", "message", "data", "ts"]
    assert (sent["status"], sent["rc"], sent["message"], sent["ts"]) == (
        1,
        0,
        "Sukses Memasukan Voucher Ke Antrian",
        NOW,
    )
    data = sent["data"]
    assert list(data) == FIELDS
    assert data["merchant_id"] == MERCHANT
    assert data["id"] == 5849
    assert data["project_name"] == data["project_id"]
    assert {data[name] for name in FIELDS if name.startswith(("total", "saldo", "balance", "s_", "created"))} == {0, ""}
    assert [(one["voucher_code"], one["id"], one["status"]) for one in listed(provider, data["project_id"])] == [
        ("B2", 23595, 0),
        ("A1", 23594, 0),
    ]


@given(codes=lists)
def test_the_status_call_lists_exactly_what_was_submitted(codes: list[str]) -> None:
    provider = Provider(World((Merchant(MERCHANT, SECRET),)), clock=FrozenClock(NOW))
    _, sent = submit(provider, codes)
    vouchers = listed(provider, sent["data"]["project_id"])
    assert [one["voucher_code"] for one in vouchers] == codes[::-1]
    assert {one["status"] for one in vouchers} == {0}


@given(codes=lists)
def test_a_list_is_read_as_it_was_written(codes: list[str]) -> None:
    assert decode_codes(encode_codes(codes), Readings()) == codes
    assert decode_codes(encode_codes(codes), Readings(bulk_lines="strict")) == codes


REFUSED = [
    ("not JSON", b"{", {}, "BULK-ERR-1"),
    ("a list", b"[]", {}, "BULK-ERR-1"),
    ("no list", None, {"kode_voucher": None}, "BULK-ERR-1"),
    ("no signature", None, {"signature": None}, "BULK-ERR-1"),
    ("an empty list", None, {"kode_voucher": ""}, "BULK-ERR-1"),
    ("an empty signature", None, {"signature": ""}, "BULK-ERR-1"),
    ("a number", None, {"kode_voucher": 5}, "BULK-ERR-1"),
    ("another signature", None, {"signature": "0" * 32}, "BULK-ERR-2"),
    ("plain codes", None, {"kode_voucher": "A1\nB2"}, "BULK-ERR-4"),
    ("no padding", None, {"kode_voucher": "QQ"}, "BULK-ERR-4"),
    ("too much padding", None, {"kode_voucher": "QUJD===="}, "BULK-ERR-4"),
    ("bits left over", None, {"kode_voucher": "QR=="}, "BULK-ERR-4"),
    ("the URL-safe alphabet", None, {"kode_voucher": base64.urlsafe_b64encode(b"\xfb\xef\xbe").decode()}, "BULK-ERR-4"),
    ("a line break", None, {"kode_voucher": "QTEK\nQjI="}, "BULK-ERR-4"),
    ("letters beyond ASCII", None, {"kode_voucher": "QTEKQjI=é"}, "BULK-ERR-4"),
    ("bytes that are no text", None, {"kode_voucher": base64.b64encode(b"\xff\xfe").decode()}, "BULK-ERR-4"),
    ("white space", None, {"kode_voucher": base64.b64encode(b" \r\n\n").decode()}, "BULK-ERR-4"),
    ("a code twice", None, {"kode_voucher": encode_codes(["A1", "B2", "A1"])}, "BULK-ERR-10"),
    ("a code that a project has", None, {"kode_voucher": encode_codes(["NEW", "ABC123DEF456GHI"])}, "BULK-ERR-10"),
]


@pytest.mark.parametrize(
    ("content", "changed", "clause"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_refused_leaves_no_trace(
    provider: Provider, content: bytes | None, changed: dict[str, Any], clause: str
) -> None:
    before = held(provider)
    reply, sent = send(provider, content or json.dumps(fields(**changed)).encode())
    assert (reply.clause, reply.http_status) == (clause, 500)
    assert sent == {"status": 0, "rc": 500, "error_msg": TEXTS[clause]}
    assert held(provider) == before
    assert submit(provider, ["A1"])[0].clause == "BULK-RES-1"


def test_an_unknown_merchant_is_told_so_or_that_its_signature_is_wrong(provider: Provider) -> None:
    content = json.dumps(fields()).encode()
    assert send(provider, content, merchant_id="nobody")[0].clause == "BULK-ERR-5"
    other = built_in_provider(Readings(bulk_precedence="signature-merchant"))
    reply, _ = send(other, content, merchant_id="nobody")
    assert (reply.clause, reply.reading) == ("BULK-ERR-2", "bulk_precedence")


@pytest.mark.parametrize(
    ("choices", "changed", "clause"),
    [
        ({"bulk_missing": "own"}, {"signature": None}, "BULK-ERR-2"),
        ({"bulk_missing": "own"}, {"signature": ""}, "BULK-ERR-2"),
        ({"bulk_missing": "own"}, {"kode_voucher": None}, "BULK-ERR-4"),
        ({"bulk_missing": "own"}, {"kode_voucher": ""}, "BULK-ERR-4"),
        ({"bulk_lines": "strict"}, {"kode_voucher": encode_codes(["A1", ""])}, "BULK-ERR-4"),
        ({"bulk_empty": "json"}, {"kode_voucher": base64.b64encode(b"\n").decode()}, "BULK-ERR-1"),
        ({"bulk_base64": "lenient"}, {"kode_voucher": "QTE"}, "BULK-RES-1"),
        ({"bulk_base64": "lenient"}, {"kode_voucher": "QTEK\r\nQjI="}, "BULK-RES-1"),
        ({"bulk_base64": "lenient"}, {"kode_voucher": "%%%"}, "BULK-ERR-4"),
        ({"bulk_duplicate": "list"}, {"kode_voucher": encode_codes(["ABC123DEF456GHI"])}, "BULK-RES-1"),
        ({"bulk_duplicate": "list"}, {"kode_voucher": encode_codes(["A1", "A1"])}, "BULK-ERR-10"),
        ({"bulk_most": "2"}, {"kode_voucher": encode_codes(["A1", "B2"])}, "BULK-RES-1"),
        ({"bulk_most": "1"}, {"kode_voucher": encode_codes(["A1", "B2"])}, "BULK-ERR-4"),
        ({"types": "coerce"}, {"kode_voucher": 5}, "BULK-ERR-1"),
    ],
)
def test_each_reading_decides(choices: dict[str, str], changed: dict[str, Any], clause: str) -> None:
    reply, _ = submit(built_in_provider(Readings.of(choices)), **changed)
    assert reply.clause == clause


def test_lines_as_windows_writes_them_are_read_or_kept_as_they_are() -> None:
    sent = base64.b64encode(b" A1 \r\n\r\nB2\r\n").decode()
    assert decode_codes(sent, Readings()) == ["A1", "B2"]
    assert decode_codes(base64.b64encode(b"A1\r\nB2").decode(), Readings(bulk_lines="strict")) == ["A1\r", "B2"]


@given(text=st.text(max_size=40), lenient=st.booleans())
def test_any_text_is_a_list_or_said_why_not(text: str, lenient: bool) -> None:
    readings = Readings(bulk_base64="lenient" if lenient else "strict")
    try:
        codes = decode_codes(text, readings)
    except BadList as error:
        codes = [error.kind]
    assert codes
    assert all(code == code.strip() != "" for code in codes)


def test_a_code_of_another_merchant_is_a_double_for_anyone() -> None:
    theirs = Project(
        1, "P1", None, (Voucher(1, "THEIRS", VoucherStatus.PENDING, "2024-01-01 00:00:00", "2024-01-01 00:00:00"),)
    )
    world = World((Merchant(MERCHANT, SECRET), Merchant("M2", "other", None, (theirs,))))
    for value, clause in (("merchant", "BULK-RES-1"), ("anyone", "BULK-ERR-10")):
        provider = Provider(world, Readings.of({"bulk_duplicate": value}), FrozenClock(NOW))
        assert submit(provider, ["THEIRS"])[0].clause == clause


def test_sums_and_times_are_counted_when_a_reading_says_so() -> None:
    _, sent = submit(built_in_provider(Readings(bulk_reply="counted", timezone="UTC")))
    data = sent["data"]
    assert (data["total_voucher"], data["s_pending"]) == (2, 2)
    assert (data["created"], data["created_at"], data["updated_at"]) == (
        "2024-08-15",
        "2024-08-15 10:52:18",
        "2024-08-15 10:52:18",
    )


def test_a_merchant_has_one_of_the_states_that_the_schema_of_a_world_names() -> None:
    assert tuple(schema("world")["$defs"]["vendor-state"]["enum"]) == VENDOR_STATES
    with pytest.raises(WorldError, match=r"vendor_state: expected one of 'maintenance', .*, got 'closed'"):
        Merchant(MERCHANT, SECRET, vendor_state="closed")


@pytest.mark.parametrize("role", VENDOR_STATES)
def test_a_state_of_the_vendor_comes_by_header_rule_reserved_code_or_merchant_and_nothing_is_taken(role: str) -> None:
    error = REDEEM_BULK.error_of[role]
    content = json.dumps(fields()).encode()
    by_rule, by_header, by_clause, by_code = (built_in_provider() for _ in range(4))
    by_rule.faults.add(Rule(Fault(role)))
    by_merchant = Provider(World((Merchant(MERCHANT, SECRET, vendor_state=role),)), clock=FrozenClock(NOW))
    code = f"RMOCK{role.replace('_', '').upper()}"
    replies = [
        send(by_rule, content),
        send(by_header, content, fault=role),
        send(by_clause, content, fault=error.clause),
        submit(by_code, ["A1", code]),
        send(by_merchant, content),
    ]
    for reply, sent in replies:
        assert (reply.clause, sent["error_msg"]) == (error.clause, error.error_msg)
    for provider in (by_rule, by_header, by_clause, by_code, by_merchant):
        provider.faults.clear()
        assert all(not merchant.has_code("A1") for merchant in provider.store.merchants())


def test_a_reserved_code_is_no_double_the_next_time_and_its_world_is_taken_again(provider: Provider) -> None:
    for codes in (["A1", "RMOCKCLOSEBEFORE"], ["B2", "RMOCKCLOSEBEFORE"]):
        reply, _ = submit(provider, codes)
        assert (reply.body, reply.made and reply.made.codes) == (b"", 2)
    assert submit(provider, ["A1", "RMOCKCLOSEBEFORE"])[0].clause == "BULK-ERR-10"
    assert submit(provider, ["C3", "RMOCKDELAY0", "RMOCKDELAY0"])[0].clause == "BULK-ERR-10"
    document = world_to_document(held(provider), Readings(), with_secrets=True)
    assert world_from_document(document, Readings(), FrozenClock(NOW)) == held(provider)


def test_a_world_whose_codes_were_submitted_twice_is_taken_again() -> None:
    provider = built_in_provider(Readings.of({"bulk_duplicate": "list"}))
    projects = [submit(provider)[1]["data"]["project_id"] for _ in range(2)]
    document = world_to_document(held(provider), Readings(), with_secrets=True)
    assert world_from_document(document, Readings(), FrozenClock(NOW)) == held(provider)
    newest = document["merchants"][0]["projects"][-1]
    assert newest["project_id"] == projects[1]
    newest["vouchers"][0]["voucher_code"] = newest["vouchers"][1]["voucher_code"]
    with pytest.raises(WorldError, match=f"voucher_code 'A1' appears twice in project '{projects[1]}'"):
        world_from_document(document, Readings(), FrozenClock(NOW))


def test_a_lost_reply_leaves_the_project_and_the_same_list_is_a_double(provider: Provider) -> None:
    content = json.dumps(fields()).encode()
    assert send(provider, content, fault="close_before")[0].body == b""
    assert send(provider, content)[0].clause == "BULK-ERR-10"


@pytest.mark.parametrize(
    "fault", ["close_before; carried_out=0", "delay; seconds=0; carried_out=0", "rate_limit", "html_503; carried_out=0"]
)
def test_a_call_that_is_hit_before_it_is_carried_out_leaves_no_trace(provider: Provider, fault: str) -> None:
    before = held(provider)
    send(provider, json.dumps(fields()).encode(), fault=fault)
    assert held(provider) == before


def test_a_plan_of_the_world_moves_what_was_submitted() -> None:
    clock = FrozenClock(NOW)
    provider = Provider(World((Merchant(MERCHANT, SECRET),), Plan("timed")), clock=clock)
    _, sent = submit(provider)
    project_id = sent["data"]["project_id"]
    seen = []
    for _ in range(4):
        stats = ask(provider, body(projectid=project_id))["data"]["data"]["stats"]
        assert sum(stats.values()) == 2
        seen.append(next(name for name, count in stats.items() if count))
        provider.clock.advance(2)
    assert seen == ["pending", "process", "process", "success"]


def test_many_at_once_lose_and_double_no_code() -> None:
    provider = built_in_provider()
    contents = [json.dumps(fields([f"C{n}-{place}" for place in range(20)])).encode() for n in range(200)]
    with ThreadPoolExecutor(16) as pool:
        # Each list twice: one of the two is a double.
        replies = list(pool.map(lambda content: send(provider, content), contents * 2))
    accepted = [sent["data"] for reply, sent in replies if reply.clause == "BULK-RES-1"]
    assert len(accepted) == 200
    assert sum(reply.clause == "BULK-ERR-10" for reply, _ in replies) == 200
    assert len({data["id"] for data in accepted}) == len({data["project_id"] for data in accepted}) == 200
    merchant = provider.store.merchant(MERCHANT)
    assert merchant is not None
    vouchers = [
        one for data in accepted for one in merchant.snapshot().projects if one.project_id == data["project_id"]
    ]
    codes = [voucher.voucher_code for project in vouchers for voucher in project.vouchers]
    ids = [voucher.id for project in vouchers for voucher in project.vouchers]
    assert len(codes) == len(set(codes)) == len(set(ids)) == 4000


def test_the_journal_and_what_is_explained_hold_no_code(provider: Provider) -> None:
    submit(provider, ["SECRETCODE1", "SECRETCODE1"])
    submit(provider, ["SECRETCODE2"])
    kode = encode_codes(["SECRETCODE2"])
    for entry in provider.journal.entries():
        assert "SECRETCODE" not in repr(entry)
        assert kode not in repr(entry)
        assert entry.operation == "redeem_bulk"


@pytest.mark.parametrize(
    ("project_id", "voucher_id", "clause"),
    [(1, 10**15 - 2, "BULK-RES-1"), (1, 10**15 - 1, "BULK-ERR-9"), (10**15, 1, "BULK-ERR-8")],
)
def test_where_no_ids_are_left_nothing_is_taken_and_the_doctor_says_why(
    project_id: int, voucher_id: int, clause: str
) -> None:
    at = "2024-01-01 00:00:00"
    project = Project(project_id, "P1", None, (Voucher(voucher_id, "OLD", VoucherStatus.PENDING, at, at),))
    provider = Provider(World((Merchant(MERCHANT, SECRET, None, (project,)),)), clock=FrozenClock(NOW))
    before = held(provider)
    reply, _ = submit(provider)
    assert reply.clause == clause
    if clause == "BULK-RES-1":
        document = world_to_document(held(provider), Readings(), with_secrets=True)
        assert world_from_document(document, Readings(), FrozenClock(NOW)) == held(provider)
        return
    assert held(provider) == before
    raw = provider.journal.kept(1)
    assert raw is not None
    (finding,) = provider.diagnose(raw)
    assert "id is left to give out" in finding.what
    assert "smaller ids" in finding.fix


def test_a_code_that_comes_while_the_codes_are_gathered_is_not_missed() -> None:
    at = "2024-01-01 00:00:00"
    old, new = (
        Project(id_, f"P{id_}", None, (Voucher(id_, f"CODE{id_}", VoucherStatus.PENDING, at, at),)) for id_ in (1, 2)
    )
    merchant = MerchantStore(Merchant(MERCHANT, SECRET, None, (old,)))
    stored = merchant.projects()[0]
    adding = threading.Thread(target=merchant.add_project, args=(new,))

    class Slow(ProjectStore):
        def snapshot(self) -> Project:
            adding.start()
            adding.join(0.2)
            return super().snapshot()

    stored.__class__ = Slow
    assert merchant.has_code("CODE1")
    adding.join()
    assert merchant.has_code("CODE2")


def test_a_project_that_was_there_goes_on_as_it_was(provider: Provider) -> None:
    before = listed(provider, DEMO_PROJECT)
    submit(provider)
    assert listed(provider, DEMO_PROJECT) == before


def test_the_code_that_asked_for_a_fault_is_told_and_the_others_are_not(provider: Provider) -> None:
    submit(provider, ["SECRETCODE1", "RMOCKHTML502"])
    submit(provider, ["SECRETCODE2", "RMOCKBULKERR7"])
    for raw, reserved in zip(provider.journal.calls(), ("RMOCKHTML502", "RMOCKBULKERR7"), strict=True):
        said = " ".join(map(str, provider.diagnose(raw)))
        assert reserved in said
        assert "SECRETCODE" not in said


def test_how_many_codes_were_submitted_is_shown(provider: Provider) -> None:
    submit(provider, ["A1", "B2", "C3"])
    submit(provider, kode_voucher="%")
    submit(provider, [f"CODE{number}" for number in range(5000)])
    entries = provider.journal.entries()
    summaries = ["3 codes", "no list of codes", "5000 codes"]
    assert [entry.asked["kode_voucher"] for entry in entries] == summaries
    masked = [f"*** ({summary})" for summary in summaries]
    assert [entry.fields and entry.fields["kode_voucher"] for entry in entries] == masked
    assert json.loads(entries[0].body) == {"kode_voucher": "*** (3 codes)", "signature": "***"}
    listed, _ = provider.journal.newest(3)
    assert [(one.is_cut, one.fields and one.fields["kode_voucher"]) for one in listed] == [
        (False, masked[0]),
        (False, masked[1]),
        (True, masked[2]),
    ]


def test_a_list_of_fifty_thousand_codes_as_long_as_the_page_s_fits(provider: Provider) -> None:
    codes = [f"ABC123DEF{number:06d}" for number in range(50_000)]
    _, sent = submit(provider, codes)
    merchant = provider.store.merchant(MERCHANT)
    assert merchant is not None
    project = merchant.project(sent["data"]["project_id"])
    assert project is not None
    assert project.stats(STATUSES)[0] == 50_000
