"""What stands between a run and the tests in `contract_tests/`: a law is a function that takes the run."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mockserver.contract.clauses import CLAUSES
from mockserver.verification.live_guard import BudgetSpent
from mockserver.verification.run.record import LawResult
from mockserver.verification.run.run import Run
from mockserver.verification.run.unjudged import CannotJudge, NotSeen

OPENING = "opening"
# The order in which a run goes through the files: what is asked first tells how to ask later; wrong signatures last.
FILES = (
    "test_request",
    "test_errors",
    "test_reply",
    "test_paging",
    "test_filter",
    "test_sums",
    "test_signature",
)

LawFunction = Callable[[Run], None]
_T = TypeVar("_T", bound=LawFunction)


class ContractBroken(AssertionError):
    """A law is broken; the message lists the violations."""


def clause(*ids: str) -> Callable[[_T], _T]:
    """Name the clauses that a law holds a target to."""
    unknown = [id_ for id_ in ids if id_ not in CLAUSES]
    if unknown:
        raise ValueError(f"there is no clause {', '.join(unknown)}; known are {', '.join(CLAUSES)}")

    def named(law: _T) -> _T:
        vars(law)["clauses"] = ids
        return law

    return named


def clauses_of(law: Callable[..., object]) -> tuple[str, ...]:
    """Return the clauses that a law names."""
    found: tuple[str, ...] = getattr(law, "clauses", ())
    return found


def perform(run: Run, law: LawFunction) -> LawResult:
    """Hold the run's target to a law, opening the run first; the result is kept in `run.results`."""
    if not run.is_open:
        run.is_open = True
        _guarded(run, Run.open, OPENING, ("REQ-1",), keep_holding=False)
    return _guarded(run, law, law.__name__.removeprefix("test_").replace("_", " "), clauses_of(law), keep_holding=True)


def _guarded(run: Run, law: LawFunction, name: str, clauses: tuple[str, ...], *, keep_holding: bool) -> LawResult:
    run.law = name
    before, unseen_before = len(run.broken), len(run.unseen)
    outcome, reason = "holds", ""
    if run.blocked is not None:
        outcome, reason = "not judged", run.blocked
    else:
        try:
            law(run)
        except NotSeen as why:
            outcome, reason = "not seen", str(why)
        except (CannotJudge, BudgetSpent) as why:
            run.blocked = reason = str(why)
            outcome = "not judged"
        except Exception as error:
            # A failure of our own: the type and the place say enough, and hold no secret.
            place = traceback.extract_tb(error.__traceback__)[-1]
            run.crash = f"{type(error).__name__} in {Path(place.filename).name} line {place.lineno} ({name})"
            raise
    if outcome == "holds" and len(run.unseen) > unseen_before:
        outcome, reason = "not seen", next(reversed(run.unseen.values()))
    if len(run.broken) > before:
        outcome = "broken"
        clauses = tuple(dict.fromkeys([*(item.violation.clause for item in run.broken[before:]), *clauses]))
    result = LawResult(name, clauses, outcome, reason)
    if keep_holding or outcome != "holds":
        run.results.append(result)
    return result


def raise_if_broken(run: Run, result: LawResult) -> None:
    """Raise ContractBroken with what the law found."""
    if result.outcome == "broken":
        found = [str(item.violation) for item in run.broken if item.law in {result.law, OPENING}]
        raise ContractBroken("\n".join(found[:5]))
