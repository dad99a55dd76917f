"""SUM-1 and SUM-2: `stats` and `kategori_voucher` against the vouchers themselves."""

from __future__ import annotations

from collections import Counter

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.page import NAMES
from mockserver.contract.judging.violation import Choice, Finding, Violation
from mockserver.contract.reading import CODE_PERMUTATIONS
from mockserver.verification.calibrate import judge_scope, narrow_filters
from mockserver.verification.laws.scopes import scope_findings
from mockserver.verification.run.picture import Picture
from mockserver.verification.run.run import Run
from mockserver.verification.run.unjudged import NotSeen
from mockserver.verification.suite import clause


@clause("SUM-1")
def test_stats_are_the_tally_of_statuses(run: Run) -> None:
    """Unfiltered, each of the five `stats` is the number of vouchers in that status (reading `status_codes`)."""

    def law(picture: Picture) -> list[tuple[Finding, Exchange]]:
        found = run.page("SUM-1", limit=2)
        if found is None:
            return []
        tally = Counter(voucher["status"] for voucher in picture.at.values())
        stats = found[0].stats
        fits = {
            codes
            for codes in CODE_PERMUTATIONS
            if all(tally[int(code)] == stats[name] for code, name in zip(codes.split(","), NAMES, strict=True))
        }
        seen = f"codes {dict(sorted(tally.items()))} beside stats {dict(stats)}"
        if not fits:
            expected = "stats equal to the number of vouchers in each status"
            return [(Violation("SUM-1", expected, seen, "data.data.stats"), found[1])]
        return [(Choice("status_codes", frozenset(fits), "SUM-1", seen, "data.data.stats"), found[1])]

    _whole(run)
    run.on_still_picture("stats", law)


@clause("SUM-2")
def test_categories_are_the_tally_of_nominals(run: Run) -> None:
    """Unfiltered, `kategori_voucher` has one entry for each nominal, with its number of vouchers."""

    def law(picture: Picture) -> list[tuple[Finding, Exchange]]:
        found = run.page("SUM-2", limit=1)
        return [] if found is None else scope_findings(found, picture, None)

    _whole(run)
    run.on_still_picture("categories", law)


@clause("SUM-1", "SUM-2")
def test_sums_under_a_filter(run: Run) -> None:
    """Under a filter, sums are the project's or the filter's, each throughout (the three readings of scope)."""
    picture = _whole(run)
    narrow = narrow_filters(run)
    if not narrow:
        raise NotSeen("no filter is known to leave any voucher out")
    for codes, text in narrow[:3]:
        for limit in (1, picture.total + 10):
            judge_scope(run, codes, text, limit)


def _whole(run: Run) -> Picture:
    picture = run.picture()
    if picture is None or picture.total == 0:
        raise NotSeen("the project has no voucher")
    if not picture.is_whole:
        raise NotSeen("limit is capped, and the project is too large to be read whole within the budget")
    return picture
