"""Laws across calls: the whole list is read, and a law is judged only where the list stood still meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from mockserver.contract.judging.checks import Finding, Violation
from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.page import Page
from mockserver.verification.run.calls import Calls
from mockserver.verification.run.picture import Picture, picture_of
from mockserver.verification.run.record import Record

TRIES = 3
_RESTLESS_AFTER = 2
_LARGEST_LIMIT = 10_000
_LONGEST_WALK = 12

Sees = Callable[[Picture], Hashable]
Law = Callable[[Picture], list[tuple[Finding, Exchange]]]


class StillPictures:
    """Reads pictures of the project and holds laws to them.

    `has_room` says whether there are calls for another try. `total` is how many vouchers the project had when the
    whole list was last asked for.
    """

    def __init__(self, calls: Calls, record: Record, has_room: Callable[[], bool]) -> None:
        self.total = 0
        self._calls = calls
        self._record = record
        self._has_room = has_room
        self._last: Picture | None = None
        self._restless = 0

    def last(self) -> Picture | None:
        """Return the last picture of the project, read now if there is none; None when it cannot be read."""
        return self._last or self.read()

    def read(self) -> Picture | None:
        """Read the whole unfiltered list, or as much of it as a capped limit lets through in a dozen calls."""
        for _ in range(TRIES):
            pages = self._walk()
            if pages is None:
                return None
            self._last = picture_of([(offset, page) for offset, page, _ in pages])
            if self._last.is_consistent or not self._has_room():
                return self._last
            first = pages[0][1]
            if all(page.total == first.total and page.stats == first.stats for _, page, _ in pages):
                again = self._walk()
                if again is not None and again[0][1].vouchers == first.vouchers:
                    got = "pages whose vouchers overlap or are out of order, while totals stand still"
                    self._record.breaks(Violation("PAGE-1", "pages that hold each voucher once", got), pages[-1][2])
                    return None
        self._restless = _RESTLESS_AFTER
        return self._last

    def _walk(self) -> list[tuple[int, Page, Exchange]] | None:
        limit = min(self.total + 10, _LARGEST_LIMIT)
        first = self._calls.page("PAGE-1", limit=limit)
        if first is None:
            return None
        page, exchange = first
        self.total = page.total
        walked = [(0, page, exchange)]
        if page.is_whole or page.size == 0:
            return walked
        numbers: Sequence[int] = range(2, page.pages + 1)
        if page.pages > _LONGEST_WALK:
            numbers = (2, 3, page.pages - 1, page.pages)
        for number in numbers:
            found = self._calls.page("PAGE-1", page=number, limit=limit)
            if found is None:
                return None
            walked.append(((number - 1) * page.size, *found))
        return walked

    def hold(self, name: str, law: Law, *, sees: Sees) -> None:
        """Hold a law across calls, judged only where the project stood still before and after; three tries.

        `law` makes its calls and returns what it finds; `sees` is the part of the picture that it depends on.
        """
        before = self.last()
        if before is None:
            return
        if self._restless >= _RESTLESS_AFTER:
            self._record.unseen[name] = "the project moves too often for laws across calls"
            return
        for _ in range(TRIES):
            news = [pair for pair in law(before) if self._record.is_news(pair[0])]
            if not news:
                return
            after = self.read()
            if after is None:
                return
            if sees(after) == sees(before):
                for finding, exchange in news:
                    self._record.take_or_break(finding, exchange)
                return
            before = after
            if not self._has_room():
                break
        self._restless += 1
        self._record.unseen[name] = f"no still picture of the project in {TRIES} tries"
