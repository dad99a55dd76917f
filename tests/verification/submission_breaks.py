"""Ways to break the submit call, one at a time, and what the status call then lists of it."""

from __future__ import annotations

import base64
import binascii
import html
import json
from collections.abc import Callable, Sequence
from typing import Any

from mockserver.contract import near_misses
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, BadList, decode_codes, encode_codes
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.state.changes import Dated, Submit
from tests.verification.breaks import EXAMPLE_TS, Known
from tests.verification.broken_fake import MERCHANT, PROJECT, SECRET, Answer, Break, Call, right_signature

Reply = dict[str, Any]

BREAKS: list[Known] = []


def submission(name: str, *clauses: str) -> Callable[[Break], Break]:
    """Put a break of submissions on the list; the status call stays as it is."""

    def listed(broken: Break) -> Break:
        def only_submissions(call: Call) -> Any:
            return broken(call) if call.submits else call.honest()

        BREAKS.append(Known(f"submit: {name}", clauses, only_submissions, submits=True))
        return broken

    return listed


def flow(name: str, *clauses: str) -> Callable[[Break], Break]:
    """Put a break of both calls on the list."""

    def listed(broken: Break) -> Break:
        BREAKS.append(Known(f"submit: {name}", clauses, broken, submits=True))
        return broken

    return listed


def accepted(name: str, *clauses: str) -> Callable[[Callable[[Reply, Reply], Any]], Any]:
    """Put a break of accepted submissions on the list: it changes the decoded reply in place (reply, its data)."""

    def listed(change: Callable[[Reply, Reply], Any]) -> Any:
        def broken(call: Call) -> Answer:
            status, body = call.honest()
            reply = json.loads(body)
            if reply["status"] == 1:
                change(reply, reply["data"])
            return status, json.dumps(reply).encode()

        submission(name, *clauses)(broken)
        return change

    return listed


def refused(name: str, *clauses: str, error_msg: str | None = None, **changed: Any) -> None:
    """Put a break of refusals on the list, of all or of one text: fields changed, or left out (None)."""

    def broken(call: Call) -> Answer:
        status, body = call.honest()
        reply = json.loads(body)
        if reply["status"] == 0 and error_msg in {None, reply["error_msg"]}:
            reply = {key: value for key, value in {**reply, **changed}.items() if value is not None}
        return status, json.dumps(reply).encode()

    submission(name, *clauses)(broken)


def mended(name: str, *clauses: str) -> Callable[[Callable[[str], object]], Any]:
    """Put a break on the list that reads a list of codes in its own way: what it returns is submitted instead."""

    def listed(read: Callable[[str], object]) -> Any:
        def broken(call: Call) -> Answer:
            sent = call.fields.get("kode_voucher")
            codes = read(sent) if isinstance(sent, str) else None
            return call.honest(kode_voucher=encode_codes(codes)) if isinstance(codes, list) and codes else call.honest()

        submission(name, *clauses)(broken)
        return read

    return listed


def codes_of(call: Call) -> list[str]:
    """Return the codes of a submission; none where it has none."""
    try:
        return decode_codes(str(call.fields.get("kode_voucher")), Readings())
    except BadList:
        return []


def keep(call: Call, codes: Sequence[str]) -> None:
    """Let the fake take codes in that it was not asked to."""
    merchant = call.store.merchant(MERCHANT)
    assert merchant is not None
    new = [code for code in codes if not merchant.has_code(code)]
    if new:
        with call.store.changing:
            call.store.commit(Submit(Dated(1.0, "UTC"), MERCHANT, tuple(new)))


def said(answer: Any) -> str:
    """Return the text of a refusal, empty for a success."""
    return str(json.loads(answer[1]).get("error_msg", ""))


# Who calls
def _accepting(name: str) -> None:
    @submission(f"signature accepted: {name}", "BULK-ERR-2")
    def broken(call: Call) -> Answer:
        is_near = call.fields.get("signature") == near_misses.ALL[name](MERCHANT, SECRET)
        return call.honest(signature=right_signature(call.merchant_id)) if is_near else call.honest()


for _name in (
    *("zeros", "prefix", "last_changed", "longer", "space_after", "secret_first", "other_secret", "colon", "sha256"),
    *("twice", "hmac_md5", "secret_in_clear", "other_merchant"),
):
    _accepting(_name)


def _in_its_place(name: str) -> None:
    @submission(f"{name} asked for in place of the documented signature", "BULK-REQ-3", "BULK-ERR-2")
    def broken(call: Call) -> Answer:
        is_it = call.fields.get("signature") == near_misses.ALL[name](call.merchant_id, SECRET)
        if "signature" not in call.fields:
            return call.honest()
        return call.honest(signature=right_signature(call.merchant_id) if is_it else "no")


for _name in ("upper_case", "sha256", "secret_first"):
    _in_its_place(_name)


@submission("any signature accepted", "BULK-ERR-2")
def _any_signature(call: Call) -> Answer:
    return call.honest(signature=right_signature(call.merchant_id)) if call.fields.get("signature") else call.honest()


@submission("no signature accepted", "BULK-ERR-1")
def _no_signature(call: Call) -> Answer:
    is_missing = call.fields and not call.fields.get("signature")
    return call.honest(signature=right_signature(call.merchant_id)) if is_missing else call.honest()


@submission("unknown merchant served", "BULK-ERR-5")
def _unknown_merchant(call: Call) -> Answer:
    if not call.fields or call.merchant_id == MERCHANT:
        return call.honest()
    body = json.dumps({**call.fields, "signature": right_signature()}).encode()
    return call.ask(MERCHANT, body, call.operation)


@submission("merchant matched without case", "BULK-ERR-5")
def _merchant_case(call: Call) -> Answer:
    if not call.fields or call.merchant_id.upper() != MERCHANT or call.merchant_id == MERCHANT:
        return call.honest()
    return call.ask(MERCHANT, json.dumps({**call.fields, "signature": right_signature()}).encode(), call.operation)


@submission("signature after the list", "BULK-ERR-2", "BULK-ERR-4")
def _list_first(call: Call) -> Answer:
    reply = call.honest()
    is_list_wrong = isinstance(call.fields.get("kode_voucher"), str) and not codes_of(call)
    return call.honest(signature=right_signature()) if said(reply) == "Signature Not Valid" and is_list_wrong else reply


# Errors
def _errors() -> None:
    for known in REDEEM_BULK.errors:

        def texted(call: Call, text: str = known.error_msg) -> Answer:
            status, body = call.honest()
            return status, body.replace(text.encode(), b"Something went wrong")

        submission(f"{known.clause} with another text", known.clause, "ERR-5")(texted)
    for clause in ("BULK-ERR-1", "BULK-ERR-2", "BULK-ERR-4", "BULK-ERR-5", "BULK-ERR-10"):
        text = next(error.error_msg for error in REDEEM_BULK.errors if error.clause == clause)
        refused(f"{clause} with another rc", clause, "ERR-5", error_msg=text, rc=404)


_errors()
refused("errors with status 1", "ERR-5", status=1)
refused("errors with rc as text", "ERR-5", rc="500")
refused("errors with data", "ERR-5", data={})
refused("errors with ts", "ERR-5", ts=EXAMPLE_TS)
refused("errors without rc", "ERR-5", "BULK-ERR-1", rc=None)
refused("JSON errors as the status call has them", "BULK-ERR-1", error_msg="JSON tidak valid", rc=400)


@submission("the status call's text for bad JSON", "BULK-ERR-1", "ERR-5")
def _text_of_status(call: Call) -> Answer:
    status, body = call.honest()
    return status, body.replace(b'"JSON tidak valid"', b'"Data JSON tidak valid"')


@submission("bas64encode spelt right", "BULK-ERR-4", "ERR-5")
def _spelt_right(call: Call) -> Answer:
    status, body = call.honest()
    return status, body.replace(b"bas64encode", b"base64encode")


@submission("HTML for bad JSON", "BULK-ERR-1", "BULK-RES-1")
def _html(call: Call) -> Any:
    answer = call.honest()
    if said(answer) == "JSON tidak valid":
        return 400, b"<!doctype html><h1>Bad Request</h1>", {"Content-Type": "text/html"}
    return answer


@submission("a crash on a double code", "BULK-ERR-10")
def _crash(call: Call) -> Any:
    answer = call.honest()
    return (500, b"Internal Server Error", {"Content-Type": "text/html"}) if "double" in said(answer) else answer


# Bodies
def _body(name: str, change: Callable[[bytes], bytes], *clauses: str) -> None:
    @submission(name, *clauses)
    def broken(call: Call) -> Answer:
        return call.ask(call.merchant_id, change(call.body), call.operation)


_body("trailing comma is taken", lambda body: body.replace(b",}", b"}"), "BULK-ERR-1", "BULK-REQ-1")
_body("comments are taken", lambda body: body.replace(b" //kosong\n", b""), "BULK-ERR-1", "BULK-REQ-1")
_body(
    "a list of one object is taken",
    lambda body: body.strip(b"[]") if body.startswith(b"[{") else body,
    "BULK-REQ-1",
    "BULK-ERR-1",
)
_body("single quotes are taken", lambda body: body.replace(b"'", b'"'), "BULK-ERR-1", "BULK-REQ-1")


@submission("merchant before JSON", "BULK-ERR-1")
def _merchant_first(call: Call) -> Answer:
    body = call.body if call.merchant_id == MERCHANT else b'{"kode_voucher":"QQ==","signature":"x"}'
    return call.ask(call.merchant_id, body, call.operation)


@submission("session_key required", "BULK-REQ-1", "BULK-REQ-2")
def _session_required(call: Call) -> Answer:
    return call.honest() if "session_key" in call.fields else call.ask(call.merchant_id, b"{", call.operation)


@submission("an added field is refused", "BULK-REQ-1")
def _added_refused(call: Call) -> Answer:
    return call.ask(call.merchant_id, b"{", call.operation) if "added" in call.fields else call.honest()


# Lists
@mended("codes with commas are taken", "BULK-ERR-4")
def _commas(sent: str) -> object:
    return sent.split(",") if "," in sent else None


@mended("codes in a JSON list are taken", "BULK-ERR-4")
def _json_list(sent: str) -> object:
    return json.loads(sent) if sent.startswith("[") else None


@mended("signs that are not base64 are passed over", "BULK-ERR-4", "BULK-REQ-2")
def _passed_over(sent: str) -> object:
    try:
        return base64.b64decode(sent).decode().split() if sent.endswith("!") else None
    except (binascii.Error, UnicodeDecodeError):
        return None


@mended("bytes that are not UTF-8 are taken for Latin-1", "BULK-ERR-4")
def _latin_1(sent: str) -> object:
    try:
        decoded = base64.b64decode(sent, validate=True)
        decoded.decode()
    except UnicodeDecodeError:
        return decoded.decode("latin-1").split("\n")
    except binascii.Error:
        return None
    return None


@mended("base64 without padding is taken, the URL-safe alphabet is not", "BULK-ERR-4", "BULK-REQ-2")
def _half_lenient(sent: str) -> object:
    if len(sent) % 4 and not {"-", "_", "\n", " ", ",", "[", "!"} & {*sent}:
        return base64.b64decode(sent + "=" * (-len(sent) % 4)).decode().split()
    return None


@submission("a list without a code is accepted", "BULK-ERR-4")
def _no_code(call: Call) -> Answer:
    answer, sent = call.honest(), call.fields.get("kode_voucher")
    if "bas64encode" in said(answer) and sent and set(sent) <= {*"IAoNCg="}:
        return call.honest(kode_voucher=encode_codes([f"EMPTY{call.number}"]))
    return answer


@submission("a list of one code is refused", "BULK-REQ-2")
def _one_code(call: Call) -> Answer:
    codes = codes_of(call)
    return call.honest(kode_voucher="%%%") if len(codes) == 1 else call.honest()


# Doubles
@submission("a code twice in the list is taken once", "BULK-ERR-10")
def _once(call: Call) -> Answer:
    codes = codes_of(call)
    return call.honest(kode_voucher=encode_codes([*dict.fromkeys(codes)])) if codes else call.honest()


@submission("known codes are left out in silence", "FLOW-1", "BULK-ERR-10")
def _left_out(call: Call) -> Answer:
    merchant = call.store.merchant(MERCHANT)
    codes = codes_of(call)
    new = [code for code in codes if merchant is not None and not merchant.has_code(code)]
    return call.honest(kode_voucher=encode_codes(new)) if new and len({*codes}) == len(codes) else call.honest()


@submission("the same list again is answered as the first time", "BULK-RES-2", "BULK-ERR-10")
def _same_again(call: Call) -> Answer:
    key = " ".join(codes_of(call))
    answer = call.honest()
    if "double" in said(answer) and key in call.kept:
        kept: Answer = call.kept[key]
        return kept
    call.kept[key] = answer
    return answer


@submission("only a whole list is a double", "BULK-ERR-10")
def _whole_list(call: Call) -> Answer:
    codes = codes_of(call)
    answer = call.honest()
    if "double" in said(answer) and len({*codes}) == len(codes) and codes not in call.kept.values():
        return call.honest(kode_voucher=encode_codes([f"{code}-{call.number}" for code in codes]))
    call.kept[str(call.number)] = codes
    return answer


@submission("a double is a success without a project", "BULK-ERR-10", "BULK-RES-1")
def _hollow(call: Call) -> Answer:
    answer = call.honest()
    if "double" not in said(answer):
        return answer
    return 200, b'{"status":1,"rc":0,"message":"Sukses Memasukan Voucher Ke Antrian","data":null,"ts":1}'


# Successes
def _put(*path: str, to: Any) -> Callable[[Reply, Reply], Any]:
    def change(reply: Reply, data: Reply) -> None:
        inner = reply
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = to(inner[path[-1]]) if callable(to) else to

    return change


def _without(*path: str) -> Callable[[Reply, Reply], Any]:
    def change(reply: Reply, data: Reply) -> None:
        (reply if len(path) == 1 else data).pop(path[-1])

    return change


accepted("message in English", "BULK-RES-1")(_put("message", to="Vouchers queued"))
accepted("rc 200", "BULK-RES-1")(_put("rc", to=200))
accepted("rc as text", "BULK-RES-1")(_put("rc", to="0"))
accepted("status as boolean", "BULK-RES-1")(_put("status", to=True))
accepted("ts in milliseconds", "BULK-RES-1")(_put("ts", to=lambda ts: ts * 1000))
accepted("ts as text", "BULK-RES-1")(_put("ts", to=str))
accepted("ts of the example", "BULK-RES-1")(_put("ts", to=1705312200))
accepted("ts as a float", "BULK-RES-1")(_put("ts", to=float))
accepted("ts missing", "BULK-RES-1")(_without("ts"))
accepted("data as a list", "BULK-RES-2", "BULK-RES-1")(_put("data", to=lambda data: [data]))
accepted("data null", "BULK-RES-2", "BULK-RES-1")(_put("data", to=None))
for _key in ("project_id", "project_name", "s_pending", "unipin_email", "balance_uc_start", "created_at", "status"):
    accepted(f"{_key} missing", "BULK-RES-2")(_without("data", _key))
accepted("cretaed_at as on a voucher", "BULK-RES-2")(lambda r, data: data.update(cretaed_at=data.pop("created_at")))
accepted("id as text", "BULK-RES-2")(_put("data", "id", to=str))
accepted("id 0", "BULK-RES-2")(_put("data", "id", to=0))
accepted("id as a float", "BULK-RES-2")(_put("data", "id", to=float))
accepted("the same id for all", "BULK-RES-2")(_put("data", "id", to=7))
accepted("merchant_id of another", "BULK-RES-2")(_put("data", "merchant_id", to="M0"))
accepted("project_id empty", "BULK-RES-2")(_put("data", "project_id", to=""))
accepted("project_id of the project that was there", "BULK-RES-2", "FLOW-1")(_put("data", "project_id", to=PROJECT))
accepted("project_id that nobody knows", "FLOW-1")(_put("data", "project_id", to="R0"))
accepted("total_voucher as text", "BULK-RES-2")(_put("data", "total_voucher", to=str))
accepted("total_voucher one too many", "BULK-RES-2")(_put("data", "total_voucher", to=999))
accepted("created_at null", "BULK-RES-2")(_put("data", "created_at", to=None))
accepted("sums counted, times left empty", "BULK-RES-2")(lambda r, data: data.update(total_voucher=3, s_pending=3))
accepted("the secret in a reply", "BULK-RES-1")(lambda reply, data: reply.update(debug=SECRET))
accepted("the signature in a reply", "BULK-RES-1")(lambda reply, data: data.update(signature=right_signature()))


@submission("success with HTTP 500", "BULK-RES-1")
def _http_500(call: Call) -> Answer:
    status, body = call.honest()
    return (500 if status == 200 else status), body


@submission("a PHP warning before the reply", "BULK-RES-1")
def _warning(call: Call) -> Answer:
    status, body = call.honest()
    return status, b"<br /><b>Warning</b>: undefined index\n" + body


# What the status call lists of it
def codes_as(name: str, change: Callable[[list[str]], list[str]], *clauses: str) -> None:
    """Put a break on the list that takes other codes in than those that were submitted."""

    @submission(name, *(clauses or ("FLOW-1",)))
    def broken(call: Call) -> Answer:
        codes, answer = codes_of(call), call.honest
        if not codes or call.fields.get("signature") != right_signature(call.merchant_id):
            return answer()
        changed = change(codes)
        return answer(kode_voucher=encode_codes(changed)) if changed != codes else answer()


codes_as("the last code is lost", lambda codes: codes[:-1] or codes)
codes_as("the first code is lost", lambda codes: codes[1:] or codes)
codes_as("codes in capitals", lambda codes: [code.upper() for code in codes])
codes_as("codes cut to twelve signs", lambda codes: [code[:12] for code in codes])
codes_as("codes as HTML", lambda codes: [html.escape(code) for code in codes])
codes_as("codes without what is not ASCII", lambda codes: [code.encode("ascii", "replace").decode() for code in codes])
codes_as("codes without spaces", lambda codes: [code.replace(" ", "") for code in codes])
codes_as("at most thirty codes of a list", lambda codes: codes[:30])
codes_as("one code more", lambda codes: [*codes, f"MORE{codes[0]}"])


def listing(name: str, change: Callable[[Reply, Call], Any], *clauses: str) -> None:
    """Put a break on the list that changes what the status call says of the projects that were submitted."""

    @flow(name, *(clauses or ("FLOW-1",)))
    def broken(call: Call) -> Answer:
        status, body = call.honest()
        reply = json.loads(body)
        if not call.submits and reply["status"] == 1 and call.fields.get("projectid") != PROJECT:
            change(reply["data"], call)
        return status, json.dumps(reply).encode()


def _listed_twice(data: Reply, call: Call) -> None:
    listed = data["data"]["vouchers"]
    listed.append({**listed[-1], "id": listed[-1]["id"] - 1}) if listed else None


def _all_in(status: VoucherStatus, code: int) -> Callable[[Reply, Call], None]:
    def change(data: Reply, call: Call) -> None:
        for voucher in data["data"]["vouchers"]:
            voucher["status"] = code
        stats = data["data"]["stats"]
        total = sum(stats.values())
        stats.update({**dict.fromkeys(stats, 0), status.value: total})

    return change


listing("a code is listed twice", _listed_twice, "FLOW-1", "PAGE-1", "PAGE-2")
listing("codes are a success at first", _all_in(VoucherStatus.SUCCESS, 1))
listing("codes are in process at first", _all_in(VoucherStatus.PROCESS, 2))
listing("codes are in error at first", _all_in(VoucherStatus.ERROR_VOUCHER, 4))
listing("another project is listed", lambda data, call: data["data"].update(project_id=PROJECT), "FLOW-1", "RES-4")


@flow("the new project is not known to the status call", "FLOW-1")
def _unknown_project(call: Call) -> Answer:
    if not call.submits and call.fields.get("projectid") not in {PROJECT, None}:
        return call.honest(projectid="R0")
    return call.honest()


@flow("the first page is all there is of a list", "FLOW-1")
def _first_page(call: Call) -> Answer:
    status, body = call.honest()
    reply = json.loads(body)
    if call.submits or reply["status"] == 0 or call.fields.get("projectid") == PROJECT:
        return status, body
    if call.fields.get("page", 1) > 1:
        return call.honest(page=1)
    return status, body


@flow("a list takes the place of the one before", "FLOW-1")
def _in_place(call: Call) -> Answer:
    status, body = call.honest()
    if call.submits and status == 200:
        call.kept["last"] = json.loads(body)["data"]["project_id"]
    elif not call.submits and call.fields.get("projectid") not in {PROJECT, None} and "last" in call.kept:
        asked, reply = call.fields["projectid"], call.reply(projectid=call.kept["last"])
        if reply["status"] == 1 and asked != call.kept["last"]:
            reply["data"]["data"]["project_id"] = asked
            for voucher in reply["data"]["data"]["vouchers"]:
                voucher["project_id"] = asked
            return 200, json.dumps(reply).encode()
    return status, body


# What a refusal leaves behind
def keeps(name: str, text: str, change: Callable[[list[str]], list[str]] = lambda codes: codes) -> None:
    """Put a break on the list that keeps codes of a list that it refuses with this text."""

    @submission(name, "FLOW-2")
    def broken(call: Call) -> Answer:
        answer = call.honest()
        if said(answer) == text and call.merchant_id == MERCHANT:
            keep(call, change(_codes_in(call.body)))
        return answer


def _codes_in(body: bytes) -> list[str]:
    """Return the codes in a body, however broken it is."""
    parts = body.decode("utf-8", "replace").split('"')
    for part in parts:
        try:
            text = base64.b64decode(part.rstrip("!"), validate=True).decode()
        except (binascii.Error, ValueError):
            continue
        if (text.isprintable() and len(text) > 10) or "\n" in text:
            return [*dict.fromkeys(text.split())]
    return []


keeps("the new codes of a list with a double are kept", "Voucher ini double, sudah ada sebelumnya")
keeps("the first code of a list with a double is kept", "Voucher ini double, sudah ada sebelumnya", lambda c: c[:1])
keeps("codes are kept before the signature is looked at", "Signature Not Valid")
keeps("codes are kept of a body that is cut off", "JSON tidak valid")
keeps("codes are kept of a list with garbage behind it", "Data voucher bulk harus dalam bentuk bas64encode")
keeps("codes are kept under maintenance", "Redem sedang maintenance")
keeps("codes are kept where the project could not be made", "Error creating project redemption")
keeps("codes are kept where not all could be stored", "Error inserting voucher data", lambda codes: codes[:1])
