"""How a consumer alone forces an outcome: by a reserved `projectid`, or by a header that only the mock knows."""

from __future__ import annotations

import difflib
import re

import msgspec

from mockserver.contract.readings import Readings
from mockserver.contract.wire import DOCUMENTED_ERRORS, DocumentedError, InvalidJson, Reply, error_reply
from mockserver.provider.faults.faults import (
    DEFAULT_RETRY_AFTER,
    DEFAULT_SECONDS,
    FAULTS,
    LONGEST,
    Fault,
    FaultError,
    fault_named,
)
from mockserver.provider.operations.parsing import as_text, decode_fields
from mockserver.provider.operations.project_detail import project_asked_for
from mockserver.provider.request import FAULT_HEADER
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.store import MerchantStore, Store
from mockserver.provider.state.world import Merchant, Project, World

RESERVED_PREFIX = "RMOCK"
_RESERVED_ERRORS = {f"{RESERVED_PREFIX}{error.clause.replace('-', '')}": error for error in DOCUMENTED_ERRORS}
_RESERVED = {kind.reserved: kind.name for kind in FAULTS.values()}
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_WITH_NUMBER = re.compile(r"([A-Z]+)([0-9]{1,4}(?:\.[0-9]{1,3})?)")
_LONGEST_ID = 40

Forced = Fault | DocumentedError


class ForcedReply(Reply, frozen=True):
    """A documented error that the consumer asked for; `explanation` says by what."""


def forced_by_header(value: str) -> Forced:
    """Return what the header asks for: a fault, as in `delay; seconds=0.5`, or an error by its clause, as in `ERR-3`.

    Raises:
        FaultError: it asks for what there is not.
    """
    name, *parameters = (part.strip() for part in value.split(";"))
    for error in DOCUMENTED_ERRORS:
        if name.upper() == error.clause:
            return error(f"asked for by {FAULT_HEADER}")
    numbers: dict[str, float] = {"seconds": DEFAULT_SECONDS, "retry_after": DEFAULT_RETRY_AFTER}
    for parameter in parameters:
        key, _, number = parameter.partition("=")
        if key not in numbers:
            raise FaultError(f"{FAULT_HEADER}: there is no parameter {key!r}; there are {', '.join(numbers)}")
        if not _NUMBER.fullmatch(number):
            raise FaultError(f"{FAULT_HEADER}: {key}: expected a number, got {number!r}")
        numbers[key] = float(number)
    try:
        return Fault(fault_named(name), numbers["seconds"], int(numbers["retry_after"]))
    except FaultError as error:
        raise FaultError(f"{FAULT_HEADER}: {error}") from None


def forced_by_project_id(project_id: str) -> Forced | None:
    """Return what a reserved `projectid` asks for, or None.

    Such are `RMOCKDELAY`, with its seconds `RMOCKDELAY5`, and `RMOCKERR3` for the error of that clause.
    """
    if project_id in _RESERVED_ERRORS:
        return _RESERVED_ERRORS[project_id](f"asked for by the projectid {project_id}")
    if project_id in _RESERVED:
        return Fault(_RESERVED[project_id])
    found = _WITH_NUMBER.fullmatch(project_id)
    name = _RESERVED.get(found[1]) if found else None
    if found is None or name is None or float(found[2]) > LONGEST:
        return None
    if name == "rate_limit":
        return Fault(name, retry_after=int(float(found[2])))
    return Fault(name, seconds=float(found[2])) if name in {"delay", "slow_body"} else None


def meant_reserved(project_id: str) -> str | None:
    """Return the reserved `projectid` that is nearest to one that looks like it and is none, or None."""
    asked = project_id.strip().upper()
    if not asked.startswith(RESERVED_PREFIX) or forced_by_project_id(project_id) is not None:
        return None
    if forced_by_project_id(asked) is not None:
        return asked
    (nearest,) = difflib.get_close_matches(asked[:_LONGEST_ID], [*_RESERVED, *_RESERVED_ERRORS], n=1, cutoff=0)
    return nearest


def forced_reply(error: DocumentedError, *, http_status: int) -> ForcedReply:
    """Write a documented error that was asked for, byte for byte as one that was not (ERR-5)."""
    return ForcedReply(*msgspec.structs.astuple(error_reply(error, http_status=http_status)))


def sent_project_id(body: bytes, readings: Readings) -> str | None:
    """Return the text in `projectid`, or what is taken for it; None when there is none."""
    try:
        sent = decode_fields(body, readings)[0].get("projectid")
        return sent if isinstance(sent, str) else as_text("projectid", sent, readings)
    except InvalidJson:
        return None


def called_project_id(merchant: MerchantStore | None, body: bytes, readings: Readings) -> str | None:
    """Return the id of the project that a call to this merchant asks for; what it sent where it means none."""
    sent = sent_project_id(body, readings)
    project = None if sent is None or merchant is None else project_asked_for(merchant, sent, readings)
    return sent if project is None else project.project_id


def store_with(merchant: MerchantStore, project_id: str, readings: Readings) -> Store:
    """Return a store in which the merchant has the reserved project, so that a good call to it has a good reply."""
    vouchers = generate_vouchers(3, first_id=1)
    project = Project(1, project_id, None, vouchers)
    store = Store(World())
    store.add_merchant(
        Merchant(merchant.merchant_id, merchant.secret_key, merchant.session_key, (project,)), readings, merchant.clock
    )
    return store


def reserved_ids() -> list[tuple[str, str]]:
    """Return every reserved `projectid` with what it forces, for the docs."""
    errors = [(project_id, f"{error.clause}: {error.error_msg}") for project_id, error in _RESERVED_ERRORS.items()]
    return [*((kind.reserved, f"{kind.name}: {kind.what}") for kind in FAULTS.values()), *errors]
