"""What goes back to the consumer, and why."""

from __future__ import annotations

from typing import Any

import msgspec

from mockserver.contract.operation import SUCCESS, DocumentedError, Success
from mockserver.contract.readings import Readings
from mockserver.contract.wire import GAP, SuccessBody, encode, error_body
from mockserver.provider.pieces import Pieces
from mockserver.provider.refusal import Cause, NotCarriedOut, OutsideContract

# Of a body that is one piece: its end, the time in it, is shorter.
_LONGEST_END = 24


class Made(msgspec.Struct, frozen=True, gc=False):
    """What a submission made: a project, of so many `codes`."""

    project_id: str
    codes: int


class Reply(msgspec.Struct, frozen=True):
    """What goes back to the consumer, and why.

    `http_status` and `body` (UTF-8 JSON) are sent; `written` is the body as it is kept. `rc` (the one in the body),
    `role` (`success`, or the role of the documented error), `clause` (an id of the contract), both None outside it,
    `reading` (the key of the open question that decided, if any) and `cause` (None for an ordinary success, while an
    empty list says why) stay on this side.
    `headers` are those besides its type and its length. `made` is what the call made, however little of the reply gets
    to the consumer; it stays on this side too.
    """

    http_status: int
    written: bytes | Pieces
    rc: int
    role: str | None = None
    clause: str | None = None
    reading: str | None = None
    cause: Cause | None = None
    headers: tuple[tuple[str, str], ...] = ()
    made: Made | None = None

    @property
    def body(self) -> bytes:
        """What is sent of it, in UTF-8."""
        written = self.written
        return written if isinstance(written, bytes) else bytes(written)

    @property
    def parts(self) -> tuple[tuple[bytes, ...], bytes]:
        """The body as what is often the same in replies to the same request, in pieces, and its end, with the time."""
        written = self.written
        if isinstance(written, Pieces):
            return (written.start, *written.shared), written.end
        return (written[:-_LONGEST_END],), written[-_LONGEST_END:]

    @property
    def size(self) -> int:
        """How many bytes its body has."""
        written = self.written
        return len(written) if isinstance(written, bytes) else written.size

    @property
    def content_type(self) -> str:
        """The Content-Type that it is sent with."""
        return "application/json"

    @property
    def content_length(self) -> int:
        """The Content-Length that it is sent with."""
        return self.size

    @property
    def explanation(self) -> str | None:
        """Why it is not an ordinary success, for a person; it may quote what was sent."""
        return None if self.cause is None else str(self.cause)

    def __repr__(self) -> str:
        # Without the cause: it may quote what was sent, and only the journal masks that.
        return f"Reply({self.http_status}, rc={self.rc}, clause={self.clause!r}, {self.size} bytes)"


class ForcedReply(Reply, frozen=True):
    """A documented error that the consumer asked for; `cause` says by what."""


def success_reply(
    success: Success,
    data: Any,
    ts: int,
    *,
    reading: str | None = None,
    cause: Cause | None = None,
    made: Made | None = None,
) -> Reply:
    """Write a success, `data` and its time in Unix seconds; `reading` and `cause` say why it is not an ordinary one.

    `data` in `Pieces` is JSON already. `made` is what the call made.
    """
    if isinstance(data, Pieces):
        start, _, end = encode(SuccessBody(1, success.rc, success.message, msgspec.Raw(GAP), ts)).partition(GAP)
        written: bytes | Pieces = data.within(start, end)
    else:
        written = encode(SuccessBody(1, success.rc, success.message, data, ts))
    return Reply(200, written, success.rc, SUCCESS, success.clause, reading, cause, made=made)


def error_reply(error: DocumentedError, cause: Cause, readings: Readings, *, reading: str | None = None) -> Reply:
    """Write a documented error (ERR-5); `cause` says why, `reading` which open question decided."""
    return Reply(
        200 if readings.http_status == "200" else error.rc,
        error_body(error.rc, error.error_msg),
        error.rc,
        error.role,
        error.clause,
        reading,
        cause,
    )


def _not_carried_out() -> Reply:
    text = "Not carried out: a fault of the mock hit the call before"
    return Reply(503, error_body(503, text), 503, cause=NotCarriedOut())


def outside_reply(http_status: int, error_msg: str) -> Reply:
    """Write what the contract does not speak of in its error envelope, so that a consumer can parse it."""
    return Reply(http_status, error_body(http_status, error_msg), http_status, cause=OutsideContract(error_msg))


# What is left of a call that a fault hit before it was carried out, as far as the fault shows any of it.
NOT_CARRIED_OUT = _not_carried_out()
