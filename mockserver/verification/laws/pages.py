"""Laws across calls that more than one test file needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mockserver.contract.judging.page import Page
from mockserver.contract.judging.violation import Violation
from mockserver.verification.run.picture import names_of
from mockserver.verification.run.run import Run


def page_size(run: Run, limit: int) -> int:
    """Return how many vouchers a full page holds: the limit, or the cap that was seen."""
    return min(limit, run.observations.cap or limit)


def pages_of(run: Run, total: int, limit: int) -> int:
    """Return the last page's number, 1 where there is nothing."""
    return max(1, -(-total // page_size(run, limit)))


def page_numbers(run: Run, total: int, limit: int) -> list[int]:
    """Return the pages to walk: all and one past the last, or both ends where they are many."""
    last = pages_of(run, total, limit)
    if last <= 6:
        return [*range(1, last + 2)]
    return [1, 2, 3, last - 1, last, last + 1]


def expect_slice(run: Run, page: Page, listed: Sequence[dict[str, Any] | None], clause: str) -> Violation | None:
    """Hold a page to its place in the list; None in `listed` is a voucher that was not seen."""
    size = page_size(run, page.limit)
    last = max(1, -(-len(listed) // size))
    expected = listed[(page.page - 1) * size : page.page * size]
    if page.page > last and page.vouchers:
        expected = listed[(last - 1) * size :]
    if page.total != len(listed):
        return Violation("PAGE-2", f"total_data {len(listed)}, as many as match", f"{page.total}", "data.total_data")
    wanted = [None if voucher is None else names_of([voucher])[0] for voucher in expected]
    came = names_of(page.vouchers)
    if len(came) == len(wanted) and all(want in {None, name} for want, name in zip(wanted, came, strict=True)):
        return None
    what = f"page {page.page} of limit {page.limit}" + (f" under status {page.status!r}" if page.status else "")
    return Violation(
        clause,
        f"{what}: {len(wanted)} vouchers from place {(min(page.page, last) - 1) * size + 1} of the list"
        + (f", the first of id {expected[0]['id']}" if expected and expected[0] else ""),
        f"{len(came)} vouchers" + (f", the first of id {page.vouchers[0]['id']}" if came else ""),
        "data.data.vouchers",
    )
