"""Puts violations that have one cause together: a wrong field shows in every reply, and is one thing to fix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.contract.clauses import CLAUSES
from mockserver.contract.judging.exchange import Exchange, NotJson
from mockserver.contract.judging.violation import Violation
from mockserver.verification.run.record import Broken

_PLACE_OF_CLAUSE = {id_: place for place, id_ in enumerate(CLAUSES)}
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
        return sorted(found, key=lambda id_: _PLACE_OF_CLAUSE.get(id_, len(CLAUSES)))

    @property
    def laws(self) -> list[str]:
        """The laws that it breaks, in the order of the run."""
        return list(dict.fromkeys(item.law for item in sorted(self.shown_by, key=lambda item: item.number)))

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
    groups: dict[tuple[Any, ...], list[Broken]] = {}
    for item in broken:
        kind = item.violation.kind
        key = ("constant_reply",) if is_static and kind not in _WRONG_IN_ITSELF else (kind, *_detail(item.violation))
        groups.setdefault(key, []).append(item)
    causes = []
    for key, items in groups.items():
        shown_by = sorted(items, key=lambda item: len(item.exchange.body) or 1 << 30)
        violation = shown_by[0].violation
        if key == ("constant_reply",):
            violation = Violation("constant_reply", violation.clause, "", {"requests": len(_requests(made))})
        causes.append(Cause(violation, shown_by))
    return sorted(causes, key=_badness)


def _badness(cause: Cause) -> tuple[int, ...]:
    return -len(cause.clauses), -len(cause.laws), -len(cause.shown_by), _PLACE_OF_CLAUSE[cause.clauses[0]]


def _detail(violation: Violation) -> tuple[Any, ...]:
    """Return what tells two causes of one kind apart."""
    expected, got = violation.expected, violation.got
    if violation.kind == "shape":
        failure = got["failure"]
        return _DIGITS.sub("", violation.where), failure.rule, failure.names
    if violation.kind == "no_reply":
        return (got["failure"].kind,)
    if "outcome" in got:
        return tuple(sorted(expected.get("outcomes", ()))), got["outcome"] or got.get("http_status")
    if "key" in expected:
        return (expected["key"],)
    return (_DIGITS.sub("", violation.where), got.get("secret"))


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
