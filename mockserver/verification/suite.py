"""Holds a target to the laws, one after the other, and keeps how each came out."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from mockserver.contract.judging.violation import Fact
from mockserver.verification.laws.law import LawFunction, clauses_of, name_of, needed_by
from mockserver.verification.live_guard import BudgetSpent, Submitting
from mockserver.verification.run.opening import open_run
from mockserver.verification.run.record import Aborted, Inconclusive, LawResult
from mockserver.verification.run.run import Run

OPENING = "opening"
_Step = Callable[[Run], None]
# Why a law is not seen where a run may not submit what it needs.
NEEDS = {
    Submitting.REFUSALS: Fact.of("needs_submit_refusals"),
    Submitting.ANYTHING: Fact.of("needs_submit"),
}


class Stopped(BaseException):
    """Somebody stops the run: the call that is under way is given up."""


def judge(run: Run, laws: Iterable[LawFunction]) -> None:
    """Hold the run's target to each of the laws."""
    for law in laws:
        perform(run, law)


def stop(run: Run, signal: str) -> None:
    """Let a run make no further call, as a signal handler may ask: the laws that are left are not judged.

    Raises:
        Stopped: a law is under way, which ends with this.
        KeyboardInterrupt: the run was stopped before.
    """
    if run.is_stopped:
        raise KeyboardInterrupt
    run.is_stopped = True
    run.aborted = Fact.of("stopped", signal=signal)
    if run.is_under_way:
        raise Stopped


def perform(run: Run, law: LawFunction) -> LawResult:
    """Hold the run's target to a law, opening the run first; the result is kept in `run.results`."""
    if not run.is_open:
        run.is_open = True
        opening = _guarded(run, open_run, OPENING, ("REQ-1",))
        if opening.outcome != "holds":
            run.results.append(opening)
    if run.submitting < needed_by(law):
        result = LawResult(name_of(law), clauses_of(law), "not seen", NEEDS[needed_by(law)])
    else:
        result = _guarded(run, law, name_of(law), clauses_of(law))
    run.results.append(result)
    run.listener.judged(result, run.pace.made)
    return result


def _guarded(run: Run, step: _Step, name: str, clauses: tuple[str, ...]) -> LawResult:
    run.record.law = name
    broken_before, unsettled_before = len(run.record.broken), len(run.record.unsettled)
    outcome, reason = "holds", None
    if run.aborted is not None:
        outcome, reason = "not judged", run.aborted
    else:
        try:
            try:
                run.is_under_way = True
                step(run)
            finally:
                run.is_under_way = False
        except Inconclusive as why:
            outcome, reason = "not seen", why.reason
        except Stopped:
            outcome, reason = "not judged", run.aborted
        except (Aborted, BudgetSpent) as why:
            run.aborted = reason = why.reason if isinstance(why, Aborted) else _budget_spent(run)
            outcome = "not judged"
        except Exception as error:
            # A failure of our own: the type and the place say enough, and hold no secret.
            place = traceback.extract_tb(error.__traceback__)[-1]
            run.crash = f"{type(error).__name__} in {Path(place.filename).name} line {place.lineno} ({name})"
            raise
    if outcome == "holds" and len(run.record.unsettled) > unsettled_before:
        outcome, reason = "not seen", run.record.unsettled[-1].reason
    broken = run.record.broken[broken_before:]
    if broken:
        outcome = "broken"
        clauses = tuple(dict.fromkeys([*(item.violation.clause for item in broken), *clauses]))
    return LawResult(name, clauses, outcome, reason)


def _budget_spent(run: Run) -> Fact:
    return Fact.of("budget_spent", max_requests=run.limits.max_requests)
