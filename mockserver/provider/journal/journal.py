"""Every call that arrived, what it got and why: bounded, and masked before anybody reads it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from secrets import token_hex
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import msgspec

from mockserver.contract.masked_body import BodyText, masked_body
from mockserver.contract.masking import Masker, is_looked_for, sent_secrets
from mockserver.contract.wire import InvalidJson, Reply
from mockserver.provider.journal.matchers import ASKED, Matchers
from mockserver.provider.journal.recorded import Call, Entry, Kept, Listed, Observer
from mockserver.provider.operations.parsing import decode_json, form_fields

DEFAULT_CAPACITY = 1000
# Bodies are kept whole: cut, one could not be told from one that arrived cut.
BODIES_KEPT = 64 * 1_048_576
REPLY_KEPT = 65_536
# A list shows of a longer body the documented fields alone.
LISTED_BODY = 4096
_LISTED_KEPT = 2000


class Journal:
    """The newest calls: `capacity` of them, fewer when their bodies together are above `BODIES_KEPT` bytes.

    `secrets` gives, when asked, what to mask; `observers` hear of each call as it is kept.
    """

    def __init__(
        self,
        secrets: Callable[[], Iterable[str]],
        *,
        capacity: int = DEFAULT_CAPACITY,
        observers: tuple[Observer, ...] = (),
    ) -> None:
        self._secrets = secrets
        self._capacity = capacity
        self._kept: deque[Kept] = deque()
        self._size = 0
        self._total = 0
        self._lock = threading.Lock()
        self._observers = observers
        self._last_mask = (frozenset[str](), Masker(()))
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._generation = token_hex(8)
        # What lists and waits look at, made once for all of them, under the secrets of that time.
        self._listed: dict[int, Listed] = {}
        self._listed_under: frozenset[str] = frozenset()

    @property
    def generation(self) -> str:
        """Another text in each journal and after each clear: numbers name the same calls while it is the same."""
        return self._generation

    @property
    def total(self) -> int:
        """How many calls were recorded since the start, the forgotten ones included."""
        return self._total

    def record(self, call: Call, reply: Reply, took: float) -> None:
        """Keep a call; done before its reply is sent. `took` is in seconds."""
        if len(reply.body) > REPLY_KEPT:
            reply = msgspec.structs.replace(reply, body=reply.body[:REPLY_KEPT])
        with self._lock:
            self._total += 1
            kept = Kept(self._total, call, reply, took)
            self._kept.append(kept)
            self._size += len(call.body)
            while len(self._kept) > self._capacity or self._size > BODIES_KEPT:
                forgotten = self._kept.popleft()
                self._size -= len(forgotten.call.body)
                self._listed.pop(forgotten.n, None)
        for observe in self._observers:
            observe(kept)
        for heard in self._listeners:
            heard()

    def entries(self, after: int = 0) -> list[Entry]:
        """Return the calls still kept whose `n` is above `after`, oldest first, masked."""
        return [self.masked(one) for one in self.calls(after)]

    def newest(
        self, count: int, *, after: int = 0, before: int | None = None, **matchers: Any
    ) -> tuple[list[Listed], int]:
        """Return at most `count` of the newest calls that match, and how many there are; oldest first.

        They are calls still kept whose `n` is above `after` and below `before`. `Matchers` says what a matcher may be.
        """
        kept = self.calls(after, before)
        self._list_under(frozenset(self._secrets()))
        if matchers:
            kept = self._matching(Matchers(**matchers), kept)
        return [self._in_list(one) for one in kept[-count:]], len(kept)

    def calls(self, after: int = 0, before: int | None = None) -> list[Kept]:
        """Return the calls still kept, secrets and all, whose `n` is above `after` and below `before`, oldest first."""
        with self._lock:
            kept = list(takewhile(lambda one: one.n > after, reversed(self._kept)))
        kept.reverse()
        return kept if before is None else [one for one in kept if one.n < before]

    def kept(self, n: int) -> Kept | None:
        """Return the n-th call, secrets and all, or None when it never came or is forgotten."""
        with self._lock:
            place = n - self._kept[0].n if self._kept else -1
            return self._kept[place] if 0 <= place < len(self._kept) else None

    def find(self, **matchers: Any) -> list[Entry]:
        """Return the calls still kept that match, oldest first; `Matchers` says what a matcher may be."""
        return Matchers(**matchers).find(self.entries())

    def count(self, **matchers: Any) -> int:
        """Return how many of the calls still kept match."""
        return len(self.find(**matchers))

    def wait(self, *, count: int = 1, timeout: float = 10.0, after: int = 0, **matchers: Any) -> list[Entry]:
        """Wait until `count` kept calls match, `timeout` seconds at most; return those that do by then, oldest first.

        Calls from before the wait count too, of them only those whose `n` is above `after`.
        """
        heard = threading.Event()
        search = Search(self, matchers, after)
        deadline = monotonic() + timeout
        with self.listening(heard.set):
            while search.count() < count and heard.wait(max(deadline - monotonic(), 0)):
                heard.clear()
        return [entry for entry in self.find(**matchers) if entry.n > after]

    @contextmanager
    def listening(self, heard: Callable[[], None]) -> Iterator[None]:
        """Call `heard` after each call that is recorded in the meantime, in the thread that records it."""
        with self._lock:
            self._listeners = (*self._listeners, heard)
        try:
            yield
        finally:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not heard)

    def clear(self, *, numbers_too: bool = False) -> None:
        """Forget every call; numbers go on where they were, or with `numbers_too` start again from 1."""
        with self._lock:
            self._kept.clear()
            self._listed = {}
            self._size = 0
            self._generation = token_hex(8)
            if numbers_too:
                self._total = 0

    def masked(self, kept: Kept) -> Entry:
        """Return the entry that a person may read."""
        call, reply = kept.call, kept.reply
        decoded = _decoded(call.body, reply)
        mask = self._mask_for(decoded)
        fields = _fields(decoded, mask)
        body = masked_body(call.body, mask) if fields is None else BodyText(_text(fields, call.body), is_withheld=False)
        return Entry(
            **_shown(kept, mask),
            fields=fields,
            body=body.text,
            is_withheld=body.is_withheld,
            reply=mask(reply.body.decode("utf-8", "replace")),
        )

    def mask(self, text: str) -> str:
        """Return a text without the secrets that are masked in the entries."""
        return self._mask_for(None)(text)

    def count_matching(self, matchers: Matchers, kept: Iterable[Kept]) -> int:
        """Return how many of these calls match; many who ask it of one call share what is made of it."""
        return len(self._matching(matchers, kept))

    def _matching(self, matchers: Matchers, kept: Iterable[Kept]) -> list[Kept]:
        shown = self.masked if matchers.need_text else self._in_list
        return [one for one in kept if not matchers.mismatches(shown(one))]

    def _in_list(self, kept: Kept) -> Listed:
        # The one at hand now: what is made under secrets that change meanwhile must not come into the next.
        made = self._listed
        listed = made.get(kept.n)
        if listed is None:
            listed = made[kept.n] = self._made_for_list(kept)
            if len(made) > _LISTED_KEPT:
                made.pop(next(iter(made)), None)
        return listed

    def _made_for_list(self, kept: Kept) -> Listed:
        decoded = _decoded(kept.call.body, kept.reply)
        mask = self._mask_for(decoded)
        is_cut = len(kept.call.body) > LISTED_BODY and isinstance(decoded, dict)
        if is_cut:
            asked = {name: decoded[name] for name in ASKED if name in decoded}
            decoded = {name: one for name, one in asked.items() if not isinstance(one, (list, dict))}
        return Listed(**_shown(kept, mask), fields=_fields(decoded, mask), is_cut=is_cut)

    def _list_under(self, secrets: frozenset[str]) -> None:
        with self._lock:
            if secrets != self._listed_under:
                self._listed, self._listed_under = {}, secrets

    def _mask_for(self, decoded: Any) -> Masker:
        # Made anew only when the secrets differ from the last call's: with many merchants it is thousands of words.
        secrets = frozenset(self._secrets()).union(filter(is_looked_for, sent_secrets(decoded)))
        known, mask = self._last_mask
        if secrets != known:
            mask = Masker(secrets)
            self._last_mask = (secrets, mask)
        return mask


class Search:
    """How many calls match whose `n` is above `after`, kept up to date; each call is looked at once.

    When numbers start again from 1, `after` is in the new ones.
    """

    def __init__(self, journal: Journal, matchers: Mapping[str, Any], after: int = 0) -> None:
        self._journal = journal
        self._after = after
        self._matchers = Matchers(**matchers)
        self._generation = journal.generation
        self._seen = after
        self._count = 0

    def count(self) -> int:
        """Return how many match by now."""
        generation = self._journal.generation
        if generation != self._generation:
            self._generation, self._seen, self._count = generation, self._after, 0
        fresh = self._journal.calls(after=self._seen)
        if fresh:
            self._seen = fresh[-1].n
            self._count += self._journal.count_matching(self._matchers, fresh)
        return self._count


def _shown(kept: Kept, mask: Masker) -> dict[str, Any]:
    """Return what a list and a single call show alike."""
    call, reply = kept.call, kept.reply
    return {
        "n": kept.n,
        "at": call.at,
        "origin": call.origin,
        "method": call.method,
        "path": mask(call.path),
        "merchant_id": None if call.merchant_id is None else mask(call.merchant_id),
        "forced": None if call.forced is None else mask(call.forced),
        "http_status": reply.http_status,
        "rc": reply.rc,
        "clause": reply.clause,
        "reading": reply.reading,
        "explanation": None if reply.explanation is None else mask(reply.explanation),
        "fault": getattr(reply, "fault", None),
        "took": kept.took,
    }


def _decoded(body: bytes, reply: Reply) -> Any:
    try:
        return decode_json(body)
    except InvalidJson:
        return None if reply.clause == "ERR-1" else form_fields(body)


def _fields(decoded: Any, mask: Masker) -> dict[str, Any] | None:
    if not isinstance(decoded, dict):
        return None
    try:
        masked: dict[str, Any] = mask.value(decoded)
    except RecursionError:
        return None
    return masked


def _text(fields: dict[str, Any], sent: bytes) -> str:
    # In the form that it was sent in, which has no braces.
    return msgspec.json.encode(fields).decode() if b"{" in sent else urlencode(fields, safe="*")
