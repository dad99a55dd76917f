"""How a consumer alone forces an outcome: by a reserved text in its request, or by a header of the mock's own."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from mockserver.contract.masking import RESERVED
from mockserver.contract.operation import DocumentedError, Operation
from mockserver.contract.readings import Readings
from mockserver.provider.faults.faults import (
    DEFAULT_RETRY_AFTER,
    DEFAULT_SECONDS,
    FAULTS,
    LONGEST,
    Fault,
    FaultError,
    fault_named,
)
from mockserver.provider.refusal import AskedFor
from mockserver.provider.reply import ForcedReply, error_reply
from mockserver.provider.request import FAULT_HEADER

_FAULT_OF = {kind.reserved: kind.name for kind in FAULTS.values()}
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_WITH_NUMBER = re.compile(r"([A-Z]+)([0-9]{1,4}(?:\.[0-9]{1,3})?)")
_LONGEST_TEXT = 40

Forced = Fault | DocumentedError


class Reserved(NamedTuple):
    """A text in a call that asks for a fault or an error; `place` is the field, or what of it, that holds it."""

    text: str
    place: str


def forced_by_header(value: str, operation: Operation) -> Forced:
    """Return what the header asks for: a fault, as in `delay; seconds=0.5`, or an error by its clause, as in `ERR-3`.

    Raises:
        FaultError: it asks for what there is not.
    """
    name, *parameters = (part.strip() for part in value.split(";"))
    for error in operation.errors:
        if name.upper() == error.clause:
            return error
    numbers: dict[str, float] = {"seconds": DEFAULT_SECONDS, "retry_after": DEFAULT_RETRY_AFTER, "carried_out": 1}
    for parameter in parameters:
        key, _, number = parameter.partition("=")
        if key not in numbers:
            raise FaultError(f"{FAULT_HEADER}: there is no parameter {key!r}; there are {', '.join(numbers)}")
        if not _NUMBER.fullmatch(number):
            raise FaultError(f"{FAULT_HEADER}: {key}: expected a number, got {number!r}")
        numbers[key] = float(number)
    try:
        return Fault(fault_named(name), numbers["seconds"], int(numbers["retry_after"]), bool(numbers["carried_out"]))
    except FaultError as error:
        raise FaultError(f"{FAULT_HEADER}: {error}") from None


def forced_by_text(text: str, operation: Operation) -> Forced | None:
    """Return what a reserved text asks for, or None.

    Such are `RMOCKDELAY`, with its seconds `RMOCKDELAY5`, and `RMOCKERR3` for the error of that clause.
    """
    if not text.startswith(RESERVED):
        return None
    error = _reserved_errors(operation).get(text)
    if error is not None:
        return error
    if text in _FAULT_OF:
        return Fault(_FAULT_OF[text])
    found = _WITH_NUMBER.fullmatch(text)
    name = _FAULT_OF.get(found[1]) if found else None
    if found is None or name is None or float(found[2]) > LONGEST:
        return None
    if name == "rate_limit":
        return Fault(name, retry_after=int(float(found[2])))
    return Fault(name, seconds=float(found[2])) if name in {"delay", "slow_body"} else None


def meant_reserved(text: str, operation: Operation) -> str | None:
    """Return the reserved text that is nearest to one that looks like it and is none, or None."""
    asked = text.strip().upper()
    if not asked.startswith(RESERVED) or forced_by_text(text, operation) is not None:
        return None
    if forced_by_text(asked, operation) is not None:
        return asked
    (nearest,) = difflib.get_close_matches(asked[:_LONGEST_TEXT], reserved_texts(operation), n=1, cutoff=0)
    return nearest


def forced_reply(error: DocumentedError, by: str, readings: Readings) -> ForcedReply:
    """Write a documented error that was asked for, byte for byte as one that was not (ERR-5); `by` says with what."""
    return ForcedReply(*msgspec.structs.astuple(error_reply(error, AskedFor(by), readings)))


def reserved_texts(operation: Operation) -> list[str]:
    """Return every reserved text of an operation: those of the faults, and one for each of its errors."""
    return [*_FAULT_OF, *_reserved_errors(operation)]


def _reserved_errors(operation: Operation) -> Mapping[str, DocumentedError]:
    return {f"{RESERVED}{error.clause.replace('-', '')}": error for error in operation.errors}
