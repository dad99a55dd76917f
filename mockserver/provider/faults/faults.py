"""Faults: named ways in which a reply goes wrong on its way.

A fault is a change to a finished reply, described in plain values (`FaultyReply`): the server's lane carries it out
on the connection, an in-process double shows as much of it as it can.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Literal

import msgspec

from mockserver._text import nearest
from mockserver.contract.operation import Operation
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, VENDOR_STATES
from mockserver.contract.wire import error_body
from mockserver.provider.refusal import Cause
from mockserver.provider.reply import Reply

DEFAULT_SECONDS = 2.0
LONGEST = 3600.0
DEFAULT_RETRY_AFTER = 30

# How many bytes more than it sends `wrong_length` announces.
_OVERSTATED = 64


class FaultError(ValueError):
    """There is no such fault, or it takes no such value; the message says what there is."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fault. `seconds` is how long `delay` and `slow_body` take, `retry_after` (in seconds) is for `rate_limit`.

    Of a call that changes something `carried_out` says whether it is done all the same: then only its reply is hit.

    Raises:
        FaultError: no fault has this name, or a value is out of its range.
    """

    name: str
    seconds: float = DEFAULT_SECONDS
    retry_after: int = DEFAULT_RETRY_AFTER
    carried_out: bool = True

    def __post_init__(self) -> None:
        if self.name not in FAULTS:
            raise FaultError(f"there is no fault {self.name!r}{_hint(self.name)}; faults are {', '.join(FAULTS)}")
        if not 0 <= self.seconds <= LONGEST:
            raise FaultError(f"{self.name}: expected 0 to {LONGEST:g} seconds, got {self.seconds:g}")
        if not 0 <= self.retry_after <= LONGEST:
            raise FaultError(f"{self.name}: expected retry_after of 0 to {LONGEST:g} seconds, got {self.retry_after}")

    @property
    def prevents(self) -> bool:
        """Whether a call that changes something is not carried out: as asked for, or as the vendor refused it."""
        return not self.carried_out or self.name == "rate_limit" or FAULTS[self.name].role is not None

    @property
    def in_words(self) -> str:
        """The fault with the one value it takes, as in `delay of 2 s`."""
        if self.name in {"delay", "slow_body"}:
            return f"{self.name} of {self.seconds:g} s"
        return f"{self.name}, Retry-After {self.retry_after}" if self.name == "rate_limit" else self.name


class FaultPut(Cause, frozen=True):
    """A fault was put on a reply; `before` is why that was not an ordinary success, if it was not and is sent.

    `origin` says what asked for it: `header`, `reserved` (a text in the call) or `rule`; `asked_by` is that text, or in
    words the rule.
    """

    fault: Fault
    before: Cause | None = None
    origin: Literal["header", "reserved", "rule"] = "rule"
    asked_by: str = ""

    def __str__(self) -> str:
        return f"fault {self.fault.in_words}" + (f"; {self.before}" if self.before else "")


class FaultyReply(Reply, frozen=True, kw_only=True):
    """A reply with what goes wrong with it.

    `written` is what is sent of it, `content_length` what it says of its length, true or not. It begins `delay` seconds
    late, and its body takes `body_seconds`. The connection is closed before anything of the reply is sent (`close` is
    `"before"`), or when `body` is (`"after"`).
    """

    fault: str
    content_type: str = "application/json"
    content_length: int
    delay: float = 0.0
    body_seconds: float = 0.0
    close: Literal["before", "after"] | None = None


@dataclass(frozen=True)
class Kind:
    """A fault as people read of it: `what` happens, and the reserved text that asks for it.

    `role` is that of the documented error that it stands for, in an operation that has it.
    """

    name: str
    what: str
    reserved: str
    apply: Callable[[Reply, Fault, Readings], FaultyReply]
    role: str | None = None


def _changed(reply: Reply, fault: Fault, **changes: object) -> FaultyReply:
    kept: dict[str, object] = {
        "http_status": reply.http_status,
        "written": reply.body,
        "rc": reply.rc,
        "role": reply.role,
        "clause": reply.clause,
        "reading": reply.reading,
        "cause": FaultPut(fault, reply.cause),
        "headers": reply.headers,
        "made": reply.made,
        "fault": fault.name,
    }
    made = {**kept, **changes}
    return FaultyReply(**{"content_length": len(made["written"]), **made})  # type: ignore[arg-type] # fields by name


def _outside(reply: Reply, fault: Fault, http_status: int, body: bytes, **changes: object) -> FaultyReply:
    return _changed(
        reply, fault, http_status=http_status, written=body, rc=http_status, **_not_of_contract(fault), **changes
    )


def _not_of_contract(fault: Fault) -> dict[str, object]:
    return {"role": None, "clause": None, "reading": None, "cause": FaultPut(fault)}


def _delay(reply: Reply, fault: Fault, _: Readings) -> FaultyReply:
    return _changed(reply, fault, delay=fault.seconds)


def _slow_body(reply: Reply, fault: Fault, _: Readings) -> FaultyReply:
    return _changed(reply, fault, body_seconds=fault.seconds)


def _close_before(reply: Reply, fault: Fault, _: Readings) -> FaultyReply:
    return _changed(reply, fault, written=b"", close="before")


def _close_middle(reply: Reply, fault: Fault, _: Readings) -> FaultyReply:
    half = reply.body[: len(reply.body) // 2]
    return _changed(reply, fault, written=half, content_length=len(reply.body), close="after")


def _truncated_json(reply: Reply, fault: Fault, _: Readings) -> FaultyReply:
    return _changed(reply, fault, written=reply.body[: len(reply.body) // 2])


def _empty_body(reply: Reply, fault: Fault, _: Readings) -> FaultyReply:
    return _changed(reply, fault, written=b"")


def _html(http_status: int) -> Callable[[Reply, Fault, Readings], FaultyReply]:
    title = f"{http_status} {HTTPStatus(http_status).phrase}".replace("Timeout", "Time-out")
    # Byte for byte what nginx writes, the proxy that integrators meet most.
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    ).encode("ascii")

    def apply(reply: Reply, fault: Fault, _: Readings) -> FaultyReply:
        return _outside(reply, fault, http_status, page, content_type="text/html", headers=(("server", "nginx"),))

    return apply


def _wrong_content_type(reply: Reply, fault: Fault, _: Readings) -> FaultyReply:
    return _changed(reply, fault, content_type="text/html; charset=UTF-8")


def _wrong_length(reply: Reply, fault: Fault, _: Readings) -> FaultyReply:
    return _changed(reply, fault, content_length=len(reply.body) + _OVERSTATED, close="after")


def _rate_limit(reply: Reply, fault: Fault, _: Readings) -> FaultyReply:
    body = error_body(429, "Too Many Requests")
    return _outside(reply, fault, 429, body, headers=(("retry-after", str(fault.retry_after)),))


def _sibling(error_msg: str) -> Callable[[Reply, Fault, Readings], FaultyReply]:
    def apply(reply: Reply, fault: Fault, readings: Readings) -> FaultyReply:
        http_status = 200 if readings.http_status == "200" else 500
        body = error_body(500, error_msg)
        return _changed(reply, fault, http_status=http_status, written=body, rc=500, **_not_of_contract(fault))

    return apply


def _vendor_state(role: str) -> Kind:
    error = REDEEM_BULK.error_of[role]
    what = f"rc 500, {error.error_msg}: {error.clause} of the submit call (sibling page)."
    return Kind(role, what, f"RMOCK{role.replace('_', '').upper()}", _sibling(error.error_msg), role)


_KINDS = (
    Kind("delay", "The whole reply comes late, by `seconds`.", "RMOCKDELAY", _delay),
    Kind("slow_body", "Headers at once, then the body drips over `seconds`.", "RMOCKSLOWBODY", _slow_body),
    Kind("close_before", "The connection closes before any reply.", "RMOCKCLOSEBEFORE", _close_before),
    Kind("close_middle", "The connection closes in the middle of the body.", "RMOCKCLOSEMIDDLE", _close_middle),
    Kind("truncated_json", "A whole HTTP reply whose JSON stops half-way.", "RMOCKTRUNCATEDJSON", _truncated_json),
    Kind("empty_body", "A reply with Content-Length 0.", "RMOCKEMPTYBODY", _empty_body),
    Kind("html_502", "502 with a proxy's HTML page.", "RMOCKHTML502", _html(502)),
    Kind("html_503", "503 with a proxy's HTML page.", "RMOCKHTML503", _html(503)),
    Kind("html_504", "504 with a proxy's HTML page.", "RMOCKHTML504", _html(504)),
    Kind("wrong_content_type", "The right JSON, called text/html.", "RMOCKWRONGTYPE", _wrong_content_type),
    Kind("wrong_length", "Content-Length says more than is sent, then the end.", "RMOCKWRONGLENGTH", _wrong_length),
    Kind("rate_limit", "429 with Retry-After (`retry_after` seconds).", "RMOCKRATELIMIT", _rate_limit),
    *map(_vendor_state, VENDOR_STATES),
)
FAULTS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _KINDS})


def with_fault(reply: Reply, fault: Fault, readings: Readings, operation: Operation) -> FaultyReply:
    """Return the reply to a call of this operation as this fault lets it through."""
    kind = FAULTS[fault.name]
    faulty = kind.apply(reply, fault, readings)
    documented = operation.error_of.get(kind.role or "")
    if documented is None:
        return faulty
    return msgspec.structs.replace(faulty, role=documented.role, clause=documented.clause)


def with_origin(reply: FaultyReply, origin: Literal["header", "reserved", "rule"], asked_by: str) -> FaultyReply:
    """Return a faulty reply that knows what asked for its fault."""
    assert isinstance(reply.cause, FaultPut)
    return msgspec.structs.replace(reply, cause=msgspec.structs.replace(reply.cause, origin=origin, asked_by=asked_by))


def _hint(name: str) -> str:
    known = next((known for known in FAULTS if name.startswith(known)), None)
    if known is None or name[len(known)].isalnum():
        return nearest(name, FAULTS)
    more = [part.strip() for part in re.split(r"[,; ]+", name[len(known) :]) if "=" in part]
    example = ";".join([known, *(more or ["times=3"])])
    return f"; options are parted by `;`, as in {example!r}"


def fault_named(name: str) -> str:
    """Return the register's spelling of a fault's name: `slow-body` and `SLOW_BODY` are `slow_body`."""
    return name.strip().lower().replace("-", "_")
