"""The laws of one page, over every reading: which pages are explained, by what, and which by nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.judging.page import STATUS_NAMES, Page
from mockserver.contract.judging.page_laws import filter_laws, page_laws, sum_laws
from mockserver.contract.judging.violation import Choice, Violation

# Seven vouchers: (status number, nominal), newest first.
LISTED = ((0, 100), (1, 25), (0, 25), (2, 0), (0, 25), (1, 100), (4, 0))


def a_page(size: int | None = None, *, page: int = 1, limit: int = 3, total: int = 7, **changes: Any) -> Page:
    """Return a lawful page of the seven, or one with other numbers; `size` vouchers are on it."""
    start = (page - 1) * limit
    count = max(0, min(limit, total - start)) if size is None else size
    rows = [LISTED[(start + place) % 7] for place in range(count)]
    vouchers = [{"id": 900 - start - place, "status": s, "nominal_gs": n} for place, (s, n) in enumerate(rows)]
    known: dict[str, Any] = {
        "status": "",
        "page": page,
        "limit": limit,
        "vouchers": vouchers,
        "is_null": False,
        "total": total,
        "pages": -(-total // limit),
        "total_voucher": total,
        "stats": dict(zip(STATUS_NAMES, (3, 2, 1, 0, 1), strict=True)),
        "categories": [("0", 2), ("25", 3), ("100", 2)],
    }
    return Page(**{**known, **changes})


# Pages, and what of `max_limit`, `beyond_last`, `empty_vouchers` and `empty_total_page` they show.
SHOWN: list[tuple[str, Page, dict[str, set[str]]]] = [
    ("a full page", a_page(), {"max_limit": {"none"}}),
    ("the last page", a_page(page=3), {"max_limit": {"none"}}),
    ("past the last, empty", a_page(0, page=4), {"max_limit": {"none"}, "beyond_last": {"empty"}}),
    ("past the last, the last again", a_page(1, page=4), {"max_limit": {"none"}, "beyond_last": {"last"}}),
    ("a cap", a_page(3, limit=30, pages=3), {"max_limit": {"3"}}),
    ("the last page under a cap", a_page(1, page=3, limit=30, pages=3), {"max_limit": {"3"}}),
    ("past the last under a cap", a_page(0, page=9, limit=30, pages=2), {"max_limit": {"4", "5", "6"}}),
    ("nothing, as a list", a_page(total=0, pages=0), {"empty_total_page": {"0"}, "empty_vouchers": {"list"}}),
    ("nothing, as null", a_page(total=0, pages=1, is_null=True), {"empty_vouchers": {"null"}}),
]


@pytest.mark.parametrize(("name", "page", "shown"), SHOWN, ids=[name for name, *_ in SHOWN])
def test_a_lawful_page_shows_readings(name: str, page: Page, shown: dict[str, set[str]]) -> None:
    found = list(page_laws(page))
    assert not [result for result in found if isinstance(result, Violation)]
    seen = {result.key: set(result.values) for result in found if isinstance(result, Choice)}
    assert {key: seen.get(key) for key in shown} == shown


BROKEN: list[tuple[str, Page, str, str]] = [
    ("more than asked for", a_page(4), "page_too_large", "PAGE-1"),
    ("one too few", a_page(2), "page_size", "PAGE-1"),
    ("none on a page that has some", a_page(0, page=2), "page_size", "PAGE-1"),
    ("one too many on the last page", a_page(2, page=3), "page_size", "PAGE-1"),
    ("two past the last page", a_page(2, page=4), "page_size", "PAGE-1"),
    ("a page too many", a_page(pages=4), "total_page", "PAGE-2"),
    ("rounded down", a_page(pages=2), "total_page", "PAGE-2"),
    ("vouchers of none", a_page(2, total=0, pages=0), "vouchers_of_none", "PAGE-2"),
    ("pages of none", a_page(total=0, pages=2), "pages_of_none", "PAGE-2"),
]


@pytest.mark.parametrize(("name", "page", "kind", "clause"), BROKEN, ids=[name for name, *_ in BROKEN])
def test_a_page_that_nothing_explains_is_a_violation(name: str, page: Page, kind: str, clause: str) -> None:
    found = [result for result in page_laws(page) if isinstance(result, Violation)]
    assert [(violation.kind, violation.clause) for violation in found] == [(kind, clause)]


SUMS: list[tuple[str, Page, str, str]] = [
    ("stats that miss one", a_page(stats={**a_page().stats, "pending": 2}), "stats_sum", "SUM-1"),
    ("total_voucher of another project", a_page(total_voucher=9), "total_data_unfiltered", "PAGE-2"),
    ("stats in no order of numbers", a_page(limit=7, stats={**a_page().stats, "pending": 1, "success": 4}),
     "stats_and_codes", "SUM-1"),
    ("a nominal twice", a_page(categories=[("0", 2), ("25", 3), ("25", 2)]), "category_twice", "SUM-2"),
    ("a nominal left out", a_page(categories=[("0", 2), ("25", 3)]), "category_totals", "SUM-2"),
    ("one too many", a_page(categories=[("0", 2), ("25", 4), ("100", 2)]), "category_totals", "SUM-2"),
    ("no order", a_page(limit=7, categories=[("0", 2), ("100", 2), ("25", 3)]), "category_order", "SUM-2"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "page", "kind", "clause"), SUMS, ids=[name for name, *_ in SUMS])
def test_sums_that_nothing_explains_are_a_violation(name: str, page: Page, kind: str, clause: str) -> None:
    found = [result for result in sum_laws(page) if isinstance(result, Violation)]
    assert (kind, clause) in {(violation.kind, violation.clause) for violation in found}


ORDERS = {
    "nominal": [("0", 2), ("25", 3), ("100", 2)],
    "count": [("25", 3), ("0", 2), ("100", 2)],
    "first_seen": [("100", 2), ("25", 3), ("0", 2)],
}


@pytest.mark.parametrize("order", ORDERS)
def test_each_order_of_categories_is_told_from_the_others(order: str) -> None:
    found = {r.key: r.values for r in sum_laws(a_page(limit=7, categories=ORDERS[order])) if isinstance(r, Choice)}
    assert found["kategori_order"] == {order}


def test_categories_of_the_page_are_told_from_those_of_the_project() -> None:
    page = a_page(categories=[("25", 2), ("100", 1)])
    found = {result.key: result.values for result in sum_laws(page) if isinstance(result, Choice)}
    assert found["kategori_scope"] == {"page"}
    assert found["kategori_order"] == {"nominal", "count"}


def test_a_filter_lists_one_status_or_is_passed_over() -> None:
    stats = a_page().stats
    assert not list(filter_laws(a_page(status="0", vouchers=[{"status": 0}, {"status": 0}], stats=stats)))
    assert not list(filter_laws(a_page(limit=7, status="9", stats=stats)))
    (found,) = filter_laws(a_page(status="0", total=3, vouchers=[{"status": 0}, {"status": 2}], stats=stats))
    assert isinstance(found, Violation)
    assert (found.clause, found.got) == ("FILT-1", {"statuses": [0, 2]})


@given(st.integers(0, 40), st.integers(1, 12), st.integers(1, 12), st.integers(1, 50))
def test_what_a_capped_list_serves_is_always_explained_by_its_cap(total: int, cap: int, page: int, limit: int) -> None:
    size = min(cap, limit)
    pages = -(-total // size)
    served = a_page(max(0, min(size, total - (page - 1) * size)), page=page, limit=limit, total=total, pages=pages)
    found = list(page_laws(served))
    assert not [result for result in found if isinstance(result, Violation)]
    for result in found:
        if isinstance(result, Choice) and result.key == "max_limit":
            assert result.values == {"none"} or str(size) in result.values
