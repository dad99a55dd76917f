"""A law: a function that takes a run and holds its target to the clauses that it names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mockserver.contract.operations import OPERATIONS
from mockserver.verification.live_guard import Submitting
from mockserver.verification.run.run import Run

LawFunction = Callable[[Run], None]
_T = TypeVar("_T", bound=LawFunction)


def clause(*ids: str) -> Callable[[_T], _T]:
    """Name the clauses that a law holds a target to."""
    unknown = [id_ for id_ in ids if id_ not in OPERATIONS.clauses]
    if unknown:
        raise ValueError(f"there is no clause {', '.join(unknown)}; known are {', '.join(OPERATIONS.clauses)}")

    def named(law: _T) -> _T:
        vars(law)["clauses"] = ids
        return law

    return named


def needs(submitting: Submitting) -> Callable[[_T], _T]:
    """Say what a run must be allowed to submit before a law can be held to its target."""

    def needing(law: _T) -> _T:
        vars(law)["submitting"] = submitting
        return law

    return needing


def needed_by(law: Callable[..., object]) -> Submitting:
    """Return what a law needs a run to submit."""
    found: Submitting = getattr(law, "submitting", Submitting.NOTHING)
    return found


def clauses_of(law: Callable[..., object]) -> tuple[str, ...]:
    """Return the clauses that a law names; none for any other function."""
    found: tuple[str, ...] = getattr(law, "clauses", ())
    return found


def name_of(law: LawFunction) -> str:
    """Return the name of a law in reports."""
    return law.__name__.replace("_", " ")
