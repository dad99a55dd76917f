"""A scene: one situation being played before one client, and everything that is known of it."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.contract.masking import Masker, masked_body
from mockserver.contract.operation import Operation
from mockserver.contract.readings import Readings
from mockserver.provider.operations.parsing import decode_json
from mockserver.provider.provider import Provider
from mockserver.provider.refusal import Refusal
from mockserver.provider.reply import Reply
from mockserver.provider.state.world import Merchant
from mockserver.testing.survive.judgement import Habit, Judgement, Problem
from mockserver.testing.survive.running import ClientRun
from mockserver.testing.survive.scenario import Situation

CALLS_KEPT = 12
_LONGEST_SHOWN = 1000
_GONE = "close_before; carried_out=0"

# Answers a call: as the fake does, or as the header `X-Apigames-Mock-Fault` of this value asks for.
Answer = Callable[[str | None], Reply]


@dataclass(frozen=True)
class ShownExchange:
    """One call of an operation and what was sent back, secrets masked and long texts cut."""

    operation: str
    request: str
    http_status: int
    reply: str
    fault: str | None


@dataclass
class Observed:
    """What a client asked: how many calls reached an endpoint, and what else arrived (`unmatched`)."""

    calls: int = 0
    unmatched: list[str] = field(default_factory=list)


class Scene(ABC):
    """One situation being played. Safe under threads.

    `environment` is what the client is told; `codes` are voucher codes that no report may show, beside the secrets.
    """

    situation: Situation
    observed: Observed

    def __init__(
        self,
        merchant: Merchant,
        readings: Readings,
        environment: Mapping[str, str],
        *,
        codes: tuple[str, ...] = (),
    ) -> None:
        self.merchant_id = merchant.merchant_id
        self.readings = readings
        self.environment = dict(environment)
        self.is_over = False
        self.mask = Masker([merchant.secret_key, merchant.session_key or "", environment["APIGAMES_SECRET_KEY"]])
        # For what is shown, where what is judged has the codes.
        self.mask_shown = self.mask.knowing(codes) if codes else self.mask
        self._lock = threading.Lock()
        self._kept: list[tuple[Operation, bytes, Reply]] = []

    @abstractmethod
    def enter(self, provider: Provider) -> None:
        """Put into the provider what the situation starts with."""

    @abstractmethod
    def _reply(self, operation: Operation, body: bytes, answer: Answer) -> Reply:
        """Return the reply of this situation to a call, and note what is to be known of it; under the scene's lock."""

    @abstractmethod
    def judge(self, run: ClientRun, timeout: float) -> Judgement:
        """Judge a run; `timeout` (seconds) is what it was given."""

    @abstractmethod
    def habit(self, problem: Problem, run: ClientRun) -> Habit | None:
        """Return the habit that a problem points at, or None when it could be anything."""

    @abstractmethod
    def expected_output(self) -> dict[str, Any]:
        """Return what a careful client would have said, as a report has it."""

    @abstractmethod
    def expected_in_words(self) -> str:
        """Return the same for a person, in one line."""

    def reply(self, operation: Operation, body: bytes, answer: Answer) -> Reply:
        """Answer a call as this situation has it, and remember both call and reply."""
        with self._lock:
            if self.is_over:
                return answer(_GONE)
            self.observed.calls += 1
            sent = self._reply(operation, body, answer)
            if len(self._kept) < CALLS_KEPT:
                self._kept.append((operation, body, sent))
            return sent

    def exchanges(self) -> list[ShownExchange]:
        """Return the first calls with their replies, for a person."""
        with self._lock:
            kept = list(self._kept)
        return [_readable(*one, self.mask_shown) for one in kept]


def fields_of(body: bytes) -> dict[str, Any]:
    """Return the fields of a body, none when it is not a JSON object."""
    try:
        decoded = decode_json(body)
    except Refusal:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def page_of(body: bytes) -> int:
    """Return the page that a status call asks for."""
    page = fields_of(body).get("page")
    return page if isinstance(page, int) else 1


def with_added_fields(body: bytes) -> bytes:
    """Return a success with fields of unknown names at every level, as a vendor adds them without a word."""
    reply: dict[str, Any] = json.loads(body)
    reply["request_id"] = "made-up-9f2c"
    page = reply["data"]
    page["per_page"] = None
    if isinstance(page.get("data"), dict):
        project = page["data"]
        project["description"] = {"id": "teks", "en": "text"}
        project["stats"]["refunded"] = 0
        for item in (*(project["vouchers"] or ()), *project["kategori_voucher"]):
            item["extra"] = ["made up", 1, None]
    return json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode()


def _readable(operation: Operation, body: bytes, reply: Reply, masker: Masker) -> ShownExchange:
    """Return a call and its reply without secrets; of a list of vouchers the first stands for all."""
    fields = fields_of(body)
    mask = masker.knowing_sent(fields)
    request = json.dumps(mask.value(fields)) if fields else masked_body(body, mask).text
    sent = mask(_with_one_voucher(reply.body).decode("utf-8", "replace"))
    fault: str | None = getattr(reply, "fault", None)
    return ShownExchange(operation.name, _cut(request), reply.http_status, _cut(sent), fault)


def _with_one_voucher(body: bytes) -> bytes:
    reply = fields_of(body)
    try:
        project = reply["data"]["data"]
        more = len(project["vouchers"]) - 1
    except (KeyError, TypeError):
        return body
    if more < 1:
        return body
    project["vouchers"][1:] = [f"... {more} more"]
    return json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}... ({len(text)} characters)"
