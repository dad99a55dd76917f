"""One run at one target: calls are made, each reply is judged, and laws across calls only on a still picture."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mockserver.contract.checks import Choice, Finding, Violation, findings
from mockserver.contract.exchange import SUCCESS, Exchange
from mockserver.contract.near_misses import FORMULAS, OTHER_CASES
from mockserver.contract.page_laws import Page
from mockserver.contract.wire import DOCUMENTED_ERRORS
from mockserver.verification.caller import Caller, TargetFailed
from mockserver.verification.drift import added_fields
from mockserver.verification.live_guard import BudgetSpent, Limits, Pace, is_loopback
from mockserver.verification.observations import Observations
from mockserver.verification.picture import Picture, picture_of
from mockserver.verification.request_cases import ANY, Case, Credentials
from mockserver.verification.target import Target

TRIES = 3
_RESTLESS_AFTER = 2
_FAILURES_BORNE = 4
_RESERVE = 45
_SECONDS_FOR_MORE = 12.0
_LONG_SECRET = 8
_LARGEST_LIMIT = 10_000
_LONGEST_WALK = 12
MADE_UP_SESSION_KEY = "apigames-mock-verify"

Sees = Callable[[Picture], Hashable]
Law = Callable[[Picture], list[tuple[Finding, Exchange]]]


class CannotJudge(Exception):
    """The target cannot be judged, or no further; the message is one clear reason."""


class NotSeen(Exception):
    """The target's data cannot show a law; the message says why."""


@dataclass(frozen=True)
class Broken:
    """A violation, the law that found it and the exchange that shows it."""

    violation: Violation
    law: str
    exchange: Exchange
    formula: str = "right"

    @property
    def kind(self) -> tuple[str, str, str]:
        """What makes two of them one finding: the same clause, place and law, numbers aside."""
        place = re.sub(r"\d+", "", self.violation.where or self.violation.expected)
        return self.violation.clause, place, self.law


@dataclass(frozen=True)
class LawResult:
    """How one law came out: `holds`, `broken`, `not seen` or `not judged`, with the reason for the last two."""

    law: str
    clauses: tuple[str, ...]
    outcome: str
    reason: str = ""


class Listener(Protocol):
    """Hears how a run goes on."""

    def called(self, made: int, law: str) -> None:
        """Hear of a call: how many were made, and for which law."""

    def close(self) -> None:
        """Hear that it is over."""


class Silence:
    """Hears and says nothing."""

    def called(self, made: int, law: str) -> None:
        """Hear of a call."""

    def close(self) -> None:
        """Hear that it is over."""


@dataclass
class Run:
    """Judges one target.

    `strict` are readings observed before: a departure from one is a violation. Nothing of a run survives it.
    """

    target: Target
    credentials: Credentials
    limits: Limits
    seed: int = 0
    strict: Mapping[str, str] = field(default_factory=dict)
    listener: Listener = field(default_factory=Silence)
    pace: Pace | None = None

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - nothing here is secret
        self.observations = Observations(self.strict)
        self.broken: list[Broken] = []
        self.unseen: dict[str, str] = {}
        self.notes: dict[str, str] = {}
        self.http_statuses: set[tuple[int, int]] = set()
        self.law = "opening"
        self.pace = self.pace or Pace(self.limits)
        self.caller = Caller(self.target, self.credentials, self.pace, self._heard)
        self._picture: Picture | None = None
        self._total = 0
        self._restless = 0
        self._failures = 0
        self.wrong_signatures = 0
        self.project_number = 0
        self.results: list[LawResult] = []
        self.blocked: str | None = None
        self.crash: str | None = None
        self.drift: set[str] = set()
        self._started = time.monotonic()
        self.is_open = False

    @property
    def calls(self) -> int:
        """How many calls were made."""
        assert self.pace is not None
        return self.pace.made

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return time.monotonic() - self._started

    @property
    def total(self) -> int:
        """How many vouchers the project had when the whole list was last asked for."""
        return self._total

    @property
    def room(self) -> int:
        """How many calls are left."""
        return self.limits.max_requests - self.calls

    @property
    def has_room(self) -> bool:
        """Whether there are calls, and on loopback time, for more than every run must make."""
        in_time = self.seconds < _SECONDS_FOR_MORE or self.limits.rate is not None
        return self.room > _RESERVE and in_time

    # Opening

    def open(self) -> None:
        """Make the first call, and find out what can be found out when it is refused.

        Raises:
            CannotJudge: the target does not answer, or does not know the credentials.
        """
        try:
            self._open()
        except TargetFailed as failure:
            raise CannotJudge(str(failure)) from None

    def _open(self) -> None:
        exchange = self.caller.call(self.caller.good_fields())
        if exchange.outcome == "ERR-1" and self.caller.session_key is None:
            exchange = self._open_with_session_key(exchange)
        if exchange.http_status >= 300 and not exchange.speaks_the_contract:
            raise CannotJudge(
                f"HTTP {exchange.http_status} with a body outside the contract; see that --base-url is the endpoint's "
                "(scheme, host and port, without the path)"
            )
        self.judge(exchange)
        if exchange.outcome != SUCCESS:
            self._refused(exchange)
        if self.caller.session_key is None:
            self.take(Choice("session_key", frozenset({"optional"}), "REQ-1", "a success without one"), exchange)
        page = self._page_of(exchange)
        if page is None:
            raise CannotJudge("the first reply is not in the documented form, so nothing further was judged")
        self._total = page.total
        self.project_number = exchange.reply["data"]["data"]["id"]
        self._follow_the_project(exchange)

    def _open_with_session_key(self, without: Exchange) -> Exchange:
        self.caller.session_key = MADE_UP_SESSION_KEY
        exchange = self.caller.call(self.caller.good_fields())
        if exchange.outcome == SUCCESS:
            self.take(Choice("session_key", frozenset({"required"}), "REQ-1", "ERR-1 without one"), without)
            self.judge(without)
            return exchange
        self.caller.session_key = None
        return without

    def _refused(self, exchange: Exchange) -> None:
        """Say why a good call was refused: of the target's own doing, or for want of credentials it knows."""
        outcome = exchange.outcome
        if outcome == "ERR-3":
            self._try_formulas(exchange)
            raise CannotJudge(
                "the signature is refused, and so is every near-miss formula: merchant id and secret key do not belong "
                "together, or the merchant is unknown"
            )
        if outcome in {"ERR-2", "ERR-4"}:
            what = "merchant id" if outcome == "ERR-2" else "project id"
            raise CannotJudge(f"the target does not know this {what} ({outcome}); give one of its own")
        if outcome == "ERR-1":
            got = "ERR-1, with session_key and without" if self.credentials.session_key is None else "ERR-1"
            self.breaks(Violation("REQ-3", "a success for the documented request", got), exchange)
        elif not self.broken:
            expected = "a success or a documented error"
            self.breaks(Violation("ERR-5", expected, described(exchange)), exchange)
        raise CannotJudge("the first call was not answered as documented, so nothing further was judged")

    def _try_formulas(self, exchange: Exchange) -> None:
        tried = {"upper_case": OTHER_CASES["upper_case"], **FORMULAS}
        allowed = self.limits.wrong_signatures
        for name, formula in list(tried.items())[: None if allowed is None else allowed - 1]:
            signature = formula(self.credentials.merchant_id, self.credentials.secret_key)
            try:
                other = self.caller.call(self.caller.good_fields(signature=signature))
            except TargetFailed:
                return
            if other.outcome == SUCCESS:
                expected = "md5(merchant_id + secret_key) accepted"
                got = f"refused ({exchange.outcome}), while the formula {name!r} is accepted"
                self.breaks(Violation("REQ-2", expected, got), other, formula=name)
                raise CannotJudge("the target signs in another way, so nothing further was judged")

    def _follow_the_project(self, exchange: Exchange) -> None:
        """A reply that names another project than asked for: the name was given, or the echo is wrong."""
        asked, named = self.credentials.project_id, exchange.reply["data"]["data"]["project_id"]
        if named == asked:
            return
        again = self.caller.call(self.caller.good_fields(projectid=named))
        if again.outcome == SUCCESS and again.reply["data"]["data"].get("project_id") == named:
            values = frozenset({"project_id_or_name"})
            self.take(Choice("project_match", values, "REQ-3", f"{asked!r} names {named!r}"), again)
            own = self.credentials
            self.credentials = Credentials(own.merchant_id, own.secret_key, named, own.session_key, asked)
            self.caller.credentials = self.credentials
            return
        self.breaks(
            Violation("RES-3", f"project_id {asked!r}, as asked", repr(named), "data.data.project_id"), exchange
        )

    # Calls

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
        self.judge(exchange)
        return exchange

    def page(self, clause: str, **changes: Any) -> tuple[Page, Exchange] | None:
        """Make a call that must succeed; None when it did not, which is then a violation of `clause`."""
        exchange = self.call(clause, **changes)
        if exchange is None:
            return None
        if exchange.outcome != SUCCESS:
            if exchange.outcome is not None or exchange.speaks_the_contract:
                asked = ", ".join(f"{name}={value!r}" for name, value in changes.items())
                self.breaks(Violation(clause, f"a success ({asked})", described(exchange)), exchange)
            return None
        page = self._page_of(exchange)
        return None if page is None else (page, exchange)

    def expect_each(self, cases: Iterable[Case]) -> None:
        """Send each case and hold its reply to the outcomes it may have."""
        for case in cases:
            if case.makes_sense_for(self.credentials):
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
            self.breaks(Violation(case.clause, expected, described(exchange)), exchange, formula=case.formula)
            return exchange
        self.judge(exchange)
        for key, values in shown.items():
            seen = f"{case.name}: {worded(outcome or '')}"
            self.take(Choice(key, frozenset(values), case.clause, seen), exchange, formula=case.formula)
        return exchange

    def judge(self, exchange: Exchange) -> None:
        """Hold one reply to everything that can be said of it by itself."""
        for finding in [*findings(exchange), *self._leaks(exchange)]:
            if isinstance(finding, Violation):
                self.breaks(finding, exchange)
            else:
                self.take(finding, exchange)
        if exchange.speaks_the_contract:
            self.drift |= added_fields(exchange)
        error = next((error for error in DOCUMENTED_ERRORS if error.clause == exchange.outcome), None)
        if error is not None:
            self._note_http_status(error.rc, exchange)

    def take(self, choice: Choice, exchange: Exchange, *, formula: str = "right") -> None:
        """Narrow a reading down; a contradiction to what was seen before is a violation."""
        violation = self.observations.take(choice)
        if violation is not None:
            self.breaks(violation, exchange, formula=formula)

    def breaks(self, violation: Violation, exchange: Exchange, *, formula: str = "right") -> None:
        """Record a violation."""
        self.broken.append(Broken(violation, self.law, exchange, formula))

    # Laws across calls

    def picture(self) -> Picture | None:
        """Return the last picture of the project, read now if there is none; None when it cannot be read."""
        return self._picture or self.read_picture()

    def read_picture(self) -> Picture | None:
        """Read the whole unfiltered list, or as much of it as a capped limit lets through in a dozen calls."""
        for _ in range(TRIES):
            pages = self._walk()
            if pages is None:
                return None
            self._picture = picture_of([(offset, page) for offset, page, _ in pages])
            if self._picture.is_consistent or not self.has_room:
                return self._picture
            first = pages[0][1]
            if all(page.total == first.total and page.stats == first.stats for _, page, _ in pages):
                again = self._walk()
                if again is not None and again[0][1].vouchers == first.vouchers:
                    got = "pages whose vouchers overlap or are out of order, while totals stand still"
                    self.breaks(Violation("PAGE-1", "pages that hold each voucher once", got), pages[-1][2])
                    return None
        self._restless = _RESTLESS_AFTER
        return self._picture

    def _walk(self) -> list[tuple[int, Page, Exchange]] | None:
        limit = min(self._total + 10, _LARGEST_LIMIT)
        first = self.page("PAGE-1", limit=limit)
        if first is None:
            return None
        page, exchange = first
        self._total = page.total
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

    def on_still_picture(self, name: str, law: Law, *, sees: Sees = lambda picture: picture.states) -> None:
        """Hold a law across calls, judged only where the project stood still before and after; three tries.

        `law` makes its calls and returns what it finds; `sees` is the part of the picture that it depends on.
        """
        before = self.picture()
        if before is None:
            return
        if self._restless >= _RESTLESS_AFTER:
            self.unseen[name] = "the project moves too often for laws across calls"
            return
        for _ in range(TRIES):
            news = [pair for pair in law(before) if self._is_news(pair[0])]
            if not news:
                return
            after = self.read_picture()
            if after is None:
                return
            if sees(after) == sees(before):
                for finding, exchange in news:
                    if isinstance(finding, Violation):
                        self.breaks(finding, exchange)
                    else:
                        self.take(finding, exchange)
                return
            before = after
            if not self.has_room:
                break
        self._restless += 1
        self.unseen[name] = f"no still picture of the project in {TRIES} tries"

    def _is_news(self, finding: Finding) -> bool:
        if isinstance(finding, Violation):
            return True
        return self.observations.would_narrow(finding) or self.observations.conflict(finding) is not None

    # Helpers

    def _heard(self) -> None:
        self.listener.called(self.calls, self.law)

    def _with_session_key(self) -> Credentials:
        own = self.credentials
        return Credentials(own.merchant_id, own.secret_key, own.project_id, self.caller.session_key, own.project_name)

    def _page_of(self, exchange: Exchange) -> Page | None:
        if exchange.outcome != SUCCESS or not in_form(exchange):
            return None
        return Page.of(exchange)

    def _failed(self, failure: TargetFailed, clause: str, what: str = "") -> None:
        """A call got no reply to judge: of this call's making, or is the target gone?"""
        self._failures += 1
        if self._failures > _FAILURES_BORNE:
            raise CannotJudge(f"the target fails again and again: {failure}")
        try:
            good = self.caller.call(self.caller.good_fields())
        except TargetFailed:
            raise CannotJudge(str(failure)) from None
        silent = Exchange(self.credentials.merchant_id, b"", 0, b"")
        if good.outcome == SUCCESS and "429" not in str(failure):
            expected = f"{what}a reply in the contract, as the good call before and after it gets"
            self.breaks(Violation(clause, expected, str(failure)), silent)

    def _note_http_status(self, rc: int, exchange: Exchange) -> None:
        self.http_statuses.add((rc, exchange.http_status))
        strict = self.strict.get("http_status")
        fitting = {"rc": rc, "200": 200}.get(strict or "", exchange.http_status)
        if exchange.http_status != fitting:
            expected = f"http_status = {strict}, as observed before: HTTP {fitting}"
            self.breaks(Violation("ERR-5", expected, f"HTTP {exchange.http_status}"), exchange)

    def _leaks(self, exchange: Exchange) -> Iterable[Violation]:
        own = self.credentials
        clause = "RES-1" if exchange.outcome == SUCCESS else "ERR-5"
        for name, secret in (
            ("the secret key", own.secret_key),
            ("the signature", own.signature),
            ("the session key", own.session_key or ""),
        ):
            # A short one stands in ordinary words too; there only a value of its own tells.
            edge = "" if len(secret) >= _LONG_SECRET else '"'
            forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
            if len(secret) >= 4 and any(f"{edge}{form}{edge}".encode() in exchange.body for form in forms):
                yield Violation(clause, "no secret in a reply", f"{name} stands in it")


def in_form(exchange: Exchange) -> bool:
    """Whether a success has every documented field in its type, so that laws can be held to it."""
    return not any(isinstance(finding, Violation) and _is_shape(finding) for finding in findings(exchange))


def _is_shape(violation: Violation) -> bool:
    return (
        violation.expected in {"the documented fields and types", "an integer"} or "reply that is" in violation.expected
    )


def worded(outcome: str) -> str:
    """Say an outcome in words: `ERR-3 "Signature Not Valid"`."""
    for error in DOCUMENTED_ERRORS:
        if error.clause == outcome:
            return f'{outcome} (rc {error.rc}, "{error.error_msg}")'
    return {"success": "a success", ANY: "any documented reply"}.get(outcome, outcome)


def described(exchange: Exchange) -> str:
    """Say in short what came."""
    if exchange.outcome is not None:
        return worded(exchange.outcome)
    text = exchange.body[:200].decode("utf-8", "replace")
    return f"HTTP {exchange.http_status} {text!r}"


__all__ = [
    "Broken",
    "BudgetSpent",
    "CannotJudge",
    "NotSeen",
    "Run",
    "described",
    "in_form",
    "is_loopback",
    "worded",
]
