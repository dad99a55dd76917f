"""RES-1 to RES-6: a success and its vouchers. Every reply of the run is held to them when it comes."""

from __future__ import annotations

from collections.abc import Iterable

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.judging.violation import Violation
from mockserver.verification.laws.law import clause
from mockserver.verification.run.record import Inconclusive
from mockserver.verification.run.run import Run, has_documented_form

# Whole seconds differ for certain when more than one has gone by.
_SECONDS = 1.2


@clause("RES-1")
def ts_is_now_and_moves_on(run: Run) -> None:
    """`ts` is Unix seconds, an integer, and not the same second for ever."""
    first, last = _success(run.caller.made), _success(reversed(run.caller.made))
    if first is None or last is None:
        raise Inconclusive("no_success")
    assert first.received_at is not None
    elapsed = (last.sent_at or 0) - first.received_at
    run.pace.rest(_SECONDS - elapsed)
    later = run.call("RES-1")
    if later is None or not has_documented_form(later):
        return
    if later.reply["ts"] == first.reply["ts"] and (later.sent_at or 0) - first.received_at >= _SECONDS - 0.1:
        got = {"ts": later.reply["ts"], "seconds": _SECONDS}
        run.record.add(Violation("ts_stands_still", "RES-1", "ts", {}, got), later)


def _success(made: Iterable[Exchange]) -> Exchange | None:
    return next((exchange for exchange in made if exchange.sent_at and has_documented_form(exchange)), None)


@clause("RES-2")
def the_page_asked_for_is_echoed(run: Run) -> None:
    """`current_page` is the page asked for, also past the last."""
    for page in (1, 2, 3, run.total + 7):
        run.page("RES-2", page=page, limit=5)


@clause("RES-3")
def the_project_is_echoed(run: Run) -> None:
    """`merchant_id` and `project_id` are those asked for, and `id` is the same in every reply."""
    found = run.page("RES-3", limit=2)
    if found is None:
        return
    number = found[1].reply["data"]["data"]["id"]
    if number != run.project_number:
        expected = {"id": run.project_number}
        run.record.add(Violation("project_number", "RES-3", "data.data.id", expected, {"id": number}), found[1])


@clause("RES-4", "RES-5", "RES-6")
def every_voucher(run: Run) -> None:
    """Each voucher has its ten fields in type and form, newest first, its dates in order."""
    run.some_vouchers()
