"""Ways to break the fake, one at a time: name, the clauses that may be blamed, and the break itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mockserver.contract import near_misses
from mockserver.contract.signature import sign
from tests.verification.broken_fake import MERCHANT, NAME, PROJECT, SECRET, Answer, Break, Call, right_signature

EXAMPLE_TS = 1723719138


@dataclass(frozen=True)
class Known:
    """A break and the clauses of which at least one must be blamed; one that `submits` is of the submit call."""

    name: str
    clauses: tuple[str, ...]
    broken: Break
    submits: bool = False


BREAKS: list[Known] = []


def breaks(*clauses: str) -> Callable[[Break], Break]:
    """Put a break on the list, under its own name."""

    def listed(function: Break) -> Break:
        BREAKS.append(Known(function.__name__.replace("_", " "), clauses, function))
        return function

    return listed


def success(name: str, *clauses: str) -> Callable[[Callable[[Any, Any, Call], None]], Any]:
    """Put a break of successes on the list: it changes the decoded reply in place (reply, its project, the call)."""

    def listed(change: Callable[[Any, Any, Call], None]) -> Any:
        def broken(call: Call) -> Answer:
            status, body = call.honest()
            reply = json.loads(body)
            if reply["status"] == 1:
                change(reply, reply["data"]["data"], call)
            return status, json.dumps(reply).encode()

        BREAKS.append(Known(name, clauses, broken))
        return change

    return listed


def error(name: str, clause: str, **changed: Any) -> None:
    """Put a break of one documented error on the list: fields of its envelope changed, or left out (None)."""
    texts = {
        "ERR-1": "Data JSON tidak valid",
        "ERR-2": "Merchant not found",
        "ERR-3": "Signature Not Valid",
        "ERR-4": "Project ID tidak ditemukan",
    }

    def broken(call: Call) -> Answer:
        status, body = call.honest()
        reply = json.loads(body)
        if reply.get("error_msg") == texts.get(clause, reply.get("error_msg")) and reply["status"] == 0:
            reply = {key: value for key, value in {**reply, **changed}.items() if value is not None}
        return status, json.dumps(reply).encode()

    BREAKS.append(Known(name, (clause, "ERR-5"), broken))


def ok(reply: Any) -> Answer:
    return 200, json.dumps(reply).encode()


def vouchers(change: Callable[[dict[str, Any]], Any]) -> Callable[[Any, Any, Call], None]:
    def each(reply: Any, project: Any, call: Call) -> None:
        for voucher in project["vouchers"]:
            change(voucher)

    return each


# Authentication
def _accepting(name: str, formula: near_misses.Formula) -> None:
    def broken(call: Call) -> Answer:
        if call.fields.get("signature") == formula(MERCHANT, SECRET):
            return call.honest(signature=right_signature(call.merchant_id))
        return call.honest()

    BREAKS.append(Known(f"signature accepted: {name}", ("ERR-3",), broken))


for _name in near_misses.NEAR_TEXTS:
    _accepting(_name, near_misses.ALL[_name])
for _name in ("colon", "secret_first", "sha256", "sha1", "twice", "hmac_md5", "secret_in_clear", "merchant_alone"):
    _accepting(_name, near_misses.ALL[_name])


def _in_its_place(name: str) -> None:
    def broken(call: Call) -> Answer:
        formula = near_misses.ALL[name]
        if call.fields.get("signature") == formula(call.merchant_id, SECRET):
            return call.honest(signature=right_signature(call.merchant_id))
        return call.honest(signature="no") if "signature" in call.fields else call.honest()

    BREAKS.append(Known(f"{name} asked for in place of the documented signature", ("REQ-2",), broken))


for _name in ("upper_case", "sha256", "secret_first", "colon"):
    _in_its_place(_name)


@breaks("ERR-3")
def any_signature_accepted(call: Call) -> Answer:
    return call.honest(signature=right_signature(call.merchant_id)) if call.fields else call.honest()


@breaks("ERR-3")
def no_signature_accepted(call: Call) -> Answer:
    if call.fields and "signature" not in call.fields:
        return call.honest(signature=right_signature(call.merchant_id))
    return call.honest()


@breaks("ERR-2")
def unknown_merchant_served(call: Call) -> Answer:
    if call.fields and call.merchant_id != MERCHANT:
        body = json.dumps({**call.fields, "signature": right_signature()}).encode()
        return call.ask(MERCHANT, body)
    return call.honest()


@breaks("ERR-2")
def merchant_matched_without_case(call: Call) -> Answer:
    if call.merchant_id.upper() == MERCHANT:
        body = json.dumps({**call.fields, "signature": right_signature()}).encode() if call.fields else call.body
        return call.ask(MERCHANT, body)
    return call.honest()


# Errors
for _clause in ("ERR-1", "ERR-2", "ERR-3", "ERR-4"):
    error(f"{_clause} with another text", _clause, error_msg="Something went wrong")
    error(f"{_clause} with another rc", _clause, rc=404)
error("errors in lower case", "ERR-4", error_msg="project id tidak ditemukan")
error("errors with status 1", "ERR-5", status=1)
error("errors with status as text", "ERR-5", status="0")
error("errors with rc as text", "ERR-5", rc="500")
error("errors with data", "ERR-5", data=[])
error("errors with ts", "ERR-5", ts=EXAMPLE_TS)
error("errors with message", "ERR-5", message="error")
error("errors without rc", "ERR-5", rc=None)
error("errors without status", "ERR-5", status=None)
error("errors that say msg", "ERR-5", error_msg=None, msg="Data JSON tidak valid")


@breaks("ERR-1")
def html_for_bad_json(call: Call) -> Any:
    status, body = call.honest()
    if status == 400:
        return 400, b"<!doctype html><h1>Bad Request</h1>", {"Content-Type": "text/html"}
    return status, body


@breaks("ERR-1", "REQ-1")
def crash_on_bad_json(call: Call) -> Any:
    status, body = call.honest()
    return (500, b"Internal Server Error", {"Content-Type": "text/html"}) if status == 400 else (status, body)


@breaks("ERR-1", "REQ-1")
def comments_are_taken(call: Call) -> Answer:
    if b"//" in call.body:
        return call.ask(call.merchant_id, b"".join(line.split(b" //")[0] for line in call.body.split(b"\n")))
    return call.honest()


@breaks("ERR-1", "REQ-1")
def trailing_comma_is_taken(call: Call) -> Answer:
    return call.ask(call.merchant_id, call.body.replace(b",}", b"}"))


@breaks("REQ-1", "ERR-1")
def a_list_is_taken(call: Call) -> Answer:
    return call.ask(call.merchant_id, call.body.strip(b"[]") if call.body.startswith(b"[{") else call.body)


@breaks("ERR-1", "REQ-1")
def null_is_a_missing_signature(call: Call) -> Answer:
    return call.ask(call.merchant_id, b"{}" if call.body in {b"null", b"[]"} else call.body)


@breaks("ERR-1")
def merchant_before_json(call: Call) -> Answer:
    return call.ask(call.merchant_id, call.body if call.merchant_id == MERCHANT else b"{}")


@breaks("ERR-4")
def unknown_project_is_empty(call: Call) -> Answer:
    reply = call.reply()
    if reply.get("error_msg") != "Project ID tidak ditemukan":
        return call.honest()
    reply = call.reply(projectid=PROJECT, status="9")
    reply["data"]["data"]["project_id"] = call.fields.get("projectid")
    return ok(reply)


@breaks("ERR-4")
def unknown_project_is_the_first(call: Call) -> Answer:
    if call.reply().get("error_msg") == "Project ID tidak ditemukan":
        return call.honest(projectid=PROJECT)
    return call.honest()


@breaks("ERR-4")
def project_by_prefix(call: Call) -> Answer:
    asked = call.fields.get("projectid")
    if isinstance(asked, str) and asked and PROJECT.startswith(asked):
        return call.honest(projectid=PROJECT)
    return call.honest()


@breaks("ERR-4")
def project_by_number(call: Call) -> Answer:
    return call.honest(projectid=PROJECT) if call.fields.get("projectid") == "5847" else call.honest()


@breaks("ERR-4")
def project_without_case(call: Call) -> Answer:
    asked = call.fields.get("projectid")
    return call.honest(projectid=asked.upper()) if isinstance(asked, str) else call.honest()


@breaks("ERR-4")
def project_by_pattern(call: Call) -> Answer:
    return call.honest(projectid=PROJECT) if call.fields.get("projectid") == "%" else call.honest()


@breaks("REQ-1")
def true_is_one(call: Call) -> Answer:
    return call.honest(page=1) if call.fields.get("page") is True else call.honest()


@breaks("REQ-1")
def only_page_may_be_text(call: Call) -> Answer:
    return call.honest(page=1) if call.fields.get("page") == "1" else call.honest()


@breaks("REQ-3")
def page_minus_one_is_taken(call: Call) -> Answer:
    return call.honest(page=1) if call.fields.get("page") == -1 else call.honest()


@breaks("REQ-3", "PAGE-1", "PAGE-2")
def default_limit_is_ten(call: Call) -> Answer:
    return call.honest(limit=10) if call.fields and "limit" not in call.fields else call.honest()


@breaks("REQ-3", "RES-2", "PAGE-1")
def pages_count_from_zero(call: Call) -> Answer:
    page = call.fields.get("page")
    return call.honest(page=page + 1) if type(page) is int and page >= 0 else call.honest()


@breaks("REQ-1", "RES-1", "ERR-5", "ERR-1")
def other_key_order_refused(call: Call) -> Answer:
    names = list(call.fields)
    return call.ask(call.merchant_id, b"{") if names and names[0] != "projectid" else call.honest()


# Envelope
def _set(*path: str, to: Any) -> Callable[[Any, Any, Call], None]:
    def change(reply: Any, project: Any, call: Call) -> None:
        inner = reply
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = to(inner[path[-1]]) if callable(to) else to

    return change


def _rename(*path: str, to: str) -> Callable[[Any, Any, Call], None]:
    def change(reply: Any, project: Any, call: Call) -> None:
        inner = reply
        for key in path[:-1]:
            inner = inner[key]
        inner[to] = inner.pop(path[-1])

    return change


success("message in English", "RES-1")(_set("message", to="List of vouchers"))
success("message mended", "RES-1")(_set("message", to="List Voucher Redeem Kiosgamer"))
success("status as boolean", "RES-1")(_set("status", to=True))
success("status as text", "RES-1")(_set("status", to="1"))
success("rc as text", "RES-1")(_set("rc", to="200"))
success("rc 0", "RES-1")(_set("rc", to=0))
success("ts in milliseconds", "RES-1")(_set("ts", to=lambda ts: ts * 1000))
success("ts as text", "RES-1")(_set("ts", to=str))
success("ts with a fraction", "RES-1")(_set("ts", to=lambda ts: ts + 0.5))
success("ts as a float", "RES-1")(_set("ts", to=float))
success("ts of the example", "RES-1")(_set("ts", to=EXAMPLE_TS))
success("ts in local time", "RES-1")(_set("ts", to=lambda ts: ts + 7 * 3600))
success("ts missing", "RES-1")(_rename("ts", to="timestamp"))
success("data as a list", "RES-2")(_set("data", "data", to=lambda data: [data]))
success("current_page always 1", "RES-2")(_set("data", "current_page", to=1))
success("current_page as text", "RES-2")(_set("data", "current_page", to=str))
success("total_data as text", "RES-2")(_set("data", "total_data", to=str))
success("total_page as a float", "RES-2")(_set("data", "total_page", to=float))
success("total_page missing", "RES-2")(_rename("data", "total_page", to="last_page"))
success("total_data renamed", "RES-2")(_rename("data", "total_data", to="total"))
success("id of the project as text", "RES-3")(_set("data", "data", "id", to=str))
success("merchant_id of another", "RES-3")(_set("data", "data", "merchant_id", to="M0"))
success("project_id of another", "RES-3", "RES-4")(_set("data", "data", "project_id", to="R0"))
success("vouchers renamed", "RES-3")(_rename("data", "data", "vouchers", to="voucher"))
success("vouchers as an object", "RES-3")(
    _set("data", "data", "vouchers", to=lambda listed: {str(place): item for place, item in enumerate(listed)})
)
success("kategori_voucher missing", "RES-3", "SUM-2")(_rename("data", "data", "kategori_voucher", to="kategori"))
success("kategori_voucher null", "RES-3", "SUM-2")(_set("data", "data", "kategori_voucher", to=None))
success("stats missing", "RES-3", "SUM-1")(_rename("data", "data", "stats", to="statistik"))
success("the secret in a reply", "RES-1")(lambda r, p, c: r.update(debug=SECRET))
success("the signature in a reply", "RES-1")(lambda r, p, c: p.update(signature=sign(MERCHANT, SECRET)))


@breaks("RES-1")
def a_byte_order_mark_before_the_reply(call: Call) -> Answer:
    status, body = call.honest()
    return status, b"\xef\xbb\xbf" + body


@breaks("RES-1")
def php_warning_before_the_reply(call: Call) -> Answer:
    status, body = call.honest()
    return status, b"<br /><b>Warning</b>: undefined index\n" + body


@breaks("RES-1", "RES-4")
def latin_1_reply(call: Call) -> Answer:
    status, body = call.honest()
    reply = json.loads(body)
    if reply["status"] == 1:
        for voucher in reply["data"]["data"]["vouchers"]:
            voucher["note"] = "é"
    return status, json.dumps(reply, ensure_ascii=False).encode("latin-1")


@breaks("RES-1", "RES-4")
def nan_in_a_reply(call: Call) -> Answer:
    status, body = call.honest()
    return status, body.replace(b'"nominal_gs":0,', b'"nominal_gs":NaN,')


@breaks("RES-1")
def success_with_http_500(call: Call) -> Answer:
    status, body = call.honest()
    return (500 if status == 200 else status), body


# Vouchers
def _voucher(name: str, clause: str, change: Callable[[dict[str, Any]], Any]) -> None:
    success(name, clause)(vouchers(change))


def _put(key: str, to: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda voucher: voucher.update({key: to(voucher[key]) if callable(to) else to})


def _without(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda voucher: voucher.pop(key)


for _key in ("id", "nominal_gs", "status"):
    _voucher(f"voucher {_key} as text", "RES-4", _put(_key, str))
for _key in ("voucher_code", "response_json", "note", "created", "cretaed_at", "updated_at", "project_id"):
    _voucher(f"voucher {_key} missing", "RES-4", _without(_key))
for _key in ("note", "response_json", "voucher_code", "nominal_gs"):
    _voucher(f"voucher {_key} null", "RES-4", _put(_key, None))
_voucher("cretaed_at spelt right", "RES-4", lambda voucher: voucher.update(created_at=voucher.pop("cretaed_at")))
_voucher("response_json decoded", "RES-4", _put("response_json", {"code": 0}))
_voucher("voucher_code empty", "RES-4", _put("voucher_code", ""))
_voucher("voucher id 0", "RES-4", _put("id", 0))
_voucher("nominal negative", "RES-4", _put("nominal_gs", -1))
_voucher("status as a name", "RES-4", _put("status", "pending"))
_voucher("project_id of another on vouchers", "RES-4", _put("project_id", "R0"))
_voucher("created with a time", "RES-4", lambda voucher: voucher.update(created=voucher["cretaed_at"]))
_voucher("date-time with T", "RES-4", _put("cretaed_at", lambda text: text.replace(" ", "T")))
_voucher("date-time with zone", "RES-4", _put("updated_at", lambda text: text + "+07:00"))
_voucher("date-time without seconds", "RES-4", _put("cretaed_at", lambda text: text[:16]))
_voucher("day first", "RES-4", _put("created", "31-01-2025"))
_voucher("30 February", "RES-4", lambda voucher: voucher.update(created="2025-02-30", cretaed_at="2025-02-30 08:00:00"))
_voucher("created a day off", "RES-6", _put("created", "2020-01-01"))
_voucher("updated before created", "RES-6", _put("updated_at", "2001-01-01 00:00:00"))
_voucher(
    "created of the update",
    "RES-6",
    lambda voucher: voucher.update(created="2030-01-01", updated_at="2030-01-01 00:00:00"),
)


@success("oldest first", "RES-5")
def _oldest_first(reply: Any, project: Any, call: Call) -> None:
    project["vouchers"].reverse()


@success("two vouchers exchanged", "RES-5")
def _exchanged(reply: Any, project: Any, call: Call) -> None:
    listed = project["vouchers"]
    if len(listed) > 3:
        listed[1], listed[2] = listed[2], listed[1]


@success("by date and not by id within a page", "RES-5")
def _by_code(reply: Any, project: Any, call: Call) -> None:
    project["vouchers"].sort(key=lambda voucher: voucher["voucher_code"])


# Paging
@success("a voucher twice on a page", "PAGE-1")
def _twice(reply: Any, project: Any, call: Call) -> None:
    listed = project["vouchers"]
    if len(listed) > 2:
        listed[-1] = listed[-2]


@breaks("PAGE-1")
def limit_ignored(call: Call) -> Answer:
    reply = call.reply()
    if reply["status"] == 1 and reply["data"]["data"]["vouchers"]:
        full = call.reply(limit=100, page=1)
        reply["data"]["data"]["vouchers"] = full["data"]["data"]["vouchers"]
    return (200 if reply["status"] else reply["rc"]), json.dumps(reply).encode()


def _other_page(name: str, change: Callable[[dict[str, Any]], dict[str, Any]], *clauses: str) -> None:
    """Serve the vouchers of another page in the place of the one asked for."""

    def broken(call: Call) -> Answer:
        status, body = call.honest()
        reply = json.loads(body)
        if reply["status"] == 1:
            other = call.reply(**change(call.fields))
            if other["status"] == 1:
                reply["data"]["data"]["vouchers"] = other["data"]["data"]["vouchers"]
        return status, json.dumps(reply).encode()

    BREAKS.append(Known(name, clauses or ("PAGE-1",), broken))


def _int(value: Any, otherwise: int = 1) -> int:
    return value if type(value) is int and value > 0 else otherwise


_other_page("page ignored", lambda sent: {"page": 1})
_other_page("page 3 repeats page 2", lambda sent: {"page": 2} if sent.get("page") == 3 else {})
_other_page(
    "one voucher too few on a page",
    lambda sent: {"limit": max(1, _int(sent.get("limit")) - 1)} if sent.get("page", 1) == 1 else {},
)
_other_page(
    "the last page of all for pages past it and the one before",
    lambda sent: {"page": 3} if sent.get("page") == 4 else {},
)


def _shifted(name: str, by: int) -> None:
    def broken(call: Call) -> Answer:
        status, body = call.honest()
        reply = json.loads(body)
        page, limit = call.fields.get("page", 1), call.fields.get("limit", 30)
        if reply["status"] == 1 and _int(page) > 1:
            full = call.reply(limit=1000, page=1)["data"]["data"]["vouchers"]
            start = (page - 1) * limit + by
            expected = len(reply["data"]["data"]["vouchers"])
            reply["data"]["data"]["vouchers"] = full[start : start + expected]
        return status, json.dumps(reply).encode()

    BREAKS.append(Known(name, ("PAGE-1",), broken))


_shifted("pages overlap by one", -1)
_shifted("pages leave one out", 1)


def _pages(name: str, count: Callable[[int, int], int], *clauses: str) -> None:
    def change(reply: Any, project: Any, call: Call) -> None:
        reply["data"]["total_page"] = count(reply["data"]["total_data"], _int(call.fields.get("limit"), 30))

    success(name, *(clauses or ("PAGE-2",)))(change)


_pages("total_page rounded down", lambda total, limit: total // limit)
_pages("total_page one more", lambda total, limit: -(-total // limit) + 1)
_pages("total_page one more where it divides", lambda total, limit: total // limit + 1)
_pages("total_page of pages of 30", lambda total, limit: -(-total // 30))
_pages("total_page from 0", lambda total, limit: max(0, -(-total // limit) - 1))


@success("total_data of the page", "PAGE-2", "SUM-1")
def _of_page(reply: Any, project: Any, call: Call) -> None:
    reply["data"]["total_data"] = len(project["vouchers"])


@success("total_data unfiltered", "PAGE-2", "FILT-1")
def _unfiltered(reply: Any, project: Any, call: Call) -> None:
    reply["data"]["total_data"] = sum(project["stats"].values())


@breaks("PAGE-1", "PAGE-2", "RES-2")
def the_last_page_is_empty(call: Call) -> Answer:
    status, body = call.honest()
    reply = json.loads(body)
    if reply["status"] == 1 and reply["data"]["current_page"] == reply["data"]["total_page"] > 1:
        reply["data"]["data"]["vouchers"] = []
    return status, json.dumps(reply).encode()


@breaks("PAGE-1", "RES-2", "ERR-4", "ERR-5")
def past_the_last_page_is_an_error(call: Call) -> Answer:
    reply = call.reply()
    if reply["status"] == 1 and reply["data"]["current_page"] > max(1, reply["data"]["total_page"]):
        return call.honest(projectid="R0")
    return call.honest()


@breaks("PAGE-1")
def limit_one_gives_none(call: Call) -> Answer:
    status, body = call.honest()
    reply = json.loads(body)
    if reply["status"] == 1 and call.fields.get("limit") == 1:
        reply["data"]["data"]["vouchers"] = []
    return status, json.dumps(reply).encode()


# Filter
@breaks("FILT-1")
def filter_ignored(call: Call) -> Answer:
    return call.honest(status="") if isinstance(call.fields.get("status"), str) else call.honest()


@breaks("FILT-1")
def filter_3_ignored(call: Call) -> Answer:
    return call.honest(status="") if call.fields.get("status") == "3" else call.honest()


@breaks("FILT-1")
def filter_0_ignored(call: Call) -> Answer:
    return call.honest(status="") if call.fields.get("status") == "0" else call.honest()


@breaks("FILT-1")
def filters_1_and_2_exchanged(call: Call) -> Answer:
    return (
        call.honest(status={"1": "2", "2": "1"}.get(call.fields.get("status", ""), call.fields.get("status")))
        if call.fields
        else call.honest()
    )


@breaks("FILT-1", "PAGE-1")
def a_voucher_of_another_status_on_page_2(call: Call) -> Answer:
    status, body = call.honest()
    reply = json.loads(body)
    if reply["status"] == 1 and call.fields.get("status") and call.fields.get("page") == 2:
        listed = reply["data"]["data"]["vouchers"]
        others = [v for v in call.reply(status="", page=1, limit=500)["data"]["data"]["vouchers"] if v not in listed]
        if listed:
            wrong = [v for v in others if v["status"] != listed[0]["status"] and v["id"] < listed[-1]["id"]]
            listed[-1:] = wrong[:1] or listed[-1:]
    return status, json.dumps(reply).encode()


@breaks("FILT-1", "PAGE-1")
def filter_only_on_page_1(call: Call) -> Answer:
    status, body = call.honest()
    reply = json.loads(body)
    if reply["status"] == 1 and call.fields.get("status") and _int(call.fields.get("page")) > 1:
        other = call.reply(status="")
        count = len(reply["data"]["data"]["vouchers"])
        reply["data"]["data"]["vouchers"] = other["data"]["data"]["vouchers"][:count]
    return status, json.dumps(reply).encode()


@breaks("FILT-1")
def filter_includes_process(call: Call) -> Answer:
    status, body = call.honest()
    reply = json.loads(body)
    if reply["status"] == 1 and call.fields.get("status") == "0" and _int(call.fields.get("limit")) > 20:
        full = call.reply(status="", page=1, limit=500)["data"]["data"]["vouchers"]
        reply["data"]["data"]["vouchers"] = [v for v in full if v["status"] in {0, 2}]
        reply["data"]["total_data"] = len(reply["data"]["data"]["vouchers"])
    return status, json.dumps(reply).encode()


@breaks("FILT-1")
def filter_misses_one(call: Call) -> Answer:
    status, body = call.honest()
    reply = json.loads(body)
    if reply["status"] == 1 and call.fields.get("status") == "1":
        reply["data"]["total_data"] -= 1
        reply["data"]["data"]["vouchers"] = reply["data"]["data"]["vouchers"][:9]
    return status, json.dumps(reply).encode()


@breaks("FILT-1", "ERR-4", "ERR-5")
def an_empty_filter_is_an_error(call: Call) -> Answer:
    reply = call.reply()
    if reply["status"] == 1 and call.fields.get("status") and reply["data"]["total_data"] == 0:
        return call.honest(projectid="R0")
    return call.honest()


@breaks("REQ-3")
def empty_text_means_pending(call: Call) -> Answer:
    return call.honest(status="0") if call.fields.get("status") == "" else call.honest()


# Sums
def _stats(name: str, change: Callable[[dict[str, Any]], Any], *clauses: str) -> None:
    success(name, *(clauses or ("SUM-1",)))(lambda reply, project, call: change(project["stats"]))


_stats("stats one too many", lambda stats: stats.update(success=stats["success"] + 1))
_stats(
    "stats exchanged: pending and success",
    lambda stats: stats.update(pending=stats["success"], success=stats["pending"]),
    "SUM-1",
    "FILT-1",
)
_stats("stats all zero", lambda stats: stats.update(dict.fromkeys(stats, 0)))
_stats("stats all pending", lambda stats: stats.update({**dict.fromkeys(stats, 0), "pending": sum(stats.values())}))
_stats("stats as text", lambda stats: stats.update({key: str(value) for key, value in stats.items()}))
_stats("stats renamed", lambda stats: stats.update(errorVoucher=stats.pop("error_voucher")))
_stats("stats negative", lambda stats: stats.update(process=-stats["process"]))


@success("stats of the page", "SUM-1")
def _stats_of_page(reply: Any, project: Any, call: Call) -> None:
    counts = dict.fromkeys(project["stats"], 0)
    for voucher in project["vouchers"]:
        counts[list(counts)[voucher["status"]]] += 1
    project["stats"] = counts


@success("total_voucher of the page", "SUM-1", "PAGE-2")
def _total_of_page(reply: Any, project: Any, call: Call) -> None:
    project["total_voucher"] = len(project["vouchers"])


@success("total_voucher one more", "SUM-1", "PAGE-2")
def _total_more(reply: Any, project: Any, call: Call) -> None:
    project["total_voucher"] += 1


@success("total_voucher of the page under a filter", "SUM-1")
def _total_filtered(reply: Any, project: Any, call: Call) -> None:
    if call.fields.get("status"):
        project["total_voucher"] = len(project["vouchers"]) + 1


@success("stats of the page under a filter", "SUM-1", "FILT-1")
def _stats_filtered(reply: Any, project: Any, call: Call) -> None:
    if call.fields.get("status"):
        _stats_of_page(reply, project, call)


def _kategori(name: str, change: Callable[[list[Any]], Any], *clauses: str) -> None:
    success(name, *(clauses or ("SUM-2",)))(lambda reply, project, call: change(project["kategori_voucher"]))


_kategori("kategori one too many", lambda listed: listed and listed[0].update(total=listed[0]["total"] + 1))
_kategori("kategori without one nominal", lambda listed: listed and listed.pop())
_kategori("kategori always empty", lambda listed: listed.clear())
_kategori("kategori name as number", lambda listed: [item.update(name=int(item["name"])) for item in listed])
_kategori("kategori total as text", lambda listed: [item.update(total=str(item["total"])) for item in listed])
_kategori("kategori names with a prefix", lambda listed: [item.update(name=f"GS {item['name']}") for item in listed])
_kategori("kategori an entry twice", lambda listed: listed.extend(map(dict, listed[:1])))
_kategori("kategori without nominal 0", lambda listed: listed and listed[0]["name"] == "0" and listed.pop(0))
_kategori("kategori in no order", lambda listed: len(listed) > 2 and listed.sort(key=lambda item: -int(item["name"])))

__all__ = ["BREAKS", "NAME", "Known"]
