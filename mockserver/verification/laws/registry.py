"""Every law, in the order of a run: what is asked first tells how to ask later; wrong signatures come last."""

from __future__ import annotations

from types import ModuleType

from mockserver.verification.laws import errors, filter, paging, reply, requests, signature, sums  # noqa: A004
from mockserver.verification.laws.law import LawFunction, clauses_of


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
    "signature": _laws_in(signature),
}
LAWS: tuple[LawFunction, ...] = tuple(law for group in GROUPS.values() for law in group)
