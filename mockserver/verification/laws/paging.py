"""PAGE-1 and PAGE-2: pages that add up to the list, over generated combinations of `page` and `limit`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.page import Page
from mockserver.contract.judging.violation import CheckResult, Violation
from mockserver.contract.project_detail import DEFAULT_LIMIT
from mockserver.verification.laws.law import clause
from mockserver.verification.run.run import Run
from mockserver.verification.run.snapshot import Snapshot, name_of


@clause("PAGE-1")
def pages_add_up_to_the_list(run: Run) -> None:
    """Pages 1 to the last hold each voucher once, in the order of the list; past the last there is none, or the last.

    One walk whose last page is partial, where the number of vouchers allows it.
    """
    snapshot = run.some_vouchers()
    limit = max(1, -(-snapshot.total // 4))
    if snapshot.total % limit == 0 and snapshot.total > 2:
        limit = next((size for size in range(2, snapshot.total) if snapshot.total % size), limit)
    for page in page_numbers(run, snapshot.total, limit):
        _judge(run, page, limit)


@clause("PAGE-2", "PAGE-1")
def totals_over_limits(run: Run) -> None:
    """`total_page` is ceil(`total_data` / `limit`), at a limit that divides the total and next to it."""
    snapshot = run.some_vouchers()
    total = snapshot.total
    divisor = next((size for size in (2, 3, 5, 7) if total % size == 0), total)
    for limit in sorted({1, divisor, max(1, total - 1), total, total + 1}):
        _judge(run, 1, limit)
        _judge(run, last_page(run, total, limit), limit)


@clause("PAGE-1", "PAGE-2")
def generated_pages_and_limits(run: Run) -> None:
    """Any page of any limit holds what stands at its place in the list."""
    snapshot = run.some_vouchers()
    for page in (2, last_page(run, snapshot.total, DEFAULT_LIMIT)):
        _judge(run, page, DEFAULT_LIMIT)
    for _ in range(6):
        if not run.has_room:
            return
        limit = run.random.choice([run.random.randint(1, 12), run.random.randint(1, snapshot.total + 3)])
        page = run.random.randint(1, last_page(run, snapshot.total, limit) + 1)
        _judge(run, page, limit)


@clause("PAGE-1", "RES-2")
def past_the_last_page(run: Run) -> None:
    """Past the last page there is nothing, or the last page again (reading `beyond_last`)."""
    for ahead in (1, 1000):
        _judge(run, last_page(run, run.total, 4) + ahead, 4)


def _judge(run: Run, page: int, limit: int) -> None:
    def check(snapshot: Snapshot) -> list[tuple[CheckResult, Exchange]]:
        found = run.page("PAGE-1", page=page, limit=limit)
        if found is None:
            return []
        listed = [snapshot.at.get(place) for place in range(snapshot.total)]
        violation = slice_violation(run, found[0], listed, "PAGE-1")
        return [] if violation is None else [(violation, found[1])]

    run.check_while_stable(check, sees=lambda snapshot: snapshot.order)


def last_page(run: Run, total: int, limit: int) -> int:
    """Return the last page's number, 1 where there is nothing."""
    return max(1, -(-total // _page_size(run, limit)))


def page_numbers(run: Run, total: int, limit: int) -> list[int]:
    """Return the pages to walk: all and one past the last, or both ends where they are many."""
    last = last_page(run, total, limit)
    if last <= 6:
        return [*range(1, last + 2)]
    return [1, 2, 3, last - 1, last, last + 1]


def slice_violation(run: Run, page: Page, listed: Sequence[dict[str, Any] | None], clause_id: str) -> Violation | None:
    """Hold a page to its place in the list; None in `listed` is a voucher that was not seen."""
    size = _page_size(run, page.limit)
    last = max(1, -(-len(listed) // size))
    if page.total != len(listed):
        got = {"total_data": page.total}
        return Violation("total_data", "PAGE-2", "data.total_data", {"total_data": len(listed)}, got)
    expected = listed[(page.page - 1) * size : page.page * size]
    if page.page > last and page.vouchers:
        expected = listed[(last - 1) * size :]
    if len(page.vouchers) == len(expected) and all(
        voucher is None or name_of(voucher) == name_of(listed_one)
        for voucher, listed_one in zip(expected, page.vouchers, strict=True)
    ):
        return None
    asked = {"page": page.page, "limit": page.limit, "filter": page.status}
    place = (min(page.page, last) - 1) * size + 1
    return Violation(
        "page_slice",
        clause_id,
        "data.data.vouchers",
        {**asked, "vouchers": len(expected), "from": place, "first_id": _first_id(expected)},
        {"vouchers": len(page.vouchers), "first_id": _first_id(page.vouchers)},
    )


def _page_size(run: Run, limit: int) -> int:
    """Return how many vouchers a full page holds: the limit, or the cap that was seen."""
    return min(limit, run.record.observations.cap or limit)


def _first_id(vouchers: Sequence[dict[str, Any] | None]) -> int | None:
    return vouchers[0]["id"] if vouchers and vouchers[0] else None
