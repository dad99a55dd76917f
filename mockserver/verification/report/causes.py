"""Puts violations that have one cause together: a wrong field shows in every reply, and is one thing to fix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.contract.judging.checks import shape_violations, violations
from mockserver.contract.judging.exchange import Exchange, NotJson
from mockserver.contract.judging.violation import Violation
from mockserver.contract.operations import OPERATIONS
from mockserver.verification.run.record import Broken

_PLACE_OF_CLAUSE = {id_: place for place, id_ in enumerate(OPERATIONS.clauses)}
_DIGITS = re.compile(r"\d+")
# A target that never looks at the request is known by so many different requests.
_REQUESTS_OF_STATIC_MOCK = 10
# What is wrong in a reply whatever was asked for; of a static mock, all else comes of its not looking at the request.
_WRONG_IN_ITSELF = {
    *("not_json", "not_an_object", "shape", "fraction", "success_http_status", "ts", "voucher_twice", "order"),
    *("voucher_project_id", "not_a_day", "created", "updated_at", "stats_sum", "category_twice", "secret_in_reply"),
}


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong, and every violation that shows it, the smallest reply first."""

    violation: Violation
    shown_by: Sequence[Broken]

    @property
    def clauses(self) -> list[str]:
        """The clauses that it breaks, in the order of the contract."""
        found = {item.violation.clause for item in self.shown_by}
        return sorted(found, key=lambda id_: _PLACE_OF_CLAUSE.get(id_, len(OPERATIONS.clauses)))

    @property
    def laws(self) -> list[str]:
        """The laws that it breaks, in the order of the run."""
        return list(dict.fromkeys(item.law for item in sorted(self.shown_by, key=lambda item: item.number)))

    @property
    def places(self) -> list[str]:
        """The paths in replies where it shows, `[]` for any place in a list."""
        return list(dict.fromkeys(_pattern(item.violation.where) for item in self.shown_by if item.violation.where))

    @property
    def cases(self) -> list[str]:
        """The request cases that show it, where it was found by such."""
        named = (item.violation.expected.get("case") for item in self.shown_by)
        return list(dict.fromkeys(name for name in named if name))


def causes_of(broken: Iterable[Broken], made: Sequence[Exchange]) -> list[Cause]:
    """Return the causes of what is broken, the worst first: those that break most clauses, then most laws.

    `made` are the exchanges of the run.
    """
    is_static = _is_static(made)
    groups: dict[tuple[Any, ...], list[tuple[Violation, Broken]]] = {}
    for item in broken:
        violation = _root(item)
        if is_static and violation.kind not in _WRONG_IN_ITSELF:
            violation = Violation("constant_reply", violation.clause, "", {"requests": len(_requests(made))})
        groups.setdefault((_kind(violation), *_detail(violation)), []).append((violation, item))
    causes = []
    for pairs in groups.values():
        pairs.sort(key=lambda pair: len(pair[1].exchange.body) or 1 << 30)
        causes.append(Cause(pairs[0][0], [item for _, item in pairs]))
    return sorted(causes, key=_badness)


def _root(item: Broken) -> Violation:
    """Return what is wrong at the root.

    A reply that is no outcome because of its form is wrong in its form; pages whose own vouchers are out of order do
    not follow each other.
    """
    if item.violation.got.get("outcome", "") is None:
        return next(iter(shape_violations(item.exchange)), item.violation)
    if item.violation.kind == "pages_overlap":
        return next((one for one in violations(item.exchange) if one.kind == "order"), item.violation)
    return item.violation


def _kind(violation: Violation) -> str:
    """Return what is wrong, in one word: a filter that got an error lists nothing wrong, it got no success."""
    return "no_success" if violation.kind == "filter" and "outcome" in violation.got else violation.kind


def _badness(cause: Cause) -> tuple[int, ...]:
    return -len(cause.clauses), -len(cause.laws), -len(cause.shown_by), _PLACE_OF_CLAUSE[cause.clauses[0]]


def _detail(violation: Violation) -> tuple[Any, ...]:
    """Return what tells two causes of one kind apart."""
    expected, got = violation.expected, violation.got
    if violation.kind == "shape":
        failure = got["failure"]
        # Fields of one object that are wrong in one way, as numbers that are written as text, are one thing to fix.
        return _pattern(violation.where).rpartition(".")[0], failure.rule, str(failure.expected), failure.got
    if violation.kind == "no_reply":
        return (got["failure"].kind,)
    if "outcome" in got:
        return expected.get("outcomes", [""])[0], got["outcome"] or got.get("http_status")
    if "key" in expected:
        return (expected["key"],)
    return (_pattern(violation.where), got.get("secret"))


def _pattern(place: str) -> str:
    return _DIGITS.sub("", place)


def _is_static(made: Sequence[Exchange]) -> bool:
    """Whether every one of many different requests got the same reply, its time aside."""
    if len(_requests(made)) < _REQUESTS_OF_STATIC_MOCK:
        return False
    first = _timeless(made[0])
    return all(exchange.body == made[0].body or _timeless(exchange) == first for exchange in made)


def _requests(made: Sequence[Exchange]) -> set[tuple[str, bytes]]:
    return {(exchange.merchant_id, exchange.request) for exchange in made}


def _timeless(exchange: Exchange) -> Any:
    try:
        reply = exchange.reply
    except NotJson:
        return exchange.body
    return {name: value for name, value in reply.items() if name != "ts"} if isinstance(reply, dict) else reply
