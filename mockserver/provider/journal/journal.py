"""Every call that arrived, what it got and why: bounded, and masked before anybody reads it."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from secrets import token_hex
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import msgspec

from mockserver.contract.masking import LONGEST_WRITTEN, MASK, BodyText, Masker, Maskers, masked_body
from mockserver.contract.operation import JSON, Operations
from mockserver.contract.operations import OPERATIONS
from mockserver.provider.internal_error import report
from mockserver.provider.journal.headers import MOST_HEADERS, shown_headers
from mockserver.provider.journal.matchers import Matchers
from mockserver.provider.journal.recorded import Call, Entry, Listed, Observer, RawEntry
from mockserver.provider.operations.parsing import decode_json, form_fields
from mockserver.provider.refusal import Refusal
from mockserver.provider.reply import Reply

DEFAULT_CAPACITY = 1000
# Bodies are kept whole: cut, one could not be told from one that arrived cut.
BODIES_KEPT = 64 * 1_048_576
# The server lets in as many bytes of headers.
_LONGEST_HEADERS = 65_536
REPLY_KEPT = 65_536
# A little more is held: what is masked first and cut then shows no secret in part.
_REPLY_HELD = REPLY_KEPT + LONGEST_WRITTEN
# A list shows of a longer body what it asks for alone.
LISTED_BODY = 4096
# Who waits for calls that others record looks so often.
LOOK_SECONDS = 0.05
_LISTED_KEPT = 2000


class Journal:
    """The newest calls: `capacity` of them, fewer when their bodies together are above `BODIES_KEPT` bytes.

    Of so many calls that their headers could take as much again, the headers count as well.

    `maskers` make, when asked, what masks the secrets that there are; `observers` hear of each call as it is kept.
    `operations` are those that its calls may be of.
    """

    def __init__(
        self,
        maskers: Maskers,
        *,
        capacity: int = DEFAULT_CAPACITY,
        observers: tuple[Observer, ...] = (),
        operations: Operations = OPERATIONS,
    ) -> None:
        self.operations = operations
        self._maskers = maskers
        self.capacity = capacity
        # Counting takes a few percent of the time of an ordinary call, so it is done only where it matters.
        self._counts_headers = capacity * _LONGEST_HEADERS > BODIES_KEPT
        self._kept: deque[RawEntry] = deque()
        self._size = 0
        self._total = 0
        self._lock = threading.Lock()
        self._observers = observers
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._generation = new_generation()
        # What lists and waits look at, by n: made once for all of them, by the masker of that time.
        self._listed: dict[int, Listed] = {}
        self._listed_by: Masker | None = None
        self._refresh: Callable[[], None] | None = None

    def follow(self, refresh: Callable[[], None]) -> None:
        """Have calls numbered and kept elsewhere too: `refresh` gives those that are new there to `keep`."""
        self._refresh = refresh

    @property
    def is_shared(self) -> bool:
        """Whether others may record calls that nobody tells of here: who waits has to look."""
        return self._refresh is not None

    @property
    def last(self) -> int:
        """The number of the last call that is known here."""
        return self._total

    @property
    def generation(self) -> str:
        """Another text in each journal and after each clear: numbers name the same calls while it is the same."""
        return self._generation

    @property
    def total(self) -> int:
        """How many calls were recorded since the start, the forgotten ones included."""
        self._take_in()
        return self._total

    @property
    def listeners(self) -> int:
        """How many wait for calls at present."""
        return len(self._listeners)

    def record(self, call: Call, reply: Reply, took: float) -> int:
        """Keep a call, and return its number; done before its reply is sent. `took` is in seconds."""
        with self._lock:
            if is_long(call, reply):
                call, reply = shortened(call, reply)
            kept = RawEntry(self._total + 1, call, reply, took)
            self._add(kept)
        for observe in self._observers:
            _tell(observe, kept)
        for heard in self._listeners:
            heard()
        return kept.n

    def keep(self, kept: RawEntry) -> None:
        """Keep a call that was recorded and numbered elsewhere, the next that is known here."""
        with self._lock:
            self._add(kept)
        self._hear()

    def skip_to(self, last: int) -> None:
        """Take it that this was the number of the last call, though it may be forgotten already."""
        self._total = max(self._total, last)

    def tell(self, told: Iterable[RawEntry]) -> None:
        """Tell of calls that were recorded here and numbered elsewhere; each is kept if no other comes before it."""
        with self._lock:
            for kept in told:
                if kept.n == self._total + 1:
                    self._add(kept)
        for kept in told:
            for observe in self._observers:
                _tell(observe, kept)
        self._hear()

    def _add(self, kept: RawEntry) -> None:
        self._total = kept.n
        self._kept.append(kept)
        self._size += _weight(kept.call) if self._counts_headers else len(kept.call.request.body)
        while len(self._kept) > self.capacity or self._size > BODIES_KEPT:
            forgotten = self._kept.popleft()
            self._size -= _weight(forgotten.call) if self._counts_headers else len(forgotten.call.request.body)
            self._listed.pop(forgotten.n, None)

    def _hear(self) -> None:
        for heard in self._listeners:
            heard()

    def _take_in(self) -> None:
        if self._refresh is not None:
            self._refresh()

    def entries(self, after: int = 0) -> list[Entry]:
        """Return the calls still kept whose `n` is above `after`, oldest first, masked."""
        masker = self._maskers.masker()
        return [self.masked(one, masker) for one in self.calls(after)]

    def newest(
        self, count: int, *, after: int = 0, before: int | None = None, **matchers: Any
    ) -> tuple[list[Listed], int]:
        """Return at most `count` of the newest calls that match, and how many there are; oldest first.

        They are calls still kept whose `n` is above `after` and below `before`. `Matchers` says what a matcher may be.
        """
        kept = self.calls(after, before)
        masker = self._maskers.masker()
        if matchers:
            kept = self._matching(Matchers(self.operations, **matchers), kept, masker)
        return [self._in_list(one, masker) for one in kept[-count:]], len(kept)

    def listed(self, kept: Iterable[RawEntry]) -> list[Listed]:
        """Return these calls as a list has them, masked."""
        masker = self._maskers.masker()
        return [self._in_list(one, masker) for one in kept]

    def calls(self, after: int = 0, before: int | None = None) -> list[RawEntry]:
        """Return the calls still kept, secrets and all, whose `n` is above `after` and below `before`, oldest first."""
        self._take_in()
        with self._lock:
            kept = list(takewhile(lambda one: one.n > after, reversed(self._kept)))
        kept.reverse()
        return kept if before is None else [one for one in kept if one.n < before]

    def kept(self, n: int) -> RawEntry | None:
        """Return the n-th call, secrets and all, or None when it never arrived or is forgotten."""
        self._take_in()
        with self._lock:
            place = bisect_left(self._kept, n, key=lambda one: one.n)
            return self._kept[place] if place < len(self._kept) and self._kept[place].n == n else None

    def find(self, **matchers: Any) -> list[Entry]:
        """Return the calls still kept that match, oldest first; `Matchers` says what a matcher may be."""
        return Matchers(self.operations, **matchers).find(self.entries())

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
            while search.count() < count:
                left = deadline - monotonic()
                if not heard.wait(max(min(left, LOOK_SECONDS) if self.is_shared else left, 0)) and left <= 0:
                    break
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

    def clear(self, generation: str | None = None, *, numbers_too: bool = False) -> None:
        """Forget every call; numbers go on where they were, or with `numbers_too` start again from 1.

        `generation` is the new one; one is made when none is given.
        """
        with self._lock:
            self._kept.clear()
            self._listed = {}
            self._size = 0
            self._generation = generation or new_generation()
            if numbers_too:
                self._total = 0

    def forget(self, merchant_id: str) -> None:
        """Forget the calls of one merchant; the others keep their numbers."""
        with self._lock:
            gone = [one for one in self._kept if one.call.merchant_id == merchant_id]
            self._kept = deque(one for one in self._kept if one.call.merchant_id != merchant_id)
            self._size -= sum(_weight(one.call) if self._counts_headers else len(one.call.body) for one in gone)
            for one in gone:
                self._listed.pop(one.n, None)

    def masked(self, kept: RawEntry, masker: Masker | None = None) -> Entry:
        """Return the entry that a person may read; who needs many of them gives the `masker` of all."""
        call, reply = kept.call, kept.reply
        decoded = _decoded(call, reply)
        mask = (masker or self._maskers.masker()).knowing_sent(decoded)
        fields = _fields(call, decoded, mask)
        body = masked_body(call.body, mask) if fields is None else BodyText(_text(fields, call.body), is_withheld=False)
        return Entry(
            **_shown(kept, mask, fields, decoded),
            body=body.text,
            is_withheld=body.is_withheld,
            reply=mask.beginning(
                reply.body.decode("utf-8", "replace"), REPLY_KEPT, is_cut=len(reply.body) >= _REPLY_HELD
            ),
        )

    def mask(self, text: str) -> str:
        """Return a text without the secrets that are masked in the entries."""
        return self._maskers.masker()(text)

    def count_matching(self, matchers: Matchers, kept: Iterable[RawEntry]) -> int:
        """Return how many of these calls match; many who ask it of one call share what is made of it."""
        return len(self._matching(matchers, kept, self._maskers.masker()))

    def _matching(self, matchers: Matchers, kept: Iterable[RawEntry], masker: Masker) -> list[RawEntry]:
        shown = self.masked if matchers.need_text else self._in_list
        return [one for one in kept if not matchers.mismatches(shown(one, masker))]

    def _in_list(self, kept: RawEntry, masker: Masker) -> Listed:
        with self._lock:
            if masker is not self._listed_by:
                self._listed, self._listed_by = {}, masker
            # This one, whatever takes its place meanwhile: what another masker made must not come into the next.
            made = self._listed
        listed = made.get(kept.n)
        if listed is None:
            listed = made[kept.n] = _listed(kept, masker)
            if len(made) > _LISTED_KEPT:
                made.pop(next(iter(made)), None)
        return listed


def is_long(call: Call, reply: Reply) -> bool:
    """Whether a call has more headers, or its reply more bytes, than are kept."""
    return len(reply.body) > _REPLY_HELD or len(call.request.headers) > MOST_HEADERS


def shortened(call: Call, reply: Reply) -> tuple[Call, Reply]:
    """Return a call with as much of its headers and of its reply as is kept."""
    request = msgspec.structs.replace(call.request, headers=call.request.headers[:MOST_HEADERS])
    return msgspec.structs.replace(call, request=request), msgspec.structs.replace(reply, body=reply.body[:_REPLY_HELD])


def new_generation() -> str:
    """Return a text that no journal is called yet."""
    return token_hex(8)


class Search:
    """How many calls match whose `n` is above `after`, kept up to date; each call is looked at once.

    When numbers start again from 1, `after` is in the new ones.
    """

    def __init__(self, journal: Journal, matchers: Mapping[str, Any], after: int = 0) -> None:
        self._journal = journal
        self._after = after
        self._matchers = Matchers(journal.operations, **matchers)
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


def _weight(call: Call) -> int:
    return sum([len(value) for _, value in call.headers], len(call.body))


def _tell(observe: Observer, kept: RawEntry) -> None:
    try:
        observe(kept)
    except Exception as error:  # the call has its reply, whoever else cannot bear to hear of it
        report(error)


def _shown(kept: RawEntry, mask: Masker, fields: dict[str, Any] | None, decoded: Any) -> dict[str, Any]:
    """Return what a list and a single call show alike: of the body what is in `fields`, or may be told of `decoded`."""
    call, reply = kept.call, kept.reply
    return {
        "n": kept.n,
        "at": call.at,
        "origin": call.origin,
        "method": call.method if call.operation is not None else mask(call.method),
        "path": mask(call.path),
        "operation": None if call.operation is None else call.operation.name,
        "merchant_id": None if call.merchant_id is None else mask(call.merchant_id),
        "headers": shown_headers(call.headers, mask),
        "fields": fields,
        "asked": {**_asked(call, fields), **_summaries(call, decoded)},
        "forced": None if call.forced is None else mask(call.forced),
        "http_status": reply.http_status,
        "rc": reply.rc,
        "role": reply.role,
        "clause": reply.clause,
        "reading": reply.reading,
        "explanation": None if reply.explanation is None else mask(reply.explanation),
        "fault": getattr(reply, "fault", None),
        "took": kept.took,
    }


def _listed(kept: RawEntry, masker: Masker) -> Listed:
    decoded = _decoded(kept.call, kept.reply)
    mask = masker.knowing_sent(decoded)
    is_cut = len(kept.call.body) > LISTED_BODY and isinstance(decoded, dict)
    listed = decoded
    if is_cut:
        asked = _asked(kept.call, decoded)
        listed = {name: one for name, one in asked.items() if not isinstance(one, (list, dict))}
    fields = _fields(kept.call, listed, mask)
    if is_cut and fields is not None:
        fields |= _masked_summaries(kept.call, decoded)
    return Listed(**_shown(kept, mask, fields, decoded), is_cut=is_cut)


def _decoded(call: Call, reply: Reply) -> Any:
    try:
        return decode_json(call.body)
    except Refusal:
        return None if reply.role == JSON or call.operation is None else form_fields(call.body, call.operation)


def _fields(call: Call, decoded: Any, mask: Masker) -> dict[str, Any] | None:
    if not isinstance(decoded, dict):
        return None
    try:
        masked: dict[str, Any] = mask.value(decoded)
    except RecursionError:
        return None
    return masked | _masked_summaries(call, decoded)


def _asked(call: Call, fields: Mapping[str, Any] | None) -> dict[str, Any]:
    if call.operation is None or fields is None:
        return {}
    return {name: fields[name] for name in call.operation.asked if name in fields}


def _masked_summaries(call: Call, decoded: Any) -> dict[str, str]:
    """Return what is shown of the secret fields of which more may be shown than that they were sent."""
    return {name: f"{MASK} ({summary})" for name, summary in _summaries(call, decoded).items()}


def _summaries(call: Call, decoded: Any) -> dict[str, str]:
    if call.operation is None or not isinstance(decoded, dict):
        return {}
    return {
        field.name: field.summary(sent)
        for field in call.operation.summarized
        if field.summary is not None and isinstance(sent := decoded.get(field.name), str)
    }


def _text(fields: dict[str, Any], sent: bytes) -> str:
    # In the form that it was sent in, which has no braces.
    return msgspec.json.encode(fields).decode() if b"{" in sent else urlencode(fields, safe="*")
