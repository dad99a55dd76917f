"""A call as it arrived, as the journal keeps it, and as a person may read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mockserver.contract.wire import Reply


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call as it arrived, secrets and all; stays inside the provider.

    `merchant_id` is None when the path is not the endpoint's. `at` is in Unix seconds, `origin` is `host:port`,
    `forced` the value of the header `FAULT_HEADER`, None without one.
    """

    method: str
    path: str
    merchant_id: str | None
    body: bytes
    origin: str
    at: float
    forced: str | None = None

    def __repr__(self) -> str:
        return f"Call({self.method}, {len(self.body)} bytes)"


class Listed(msgspec.Struct, frozen=True):
    """One call as a list of calls has it: secrets and signatures masked, without its body and its reply.

    `n` counts from 1; `at` is in Unix seconds; `took` is in seconds. `fields` is the body when it was a JSON object, or
    a form that was let in, else None; with `is_cut`, as of a long body, only the documented ones are there, and a list
    or an object in one of them is not. `forced` is the value of the header that asks for a fault or an error. `clause`
    and `reading` are what decided, `explanation` says it in words. `fault` is the name of the one that hits the reply
    on its way: `took` is without what that takes, and of what it closes or cuts off the consumer may have got nothing.
    """

    n: int
    at: float
    origin: str
    method: str
    path: str
    merchant_id: str | None
    fields: dict[str, Any] | None
    forced: str | None
    http_status: int
    rc: int
    clause: str | None
    reading: str | None
    explanation: str | None
    fault: str | None
    took: float
    is_cut: bool = False


class Entry(Listed, frozen=True, kw_only=True):
    """One call as a person may read it, whole.

    `body` is its text: written anew from `fields` where there are any, so that no secret hides in an escape. With
    `is_withheld` the body says why its text is not shown: a secret may stand there in a form that nothing masks.
    """

    body: str
    is_withheld: bool
    reply: str


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A call with its reply as the journal keeps them, secrets and all; stays inside the provider."""

    n: int
    call: Call
    reply: Reply
    took: float

    def __repr__(self) -> str:
        return f"Kept({self.n})"


Observer = Callable[[Kept], None]
