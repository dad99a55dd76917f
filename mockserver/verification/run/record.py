"""What a run finds out: every reply is judged by itself, and what is broken or seen of a reading is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mockserver.contract.judging.checks import Choice, Finding, Violation, findings
from mockserver.contract.judging.exchange import SUCCESS, Exchange
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.verification.cases.request_cases import Credentials
from mockserver.verification.report.drift import added_fields
from mockserver.verification.run.observations import Observations

_LONG_SECRET = 8


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


class Record:
    """Keeps what was found out at a target under the law that is being held to it.

    `strict` are readings observed before: a departure from one is a violation. No reply may hold a secret of the
    `credentials`.
    """

    def __init__(self, credentials: Credentials, strict: Mapping[str, str]) -> None:
        self.law = "opening"
        self.broken: list[Broken] = []
        self.observations = Observations(strict)
        self.unseen: dict[str, str] = {}
        self.http_statuses: set[tuple[int, int]] = set()
        self.drift: set[str] = set()
        self._credentials = credentials
        self._strict = strict

    def judge(self, exchange: Exchange) -> None:
        """Hold one reply to everything that can be said of it by itself."""
        for finding in [*findings(exchange), *_leaks(self._credentials, exchange)]:
            self.take_or_break(finding, exchange)
        if exchange.speaks_the_contract:
            self.drift |= added_fields(exchange)
        error = next((error for error in PROJECT_DETAIL.errors if error.clause == exchange.outcome), None)
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

    def take_or_break(self, finding: Finding, exchange: Exchange) -> None:
        """Take a choice, or record a violation."""
        if isinstance(finding, Violation):
            self.breaks(finding, exchange)
        else:
            self.take(finding, exchange)

    def is_news(self, finding: Finding) -> bool:
        """Whether a finding is a violation, or says of a reading what was not known."""
        if isinstance(finding, Violation):
            return True
        return self.observations.would_narrow(finding) or self.observations.conflict(finding) is not None

    def _note_http_status(self, rc: int, exchange: Exchange) -> None:
        self.http_statuses.add((rc, exchange.http_status))
        strict = self._strict.get("http_status")
        fitting = {"rc": rc, "200": 200}.get(strict or "", exchange.http_status)
        if exchange.http_status != fitting:
            expected = f"http_status = {strict}, as observed before: HTTP {fitting}"
            self.breaks(Violation("ERR-5", expected, f"HTTP {exchange.http_status}"), exchange)


def _leaks(own: Credentials, exchange: Exchange) -> Iterable[Violation]:
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
