"""Makes the calls of a run: within the budget, at the pace, backing off where the target asks for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.contract.judging.exchange import Exchange
from mockserver.contract.wire import DEFAULT_LIMIT, DEFAULT_PAGE, DEFAULT_STATUS
from mockserver.verification.cases.request_cases import Credentials
from mockserver.verification.live_guard import Pace, is_loopback
from mockserver.verification.target import NoReply, RawReply, Target

_BUSY = {429, 502, 503, 504}
_LONGEST_REST = 30.0


class TargetFailed(Exception):
    """A call that got no reply to judge, after every retry; the message is one clear reason."""


class Caller:
    """Sends bodies and gives exchanges. `heard` is told of each call that was made."""

    def __init__(self, target: Target, credentials: Credentials, pace: Pace, heard: Callable[[], None]) -> None:
        self.target = target
        self.credentials = credentials
        self.pace = pace
        self.session_key = credentials.session_key
        self.made: list[Exchange] = []
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

    def call(self, fields: Mapping[str, Any]) -> Exchange:
        """Make a call with these fields; raises as `send` does."""
        return self.send(self.credentials.merchant_id, json.dumps(fields).encode())

    def send(self, merchant_id: str, body: bytes) -> Exchange:
        """Make one call, again after a rest where the target is busy or broke off.

        Raises:
            TargetFailed: no reply that could be judged.
            BudgetSpent: no call is left.
        """
        rest = self._first_rest
        for attempt in range(4):
            raw = self._attempt(merchant_id, body)
            if isinstance(raw, RawReply):
                exchange = _exchange(merchant_id, body, raw)
                if exchange.speaks_the_contract or (raw.http_status < 500 and raw.http_status != 429):
                    return self._judgeable(exchange, raw)
                tries = 4 if raw.http_status in _BUSY else 2
                reason = f"HTTP {raw.http_status} outside the contract, {attempt + 1} times"
                rest = max(rest, _retry_after(raw))
            else:
                tries, reason = (1 if "within" in raw or "larger" in raw or "reached" in raw else 2), raw
            if attempt + 1 >= tries:
                raise TargetFailed(reason)
            self.pace.rest(min(rest, _LONGEST_REST))
            rest *= 2
        raise AssertionError("every attempt returns or raises")

    def _attempt(self, merchant_id: str, body: bytes) -> RawReply | str:
        self.pace.wait_for_turn()
        self._heard()
        try:
            return self.target.post(merchant_id, body)
        except NoReply as reason:
            return str(reason)

    def _judgeable(self, exchange: Exchange, raw: RawReply) -> Exchange:
        if 300 <= raw.http_status < 400 and not exchange.speaks_the_contract:
            raise TargetFailed(
                f"HTTP {raw.http_status} sends the call elsewhere; redirects are not followed, "
                "so give the address itself"
            )
        self.made.append(exchange)
        return exchange


def _exchange(merchant_id: str, body: bytes, raw: RawReply) -> Exchange:
    return Exchange(
        merchant_id,
        body,
        raw.http_status,
        raw.body,
        raw.sent_at,
        raw.received_at,
        raw.date,
        raw.headers.get("content-type", ""),
    )


def _retry_after(raw: RawReply) -> float:
    text = raw.headers.get("retry-after", "")
    return float(text) if text.isdigit() else 0.0
