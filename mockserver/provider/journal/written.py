"""A call of the journal as bytes, for a log that outlives the process, and back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from mockserver.contract.operation import Operations
from mockserver.provider.faults.faults import FaultPut, FaultyReply
from mockserver.provider.journal.recorded import Call, RawEntry
from mockserver.provider.refusal import Cause
from mockserver.provider.reply import ForcedReply, Reply
from mockserver.provider.request import Request

_REPLIES: dict[str, type[Reply]] = {one.__name__: one for one in (Reply, ForcedReply, FaultyReply)}
_ENCODER = msgspec.msgpack.Encoder()
# As rows: their fields in order, but for the operation, which goes by its name, and for what stands elsewhere.
_REQUEST = tuple(name for name in Request.__struct_fields__ if name != "origin")
_CALL = tuple(name for name in Call.__struct_fields__ if name not in {"request", "operation", "at"})
_REPLY = tuple(name for name in Reply.__struct_fields__ if name not in {"written", "cause"})
_request_row, _call_row, _reply_row = attrgetter(*_REQUEST), attrgetter(*_CALL), attrgetter(*_REPLY)


class _Head(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What of a call may come again: `request`, `call` and `reply` are rows of `_REQUEST`, `_CALL` and `_REPLY`.

    `kind` is that of the reply, `more` what it has besides. `causes` are the kinds and the fields of its cause, the
    outermost first: one that came before is in none of them.
    """

    operation: str | None
    request: tuple[Any, ...]
    call: tuple[Any, ...]
    reply: tuple[Any, ...]
    kind: str = "Reply"
    more: dict[str, Any] = {}
    causes: tuple[tuple[str, msgspec.Raw], ...] = ()


class _Own(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is of one call alone."""

    took: float
    at: float
    origin: str


_DECODER, _OWN_DECODER = msgspec.msgpack.Decoder(_Head), msgspec.msgpack.Decoder(_Own)


def write_call(call: Call, reply: Reply, took: float) -> tuple[bytes, bytes]:
    """Write a call and its reply, all but the reply's body: what may come again, and what is of this call alone."""
    operation = None if call.operation is None else call.operation.name
    request, rest, row = _request_row(call.request), _call_row(call), _reply_row(reply)
    own = _ENCODER.encode(_Own(took, call.at, call.request.origin))
    if type(reply) is Reply and reply.cause is None:
        written = _Head(operation, request, rest, row)
    else:
        more = {name: getattr(reply, name) for name in reply.__struct_fields__ if name not in Reply.__struct_fields__}
        causes = () if reply.cause is None else tuple(_parts(reply.cause))
        written = _Head(operation, request, rest, row, type(reply).__name__, more, causes)
    try:
        return _ENCODER.encode(written), own
    except UnicodeEncodeError:  # bytes of a path that are not UTF-8
        return _ENCODER.encode(msgspec.structs.replace(written, request=_legible(request), call=_legible(rest))), own


def read_call(n: int, head: bytes, own: bytes, body: bytes, operations: Operations) -> RawEntry:
    """Return a call that was written, of one of these operations; raises msgspec.ValidationError where it is none."""
    written, alone = _DECODER.decode(head), _OWN_DECODER.decode(own)
    request = {**dict(zip(_REQUEST, written.request, strict=True)), "origin": alone.origin}
    call = msgspec.convert({"request": request, "at": alone.at, **dict(zip(_CALL, written.call, strict=True))}, Call)
    operation = None if written.operation is None else operations.named(written.operation)
    cause: Cause | None = None
    for kind, fields in reversed(written.causes):
        inner, cause = cause, msgspec.msgpack.decode(fields, type=_causes()[kind], strict=False)
        if isinstance(cause, FaultPut):
            cause = msgspec.structs.replace(cause, before=inner)
    fields_of_reply = dict(zip(_REPLY, written.reply, strict=True))
    reply = msgspec.convert({**fields_of_reply, **written.more, "written": b""}, _REPLIES[written.kind])
    return RawEntry(
        n,
        msgspec.structs.replace(call, operation=operation),
        msgspec.structs.replace(reply, written=body, cause=cause),
        alone.took,
    )


def _parts(cause: Cause) -> Iterator[tuple[str, msgspec.Raw]]:
    before = cause.before if isinstance(cause, FaultPut) else None
    alone = msgspec.structs.replace(cause, before=None) if isinstance(cause, FaultPut) else cause
    try:
        fields = _ENCODER.encode(alone)
    except (UnicodeEncodeError, OverflowError):  # what a consumer sent is quoted in it
        fields = _ENCODER.encode(_legible(msgspec.structs.asdict(alone)))
    yield type(cause).__name__, msgspec.Raw(fields)
    if before is not None:
        yield from _parts(before)


def _legible(value: Any) -> Any:
    """Return a value with what cannot be written as it is: halves of surrogate pairs, integers of more than 64 bits.

    The latter are written as text, which is read as an integer again.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, dict):
        return {key: _legible(one) for key, one in value.items()}
    return tuple(_legible(one) for one in value) if isinstance(value, (list, tuple)) else value


@cache
def _causes() -> dict[str, type[Cause]]:
    found: dict[str, type[Cause]] = {}
    classes = [Cause]
    while classes:
        one = classes.pop()
        found[one.__name__] = one
        classes += one.__subclasses__()
    return found
