"""A page is held to its place in the list, as far as the list was seen."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.contract.judging.page import STATUS_NAMES, Page
from mockserver.contract.judging.violation import Choice, Fact
from mockserver.verification.laws.paging import last_page, page_numbers, slice_violation
from mockserver.verification.run.run import Run
from tests.support.targets import ScriptedTarget, run_at

LISTED = [{"id": id_, "voucher_code": f"C{id_}"} for id_ in range(17, 10, -1)]


def page_of(ids: list[int], *, page: int = 1, limit: int = 3, total: int = 7) -> Page:
    vouchers: list[dict[str, Any]] = [{"id": id_, "voucher_code": f"C{id_}"} for id_ in ids]
    stats = dict.fromkeys(STATUS_NAMES, 0)
    return Page("", page, limit, vouchers, False, total, -(-total // limit), total, stats, [])


def capped(cap: int | None) -> Run:
    run = run_at(ScriptedTarget())
    if cap is not None:
        seen = Fact.of("capped", limit=30, vouchers=cap)
        run.record.observations.take(Choice("max_limit", frozenset({str(cap)}), "PAGE-1", seen))
    return run


@pytest.mark.parametrize(
    ("page", "cap", "kind"),
    [
        (page_of([17, 16, 15]), None, None),
        (page_of([11], page=3), None, None),
        (page_of([], page=4), None, None),
        (page_of([11], page=4), None, None),
        (page_of([17, 16], limit=30), 2, None),
        (page_of([15, 14], page=2, limit=30), 2, None),
        (page_of([17, 16]), None, "page_slice"),
        (page_of([16, 15, 14]), None, "page_slice"),
        (page_of([17, 15, 16]), None, "page_slice"),
        (page_of([17, 16, 15], page=2), None, "page_slice"),
        (page_of([12], page=4), None, "page_slice"),
        (page_of([17, 16, 15], total=8), None, "total_data"),
    ],
)
def test_a_page_holds_what_is_at_its_place(page: Page, cap: int | None, kind: str | None) -> None:
    found = slice_violation(capped(cap), page, LISTED, "PAGE-1")
    assert (None if found is None else found.kind) == kind


def test_a_voucher_that_was_not_seen_may_be_any() -> None:
    listed = [*LISTED[:2], None, *LISTED[3:]]
    assert slice_violation(capped(None), page_of([17, 16, 99]), listed, "PAGE-1") is None
    assert slice_violation(capped(None), page_of([17, 99, 15]), listed, "PAGE-1") is not None


def test_a_violation_says_which_page_and_what_it_begins_with() -> None:
    found = slice_violation(capped(None), page_of([13], page=2), LISTED, "FILT-1")
    assert found is not None
    assert found.clause == "FILT-1"
    assert found.expected == {"page": 2, "limit": 3, "filter": "", "vouchers": 3, "from": 4, "first_id": 14}
    assert found.got == {"vouchers": 1, "first_id": 13}


@pytest.mark.parametrize(
    ("total", "limit", "cap", "last", "numbers"),
    [
        (0, 5, None, 1, [1, 2]),
        (5, 5, None, 1, [1, 2]),
        (6, 5, None, 2, [1, 2, 3]),
        (30, 5, None, 6, [1, 2, 3, 4, 5, 6, 7]),
        (31, 5, None, 7, [1, 2, 3, 6, 7, 8]),
        (30, 100, 10, 3, [1, 2, 3, 4]),
    ],
)
def test_the_pages_to_walk_end_one_past_the_last(
    total: int, limit: int, cap: int | None, last: int, numbers: list[int]
) -> None:
    run = capped(cap)
    assert last_page(run, total, limit) == last
    assert page_numbers(run, total, limit) == numbers
