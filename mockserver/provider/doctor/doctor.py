"""The doctor: why a call was refused and what to change, for the person and never on the wire.

It is asked only for refusals, and only when somebody reads them; an ordinary call costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.contract.foreign_text import printable
from mockserver.contract.masking import Masker
from mockserver.contract.readings import Readings
from mockserver.contract.wire import BASE_URL, DOCUMENTED_ERRORS, PATH_TEMPLATE, DocumentedError, InvalidJson, Reply
from mockserver.provider.doctor.body import diagnose_body, misnamed
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.doctor.project import diagnose_project, nearest_id, some_ids
from mockserver.provider.doctor.signature import Credentials, shape, wrong_formula
from mockserver.provider.faults.faults import FaultyReply
from mockserver.provider.faults.forcing import ForcedReply, forced_by_project_id, store_with
from mockserver.provider.operations.parsing import decode_fields
from mockserver.provider.operations.project_detail import refusal
from mockserver.provider.request import FAULT_HEADER
from mockserver.provider.state.store import MerchantStore, Store

_REFUSALS = frozenset(error.clause for error in DOCUMENTED_ERRORS)
_CHANGED = "the world or the readings have changed since it came"
_RIGHT = "md5(merchant_id + secret_key): no separator, lower-case hex, UTF-8 (REQ-2)"
_SIGN = "sign md5(merchant_id + secret_key); `apigames-mock sign MERCHANT_ID` prints it"


def diagnose(
    merchant_id: str | None, body: bytes, reply: Reply, store: Store, readings: Readings, masker: Masker
) -> list[Finding]:
    """Return what is wrong with a call that got `reply`; nothing when it was answered as asked.

    `merchant_id` is the one in the path, None when the path is not the endpoint's. No secret that the `masker` knows,
    no session key and no signature stands in what is returned.
    """
    fields = _fields(body, readings)
    mask = masker.knowing_sent(fields)
    return [
        Finding(mask(finding.what), mask(finding.why), mask(finding.cure))
        for finding in _findings(merchant_id, body, fields, reply, store, readings, mask)
    ]


def _findings(
    merchant_id: str | None,
    body: bytes,
    fields: Mapping[str, Any],
    reply: Reply,
    store: Store,
    readings: Readings,
    mask: Masker,
) -> list[Finding]:
    if merchant_id is None:
        return [_outside(reply)]
    if isinstance(reply, ForcedReply):
        return [_forced(reply)]
    if reply.clause is None and not isinstance(reply, FaultyReply):
        return [_unknown_fault(reply)]
    return [*_of_clause(merchant_id, body, fields, reply, store, readings, mask), *_fault(reply)]


def _of_clause(
    merchant_id: str,
    body: bytes,
    fields: Mapping[str, Any],
    reply: Reply,
    store: Store,
    readings: Readings,
    mask: Masker,
) -> list[Finding]:
    if reply.clause not in _REFUSALS:
        return []
    # What is looked at is the world as it is now, which may no longer be the one that refused the call.
    error = refusal(merchant_id, body, _store_asked(merchant_id, fields, store, readings), readings)
    if error is None:
        what = f"it got {reply.clause}, and would be answered now"
        return [Finding(what, _CHANGED, "send it again, if it is still wanted")]
    found = _present(merchant_id, body, fields, error, store, readings, mask)
    if error.clause == reply.clause:
        return found
    what = f"it got {reply.clause}, and would get {error.clause} now"
    return [Finding(what, _CHANGED, "what is wrong with it now follows"), *found]


def _store_asked(merchant_id: str, fields: Mapping[str, Any], store: Store, readings: Readings) -> Store:
    """Return the store that a call is answered from: one of its own for a reserved `projectid`."""
    merchant, project_id = store.merchant(merchant_id), fields.get("projectid")
    if merchant is None or not isinstance(project_id, str) or forced_by_project_id(project_id) is None:
        return store
    return store if merchant.project(project_id) is not None else store_with(merchant, project_id, readings)


def _present(
    merchant_id: str,
    body: bytes,
    fields: Mapping[str, Any],
    error: DocumentedError,
    store: Store,
    readings: Readings,
    mask: Masker,
) -> list[Finding]:
    merchant = store.merchant(merchant_id)
    # What is quoted is cut where it is long, and must be masked before.
    if error.clause == "ERR-1":
        return diagnose_body(body, readings, error)
    if merchant is None:
        return [_unknown_merchant(mask(merchant_id), store)]
    if error.clause == "ERR-3":
        return [*_signature(merchant, fields, store), *misnamed(fields)]
    return diagnose_project(merchant, _masked_projectid(fields, mask), store)


def _masked_projectid(fields: Mapping[str, Any], mask: Masker) -> dict[str, Any]:
    asked = fields.get("projectid")
    return {**fields, "projectid": mask(asked)} if isinstance(asked, str) else dict(fields)


def _forced(reply: ForcedReply) -> Finding:
    what = f"{reply.clause} was {reply.explanation}"
    why = "the mock gives a documented error to whoever asks for it, however right the call is"
    return Finding(what, why, "leave that out, and the call gets its own answer")


def _unknown_fault(reply: Reply) -> Finding:
    what = reply.explanation or f"HTTP {reply.http_status}"
    why = f"{FAULT_HEADER} is the mock's own, and asks for what there is not"
    return Finding(what, why, "mend it, or leave it out")


def _fault(reply: Reply) -> list[Finding]:
    if not isinstance(reply, FaultyReply):
        return []
    why = "a rule, the projectid or a header asked for it"
    cure = "leave them out, or clear the rules: DELETE /__admin/faults"
    seconds = reply.delay + reply.body_seconds
    name = f"{reply.fault} of {seconds:g} s" if seconds else reply.fault
    return [Finding(f"the fault {name} was put on this reply", why, cure)]


def _outside(reply: Reply) -> Finding:
    if reply.http_status == 500:
        why = "the mock broke down while it answered, whatever the call was"
        cure = "report it, with the lines that stand in the log for it"
        return Finding(reply.explanation or "HTTP 500", why, cure)
    cures = {
        404: f"call {PATH_TEMPLATE}, with the merchant id in place and no slash at the end",
        405: f"send a POST to {PATH_TEMPLATE}",
        413: "send one small JSON object",
    }
    cure = cures.get(reply.http_status, f"send a POST with a JSON body to {PATH_TEMPLATE}")
    return Finding(reply.explanation or f"HTTP {reply.http_status}", f"{BASE_URL} documents one endpoint", cure)


def is_placeholder(merchant_id: str) -> bool:
    """Return whether what stands in the path is only where a merchant id belongs, as `[merchant_id]` is."""
    return merchant_id.startswith(("[", "{", "<", ":", "$"))


def _unknown_merchant(merchant_id: str, store: Store) -> Finding:
    known = [merchant.merchant_id for merchant in store.merchants()]
    what = f"no merchant {printable(merchant_id, 60)!r}"
    why = "the id in the path must be one that this world has (ERR-2)"
    if merchant_id.strip() in known:
        return Finding(f"{what}: white space stands around the id", why, "strip the id before it goes into the path")
    same = next((one for one in known if one.lower() == merchant_id.strip().lower()), None)
    if same is not None:
        return Finding(f"{what}, but {same!r}: they differ in case", why, f"call {same!r}")
    if is_placeholder(merchant_id):
        return Finding(f"{what}: it is a placeholder", why, "put the merchant id in its place")
    near = nearest_id(merchant_id, known)
    cure = f"call {near!r}, the nearest of those served" if near else f"call one of {some_ids(known)}"
    return Finding(what, why, cure)


def _signature(merchant: MerchantStore, fields: Mapping[str, Any], store: Store) -> list[Finding]:
    sent = fields.get("signature")
    if not isinstance(sent, str):
        return [Finding("no signature was sent", "REQ-2 asks for one in every call", _SIGN)]
    who = Credentials(merchant.merchant_id, merchant.secret_key, merchant.session_key)
    others = ((one.merchant_id, one.secret_key) for one in store.merchants() if one is not merchant)
    how = wrong_formula(sent, who, iter(others), fields)
    if how is not None:
        return [Finding(f"the signature is {how}", f"expected {_RIGHT}", _SIGN)]
    odd = shape(sent)
    if odd is not None:
        return [Finding(f"the signature is {odd}", f"expected {_RIGHT}", _SIGN)]
    what = "the signature is 32 hex digits, but no known formula gives them with this merchant's secret_key"
    return [Finding(what, f"expected {_RIGHT}", f"check that the client has the secret_key served here; {_SIGN}")]


def _fields(body: bytes, readings: Readings) -> dict[str, Any]:
    try:
        return decode_fields(body, readings)[0]
    except InvalidJson:
        return {}
