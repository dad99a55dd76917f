"""Laws of one page: its size, totals, sums and filter, each under every reading that the register has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from mockserver.contract.judging.page import STATUS_NAMES, Page
from mockserver.contract.judging.violation import CheckResult, Choice, Fact, Violation
from mockserver.contract.project_detail import DEFAULT_STATUS
from mockserver.contract.reading import CODE_PERMUTATIONS

ORDERS = ("nominal", "count", "first_seen")
_MAX_CAPS_TRIED = 10_000
_VOUCHERS = "data.data.vouchers"
_CATEGORIES = "data.data.kategori_voucher"


def page_laws(page: Page) -> Iterator[CheckResult]:
    """PAGE-1 and PAGE-2: how many vouchers are on a page, and how many pages there are."""
    if page.size > page.limit:
        yield Violation("page_too_large", "PAGE-1", _VOUCHERS, {"limit": page.limit}, {"vouchers": page.size})
        return
    if not page.vouchers:
        value = "null" if page.is_null else "list"
        yield Choice("empty_vouchers", frozenset({value}), "RES-3", Fact.of(f"vouchers_{value}"), _VOUCHERS)
    if page.total == 0:
        yield from _nothing_matches(page)
        return
    yield from _some_match(page)


def _nothing_matches(page: Page) -> Iterator[CheckResult]:
    if page.vouchers:
        yield Violation("vouchers_of_none", "PAGE-2", _VOUCHERS, {}, {"vouchers": page.size})
    if page.pages not in {0, 1}:
        yield Violation("pages_of_none", "PAGE-2", "data.total_page", {}, {"total_page": page.pages})
        return
    seen = Fact.of("total_page", total_page=page.pages)
    yield Choice("empty_total_page", frozenset({str(page.pages)}), "PAGE-2", seen, "data.total_page")


def _some_match(page: Page) -> Iterator[CheckResult]:
    sizes = _page_sizes(page)
    if not sizes:
        pages = -(-page.total // page.limit)
        asked = {"total_data": page.total, "limit": page.limit, "total_page": pages}
        if page.pages != pages:
            yield Violation("total_page", "PAGE-2", "data.total_page", asked, {"total_page": page.pages})
        else:
            expected = {**asked, "page": page.page, "vouchers": _expected_size(page, page.limit)}
            yield Violation("page_size", "PAGE-1", _VOUCHERS, expected, {"vouchers": page.size})
        return
    yield _cap(page, sizes)
    if page.page > page.pages:
        value = frozenset({"last" if page.vouchers else "empty"})
        yield Choice("beyond_last", value, "PAGE-1", Fact.of("vouchers", vouchers=page.size), _VOUCHERS)


def _cap(page: Page, sizes: Sequence[int]) -> Choice:
    if page.limit not in sizes:
        seen = Fact.of("capped", limit=page.limit, vouchers=sizes[0])
        return Choice("max_limit", frozenset(map(str, sizes)), "PAGE-1", seen, _VOUCHERS)
    # A list that ends before the limit shows no more than that it is not cut off there.
    floor = min(page.limit, page.total) if page.pages == 1 else page.limit
    return Choice("max_limit", frozenset({"none"}), "PAGE-1", Fact.of("no_cap", below=floor), at_least=floor)


def _page_sizes(page: Page) -> Sequence[int]:
    """Return the page sizes that explain the reply: the limit, else every cap below it that does."""
    if _explains(page, page.limit):
        return [page.limit]
    if 0 < page.size < page.limit and page.page < page.pages:
        return [page.size] if _explains(page, page.size) else []
    if page.pages < 2:
        return []
    # Every size that gives this many pages; the last page tells which. A page past it may leave several.
    smallest, largest = -(-page.total // page.pages), (page.total - 1) // (page.pages - 1)
    largest = min(largest, page.limit - 1, smallest + _MAX_CAPS_TRIED)
    return [size for size in range(smallest, largest + 1) if _explains(page, size)]


def _explains(page: Page, size: int) -> bool:
    if page.pages != -(-page.total // size):
        return False
    expected = _expected_size(page, size)
    if page.page > page.pages:
        return page.size in {0, page.total - (page.pages - 1) * size}
    return page.size == expected


def _expected_size(page: Page, size: int) -> int:
    return max(0, min(size, page.total - (page.page - 1) * size))


def sum_laws(page: Page) -> Iterator[CheckResult]:
    """SUM-1 and SUM-2 as far as one page shows them."""
    if page.status == DEFAULT_STATUS:
        yield from _unfiltered_sums(page)
    yield from _categories(page)


def _unfiltered_sums(page: Page) -> Iterator[CheckResult]:
    together = sum(page.stats.values())
    if together != page.total_voucher:
        got = {"stats": together, "total_voucher": page.total_voucher}
        yield Violation("stats_sum", "SUM-1", "data.data.stats", {}, got)
    if page.total_voucher != page.total:
        got = {"total_data": page.total, "total_voucher": page.total_voucher}
        yield Violation("total_data_unfiltered", "PAGE-2", "data.total_data", {}, got)
    yield from _codes(page)


def _codes(page: Page) -> Iterator[CheckResult]:
    """Match the numbers of the vouchers with the names of `stats`."""
    tally = Counter(voucher["status"] for voucher in page.vouchers)
    fitting = frozenset(codes for codes in CODE_PERMUTATIONS if _codes_fit(codes, tally, page))
    seen = Fact.of("codes_and_stats", codes=dict(sorted(tally.items())), stats=dict(page.stats))
    if not fitting:
        yield Violation("stats_and_codes", "SUM-1", "data.data.stats", {}, seen.values)
        return
    yield Choice("status_codes", fitting, "SUM-1", seen, "data.data.stats")


def _codes_fit(codes: str, tally: Mapping[int, int], page: Page) -> bool:
    counts = {int(code): page.stats[name] for code, name in zip(codes.split(","), STATUS_NAMES, strict=True)}
    if any(code not in counts for code in tally):
        return False
    if page.is_whole:
        return all(tally.get(code, 0) == count for code, count in counts.items())
    return all(tally[code] <= counts[code] for code in tally)


def _categories(page: Page) -> Iterator[CheckResult]:
    """SUM-2: `kategori_voucher` against the page, and against the whole where the page is the whole."""
    totals = dict(page.categories)
    if len(totals) != len(page.categories):
        yield Violation("category_twice", "SUM-2", _CATEGORIES)
        return
    scopes = frozenset(scope for scope in ("project", "filtered", "page") if _scope_fits(scope, page, totals))
    seen = Fact.of("categories", categories=totals, total_voucher=page.total_voucher, total_data=page.total)
    if not scopes:
        expected = {"on_page": dict(page.nominals)}
        yield Violation("category_totals", "SUM-2", _CATEGORIES, expected, seen.values)
        return
    if page.status == DEFAULT_STATUS:
        yield Choice("kategori_scope", scopes, "SUM-2", seen, _CATEGORIES)
    orders = _orders(page, totals)
    if not orders:
        yield Violation("category_order", "SUM-2", _CATEGORIES, {}, seen.values)
        return
    yield Choice("kategori_order", orders, "SUM-2", seen, _CATEGORIES)


def _scope_fits(scope: str, page: Page, totals: Mapping[str, int]) -> bool:
    if scope == "page":
        return totals == page.nominals
    unfiltered = page.status == DEFAULT_STATUS
    if page.is_whole and (unfiltered or scope == "filtered"):
        return totals == page.nominals
    together = sum(totals.values())
    if (unfiltered or scope == "filtered") and together != page.total:
        return False
    return all(totals.get(name, 0) >= count for name, count in page.nominals.items()) and together >= page.size


def _orders(page: Page, totals: Mapping[str, int]) -> frozenset[str]:
    names = [name for name, _ in page.categories]
    counts = [total for _, total in page.categories]
    fits = {
        "nominal": names == sorted(names, key=int),
        "count": counts == sorted(counts, reverse=True),
        "first_seen": _first_seen_fits(page, names, totals),
    }
    return frozenset(order for order in ORDERS if fits[order])


def _first_seen_fits(page: Page, names: list[str], totals: Mapping[str, int]) -> bool:
    first_seen = list(page.nominals)
    if totals == page.nominals:
        return names == first_seen
    if page.status != DEFAULT_STATUS or page.page != 1:
        return True
    return names[: len(first_seen)] == first_seen


def filter_laws(page: Page) -> Iterator[CheckResult]:
    """FILT-1 as far as one page shows it: one status at most, unless the filter was passed over."""
    statuses = {voucher["status"] for voucher in page.vouchers}
    if len(statuses) < 2:
        return
    # A filter that is passed over (unknown_status=ignored) lists the whole project.
    if page.total == sum(page.stats.values()):
        return
    yield Violation("filter_statuses", "FILT-1", _VOUCHERS, {"filter": page.status}, {"statuses": sorted(statuses)})
