"""What a run finds out: every reply is judged by itself, and what is broken or seen of a reading is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.contract.judging.checks import check
from mockserver.contract.judging.drift import added_fields
from mockserver.contract.judging.exchange import SUCCESS, Exchange
from mockserver.contract.judging.violation import CheckResult, Fact, Violation
from mockserver.verification.credentials import Credentials
from mockserver.verification.run.observations import Observations

_LONG_SECRET = 8


class Inconclusive(Exception):
    """The target's data cannot show a law; `reason` says why."""

    def __init__(self, kind: str, /, **values: Any) -> None:
        super().__init__(kind)
        self.reason = Fact(kind, values)


class Aborted(Exception):
    """The target cannot be judged, or no further; `reason` says why."""

    def __init__(self, kind: str, /, **values: Any) -> None:
        super().__init__(kind)
        self.reason = Fact(kind, values)


@dataclass(frozen=True)
class Broken:
    """A violation, the law that found it and the exchange that shows it.

    `number` counts the violations of a run from 0; `formula` is that of the signature sent.
    """

    violation: Violation
    law: str
    exchange: Exchange
    number: int
    formula: str = "right"


@dataclass(frozen=True)
class LawResult:
    """How one law came out: `holds`, `broken`, `not seen` or `not judged`, with the reason for the last two."""

    law: str
    clauses: tuple[str, ...]
    outcome: str
    reason: Fact | None = None


@dataclass(frozen=True)
class Unsettled:
    """A check that came to no judgement: the law that it belongs to, and why."""

    law: str
    reason: Fact


class Record:
    """Keeps what was found out at a target under the law that is being held to it.

    `strict` are readings observed before: a departure from one is a violation. No reply may hold a secret of the
    `credentials`. `unsettled` are the checks that could not be judged; `http_statuses` are the pairs (rc, HTTP status)
    of the errors that came; `drift` are the fields that came and that the page does not know.
    """

    def __init__(self, credentials: Credentials, strict: Mapping[str, str]) -> None:
        self.law = "opening"
        self.broken: list[Broken] = []
        self.observations = Observations(strict)
        self.unsettled: list[Unsettled] = []
        self.http_statuses: set[tuple[int, int]] = set()
        self.drift: set[str] = set()
        self._credentials = credentials
        self._strict = strict

    def judge(self, exchange: Exchange) -> None:
        """Hold one reply to everything that can be said of it by itself."""
        for result in [*check(exchange), *_leaks(self._credentials, exchange)]:
            self.add(result, exchange)
        if exchange.speaks_the_contract:
            self.drift |= added_fields(exchange)
        error = next((error for error in exchange.operation.errors if error.clause == exchange.outcome), None)
        if error is not None:
            self._note_http_status(error.rc, exchange)

    def add(self, result: CheckResult, exchange: Exchange, *, formula: str = "right") -> None:
        """Record a violation, or narrow a reading down; a contradiction to what was seen before is a violation."""
        violation = result if isinstance(result, Violation) else self.observations.take(result)
        if violation is not None:
            self.broken.append(Broken(violation, self.law, exchange, len(self.broken), formula))

    def leave(self, reason: Fact) -> None:
        """Record that a check of the law could not be judged."""
        self.unsettled.append(Unsettled(self.law, reason))

    def is_news(self, result: CheckResult) -> bool:
        """Whether a result is a violation, or says of a reading what was not known."""
        if isinstance(result, Violation):
            return True
        return self.observations.would_narrow(result) or self.observations.conflict(result) is not None

    def _note_http_status(self, rc: int, exchange: Exchange) -> None:
        self.http_statuses.add((rc, exchange.http_status))
        strict = self._strict.get("http_status")
        fitting = {"rc": rc, "200": 200}.get(strict or "", exchange.http_status)
        if exchange.http_status != fitting:
            expected = {"reading": strict, "http_status": fitting}
            got = {"http_status": exchange.http_status}
            self.add(Violation("error_http_status", "ERR-5", "", expected, got), exchange)


def _leaks(own: Credentials, exchange: Exchange) -> Iterable[Violation]:
    clause = exchange.operation.success.clause if exchange.outcome == SUCCESS else "ERR-5"
    for name, secret in (
        ("the secret key", own.secret_key),
        ("the signature", own.signature),
        ("the session key", own.session_key or ""),
    ):
        # A short one is found in ordinary words too; there only a value of its own tells.
        edge = "" if len(secret) >= _LONG_SECRET else '"'
        forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        if len(secret) >= 4 and any(f"{edge}{form}{edge}".encode() in exchange.body for form in forms):
            yield Violation("secret_in_reply", clause, "", {}, {"secret": name})
