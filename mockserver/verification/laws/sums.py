"""SUM-1 and SUM-2: `stats` and `kategori_voucher` against the vouchers themselves.

Whether sums cover the project, what the filter lets through or one page is left open: a snapshot of the project tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.page import STATUS_NAMES, Page
from mockserver.contract.judging.violation import CheckResult, Choice, Fact, Violation
from mockserver.contract.reading import CODE_PERMUTATIONS
from mockserver.verification.laws.filter import explained
from mockserver.verification.laws.law import clause
from mockserver.verification.run.record import Inconclusive
from mockserver.verification.run.run import Run
from mockserver.verification.run.snapshot import Snapshot

_STATS = "data.data.stats"
_CATEGORIES = "data.data.kategori_voucher"


@clause("SUM-1")
def stats_are_the_tally_of_statuses(run: Run) -> None:
    """Unfiltered, each of the five `stats` is the number of vouchers in that status (reading `status_codes`)."""

    def check(snapshot: Snapshot) -> list[tuple[CheckResult, Exchange]]:
        found = run.page("SUM-1", limit=2)
        if found is None:
            return []
        tally = Counter(voucher["status"] for voucher in snapshot.at.values())
        stats = found[0].stats
        fits = frozenset(
            codes
            for codes in CODE_PERMUTATIONS
            if all(tally[int(code)] == stats[name] for code, name in zip(codes.split(","), STATUS_NAMES, strict=True))
        )
        seen = Fact.of("codes_and_stats", codes=dict(sorted(tally.items())), stats=dict(stats))
        if not fits:
            return [(Violation("stats_tally", "SUM-1", _STATS, {}, seen.values), found[1])]
        return [(Choice("status_codes", fits, "SUM-1", seen, _STATS), found[1])]

    _whole(run)
    run.check_while_stable(check)


@clause("SUM-2")
def categories_are_the_tally_of_nominals(run: Run) -> None:
    """Unfiltered, `kategori_voucher` has one entry for each nominal, with its number of vouchers."""
    _whole(run)
    check_unfiltered_sums(run, limit=1)


@clause("SUM-1", "SUM-2")
def sums_under_a_filter(run: Run) -> None:
    """Under a filter, sums are the project's or the filter's, each throughout (the three readings of scope)."""
    snapshot = run.some_vouchers()
    narrow = narrow_filters(run, snapshot)
    if not narrow:
        raise Inconclusive("no_narrow_filter")
    for codes, text in narrow[:3]:
        for limit in (1, snapshot.total + 10):
            check_filtered_sums(run, codes, text, limit)


def _whole(run: Run) -> Snapshot:
    snapshot = run.some_vouchers()
    if not snapshot.is_whole:
        raise Inconclusive("not_whole")
    return snapshot


def check_unfiltered_sums(run: Run, limit: int) -> None:
    """Hold the sums without a filter, on a page of this limit, to a snapshot that is whole."""

    def check(snapshot: Snapshot) -> list[tuple[CheckResult, Exchange]]:
        found = run.page("SUM-2", limit=limit)
        return [] if found is None or not snapshot.is_whole else _sums(found, snapshot, None)

    run.check_while_stable(check)


def check_filtered_sums(run: Run, codes: frozenset[int], text: str, limit: int) -> None:
    """Hold the sums under a filter, which lets these status numbers through, to a snapshot."""

    def check(snapshot: Snapshot) -> list[tuple[CheckResult, Exchange]]:
        found = run.page("SUM-1", status=text, limit=limit)
        return [] if found is None else _sums(found, snapshot, codes)

    run.check_while_stable(check)


def narrow_filters(run: Run, snapshot: Snapshot) -> list[tuple[frozenset[int], str]]:
    """Return (numbers that match, filter) for filters known to leave vouchers out, some that match first."""
    left = run.record.observations.left
    asked = explained(run, snapshot)
    some = [
        (frozenset({code}), text)
        for code, text in asked
        if len(snapshot.with_status(frozenset({code}))) < len(snapshot.at)
    ]
    held = {code for code, _ in asked}
    none: list[str] = []
    if snapshot.is_whole and left("status_filter") <= {"code", "both"}:
        none += [str(code) for code in range(5) if code not in held]
    if left("unknown_status") == {"empty"}:
        none.append("9")
    if left("status_filter") == {"name"} and not none:
        none += [name for name in STATUS_NAMES if snapshot.stats[name] == 0][:1]
    return [*some, *((frozenset[int](), text) for text in none[:1])]


def _sums(
    found: tuple[Page, Exchange], snapshot: Snapshot, codes: frozenset[int] | None
) -> list[tuple[CheckResult, Exchange]]:
    """Hold the sums of a page to a snapshot; `codes` are the statuses that match, None for no filter.

    Where the snapshot is not whole, what the page itself and the reply without a filter say has to do.
    """
    page, exchange = found
    results = [_stats(page, snapshot, codes), _total(page, snapshot), _categories(page, snapshot, codes)]
    results.append(_first_seen(page, snapshot, codes) if snapshot.is_whole else None)
    return [(result, exchange) for result in results if result is not None]


def _stats(page: Page, snapshot: Snapshot, codes: frozenset[int] | None) -> CheckResult | None:
    if codes is None:
        return None
    matching = len(snapshot.with_status(codes)) if snapshot.is_whole else page.total
    # Which name a number has is judged elsewhere; here the count tells.
    filtered = sorted([matching, *[0] * (len(STATUS_NAMES) - 1)])
    fits = {
        "project": dict(page.stats) == dict(snapshot.stats),
        "filtered": sorted(page.stats.values()) == filtered,
    }
    return _scope("stats_scope", "SUM-1", fits, Fact.of("stats", stats=dict(page.stats), filter=page.status), _STATS)


def _total(page: Page, snapshot: Snapshot) -> CheckResult:
    fits = {"project": page.total_voucher == snapshot.total, "filtered": page.total_voucher == page.total}
    seen = Fact.of("totals", total_voucher=page.total_voucher, project=snapshot.total, filtered=page.total)
    return _scope("total_voucher_scope", "SUM-1", fits, seen, "data.data.total_voucher")


def _categories(page: Page, snapshot: Snapshot, codes: frozenset[int] | None) -> CheckResult:
    totals, on_page = dict(page.categories), dict(page.nominals)
    if snapshot.is_whole:
        project, filtered = dict(snapshot.nominals()), dict(snapshot.nominals(codes))
    else:
        # Sums without a filter may be those of a page, and then tell nothing of the project.
        project = dict(snapshot.categories) if sum(snapshot.categories.values()) == snapshot.total else {}
        adds_up = sum(totals.values()) == page.total and all(totals.get(name, 0) >= on_page[name] for name in on_page)
        filtered = totals if adds_up else {}
    fits = {"project": totals == project, "filtered": totals == filtered, "page": totals == on_page}
    seen = Fact.of("category_scope", categories=totals, project=project, page=on_page)
    return _scope("kategori_scope", "SUM-2", fits, seen, _CATEGORIES)


def _first_seen(page: Page, snapshot: Snapshot, codes: frozenset[int] | None) -> CheckResult | None:
    """Which orders fit, where the totals are those of the project or of the filter."""
    totals = dict(page.categories)
    scopes = [scope for scope in (snapshot.nominals(), snapshot.nominals(codes)) if totals == scope]
    if not scopes or totals == page.nominals:
        return None
    names = [name for name, _ in page.categories]
    if any(names == list(scope) for scope in scopes):
        return None
    seen = Fact.of("category_names", names=names, first_seen=list(scopes[0]))
    return Choice("kategori_order", frozenset({"nominal", "count"}), "SUM-2", seen, _CATEGORIES)


def _scope(key: str, clause_id: str, fits: Mapping[str, bool], seen: Fact, where: str) -> CheckResult:
    values = frozenset(value for value, fit in fits.items() if fit)
    if not values:
        return Violation("scope", clause_id, where, {"key": key, "scopes": [*fits]}, {"seen": seen})
    return Choice(key, values, clause_id, seen, where)
