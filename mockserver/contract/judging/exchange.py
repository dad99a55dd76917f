"""One call and its reply as somebody outside sees them, decoded strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn

from mockserver.contract.masking import LONGEST_WRITTEN
from mockserver.contract.operation import Operation
from mockserver.contract.project_detail import PROJECT_DETAIL

SUCCESS = "success"
# So many characters of a body are shown in short; more is held, as it has to be masked before it is cut.
BODY_SHOWN = 200
_BODY_HELD = 4 * (BODY_SHOWN + LONGEST_WRITTEN)


class NotJson(ValueError):
    """A body is not JSON as RFC 8259 has it; the message says why."""


@dataclass(frozen=True)
class Exchange:
    """What was sent and what came back.

    `sent_at` and `received_at` are Unix seconds of this machine, `date` those of the reply's `Date` header. With
    no times given, a reply's `ts` is not judged. `request` and `body` are bytes as they went over the wire,
    content codings undone.
    """

    merchant_id: str
    request: bytes = field(repr=False)
    http_status: int
    body: bytes = field(repr=False)
    sent_at: float | None = None
    received_at: float | None = None
    date: float | None = None
    content_type: str = ""
    operation: Operation = field(default=PROJECT_DETAIL, repr=False)

    @cached_property
    def reply(self) -> Any:
        """The decoded reply.

        Raises:
            NotJson: it is not JSON.
        """
        return decode(self.body)

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The decoded request; empty when it is not a JSON object."""
        try:
            sent = decode(self.request)
        except NotJson:
            return {}
        return sent if isinstance(sent, dict) else {}

    @cached_property
    def outcome(self) -> str | None:
        """`success`, the clause of a documented error of its operation (`ERR-4`), or None for anything else."""
        try:
            reply = self.reply
        except NotJson:
            return None
        if not isinstance(reply, dict):
            return None
        if looks_like_success(reply):
            return SUCCESS
        for error in self.operation.errors:
            if same(reply.get("rc"), error.rc) and reply.get("error_msg") == error.error_msg:
                return error.clause if same(reply.get("status"), 0) else None
        return None

    @property
    def received(self) -> Mapping[str, object]:
        """What came back: the outcome, the HTTP status and the body as text, of which more than what is shown is held.

        `is_cut` says that it is not the whole of it.
        """
        held = self.body[:_BODY_HELD]
        return {
            "outcome": self.outcome,
            "http_status": self.http_status,
            "body": held.decode("utf-8", "replace"),
            "is_cut": len(held) < len(self.body),
        }

    @property
    def speaks_the_contract(self) -> bool:
        """Whether the reply is in one of the two envelopes, right or wrong in its details."""
        try:
            reply = self.reply
        except NotJson:
            return False
        return isinstance(reply, dict) and "status" in reply and "rc" in reply


def looks_like_success(reply: dict[str, Any]) -> bool:
    """Whether a reply claims to be a success, however broken."""
    return "error_msg" not in reply and ("data" in reply or "message" in reply or same(reply.get("status"), 1))


def same(left: object, right: object) -> bool:
    """Whether two decoded values are equal and of one JSON type: true is not 1, 1.0 is not 1."""
    return type(left) is type(right) and left == right


def decode(body: bytes) -> Any:
    """Decode JSON as RFC 8259 has it: UTF-8 without a mark, no NaN.

    Raises:
        NotJson: it is not that.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        raise NotJson("it begins with a byte-order mark")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJson(f"it is not UTF-8 (byte {error.start})") from None
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except ValueError as error:
        raise NotJson(f"it does not parse: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not JSON")
