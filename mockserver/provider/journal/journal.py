"""Every call that arrived, what it got and why: bounded, and masked before anybody reads it."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import takewhile
from secrets import token_hex
from time import monotonic
from typing import Any

import msgspec

from mockserver.contract.masking import Masker, Maskers
from mockserver.contract.operation import Operations
from mockserver.contract.operations import OPERATIONS
from mockserver.provider.internal_error import report
from mockserver.provider.journal.headers import MOST_HEADERS
from mockserver.provider.journal.matchers import Matchers
from mockserver.provider.journal.recorded import Call, Entry, Listed, Observer, RawEntry
from mockserver.provider.journal.shown import REPLY_HELD, LazyEntry, listed_entry, masked_entry
from mockserver.provider.reply import Reply

DEFAULT_CAPACITY = 1000
# Bodies are kept whole: cut, one could not be told from one that arrived cut.
BODIES_KEPT = 64 * 1_048_576
# The server lets in as many bytes of headers.
_LONGEST_HEADERS = 65_536
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
        self._up_to_date: Callable[[], AbstractContextManager[None]] = nullcontext

    def follow(self, up_to_date: Callable[[], AbstractContextManager[None]]) -> None:
        """Have calls numbered and kept elsewhere too: while `up_to_date()` is entered, those of there are here."""
        self._up_to_date = up_to_date

    @property
    def is_shared(self) -> bool:
        """Whether others may record calls that nobody tells of here: who waits has to look."""
        return self._up_to_date is not nullcontext

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
        with self._up_to_date():
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

    def tell(self, told: Sequence[RawEntry], *, keep: bool = True) -> None:
        """Tell of calls that were recorded here and numbered elsewhere.

        Each is kept if no other comes before it. Without `keep` none is, as some may be forgotten: they are read again.
        """
        if keep:
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

    def lazy_entries(self) -> list[LazyEntry]:
        """Return the calls still kept, oldest first; each is masked when it is looked at, with the secrets of now."""
        kept = self.calls()
        masker = self._maskers.masker()
        return [LazyEntry(one, masker) for one in kept]

    def entries(self, after: int = 0) -> list[Entry]:
        """Return the calls still kept whose `n` is above `after`, oldest first, masked."""
        kept = self.calls(after)
        # Behind it: they may be of a merchant that nobody here knew.
        masker = self._maskers.masker()
        return [self.masked(one, masker) for one in kept]

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
        with self._up_to_date(), self._lock:
            kept = list(takewhile(lambda one: one.n > after, reversed(self._kept)))
        kept.reverse()
        return kept if before is None else [one for one in kept if one.n < before]

    def kept(self, n: int) -> RawEntry | None:
        """Return the n-th call, secrets and all, or None when it never arrived or is forgotten."""
        with self._up_to_date(), self._lock:
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
        return masked_entry(kept, masker or self._maskers.masker())

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
            listed = made[kept.n] = listed_entry(kept, masker)
            if len(made) > _LISTED_KEPT:
                made.pop(next(iter(made)), None)
        return listed


def is_long(call: Call, reply: Reply) -> bool:
    """Whether a call has more headers, or its reply more bytes, than are kept."""
    return reply.size > REPLY_HELD or len(call.request.headers) > MOST_HEADERS


def shortened(call: Call, reply: Reply) -> tuple[Call, Reply]:
    """Return a call with as much of its headers and of its reply as is kept."""
    if reply.size > REPLY_HELD:
        reply = msgspec.structs.replace(reply, written=reply.body[:REPLY_HELD])
    if len(call.request.headers) > MOST_HEADERS:
        request = msgspec.structs.replace(call.request, headers=call.request.headers[:MOST_HEADERS])
        call = msgspec.structs.replace(call, request=request)
    return call, reply


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
