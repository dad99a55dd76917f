"""Every call that arrived, what it got and why: bounded, and masked before anybody reads it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from mockserver.contract.wire import InvalidJson, Reply
from mockserver.provider.masking import Masker, sent_secrets
from mockserver.provider.parsing import decode_json

DEFAULT_CAPACITY = 1000
BODY_KEPT = 65_536


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call as it arrived, secrets and all; stays inside the provider.

    `merchant_id` is None when the path is not the endpoint's. `at` is in Unix seconds, `origin` is `host:port`.
    """

    method: str
    path: str
    merchant_id: str | None
    body: bytes
    origin: str
    at: float

    def __repr__(self) -> str:
        return f"Call({self.method}, {len(self.body)} bytes)"


class Entry(msgspec.Struct, frozen=True):
    """One call as a person may read it: secrets and signatures masked.

    `n` counts from 1; `at` is in Unix seconds; `took` is in seconds. `fields` is the body when it was a JSON object,
    `body` its text: written anew from `fields` where there are any, so that no secret hides in an escape. `clause`
    and `reading` are what decided, `explanation` says it in words.
    """

    n: int
    at: float
    origin: str
    method: str
    path: str
    merchant_id: str | None
    body: str
    fields: dict[str, Any] | None
    http_status: int
    rc: int
    clause: str | None
    reading: str | None
    explanation: str | None
    reply: str
    took: float


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A call with its reply as the journal keeps them, secrets and all; stays inside the provider."""

    n: int
    call: Call
    reply: Reply
    took: float

    def __repr__(self) -> str:
        return f"Kept({self.n})"


Observer = Callable[[Kept], None]


class Journal:
    """The newest calls. `secrets` gives, when asked, what to mask; `observers` hear of each call as it is kept."""

    def __init__(
        self,
        secrets: Callable[[], Iterable[str]],
        *,
        capacity: int = DEFAULT_CAPACITY,
        observers: tuple[Observer, ...] = (),
    ) -> None:
        self._secrets = secrets
        self._kept: deque[Kept] = deque(maxlen=capacity)
        self._total = 0
        self._lock = threading.Lock()
        self._observers = observers
        self._last_mask = (frozenset[str](), Masker(()))

    @property
    def total(self) -> int:
        """How many calls were recorded since the start, the forgotten ones included."""
        return self._total

    def record(self, call: Call, reply: Reply, took: float) -> None:
        """Keep a call; done before its reply is sent. `took` is in seconds."""
        if len(call.body) > BODY_KEPT:
            call = msgspec.structs.replace(call, body=call.body[:BODY_KEPT])
        if len(reply.body) > BODY_KEPT:
            reply = msgspec.structs.replace(reply, body=reply.body[:BODY_KEPT])
        with self._lock:
            self._total += 1
            kept = Kept(self._total, call, reply, took)
            self._kept.append(kept)
        for observe in self._observers:
            observe(kept)

    def entries(self) -> list[Entry]:
        """Return the calls still kept, oldest first, masked."""
        with self._lock:
            kept = list(self._kept)
        return [self.masked(one) for one in kept]

    def find(self, **matchers: Any) -> list[Entry]:
        """Return the calls still kept that match, oldest first; `Matchers` says what a matcher may be."""
        from mockserver.provider.matchers import Matchers  # noqa: PLC0415 - it reads entries, so it imports this module

        return Matchers(**matchers).find(self.entries())

    def clear(self) -> None:
        """Forget every call; numbers go on where they were."""
        with self._lock:
            self._kept.clear()

    def masked(self, kept: Kept) -> Entry:
        """Return the entry that a person may read."""
        call, reply = kept.call, kept.reply
        decoded = _decoded(call.body)
        mask = self._mask_for(decoded)
        fields = mask.value(decoded) if isinstance(decoded, dict) else None
        return Entry(
            n=kept.n,
            at=call.at,
            origin=call.origin,
            method=call.method,
            path=mask(call.path),
            merchant_id=None if call.merchant_id is None else mask(call.merchant_id),
            body=mask(call.body.decode("utf-8", "replace")) if fields is None else _text(fields),
            fields=fields,
            http_status=reply.http_status,
            rc=reply.rc,
            clause=reply.clause,
            reading=reply.reading,
            explanation=None if reply.explanation is None else mask(reply.explanation),
            reply=mask(reply.body.decode("utf-8", "replace")),
            took=kept.took,
        )

    def _mask_for(self, decoded: Any) -> Masker:
        # Made anew only when the secrets differ from the last call's: with many merchants it is thousands of words.
        secrets = frozenset([*self._secrets(), *sent_secrets(decoded)])
        known, mask = self._last_mask
        if secrets != known:
            mask = Masker(secrets)
            self._last_mask = (secrets, mask)
        return mask


def _decoded(body: bytes) -> Any:
    try:
        return decode_json(body)
    except InvalidJson:
        return None


def _text(fields: dict[str, Any]) -> str:
    return msgspec.json.encode(fields).decode()
