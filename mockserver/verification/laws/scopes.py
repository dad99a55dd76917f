"""Sums against a picture: do they cover the project, what the filter lets through, or the page?"""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.page import NAMES, Page
from mockserver.contract.judging.violation import Choice, Finding, Violation
from mockserver.verification.run.picture import Picture


def scope_findings(
    found: tuple[Page, Exchange], picture: Picture, codes: frozenset[int] | None
) -> list[tuple[Finding, Exchange]]:
    """Hold the sums of a page to a whole picture; `codes` are the statuses that match, None for no filter."""
    page, exchange = found
    findings = [_stats(page, picture, codes), _total(page, picture), _categories(page, picture, codes)]
    findings.append(_first_seen(page, picture, codes))
    return [(finding, exchange) for finding in findings if finding is not None]


def _stats(page: Page, picture: Picture, codes: frozenset[int] | None) -> Finding | None:
    if codes is None:
        return None
    matching = len(picture.with_status(codes))
    # Which name a number has is judged elsewhere; here the count tells.
    filtered = sorted([matching, *[0] * (len(NAMES) - 1)])
    fits = {
        "project": dict(page.stats) == dict(picture.stats),
        "filtered": sorted(page.stats.values()) == filtered,
    }
    return _choice("stats_scope", "SUM-1", fits, f"stats {dict(page.stats)} under {page.status!r}", "data.data.stats")


def _total(page: Page, picture: Picture) -> Finding | None:
    fits = {"project": page.total_voucher == picture.total, "filtered": page.total_voucher == page.total}
    seen = f"total_voucher {page.total_voucher}, of {picture.total}, {page.total} match"
    return _choice("total_voucher_scope", "SUM-1", fits, seen, "data.data.total_voucher")


def _categories(page: Page, picture: Picture, codes: frozenset[int] | None) -> Finding | None:
    totals = dict(page.categories)
    fits = {
        "project": totals == picture.nominals(),
        "filtered": totals == picture.nominals(codes),
        "page": totals == page.nominals,
    }
    seen = f"{totals}; the project has {dict(picture.nominals())}, the page {dict(page.nominals)}"
    return _choice("kategori_scope", "SUM-2", fits, seen, "data.data.kategori_voucher")


def _first_seen(page: Page, picture: Picture, codes: frozenset[int] | None) -> Finding | None:
    """Which orders fit, where the totals are those of the project or of the filter."""
    totals = dict(page.categories)
    scopes = [scope for scope in (picture.nominals(), picture.nominals(codes)) if totals == scope]
    if not scopes or totals == page.nominals:
        return None
    names = [name for name, _ in page.categories]
    if any(names == list(scope) for scope in scopes):
        return None
    values = frozenset({"nominal", "count"})
    return Choice(
        "kategori_order", values, "SUM-2", f"{names}, first seen {list(scopes[0])}", "data.data.kategori_voucher"
    )


def _choice(key: str, clause: str, fits: Mapping[str, bool], seen: str, where: str) -> Finding:
    values = frozenset(value for value, fit in fits.items() if fit)
    if not values:
        return Violation(clause, f"sums of the {', the '.join(fits)} ({key})", seen, where)
    return Choice(key, values, clause, seen, where)
