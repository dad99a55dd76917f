"""A call as it arrived, as the journal keeps it, and as a person may read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mockserver.contract.operation import Operation
from mockserver.provider.reply import Reply
from mockserver.provider.request import Request


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call as it arrived, secrets and all; stays inside the provider.

    `operation` and `merchant_id` are None when it is not a call of an operation: its path, method or size is another.
    `at` is in Unix seconds, `forced` the value of the header `FAULT_HEADER`, None without one.
    """

    request: Request
    merchant_id: str | None
    at: float
    operation: Operation | None = None
    forced: str | None = None

    @property
    def method(self) -> str:
        """The method of its request."""
        return self.request.method

    @property
    def path(self) -> str:
        """The path of its request, percent-decoded."""
        return self.request.path

    @property
    def body(self) -> bytes:
        """The body of its request."""
        return self.request.body

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers of its request, their names in lower case."""
        return self.request.headers

    @property
    def origin(self) -> str:
        """Where it came from, as `host:port`."""
        return self.request.origin

    def __repr__(self) -> str:
        return f"Call({self.method}, {len(self.body)} bytes)"


class Listed(msgspec.Struct, frozen=True):
    """One call as a list of calls has it: secrets and signatures masked, without its body and its reply.

    `n` counts from 1; `at` is in Unix seconds; `took` is in seconds. `operation` is the name of what was called, None
    outside the contract. `headers` are by name, in lower case, 100 at most. `fields` is the body when it was a JSON
    object, or a form that was let in, else None; `asked` are those of them that say what is asked for, in the order of
    the operation, and of a list of codes how many. With `is_cut`, as of a long body, `fields` are those alone, and a
    list or an object in one of them is left out. `forced` is the value of the header that asks for a fault or an error.

    `role` is `success`, that of a documented error as in `signature`, or None outside the contract; `clause` and
    `reading` are what decided, `explanation` says it in words. `fault` is the name of the one that hits the reply on
    its way: `took` is without what that takes, and of what it closes or cuts off the consumer may have got nothing.
    """

    n: int
    at: float
    origin: str
    method: str
    path: str
    operation: str | None
    merchant_id: str | None
    headers: dict[str, str]
    fields: dict[str, Any] | None
    asked: dict[str, Any]
    forced: str | None
    http_status: int
    rc: int
    role: str | None
    clause: str | None
    reading: str | None
    explanation: str | None
    fault: str | None
    took: float
    is_cut: bool = False


class Entry(Listed, frozen=True, kw_only=True):
    """One call as a person may read it, whole.

    `body` is its text, written anew from `fields` where there are any, so that no secret hides in an escape. With
    `is_withheld` it says why the text is not shown: a secret may be in it in a form that nothing masks.
    """

    body: str
    is_withheld: bool
    reply: str


class RawEntry(msgspec.Struct, frozen=True, gc=False):
    """A call with its reply as the journal keeps them, secrets and all; stays inside the provider."""

    n: int
    call: Call
    reply: Reply
    took: float

    def __repr__(self) -> str:
        return f"RawEntry({self.n})"


Observer = Callable[[RawEntry], None]
