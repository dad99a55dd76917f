"""The calls of a run: each is made, and its reply judged and held to what it was made for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.contract.judging.checks import Choice, Violation
from mockserver.contract.judging.exchange import SUCCESS, Exchange
from mockserver.contract.judging.page import Page
from mockserver.verification.cases.request_cases import ANY, Case, Credentials
from mockserver.verification.report.wording import described, failure_text, in_form, worded
from mockserver.verification.run.caller import Caller, TargetFailed
from mockserver.verification.run.record import Record
from mockserver.verification.run.unjudged import CannotJudge

_FAILURES_BORNE = 4


class Calls:
    """Makes calls with a caller, and tells the record of what comes."""

    def __init__(self, caller: Caller, record: Record) -> None:
        self.caller = caller
        self.wrong_signatures = 0
        self._record = record
        self._failures = 0

    def call(self, clause: str, **changes: Any) -> Exchange | None:
        """Make a good call with some fields changed and judge its reply; None when it got no reply to judge."""
        return self.send_fields(clause, self.caller.good_fields(**changes))

    def send_fields(self, clause: str, fields: Mapping[str, Any]) -> Exchange | None:
        """Make a call with these fields and judge its reply; None when it got no reply to judge."""
        try:
            exchange = self.caller.call(fields)
        except TargetFailed as failure:
            self._failed(failure, clause)
            return None
        self._record.judge(exchange)
        return exchange

    def page(self, clause: str, **changes: Any) -> tuple[Page, Exchange] | None:
        """Make a call that must succeed; None when it did not, which is then a violation of `clause`."""
        exchange = self.call(clause, **changes)
        if exchange is None:
            return None
        if exchange.outcome != SUCCESS:
            if exchange.outcome is not None or exchange.speaks_the_contract:
                asked = ", ".join(f"{name}={value!r}" for name, value in changes.items())
                self._record.breaks(Violation(clause, f"a success ({asked})", described(exchange)), exchange)
            return None
        page = page_of(exchange)
        return None if page is None else (page, exchange)

    def expect_each(self, cases: Iterable[Case]) -> None:
        """Send each case and hold its reply to the outcomes it may have."""
        for case in cases:
            if case.makes_sense_for(self.caller.credentials):
                self.expect(case)

    def expect(self, case: Case) -> Exchange | None:
        """Send a case and hold its reply to the outcomes it may have."""
        credentials = self._with_session_key()
        if case.is_wrong_signature:
            self.wrong_signatures += 1
        body = case.body_for(credentials)
        try:
            exchange = self.caller.send(case.merchant_for(credentials), body)
        except TargetFailed as failure:
            self._failed(failure, case.clause, f"{case.name}: ")
            return None
        outcome = exchange.outcome
        shown = case.outcomes.get(outcome or "", case.outcomes.get(ANY) if outcome else None)
        if shown is None:
            expected = f"{' or '.join(map(worded, case.outcomes))} for {case.name} ({case.about})"
            self._record.breaks(Violation(case.clause, expected, described(exchange)), exchange, formula=case.formula)
            return exchange
        self._record.judge(exchange)
        for key, values in shown.items():
            seen = f"{case.name}: {worded(outcome or '')}"
            self._record.take(Choice(key, frozenset(values), case.clause, seen), exchange, formula=case.formula)
        return exchange

    def _with_session_key(self) -> Credentials:
        own = self.caller.credentials
        return Credentials(own.merchant_id, own.secret_key, own.project_id, self.caller.session_key, own.project_name)

    def _failed(self, failure: TargetFailed, clause: str, what: str = "") -> None:
        """A call got no reply to judge: of this call's making, or is the target gone?"""
        self._failures += 1
        if self._failures > _FAILURES_BORNE:
            raise CannotJudge(f"the target fails again and again: {failure_text(failure)}")
        try:
            good = self.caller.call(self.caller.good_fields())
        except TargetFailed:
            raise CannotJudge(failure_text(failure)) from None
        silent = Exchange(self.caller.credentials.merchant_id, b"", 0, b"")
        if good.outcome == SUCCESS and not failure.is_rate_limit:
            expected = f"{what}a reply in the contract, as the good call before and after it gets"
            self._record.breaks(Violation(clause, expected, failure_text(failure)), silent)


def page_of(exchange: Exchange) -> Page | None:
    """Return a success in the documented form as a page, else None."""
    if exchange.outcome != SUCCESS or not in_form(exchange):
        return None
    return Page.of(exchange)
