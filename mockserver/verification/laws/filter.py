"""FILT-1: a filter lists exactly the vouchers of its status, over all pages.

What a filter names is open on the page: one reading of all filters together must explain every reply.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from mockserver.contract.judging.exchange import SUCCESS, Exchange
from mockserver.contract.judging.page import STATUS_NAMES, Page
from mockserver.contract.judging.violation import CheckResult, Choice, Fact, Values, Violation
from mockserver.contract.reading import CODE_PERMUTATIONS
from mockserver.contract.readings import REGISTER
from mockserver.verification.laws.law import clause
from mockserver.verification.laws.paging import page_numbers, slice_violation
from mockserver.verification.run.record import Inconclusive
from mockserver.verification.run.run import Run, has_documented_form
from mockserver.verification.run.snapshot import Snapshot

# Each status by its number and by its name, and one that names none.
FILTERS = ("0", "1", "2", "3", "4", *STATUS_NAMES, "9")
_KEYS = ("status_filter", "unknown_status", "status_codes")
_MOST_WALKED = 3
_VOUCHERS = "data.data.vouchers"

Replies = list[tuple[str, Exchange]]


@clause("FILT-1")
def each_filter_by_code_and_by_name(run: Run) -> None:
    """Each status by its number and by its name, and one that names none, under one reading of all of them.

    Readings `status_filter`, `unknown_status` and `status_codes` together must explain every reply; where no reading
    does, the nearest names what is broken. A reply is held to its own sums whatever moves, and to the snapshot where
    the project stands still.
    """
    last: Replies = []

    def check(snapshot: Snapshot) -> list[tuple[CheckResult, Exchange]]:
        last[:] = _ask(run)
        fitting = _fitting(run, last)
        if not fitting:
            return []
        agreeing = [hypothesis for hypothesis in fitting if _agreements(hypothesis, last, snapshot) == len(last)]
        if agreeing:
            return _choices(agreeing, last)
        nearest = max(fitting, key=lambda hypothesis: _agreements(hypothesis, last, snapshot))
        return [
            (_violation(nearest, text, exchange), exchange)
            for text, exchange in last
            if not nearest.agrees(text, exchange, snapshot)
        ]

    run.check_while_stable(check)
    if not last:
        last[:] = _ask(run)
    fitting = _fitting(run, last)
    if fitting:
        for choice, exchange in _choices(fitting, last):
            run.record.add(choice, exchange)
        return
    nearest = max(_hypotheses(run), key=lambda tried: sum(tried.explains(*reply) for reply in last))
    for text, exchange in last:
        if not nearest.explains(text, exchange):
            run.record.add(_violation(nearest, text, exchange), exchange)


@clause("FILT-1", "PAGE-1", "PAGE-2")
def filtered_pages_add_up(run: Run) -> None:
    """The pages under a filter hold each voucher of the status once, and no other."""
    snapshot, asked = _understood(run)
    for code, text in asked[:_MOST_WALKED]:
        count = len(snapshot.with_status(frozenset({code})))
        limit = max(1, -(-count // 3))
        for page in page_numbers(run, count, limit):
            _judge(run, code, text, page, limit)


@clause("FILT-1")
def generated_filters_pages_and_limits(run: Run) -> None:
    """Any page of any limit under any filter holds what stands at its place among the vouchers of the status."""
    snapshot, asked = _understood(run)
    for _ in range(6):
        if not run.has_room:
            return
        code, text = run.random.choice(asked)
        count = len(snapshot.with_status(frozenset({code})))
        _judge(run, code, text, run.random.randint(1, 3), run.random.randint(1, count + 1))


def _understood(run: Run) -> tuple[Snapshot, list[tuple[int, str]]]:
    snapshot = run.some_vouchers()
    asked = explained(run, snapshot)
    if not asked:
        raise Inconclusive("no_filter_understood")
    return snapshot, asked


def _judge(run: Run, code: int, text: str, page: int, limit: int) -> None:
    def check(snapshot: Snapshot) -> list[tuple[CheckResult, Exchange]]:
        found = run.page("FILT-1", status=text, page=page, limit=limit)
        if found is None or not snapshot.is_whole:
            return []
        violation = slice_violation(run, found[0], snapshot.with_status(frozenset({code})), "FILT-1")
        return [] if violation is None else [(violation, found[1])]

    run.check_while_stable(check)


def explained(run: Run, snapshot: Snapshot) -> list[tuple[int, str]]:
    """Return (number, filter) for each status of the snapshot that a filter is known to name, the fullest first."""
    asked: dict[int, str] = {}
    by_code = run.record.observations.left("status_filter") & {"code", "both"}
    permutations = run.record.observations.left("status_codes")
    for code in {voucher["status"] for voucher in snapshot.at.values()}:
        names = {
            STATUS_NAMES[codes.split(",").index(str(code))] for codes in permutations if str(code) in codes.split(",")
        }
        if by_code:
            asked[code] = str(code)
        elif len(names) == 1:
            asked[code] = names.pop()
    return sorted(asked.items(), key=lambda pair: -len(snapshot.with_status(frozenset({pair[0]}))))


@dataclass(frozen=True)
class _Hypothesis:
    """One reading of every filter."""

    status_filter: str
    unknown_status: str
    status_codes: str

    def name_of(self, text: str) -> str | None:
        """Return the status that a filter names, or None."""
        codes = dict(zip(self.status_codes.split(","), STATUS_NAMES, strict=True))
        by_code = codes.get(text) if self.status_filter in {"code", "both"} else None
        by_name = text if text in STATUS_NAMES and self.status_filter in {"name", "both"} else None
        return by_code or by_name

    def explains(self, text: str, exchange: Exchange) -> bool:
        """Whether a reply is right: judged within the reply, so that nothing moves between two calls."""
        name = self.name_of(text)
        if name is None and self.unknown_status == "json":
            return exchange.outcome == "ERR-1"
        page = Page.of(exchange) if exchange.outcome == SUCCESS else None
        if page is None:
            return False
        if name is None:
            return page.total == (sum(page.stats.values()) if self.unknown_status == "ignored" else 0)
        listed = {voucher["status"] for voucher in page.vouchers}
        return page.total == page.stats[name] and listed <= {self._code_of(name)}

    def agrees(self, text: str, exchange: Exchange, snapshot: Snapshot) -> bool:
        """Whether a reply counts what the snapshot holds; a snapshot that is not whole is not asked."""
        page = Page.of(exchange) if exchange.outcome == SUCCESS else None
        if page is None or not snapshot.is_whole:
            return True
        name = self.name_of(text)
        if name is not None:
            return page.total == len(snapshot.with_status(frozenset({self._code_of(name)})))
        return page.total == (snapshot.total if self.unknown_status == "ignored" else 0)

    def _code_of(self, name: str) -> int:
        return int(self.status_codes.split(",")[STATUS_NAMES.index(name)])


def _ask(run: Run) -> Replies:
    """Make the calls; a success of another form than the documented is no reply to go by."""
    replies = []
    for text in FILTERS:
        exchange = run.call("FILT-1", status=text, limit=run.total + 10)
        if exchange is not None and (exchange.outcome != SUCCESS or has_documented_form(exchange)):
            replies.append((text, exchange))
    return replies


def _hypotheses(run: Run) -> Iterator[_Hypothesis]:
    """Yield every reading that is left, the defaults first."""
    left = [
        [
            value
            for value in (CODE_PERMUTATIONS if key == "status_codes" else REGISTER[key].values)
            if value in run.record.observations.left(key)
        ]
        for key in _KEYS
    ]
    return itertools.starmap(_Hypothesis, itertools.product(*left))


def _fitting(run: Run, replies: Replies) -> list[_Hypothesis]:
    return [
        hypothesis
        for hypothesis in _hypotheses(run)
        if all(hypothesis.explains(text, exchange) for text, exchange in replies)
    ]


def _agreements(hypothesis: _Hypothesis, replies: Replies, snapshot: Snapshot) -> int:
    return sum(hypothesis.agrees(text, exchange, snapshot) for text, exchange in replies)


def _choices(fitting: list[_Hypothesis], replies: Replies) -> list[tuple[CheckResult, Exchange]]:
    if not replies:
        return []
    listed = {
        text: exchange.reply["data"]["total_data"] if exchange.outcome == SUCCESS else exchange.outcome
        for text, exchange in replies
    }
    seen = Fact.of("filters", listed=listed)
    choices: list[tuple[CheckResult, Exchange]] = []
    for key in _KEYS:
        values = frozenset(str(getattr(hypothesis, key)) for hypothesis in fitting)
        choices.append((Choice(key, values, REGISTER[key].clause, seen), replies[-1][1]))
    return choices


def _violation(nearest: _Hypothesis, text: str, exchange: Exchange) -> Violation:
    expected = {"filter": text, "names": nearest.name_of(text), "unknown_status": nearest.unknown_status}
    return Violation("filter", "FILT-1", _VOUCHERS, expected, _listed(exchange))


def _listed(exchange: Exchange) -> Values:
    if exchange.outcome != SUCCESS:
        return exchange.received
    data = exchange.reply["data"]
    statuses = sorted({voucher["status"] for voucher in data["data"]["vouchers"] or []})
    return {**exchange.received, "total_data": data["total_data"], "statuses": statuses, "stats": data["data"]["stats"]}
