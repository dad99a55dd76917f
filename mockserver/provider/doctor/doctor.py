"""The doctor: why a call was refused and what to change, for the person and never on the wire.

It is asked only for refusals, and only when somebody reads them; an ordinary call costs nothing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from mockserver.contract.foreign_text import printable
from mockserver.contract.masking import Masker
from mockserver.contract.operation import JSON, MERCHANT, SIGNATURE, SUCCESS, Operation, Operations
from mockserver.contract.readings import Readings
from mockserver.contract.signature import signatures_match
from mockserver.contract.wire import BASE_URL
from mockserver.provider.doctor.body import as_far_as_read, as_meant, diagnose_body, odd_values
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.doctor.project import nearest_id, some_ids
from mockserver.provider.doctor.signature import Credentials, shape, wrong_formula
from mockserver.provider.faults.faults import FaultPut, FaultyReply
from mockserver.provider.journal.recorded import Call
from mockserver.provider.operations.authentication import check_signature
from mockserver.provider.operations.handler import Handler
from mockserver.provider.operations.parsing import decode_fields
from mockserver.provider.refusal import Refusal
from mockserver.provider.reply import ForcedReply, Reply
from mockserver.provider.request import FAULT_HEADER
from mockserver.provider.state.store import MerchantStore, Store

_CHANGED = "the world or the readings have changed since it arrived"
_SIGN = "sign md5(merchant_id + secret_key); `apigames-mock sign MERCHANT_ID` prints it"
_JSON_TYPE = re.compile(r"(?:application|text)/(?:[\w.-]+\+)?json", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s\"';]+)", re.IGNORECASE)
_SLASHES = re.compile("/{2,}")
# So many parts at the end of a path are an operation's own.
_TELLING = 2
# Of each text of a finding, which may quote what was sent: masked first, cut then.
_LONGEST = 1000


def diagnose(
    call: Call,
    reply: Reply,
    handler: Handler[Any] | None,
    operations: Operations,
    store: Store,
    readings: Readings,
    masker: Masker,
) -> list[Finding]:
    """Return what is wrong with a call that got `reply`; nothing when it was answered as asked.

    `handler` is that of its operation, None when it is a call of none of `operations`. No secret that the
    `masker` knows, no session key and no signature appears in what is returned.
    """
    fields = {} if handler is None else _fields(call.body, handler.operation, readings)
    if handler is not None and reply.role == SUCCESS and not isinstance(reply, FaultyReply):
        is_odd = handler.remarks(fields, readings, reply.cause) or as_meant(fields, handler.operation)[0]
        # What masks a list of codes takes longer to make than the reply, and mostly there is nothing to mask.
        if not is_odd and not _content_type(call, fields, handler.operation):
            return []
    mask = masker.knowing_sent(fields)
    if handler is None:
        found = [_outside(call, reply, operations, mask)]
    else:
        found = _findings(call, fields, reply, handler, store, readings, mask)
    return [Finding(*(printable(mask(text), _LONGEST) for text in msgspec.structs.astuple(one))) for one in found]


def _findings(
    call: Call,
    fields: Mapping[str, Any],
    reply: Reply,
    handler: Handler[Any],
    store: Store,
    readings: Readings,
    mask: Masker,
) -> list[Finding]:
    if isinstance(reply, ForcedReply):
        return [_forced(reply)]
    if reply.role is None and not isinstance(reply, FaultyReply):
        return [_unknown_fault(reply)]
    found = _of_refusal(call, fields, reply, handler, store, readings, mask)
    return [*found, *_content_type(call, fields, handler.operation), *_fault(reply)]


def _of_refusal(
    call: Call,
    fields: Mapping[str, Any],
    reply: Reply,
    handler: Handler[Any],
    store: Store,
    readings: Readings,
    mask: Masker,
) -> list[Finding]:
    if reply.role == SUCCESS:
        elsewhere, meant = as_meant(fields, handler.operation)
        found = [finding for _, finding in elsewhere]
        if found and call.merchant_id is not None:
            found += _of_meant(_with_fields(call, meant), meant, handler, store, readings, mask)
        return [*handler.remarks(fields, readings, reply.cause), *found]
    if reply.role is None:
        return []
    # What is looked at is the world as it is now, which may no longer be the one that refused the call.
    assert call.merchant_id is not None
    refused = handler.refusal(call.merchant_id, call.body, store, readings)
    if refused is None:
        what = f"it got {reply.clause}, and would be answered now"
        return [Finding(what, _CHANGED, "send it again, if it is still wanted")]
    found = _present(call, fields, refused, handler, store, readings, mask)
    # It would be answered, but not as it was meant.
    odd = odd_values(as_meant(fields, handler.operation)[1], handler.operation, readings)
    found += [one for one in odd if one not in found]
    if refused.role == reply.role:
        return found
    what = f"it got {reply.clause}, and would get {handler.operation.error_of[refused.role].clause} now"
    return [Finding(what, _CHANGED, "what is wrong with it now follows"), *found]


def _present(
    call: Call,
    fields: Mapping[str, Any],
    refused: Refusal,
    handler: Handler[Any],
    store: Store,
    readings: Readings,
    mask: Masker,
) -> list[Finding]:
    merchant_id = call.merchant_id
    assert merchant_id is not None
    operation, merchant = handler.operation, store.merchant(merchant_id)
    elsewhere, meant = as_meant(fields, operation)
    if elsewhere:
        found = _of_meant(_with_fields(call, meant), meant, handler, store, readings, mask)
        # What it was refused for comes first; what is elsewhere comes before what is wrong with its value.
        elsewhere.sort(key=lambda one: refused.cause.field not in one[0])
        is_told = refused.cause.field in elsewhere[0][0]
        first = [] if is_told or refused.role != JSON else diagnose_body(call.body, operation, readings, refused)[:1]
        return [*first, *(finding for _, finding in elsewhere), *(one for one in found if one not in first)]
    if refused.role == JSON:
        causes = diagnose_body(call.body, operation, readings, refused)
        return [*causes, *_beside(call, fields, handler, store, readings, mask)] if fields else causes
    error = operation.error_of[refused.role]
    if merchant is None and refused.role in {MERCHANT, SIGNATURE}:
        return [_unknown_merchant(mask(merchant_id), operation, store)]
    if merchant is not None and refused.role == SIGNATURE:
        return [
            *_signature(merchant, fields, operation, store),
            *_after_the_signature(call, merchant, fields, handler, store, readings, mask),
        ]
    # What is quoted is cut where it is long, so it is masked before.
    own_names = {one.name for one in operation.fields if one.secret}
    shown = {
        name: mask(sent) if isinstance(sent, str) and name not in own_names else sent for name, sent in fields.items()
    }
    own = [] if merchant is None else handler.diagnose(refused, merchant, shown, store, readings)
    why = f"{error.clause}: {operation.clauses[error.clause]}"
    found = own or [Finding(str(refused.cause), why, f"send what {error.clause} does not refuse")]
    return [*found, *([] if merchant is None else _wrong_signature(merchant, fields, operation, store, readings))]


def _of_meant(
    call: Call, fields: Mapping[str, Any], handler: Handler[Any], store: Store, readings: Readings, mask: Masker
) -> list[Finding]:
    """Return what is still wrong with a call whose fields are where they were meant to be."""
    assert call.merchant_id is not None
    still = handler.refusal(call.merchant_id, call.body, store, readings)
    if still is None:
        return odd_values(fields, handler.operation, readings)
    return _present(call, fields, still, handler, store, readings, mask)


def _beside(
    call: Call, fields: Mapping[str, Any], handler: Handler[Any], store: Store, readings: Readings, mask: Masker
) -> list[Finding]:
    """Return what else is wrong with a call whose body was refused: the next call would be refused for it."""
    assert call.merchant_id is not None
    operation, merchant = handler.operation, store.merchant(call.merchant_id)
    if merchant is None:
        return [_unknown_merchant(mask(call.merchant_id), operation, store)] if MERCHANT in operation.error_of else []
    found = _wrong_signature(merchant, fields, operation, store, readings)
    own = operation.project_field
    read, wrong = as_far_as_read(fields, operation, readings, is_form=_is_form(call.body))
    if own is None or (own in fields and own in wrong):
        return found  # nobody can tell what it would be refused for next
    if own not in fields:
        if operation.field_of[own].is_required(readings):
            return found
        del read[own]
    return [*found, *_after_the_signature(call, merchant, read, handler, store, readings, mask)]


def _after_the_signature(
    call: Call,
    merchant: MerchantStore,
    fields: Mapping[str, Any],
    handler: Handler[Any],
    store: Store,
    readings: Readings,
    mask: Masker,
) -> list[Finding]:
    """Return what a call would be refused for next, were its signature right."""
    signed = {**fields, SIGNATURE: merchant.signature}
    call = _with_fields(call, signed)
    later = handler.refusal(merchant.merchant_id, call.body, store, readings)
    if later is None or later.role == SIGNATURE:
        return []
    return _present(call, signed, later, handler, store, readings, mask)


def _wrong_signature(
    merchant: MerchantStore, fields: Mapping[str, Any], operation: Operation, store: Store, readings: Readings
) -> list[Finding]:
    if SIGNATURE not in operation.field_of:
        return []
    sent = fields.get(SIGNATURE)
    # Of another type, or missing where it must not be, it is wrong as a field.
    if operation.field_of[SIGNATURE].is_required(readings) if SIGNATURE not in fields else not isinstance(sent, str):
        return []
    try:
        check_signature(merchant, sent, operation, readings)
    except Refusal:
        return _signature(merchant, fields, operation, store)
    return []


def _with_fields(call: Call, fields: Mapping[str, Any]) -> Call:
    """Return a call with other fields, written as the call's own are."""
    body = urlencode(fields).encode("ascii") if _is_form(call.body) else msgspec.json.encode(fields)
    return msgspec.structs.replace(call, request=msgspec.structs.replace(call.request, body=body))


def _is_form(body: bytes) -> bool:
    """Return whether a body that has fields is a form: it has no braces then."""
    return b"{" not in body


def _forced(reply: ForcedReply) -> Finding:
    what = f"{reply.clause} was {reply.explanation}"
    why = "the mock gives a documented error to whoever asks for it, however right the call is"
    return Finding(what, why, "leave that out, and the call gets its own answer")


def _unknown_fault(reply: Reply) -> Finding:
    what = reply.explanation or f"HTTP {reply.http_status}"
    why = f"{FAULT_HEADER} is the mock's own, and asks for what there is not"
    return Finding(what, why, "correct it, or leave it out")


# What asked for a fault, and how to be rid of just that.
_ORIGINS = {
    "header": ("a header of the call asked for it", "leave that header out"),
    "reserved": ("a reserved text in the call asked for it", "send one of your own in its place"),
    "rule": ("a rule asked for it", "clear the rule: DELETE /__admin/faults, or leave --fault out"),
}


def _fault(reply: Reply) -> list[Finding]:
    if not isinstance(reply, FaultyReply):
        return []
    why, fix = _ORIGINS["rule"]
    if isinstance(reply.cause, FaultPut):
        why, fix = _ORIGINS[reply.cause.origin]
        why = f"{why}: {printable(reply.cause.asked_by, 80)}" if reply.cause.asked_by else why
    seconds = reply.delay + reply.body_seconds
    name = f"{reply.fault} of {seconds:g} s" if seconds else reply.fault
    return [Finding(f"the fault {name} was put on this reply", why, fix)]


def _content_type(call: Call, fields: Mapping[str, Any], operation: Operation) -> list[Finding]:
    """Return what is odd about how a body of JSON is announced; nobody is refused for it here."""
    sent = call.request.header("content-type")
    if sent is None or not fields or not call.body.lstrip().startswith(b"{"):
        return []
    media, _, parameters = sent.partition(";")
    charset = _CHARSET.search(parameters)
    if not _JSON_TYPE.fullmatch(media.strip()):
        what = f"Content-Type is {printable(sent, 60)!r}, and the body is JSON"
    elif charset is not None and charset[1].lower() not in {"utf-8", "utf8"}:
        what = f"Content-Type is {printable(sent, 60)!r}, and JSON on the wire is UTF-8"
    else:
        return []
    why = f"the body decides here, but another server may go by Content-Type; {operation.request_clause} asks for JSON"
    return [Finding(what, why, "send Content-Type: application/json, and the body in UTF-8")]


def _outside(call: Call, reply: Reply, operations: Operations, mask: Masker) -> Finding:
    what = reply.explanation or f"HTTP {reply.http_status}"
    if reply.http_status == 500:
        fix = "report it, with the lines of the log that tell of it"
        return Finding(what, "the mock broke down while it answered, whatever the call was", fix)
    documented = f"{BASE_URL} documents {operations.in_words}"
    if reply.http_status == 404 and operations.at(_SLASHES.sub("/", call.path)):
        shown = printable(mask(call.path), 200)
        if call.path.startswith("//"):
            what = f"{shown} begins with two slashes: does your base URL end in one?"
            return Finding(what, documented, "leave out the slash at the end of the base URL")
        what = f"two slashes follow each other in {shown}"
        return Finding(what, documented, "send one; is what belongs between them empty?")
    if reply.http_status == 404 and operations.at(call.path.replace("//", "/-/", 1)):
        what = f"there is no merchant id in {printable(mask(call.path), 200)}"
        return Finding(what, documented, "put the merchant id there; is the variable that holds it set?")
    at_path = operations.at(call.path)
    fixes = {
        404: f"send it to {_nearest_path(call.path, operations)}, spelt just so, with the merchant id in place",
        405: f"send a {Operations(at_path).in_words}" if at_path else "",
        413: "send one small JSON object",
    }
    return Finding(what, documented, fixes.get(reply.http_status) or "send it as HTTP/1.1, with a JSON body")


def _nearest_path(path: str, operations: Operations) -> str:
    """Return the documented path that a wrong one is nearest to, or all of them where none is."""
    paths = [operation.path for operation in operations]
    # The id would make every path unlike; all that tells the operations apart is at the end.
    ends = {"/".join(path.split("/")[-_TELLING:]): path for path in paths}
    end = "/".join(path[-_LONGEST:].lower().rstrip("/").split("/")[-_TELLING:])
    return next((ends[near] for near in difflib.get_close_matches(end, ends, 1)), " or ".join(paths))


def is_placeholder(merchant_id: str) -> bool:
    """Return whether what is in the path is only where a merchant id belongs, as `[merchant_id]` is."""
    return merchant_id.startswith(("[", "{", "<", ":", "$"))


def _unknown_merchant(merchant_id: str, operation: Operation, store: Store) -> Finding:
    known = [merchant.merchant_id for merchant in store.merchants()]
    what = f"no merchant {printable(merchant_id, 60)!r}"
    error = operation.error_of.get(MERCHANT)
    why = f"the id in the path must be one that this world has{f' ({error.clause})' if error else ''}"
    if merchant_id.strip() in known:
        return Finding(f"{what}: there is white space around the id", why, "strip the id before it goes into the path")
    same = next((one for one in known if one.lower() == merchant_id.strip().lower()), None)
    if same is not None:
        return Finding(f"{what}, but {same!r}: they differ in case", why, f"call {same!r}")
    if is_placeholder(merchant_id):
        return Finding(f"{what}: it is a placeholder", why, "put the merchant id in its place")
    near = nearest_id(merchant_id, known)
    fix = f"call {near!r}, the nearest of those served" if near else f"call one of {some_ids(known)}"
    return Finding(what, why, fix)


def _signature(merchant: MerchantStore, fields: Mapping[str, Any], operation: Operation, store: Store) -> list[Finding]:
    clause = operation.field_of[SIGNATURE].clause
    expected = f"expected md5(merchant_id + secret_key): no separator, lower-case hex, UTF-8 ({clause})"
    sent = fields.get(SIGNATURE)
    if not isinstance(sent, str):
        return [Finding("no signature was sent", f"{clause} asks for one in every call", _SIGN)]
    who = Credentials(merchant.merchant_id, merchant.secret_key, merchant.session_key)
    others = ((one.merchant_id, one.secret_key) for one in store.merchants() if one is not merchant)
    how = wrong_formula(sent, who, iter(others), fields)
    if how is not None:
        is_case = signatures_match(sent, merchant.signature, ignore_case=True)
        fix = f"{_SIGN}; or serve with --reading signature_case=ignore" if is_case else _SIGN
        return [Finding(f"the signature is {how}", expected, fix)]
    odd = shape(sent)
    if odd is not None:
        return [Finding(f"the signature is {odd}", expected, _SIGN)]
    what = "the signature is 32 hex digits, but no known formula gives them with this merchant's secret_key"
    return [Finding(what, expected, f"check that the client has the secret_key served here; {_SIGN}")]


def _fields(body: bytes, operation: Operation, readings: Readings) -> dict[str, Any]:
    try:
        return decode_fields(body, operation, readings)[0]
    except Refusal:
        return {}
