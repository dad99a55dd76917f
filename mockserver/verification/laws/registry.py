"""Every law, in the order of a run: what is asked first tells how to ask later; wrong signatures come last."""

from __future__ import annotations

from types import ModuleType

from mockserver.verification.laws import (
    errors,
    filter,  # noqa: A004
    paging,
    reply,
    requests,
    signature,
    submissions,
    submit_refusals,
    sums,
)
from mockserver.verification.laws.law import LawFunction, clauses_of, needed_by
from mockserver.verification.live_guard import Submitting


def _laws_in(module: ModuleType) -> tuple[LawFunction, ...]:
    own = (thing for thing in vars(module).values() if getattr(thing, "__module__", "") == module.__name__)
    return tuple(thing for thing in own if callable(thing) and clauses_of(thing))


GROUPS: dict[str, tuple[LawFunction, ...]] = {
    "request": _laws_in(requests),
    "errors": _laws_in(errors),
    "reply": _laws_in(reply),
    "paging": _laws_in(paging),
    "filter": _laws_in(filter),
    "sums": _laws_in(sums),
    "submit_refusals": _laws_in(submit_refusals),
    "submissions": _laws_in(submissions),
    "signature": _laws_in(signature),
}
ALL_LAWS: tuple[LawFunction, ...] = tuple(law for group in GROUPS.values() for law in group)
# Those that read, and submit nothing.
LAWS: tuple[LawFunction, ...] = tuple(law for law in ALL_LAWS if needed_by(law) is Submitting.NOTHING)


def laws_for(submitting: Submitting) -> tuple[LawFunction, ...]:
    """Return the laws of a run; where it submits at all, also those for which it may not, so that each has a reason."""
    return LAWS if submitting is Submitting.NOTHING else ALL_LAWS
