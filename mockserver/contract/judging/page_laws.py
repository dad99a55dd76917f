"""Laws of one page: its size, totals, sums and filter, each under every reading that the register has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mockserver.contract.judging.page import NAMES, Page
from mockserver.contract.judging.violation import Choice, Finding, Violation
from mockserver.contract.project_detail import DEFAULT_STATUS
from mockserver.contract.reading import CODE_PERMUTATIONS

ORDERS = ("nominal", "count", "first_seen")
_MAX_CAPS_TRIED = 10_000


def page_laws(page: Page) -> Iterator[Finding]:
    """PAGE-1 and PAGE-2: how many vouchers stand on a page, and how many pages there are."""
    if page.size > page.limit:
        got = f"{page.size} vouchers"
        yield Violation("PAGE-1", f"at most {page.limit} vouchers on a page", got, "data.data.vouchers")
        return
    if page.is_null:
        yield Choice("empty_vouchers", frozenset({"null"}), "RES-3", "null", "data.data.vouchers")
    elif not page.vouchers:
        yield Choice("empty_vouchers", frozenset({"list"}), "RES-3", "[]", "data.data.vouchers")
    if page.total == 0:
        yield from _nothing_matches(page)
        return
    yield from _some_match(page)


def _nothing_matches(page: Page) -> Iterator[Finding]:
    if page.vouchers:
        got = f"{page.size} vouchers"
        yield Violation("PAGE-2", "no voucher when total_data is 0", got, "data.data.vouchers")
    if page.pages not in {0, 1}:
        yield Violation("PAGE-2", "total_page 0 or 1 when total_data is 0", f"{page.pages}", "data.total_page")
        return
    value = frozenset({str(page.pages)})
    yield Choice("empty_total_page", value, "PAGE-2", f"total_page {page.pages}", "data.total_page")


def _some_match(page: Page) -> Iterator[Finding]:
    sizes = _page_sizes(page)
    if not sizes:
        pages = -(-page.total // page.limit)
        if page.pages != pages:
            expected = f"total_page {pages} = ceil({page.total} / {page.limit})"
            yield Violation("PAGE-2", expected, f"{page.pages}", "data.total_page")
        else:
            expected = f"{_expected_size(page, page.limit)} vouchers on page {page.page} of {pages}"
            expected += f" (total_data {page.total}, limit {page.limit})"
            yield Violation("PAGE-1", expected, f"{page.size}", "data.data.vouchers")
        return
    yield _cap(page, sizes)
    if page.page > page.pages:
        value = frozenset({"last" if page.vouchers else "empty"})
        yield Choice("beyond_last", value, "PAGE-1", f"{page.size} vouchers", "data.data.vouchers")


def _cap(page: Page, sizes: Sequence[int]) -> Choice:
    if page.limit not in sizes:
        seen = f"{sizes[0]} of {page.limit} asked for"
        return Choice("max_limit", frozenset(map(str, sizes)), "PAGE-1", seen, "data.data.vouchers")
    # A list that ends before the limit shows no more than that it is not cut off there.
    floor = min(page.limit, page.total) if page.pages == 1 else page.limit
    return Choice("max_limit", frozenset({"none"}), "PAGE-1", f"no cap below {floor}", at_least=floor)


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


def sum_laws(page: Page) -> Iterator[Finding]:
    """SUM-1 and SUM-2 as far as one page shows them."""
    if page.status == DEFAULT_STATUS:
        yield from _unfiltered_sums(page)
    yield from _categories(page)


def _unfiltered_sums(page: Page) -> Iterator[Finding]:
    together = sum(page.stats.values())
    if together != page.total_voucher:
        got = f"stats add up to {together}, total_voucher is {page.total_voucher}"
        yield Violation("SUM-1", "stats that add up to total_voucher", got, "data.data.stats")
    if page.total_voucher != page.total:
        got = f"total_data {page.total}, total_voucher {page.total_voucher}"
        yield Violation("PAGE-2", "total_data equal to total_voucher without a filter", got, "data.total_data")
    yield from _codes(page)


def _codes(page: Page) -> Iterator[Finding]:
    """Match the numbers of the vouchers with the names of `stats`."""
    tally = Counter(voucher["status"] for voucher in page.vouchers)
    fitting = frozenset(codes for codes in CODE_PERMUTATIONS if _codes_fit(codes, tally, page))
    seen = f"codes {dict(sorted(tally.items()))} beside stats {dict(page.stats)}"
    if not fitting:
        expected = "stats equal to the number of vouchers in each status, 0 being pending"
        yield Violation("SUM-1", expected, seen, "data.data.stats")
        return
    yield Choice("status_codes", fitting, "SUM-1", seen, "data.data.stats")


def _codes_fit(codes: str, tally: Mapping[int, int], page: Page) -> bool:
    counts = {int(code): page.stats[name] for code, name in zip(codes.split(","), NAMES, strict=True)}
    if any(code not in counts for code in tally):
        return False
    if page.is_whole:
        return all(tally.get(code, 0) == count for code, count in counts.items())
    return all(tally[code] <= counts[code] for code in tally)


def _categories(page: Page) -> Iterator[Finding]:
    """SUM-2: `kategori_voucher` against the page, and against the whole where the page is the whole."""
    totals = dict(page.categories)
    place = "data.data.kategori_voucher"
    if len(totals) != len(page.categories):
        yield Violation("SUM-2", "one entry for each nominal", "a name that stands twice", place)
        return
    scopes = frozenset(scope for scope in ("project", "filtered", "page") if _scope_fits(scope, page, totals))
    seen = f"{_shown(page.categories)} beside total_voucher {page.total_voucher}, total_data {page.total}"
    if not scopes:
        expected = (
            f"totals equal to the number of vouchers of each nominal; on this page {_shown(page.nominals.items())}"
        )
        yield Violation("SUM-2", expected, seen, place)
        return
    if page.status == DEFAULT_STATUS:
        yield Choice("kategori_scope", scopes, "SUM-2", seen, place)
    orders = _orders(page, totals)
    if not orders:
        yield Violation("SUM-2", "an order by nominal, by count or as first seen in the list", seen, place)
        return
    yield Choice("kategori_order", orders, "SUM-2", seen, place)


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


def filter_laws(page: Page) -> Iterator[Finding]:
    """FILT-1 as far as one page shows it: one status at most, unless the filter was passed over."""
    statuses = {voucher["status"] for voucher in page.vouchers}
    if len(statuses) < 2:
        return
    # A filter that is passed over (unknown_status=ignored) lists the whole project.
    if page.total == sum(page.stats.values()):
        return
    got = f"status numbers {sorted(statuses)}"
    yield Violation("FILT-1", f"vouchers of one status under the filter {page.status!r}", got, "data.data.vouchers")


def _shown(pairs: Any) -> str:
    return "{" + ", ".join(f"{name}: {total}" for name, total in pairs) + "}"
