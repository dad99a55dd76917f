"""PAGE-1 and PAGE-2: pages that add up to the list, over generated combinations of `page` and `limit`."""

from __future__ import annotations

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.violation import Finding
from mockserver.contract.project_detail import DEFAULT_LIMIT
from mockserver.verification.laws.pages import expect_slice, page_numbers, pages_of
from mockserver.verification.run.picture import Picture
from mockserver.verification.run.run import Run
from mockserver.verification.run.unjudged import NotSeen
from mockserver.verification.suite import clause


@clause("PAGE-1")
def test_pages_add_up_to_the_list(run: Run) -> None:
    """Pages 1 to the last hold each voucher once, in the order of the list; past the last there is none, or the last.

    One walk whose last page is partial, where the number of vouchers allows it.
    """
    picture = _some_vouchers(run)
    limit = max(1, -(-picture.total // 4))
    if picture.total % limit == 0 and picture.total > 2:
        limit = next((size for size in range(2, picture.total) if picture.total % size), limit)
    for page in page_numbers(run, picture.total, limit):
        _judge(run, page, limit)


@clause("PAGE-2", "PAGE-1")
def test_totals_over_limits(run: Run) -> None:
    """`total_page` is ceil(`total_data` / `limit`), at a limit that divides the total and next to it."""
    picture = _some_vouchers(run)
    total = picture.total
    divisor = next((size for size in (2, 3, 5, 7) if total % size == 0), total)
    for limit in sorted({1, divisor, max(1, total - 1), total, total + 1}):
        _judge(run, 1, limit)
        _judge(run, pages_of(run, total, limit), limit)


@clause("PAGE-1", "PAGE-2")
def test_generated_pages_and_limits(run: Run) -> None:
    """Any page of any limit holds what stands at its place in the list."""
    picture = _some_vouchers(run)
    for page in (2, pages_of(run, picture.total, DEFAULT_LIMIT)):
        _judge(run, page, DEFAULT_LIMIT)
    for _ in range(6):
        if not run.has_room:
            return
        limit = run.random.choice([run.random.randint(1, 12), run.random.randint(1, picture.total + 3)])
        page = run.random.randint(1, pages_of(run, picture.total, limit) + 1)
        _judge(run, page, limit)


@clause("PAGE-1", "RES-2")
def test_past_the_last_page(run: Run) -> None:
    """Past the last page there is nothing, or the last page again (reading `beyond_last`)."""
    for ahead in (1, 1000):
        _judge(run, pages_of(run, run.total, 4) + ahead, 4)


def _judge(run: Run, page: int, limit: int) -> None:
    def law(picture: Picture) -> list[tuple[Finding, Exchange]]:
        found = run.page("PAGE-1", page=page, limit=limit)
        if found is None:
            return []
        listed = [picture.at.get(place) for place in range(picture.total)]
        violation = expect_slice(run, found[0], listed, "PAGE-1")
        return [] if violation is None else [(violation, found[1])]

    run.on_still_picture(f"page {page} of limit {limit}", law, sees=lambda picture: picture.order)


def _some_vouchers(run: Run) -> Picture:
    picture = run.picture()
    if picture is None or picture.total == 0:
        raise NotSeen("the project has no voucher")
    return picture
