"""One run at one target: calls are made and judged, and laws across calls are held to a project that stands still."""

from __future__ import annotations

import json
import random
import secrets
import string
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from mockserver.contract.judging.checks import shape_violations
from mockserver.contract.judging.exchange import SUCCESS, Exchange
from mockserver.contract.judging.page import Page
from mockserver.contract.judging.violation import CheckResult, Choice, Fact, Violation
from mockserver.contract.operation import Operation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.redeem_bulk import REDEEM_BULK, VENDOR_STATES, encode_codes
from mockserver.verification.cases import ANY, Case
from mockserver.verification.credentials import Credentials
from mockserver.verification.live_guard import Limits, Pace, Submitting
from mockserver.verification.run.caller import Caller, OutsideContract, TargetFailed
from mockserver.verification.run.record import Aborted, Inconclusive, LawResult, Record
from mockserver.verification.run.snapshot import Snapshot
from mockserver.verification.target import NoReply, Target

# Calls that are kept for the laws every run holds a target to, before some are generated or tried again.
_RESERVE = {Submitting.NOTHING: 45, Submitting.REFUSALS: 60, Submitting.ANYTHING: 180}
_SECONDS_FOR_MORE = 12.0
_TRIES = 3
_RESTLESS_AFTER = 2
_LARGEST_LIMIT = 10_000
_LONGEST_WALK = 12
# So many codes are in a list that is submitted, where nothing asks for more.
CODES_OF_A_LIST = 3
_FEW_CODES = 2
_LETTERS, _FIGURES = string.ascii_uppercase, string.digits

# What a submission may meet at any time, and that says nothing of what was sent.
STATES_OF_VENDOR = frozenset(REDEEM_BULK.error_of[role].clause for role in VENDOR_STATES)

Sees = Callable[[Snapshot], Hashable]
SnapshotCheck = Callable[[Snapshot], list[tuple[CheckResult, Exchange]]]


class Listener(Protocol):
    """Hears how a run goes on."""

    def called(self, made: int, law: str) -> None:
        """Hear of a call: how many were made, and for which law."""

    def judged(self, result: LawResult, made: int) -> None:
        """Hear how a law came out, and how many calls were made so far."""

    def close(self) -> None:
        """Hear that it is over."""


class Silence:
    """Hears and says nothing."""

    def called(self, made: int, law: str) -> None:
        """Hear of a call."""

    def judged(self, result: LawResult, made: int) -> None:
        """Hear of a law."""

    def close(self) -> None:
        """Hear that it is over."""


class Run:
    """Judges one target. Nothing of a run survives it.

    `strict` are readings observed before: a departure from one is a violation. `caller` makes the calls, `record`
    keeps what is found, `results` are the laws that were judged. `total` is how many vouchers the project had when the
    whole list was last asked for, `project_number` its `id`, `last_snapshot` the list as it was then. `aborted` says
    why the run could not go on, `crash` what failed of our own. A run `is_under_way` while a law is held to its
    target, and `is_stopped` when somebody asked for it.

    `submitting` is what it may submit, `submitted` the codes that it did submit, `most_codes` the longest list that the
    target is known to take; once it `is_bound_known`, no longer one needs to be tried. It `takes_lists` unless
    its first was not accepted.
    """

    def __init__(
        self,
        target: Target,
        credentials: Credentials,
        limits: Limits,
        seed: int = 0,
        strict: Mapping[str, str] | None = None,
        listener: Listener | None = None,
        pace: Pace | None = None,
        submitting: Submitting = Submitting.NOTHING,
    ) -> None:
        self.target = target
        self.limits = limits
        self.seed = seed
        self.listener = listener or Silence()
        self.pace = pace or Pace(limits)
        self.submitting = submitting
        self.random = random.Random(seed)  # noqa: S311 - nothing here is secret
        self.record = Record(credentials, strict or {})
        self.caller = Caller(target, credentials, self.pace, self._heard)
        self.total = 0
        self.project_number = 0
        self.wrong_signatures = 0
        self.notes: dict[str, str] = {}
        self.results: list[LawResult] = []
        self.aborted: Fact | None = None
        self.crash: str | None = None
        self.is_open = False
        self.is_under_way = False
        self.is_stopped = False
        self.submitted: list[str] = []
        self.most_codes = CODES_OF_A_LIST
        self.is_bound_known = False
        self.takes_lists = True
        self._restless = 0
        self.last_snapshot: Snapshot | None = None
        self._started = time.monotonic()

    def _heard(self) -> None:
        self.listener.called(self.pace.made, self.record.law)

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return time.monotonic() - self._started

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations that the target is held to."""
        return tuple(one for one in OPERATIONS if one.reads_only or self.submitting is not Submitting.NOTHING)

    @property
    def room(self) -> int:
        """How many calls are left."""
        return self.limits.max_requests - self.pace.made

    @property
    def has_room(self) -> bool:
        """Whether there are calls, and on loopback time, for more than every run must make."""
        in_time = self.seconds < _SECONDS_FOR_MORE or self.limits.rate is not None
        return self.room > _RESERVE[self.submitting] and in_time

    # Calls

    def call(self, clause: str, **changes: Any) -> Exchange | None:
        """Make a good call with some fields changed and judge its reply; None when it got no reply to judge."""
        return self.send_fields(clause, self.caller.good_fields(**changes))

    def send_fields(self, clause: str, fields: Mapping[str, Any]) -> Exchange | None:
        """Make a call with these fields and judge its reply; None when it got no reply to judge."""
        exchange = self._send(clause, self.caller.credentials.merchant_id, json.dumps(fields).encode())
        if exchange is not None:
            self.record.judge(exchange)
        return exchange

    def page(self, clause: str, **changes: Any) -> tuple[Page, Exchange] | None:
        """Make a call that must succeed; None when it did not, which is then a violation of `clause`."""
        exchange = self.call(clause, **changes)
        if exchange is None:
            return None
        if exchange.outcome != SUCCESS:
            if exchange.outcome is not None or exchange.speaks_the_contract:
                self.record.add(Violation("no_success", clause, "", {"asked": changes}, exchange.received), exchange)
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
        credentials = replace(self.caller.credentials, session_key=self.caller.session_key)
        # A live target may take a wrong signature for an attempt to guess, so each is sent once.
        once = case.is_wrong_signature and self.limits.wrong_signatures is not None
        if case.is_wrong_signature:
            self.wrong_signatures += 1
        merchant_id, operation = case.merchant_for(credentials), case.operation

        def body() -> bytes:
            few = min(_FEW_CODES, self.most_codes)
            return case.body_for(credentials, self.new_codes(few) if case.submits_codes else ())

        exchange = self._send(case.clause, merchant_id, body, case=case.name, once=once, operation=operation)
        if exchange is None:
            return None
        outcome = exchange.outcome
        if outcome in STATES_OF_VENDOR and outcome not in case.outcomes:
            self.record.leave(Fact.of("vendor_state", outcome=outcome))
            return exchange
        shown = case.outcomes.get(outcome or "", case.outcomes.get(ANY) if outcome else None)
        if shown is None:
            expected = {"outcomes": [*case.outcomes], "case": case.name, "about": case.about}
            violation = Violation("outcome", case.clause, "", expected, exchange.received)
            self.record.add(violation, exchange, formula=case.formula)
            return exchange
        self.record.judge(exchange)
        for key, values in shown.items():
            seen = Fact.of("outcome", case=case.name, outcome=outcome)
            self.record.add(Choice(key, frozenset(values), case.clause, seen), exchange, formula=case.formula)
        return exchange

    def new_codes(self, count: int) -> tuple[str, ...]:
        """Return voucher codes that the target has not seen before, in this run or another, and that nobody sold."""
        codes = tuple(
            "".join(secrets.choice(_LETTERS if place // 3 % 2 == 0 else _FIGURES) for place in range(15))
            for _ in range(count)
        )
        self.submitted += codes
        return codes

    def submit(self, clause: str, codes: Sequence[str] | Callable[[], Sequence[str]]) -> Exchange | None:
        """Submit a list and judge the reply; None when it got none to judge.

        `codes` are those of the list, or give new ones for each try.
        """

        def body() -> bytes:
            return json.dumps(self.good_submission(codes() if callable(codes) else codes)).encode()

        merchant_id = self.caller.credentials.merchant_id
        exchange = self._send(clause, merchant_id, body, operation=REDEEM_BULK, again=callable(codes))
        if exchange is not None:
            self.record.judge(exchange)
        return exchange

    def good_submission(self, codes: Sequence[str]) -> dict[str, str]:
        """Return the fields of a good submission of these codes."""
        fields = {"kode_voucher": encode_codes([*codes]), "signature": self.caller.credentials.signature}
        return fields if self.caller.session_key is None else {**fields, "session_key": self.caller.session_key}

    def _send(
        self,
        clause: str,
        merchant_id: str,
        body: bytes | Callable[[], bytes],
        *,
        case: str = "",
        once: bool = False,
        operation: Operation = PROJECT_DETAIL,
        again: bool = True,
    ) -> Exchange | None:
        """Make a call; None when it got no reply to judge. `body` is what is sent, or gives it for each try.

        Without `again` the first try may have been taken, and says all that can be judged; the second only shows
        whether such a call fails each time.

        A call that fails each time, while a good one is answered before, between and after, is a violation of its
        clause; one that is made `once` is left open.

        Raises:
            Aborted: a good call is not answered either.
        """
        cause: NoReply | OutsideContract | None = None
        while cause is None or cause.kind not in self.caller.certain:
            is_second = cause is not None
            sent = body if isinstance(body, bytes) else body()
            try:
                exchange = self.caller.send(merchant_id, sent, once=once, operation=operation)
            except TargetFailed as failed:
                failure, cause = failed, failed.cause
            else:
                if again or cause is None:
                    return exchange
                self.record.leave(Fact.of("taken_perhaps", failure=cause))
                return None
            self._check_alive(failure)
            if failure.is_rate_limit or once:
                self.record.leave(Fact.of("rate_limited" if failure.is_rate_limit else "dropped_once", failure=cause))
                return None
            if is_second:
                self.caller.certain.add(cause.kind)
        exchange = Exchange(merchant_id, sent, 0, b"", operation=operation)
        self.record.add(Violation("no_reply", clause, "", {"case": case}, {"failure": cause}), exchange)
        return None

    def _check_alive(self, failure: TargetFailed) -> None:
        try:
            good = self.caller.call(self.caller.good_fields())
        except TargetFailed:
            raise Aborted("no_reply", failure=failure.cause) from None
        if good.outcome != SUCCESS:
            raise Aborted("good_call_refused", failure=failure.cause, got=good.received)

    # Snapshots, and laws across calls

    def snapshot(self) -> Snapshot | None:
        """Return the last snapshot of the project, taken now if there is none; None when it cannot be taken."""
        return self.last_snapshot or self.take_snapshot()

    def some_vouchers(self) -> Snapshot:
        """Return the last snapshot of a project that has vouchers.

        Raises:
            Inconclusive: it cannot be taken, or there is no voucher in it.
        """
        snapshot = self.snapshot()
        if snapshot is None:
            raise Inconclusive("no_snapshot")
        if snapshot.total == 0:
            raise Inconclusive("no_voucher")
        return snapshot

    def take_snapshot(self) -> Snapshot | None:
        """Read the whole unfiltered list, or as much of it as a capped limit lets through in a dozen calls."""
        for _ in range(_TRIES):
            pages = self._walk()
            if pages is None:
                return None
            self.last_snapshot = Snapshot.of([(offset, page) for offset, page, _ in pages])
            if self.last_snapshot.is_consistent or not self.has_room:
                return self.last_snapshot
            first = pages[0][1]
            if all(page.total == first.total and page.stats == first.stats for _, page, _ in pages):
                again = self._walk()
                if again is not None and again[0][1].vouchers == first.vouchers:
                    self.record.add(Violation("pages_overlap", "PAGE-1"), pages[-1][2])
                    return None
        self._restless = _RESTLESS_AFTER
        return self.last_snapshot

    def _walk(self) -> list[tuple[int, Page, Exchange]] | None:
        limit = min(self.total + 10, _LARGEST_LIMIT)
        first = self.page("PAGE-1", limit=limit)
        if first is None:
            return None
        page, exchange = first
        self.total = page.total
        walked = [(0, page, exchange)]
        if page.is_whole or page.size == 0:
            return walked
        numbers: Sequence[int] = range(2, page.pages + 1)
        if page.pages > _LONGEST_WALK:
            numbers = (2, 3, page.pages - 1, page.pages)
        for number in numbers:
            found = self.page("PAGE-1", page=number, limit=limit)
            if found is None:
                return None
            walked.append(((number - 1) * page.size, *found))
        return walked

    def check_while_stable(self, check: SnapshotCheck, *, sees: Sees = lambda snapshot: snapshot.states) -> None:
        """Hold a law across calls, judged only where the project stood still before and after; three tries.

        `check` makes its calls and returns what it finds; `sees` is the part of the snapshot that it depends on.
        """
        before = self.snapshot()
        if before is None:
            self.record.leave(Fact.of("no_snapshot"))
            return
        if self._restless >= _RESTLESS_AFTER:
            self.record.leave(Fact.of("restless"))
            return
        for _ in range(_TRIES):
            news = [pair for pair in check(before) if self.record.is_news(pair[0])]
            if not news:
                return
            after = self.take_snapshot()
            if after is None:
                self.record.leave(Fact.of("no_snapshot"))
                return
            if sees(after) == sees(before):
                for result, exchange in news:
                    self.record.add(result, exchange)
                return
            before = after
            if not self.has_room:
                break
        self._restless += 1
        self.record.leave(Fact.of("not_stable", tries=_TRIES))


def page_of(exchange: Exchange) -> Page | None:
    """Return a success in the documented form as a page, else None."""
    return Page.of(exchange) if has_documented_form(exchange) else None


def has_documented_form(exchange: Exchange) -> bool:
    """Whether it is a success with every documented field in its type, so that laws can be held to it."""
    return exchange.outcome == SUCCESS and not shape_violations(exchange)
