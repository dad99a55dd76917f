"""FILT-1: a filter lists exactly the vouchers of its status, over all pages."""

from __future__ import annotations

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.violation import Finding
from mockserver.verification.calibrate import ask_filters
from mockserver.verification.laws.filters import explained, settle
from mockserver.verification.laws.pages import expect_slice, page_numbers
from mockserver.verification.run.picture import Picture
from mockserver.verification.run.run import Run
from mockserver.verification.run.unjudged import NotSeen
from mockserver.verification.suite import clause

_MOST_WALKED = 3


@clause("FILT-1")
def test_each_filter_by_code_and_by_name(run: Run) -> None:
    """Each status by its number and by its name, and one that names none, under one reading of all of them.

    Readings `status_filter`, `unknown_status` and `status_codes` together must explain every reply.
    """
    settle(run, lambda: ask_filters(run))


@clause("FILT-1", "PAGE-1", "PAGE-2")
def test_filtered_pages_add_up(run: Run) -> None:
    """The pages under a filter hold each voucher of the status once, and no other."""
    picture = run.picture()
    if picture is None or picture.total == 0:
        raise NotSeen("the project has no voucher")
    asked = explained(run, picture)
    if not asked:
        raise NotSeen("no filter is understood well enough to be held to the list")
    for code, text in asked[:_MOST_WALKED]:
        count = len(picture.with_status(frozenset({code})))
        limit = max(1, -(-count // 3))
        for page in page_numbers(run, count, limit):
            _judge(run, code, text, page, limit)


@clause("FILT-1")
def test_generated_filters_pages_and_limits(run: Run) -> None:
    """Any page of any limit under any filter holds what stands at its place among the vouchers of the status."""
    picture = run.picture()
    asked = [] if picture is None else explained(run, picture)
    if picture is None or not asked:
        raise NotSeen("the project has no voucher, or no filter is understood well enough")
    for _ in range(6):
        if not run.has_room:
            return
        code, text = run.random.choice(asked)
        count = len(picture.with_status(frozenset({code})))
        _judge(run, code, text, run.random.randint(1, 3), run.random.randint(1, count + 1))


def _judge(run: Run, code: int, text: str, page: int, limit: int) -> None:
    def law(picture: Picture) -> list[tuple[Finding, Exchange]]:
        found = run.page("FILT-1", status=text, page=page, limit=limit)
        if found is None or not picture.is_whole:
            return []
        violation = expect_slice(run, found[0], picture.with_status(frozenset({code})), "FILT-1")
        return [] if violation is None else [(violation, found[1])]

    run.on_still_picture(f"filter {text}, page {page} of limit {limit}", law)
