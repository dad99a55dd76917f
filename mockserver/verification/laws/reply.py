"""RES-1 to RES-6: a success and its vouchers. Every reply of the run is held to them when it comes."""

from __future__ import annotations

from mockserver.contract.judging.exchange import SUCCESS
from mockserver.contract.judging.violation import Violation
from mockserver.verification.report.wording import in_form
from mockserver.verification.run.picture import Picture
from mockserver.verification.run.run import Run
from mockserver.verification.run.unjudged import NotSeen
from mockserver.verification.suite import clause

_SECONDS = 2.2


@clause("RES-1")
def test_ts_is_now_and_moves_on(run: Run) -> None:
    """`ts` is Unix seconds, an integer, and not the same second for ever."""
    good = [made for made in run.caller.made if made.outcome == SUCCESS and in_form(made) and made.sent_at]
    if not good:
        raise NotSeen("no success so far")
    first = good[0]
    assert first.received_at is not None
    elapsed = (good[-1].sent_at or 0) - first.received_at
    run.pace.rest(_SECONDS - elapsed)
    later = run.call("RES-1")
    if later is None or later.outcome != SUCCESS or not in_form(later):
        return
    if later.reply["ts"] == first.reply["ts"] and (later.sent_at or 0) - first.received_at >= _SECONDS - 0.1:
        got = f"{later.reply['ts']}, as {_SECONDS:g} s before"
        run.breaks(Violation("RES-1", "ts that moves on with time", got, "ts"), later)


@clause("RES-2")
def test_the_page_asked_for_is_echoed(run: Run) -> None:
    """`current_page` is the page asked for, also past the last."""
    for page in (1, 2, 3, run.total + 7):
        run.page("RES-2", page=page, limit=5)


@clause("RES-3")
def test_the_project_is_echoed(run: Run) -> None:
    """`merchant_id` and `project_id` are those asked for, and `id` is the same in every reply."""
    found = run.page("RES-3", limit=2)
    if found is None:
        return
    number = found[1].reply["data"]["data"]["id"]
    if number != run.project_number:
        wanted = f"id {run.project_number}, as before"
        run.breaks(Violation("RES-3", wanted, str(number), "data.data.id"), found[1])


@clause("RES-4", "RES-5", "RES-6")
def test_every_voucher(run: Run) -> None:
    """Each voucher has its ten fields in type and form, newest first, its dates in order."""
    _some_vouchers(run)


def _some_vouchers(run: Run) -> Picture:
    picture = run.picture()
    if picture is None or picture.total == 0:
        raise NotSeen("the project has no voucher")
    return picture
