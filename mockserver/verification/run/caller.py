"""Makes the calls of a run: within the budget, at the pace, backing off where the target asks for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.operation import Operation
from mockserver.contract.project_detail import DEFAULT_LIMIT, DEFAULT_PAGE, DEFAULT_STATUS, PROJECT_DETAIL
from mockserver.verification.credentials import Credentials
from mockserver.verification.live_guard import Pace, is_loopback
from mockserver.verification.target import Failure, NoReply, RawReply, Target

RATE_LIMITED = 429
_BUSY = {RATE_LIMITED, 502, 503, 504}
# What another try would only meet again.
_FINAL = {Failure.TIMEOUT, Failure.ENDLESS, Failure.TOO_LARGE, Failure.UNREACHABLE, Failure.TLS}
_LONGEST_REST = 30.0


@dataclass(frozen=True)
class OutsideContract:
    """A reply that is none of the contract's: an HTTP error, or a redirect; `times` is how often it was given."""

    http_status: int
    times: int = 1

    @property
    def kind(self) -> str:
        """What makes two of them the same."""
        return f"HTTP {self.http_status}"

    @property
    def is_redirect(self) -> bool:
        """Whether the call is sent elsewhere."""
        return 300 <= self.http_status < 400


class TargetFailed(Exception):
    """A call that got no reply to judge, after every retry; `cause` says why."""

    def __init__(self, cause: NoReply | OutsideContract) -> None:
        super().__init__(cause)
        self.cause = cause

    @property
    def is_rate_limit(self) -> bool:
        """Whether the target only asks for fewer calls."""
        return isinstance(self.cause, OutsideContract) and self.cause.http_status == RATE_LIMITED


class Caller:
    """Sends bodies and gives exchanges. `heard` is told of each call that was made.

    What fails in a way that is among `certain` is not tried again: that this target fails so was seen often enough.
    """

    def __init__(self, target: Target, credentials: Credentials, pace: Pace, heard: Callable[[], None]) -> None:
        self.target = target
        self.credentials = credentials
        self.pace = pace
        self.session_key = credentials.session_key
        self.made: list[Exchange] = []
        self.certain: set[Failure | str] = set()
        self._heard = heard
        self._first_rest = 0.1 if is_loopback(target.base_url) else 1.0

    def good_fields(self, **changes: Any) -> dict[str, Any]:
        """Return the fields of a good call with some changed."""
        fields: dict[str, Any] = {
            "projectid": self.credentials.project_id,
            "status": DEFAULT_STATUS,
            "page": DEFAULT_PAGE,
            "limit": DEFAULT_LIMIT,
            "signature": self.credentials.signature,
        }
        if self.session_key is not None:
            fields["session_key"] = self.session_key
        return {**fields, **changes}

    def call(self, fields: Mapping[str, Any], *, once: bool = False) -> Exchange:
        """Make a call with these fields; raises as `send` does."""
        return self.send(self.credentials.merchant_id, json.dumps(fields).encode(), once=once)

    def send(
        self, merchant_id: str, body: bytes, *, once: bool = False, operation: Operation = PROJECT_DETAIL
    ) -> Exchange:
        """Make one call, again after a rest where the target is busy or broke off, unless it is to be made `once`.

        What does more than read is never made again: nobody knows what became of it.

        Raises:
            TargetFailed: no reply that could be judged.
            BudgetSpent: no call is left.
        """
        rest = self._first_rest
        cause: NoReply | OutsideContract
        for attempt in range(4):
            raw = self._attempt(merchant_id, body, operation)
            if isinstance(raw, RawReply):
                exchange = _exchange(merchant_id, body, raw, operation)
                if exchange.speaks_the_contract or (raw.http_status < 500 and raw.http_status != RATE_LIMITED):
                    return self._judgeable(exchange, raw)
                tries = 4 if raw.http_status in _BUSY else 2
                cause = OutsideContract(raw.http_status, attempt + 1)
                rest = max(rest, raw.retry_after)
            else:
                tries, cause = (1 if raw.kind in _FINAL else 2), raw
            if once or not operation.reads_only or attempt + 1 >= tries or cause.kind in self.certain:
                raise TargetFailed(cause)
            self.pace.rest(min(rest, _LONGEST_REST))
            rest *= 2
        raise AssertionError("every attempt returns or raises")

    def _attempt(self, merchant_id: str, body: bytes, operation: Operation) -> RawReply | NoReply:
        self.pace.wait_for_turn()
        self._heard()
        try:
            return self.target.post(merchant_id, body, operation)
        except NoReply as failure:
            return failure

    def _judgeable(self, exchange: Exchange, raw: RawReply) -> Exchange:
        if 300 <= raw.http_status < 400 and not exchange.speaks_the_contract:
            raise TargetFailed(OutsideContract(raw.http_status))
        self.made.append(exchange)
        return exchange


def _exchange(merchant_id: str, body: bytes, raw: RawReply, operation: Operation) -> Exchange:
    return Exchange(
        merchant_id,
        body,
        raw.http_status,
        raw.body,
        raw.sent_at,
        raw.received_at,
        raw.date,
        raw.headers.get("content-type", ""),
        operation,
    )
