"""The stage: one server on which every scenario has a merchant of its own, and what each client did there."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import msgspec

from mockserver.contract.foreign_text import printable
from mockserver.contract.masking import Masker, masked_body
from mockserver.contract.operation import JSON, SUCCESS
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.contract.wire import STATUSES
from mockserver.provider.faults.faults import Fault, with_fault
from mockserver.provider.journal.headers import Headers
from mockserver.provider.operations.handler import Handler
from mockserver.provider.operations.parsing import decode_json
from mockserver.provider.provider import Provider
from mockserver.provider.refusal import AskedFor, Refusal
from mockserver.provider.reply import Reply, error_reply
from mockserver.provider.state.world import Project, World
from mockserver.testing.survive.situations import FAULT_EXPECTATIONS, Situation
from mockserver.testing.survive.worlds import Setup, grown, setup_for
from mockserver.web.server import Server

CALLS_KEPT = 12
_LONGEST_SHOWN = 1000
_GONE = Fault("close_before")


@dataclass(frozen=True)
class Expected:
    """What was there to see: every code of `vouchers` (those of `newer` were added meanwhile and may be missing).

    `counts` are all that may be right, one for each state that the client was shown.
    """

    vouchers: tuple[str, ...]
    newer: tuple[str, ...]
    counts: tuple[Mapping[str, int], ...]


@dataclass
class Observed:
    """What a client asked: how often, the highest page, the smallest limit, and the values of its filter."""

    calls: int = 0
    highest_page: int = 0
    limit: int = 30
    filters: set[str] = field(default_factory=set)
    unmatched: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ShownExchange:
    """One call and what was sent back, secrets masked and long texts cut."""

    request: str
    http_status: int
    reply: str
    fault: str | None


class Scene:
    """One situation being played."""

    def __init__(
        self, situation: Situation, setup: Setup, url: str, replace_project: Callable[[Project], None]
    ) -> None:
        self.situation = situation
        self.merchant_id = setup.merchant.merchant_id
        self.environment = {"APIGAMES_BASE_URL": url, **setup.asked}
        self.readings: Readings = situation.in_force
        self.observed = Observed()
        self.is_over = False
        self._setup = setup
        self._project = setup.project
        self._replace_project = replace_project
        self._lock = threading.Lock()
        self._kept: list[tuple[bytes, Reply]] = []
        self._stats: list[dict[str, int]] = [_tally(setup.project)]
        self._last_seen: dict[str, str] = {}
        self.mask = Masker(self._secrets())

    def reply(self, body: bytes, reply: Reply) -> Reply:
        """Turn the fake's own reply into the one of this situation, and remember both call and reply."""
        with self._lock:
            sent = self._reply_of_situation(body, reply)
            self._remember(body, sent)
            return sent

    def expected(self) -> Expected:
        """Return what there was to see, until now."""
        with self._lock:
            before = tuple(voucher.voucher_code for voucher in self._setup.project.vouchers)
            newer = tuple(v.voucher_code for v in self._project.vouchers[: -len(before) or None]) if before else ()
            counts = list(self._stats)
            if self._last_seen:
                names = list(self._last_seen.values())
                counts.append({status.value: names.count(status.value) for status in STATUSES})
            return Expected(before, newer, tuple(counts))

    def exchanges(self) -> list[ShownExchange]:
        """Return the first calls with their replies, for a person."""
        with self._lock:
            kept = list(self._kept)
        return [_readable(body, reply, self.mask) for body, reply in kept]

    def _reply_of_situation(self, body: bytes, reply: Reply) -> Reply:
        if self.is_over:
            return with_fault(reply, _GONE, self.readings, PROJECT_DETAIL)
        situation = self.situation
        invalid_json = PROJECT_DETAIL.error_of[JSON]
        if situation.error == invalid_json.clause:
            reply = error_reply(invalid_json, AskedFor("the scenario"), self.readings)
        if reply.role == SUCCESS:
            reply = self._mutated(reply)
        if situation.fault and _page(body) >= situation.fault_from_page:
            return with_fault(reply, FAULT_EXPECTATIONS[situation.fault].fault, self.readings, PROJECT_DETAIL)
        return reply

    def _mutated(self, reply: Reply) -> Reply:
        if self.situation.mutation == "added_fields":
            return msgspec.structs.replace(reply, body=_with_added_fields(reply.body))
        if self.situation.mutation == "totals_grow":
            self._grow(reply)
        elif self.situation.mutation == "statuses_move":
            self._note_statuses(reply)
        return reply

    def _grow(self, reply: Reply) -> None:
        """After the first page of several, let so many vouchers come that one page more is needed."""
        page = json.loads(reply.body)["data"]
        listed = len(page["data"]["vouchers"] or ())
        if page["total_page"] > 1 and listed and self._project is self._setup.project:
            self._project = grown(self._project, page["total_page"] * listed - page["total_data"] + 1)
            self._replace_project(self._project)
            self._stats.append(_tally(self._project))

    def _note_statuses(self, reply: Reply) -> None:
        data = json.loads(reply.body)["data"]["data"]
        if data["stats"] not in self._stats:
            self._stats.append(data["stats"])
        names = self.readings.status_of
        self._last_seen.update({v["voucher_code"]: names[v["status"]].value for v in data["vouchers"] or ()})

    def _remember(self, body: bytes, reply: Reply) -> None:
        observed = self.observed
        observed.calls += 1
        observed.highest_page = max(observed.highest_page, _page(body))
        fields = _fields_of(body)
        limit, status = fields.get("limit"), fields.get("status")
        if isinstance(limit, int) and limit > 0:
            observed.limit = limit if observed.calls == 1 else min(observed.limit, limit)
        if isinstance(status, str) and len(observed.filters) < CALLS_KEPT:
            observed.filters.add(status)
        if len(self._kept) < CALLS_KEPT:
            self._kept.append((body, reply))

    def _secrets(self) -> list[str]:
        merchant = self._setup.merchant
        asked = self._setup.asked
        return [merchant.secret_key, merchant.session_key or "", asked["APIGAMES_SECRET_KEY"]]


class Stage:
    """`with Stage() as stage:` serves; `open` sets a scene. Safe under threads."""

    def __init__(self) -> None:
        self._provider = _Provider()
        self._server = Server(self._provider)
        self._numbers = itertools.count(1)

    def __enter__(self) -> Stage:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    def open(self, situation: Situation, seed: int) -> Scene:
        """Set a scene with a merchant of its own."""
        provider = self._provider
        setup = setup_for(situation, seed, next(self._numbers))
        stored = provider.add_merchant(setup.merchant, situation.in_force) if setup.is_known else None

        def replace_project(project: Project) -> None:
            if stored is not None:
                provider.add_project(stored, project)

        scene = Scene(situation, setup, self._server.url, replace_project)
        provider.scenes[scene.merchant_id] = scene
        return scene

    def close(self, scene: Scene) -> None:
        """End a scene: whoever still calls finds the connection closed."""
        scene.is_over = True
        self._provider.remove_merchant(scene.merchant_id)


class _Provider(Provider):
    """The fake, with a say for the scene of each merchant, unknown ones included."""

    def __init__(self) -> None:
        self.scenes: dict[str, Scene] = {}
        super().__init__(World(), journal_capacity=1)

    def readings_of(self, merchant_id: str) -> Readings:
        scene = self.scenes.get(merchant_id)
        return super().readings_of(merchant_id) if scene is None else scene.readings

    def reply_to(self, handler: Handler[Any], merchant_id: str, body: bytes, forced: str | None = None) -> Reply:
        reply = super().reply_to(handler, merchant_id, body, forced)
        scene = self.scenes.get(merchant_id)
        return reply if scene is None else scene.reply(body, reply)

    def refuse(
        self, http_status: int, error_msg: str, *, method: str, path: str, origin: str, headers: Headers = ()
    ) -> Reply:
        for merchant_id, scene in list(self.scenes.items()):
            if merchant_id in path and len(scene.observed.unmatched) < CALLS_KEPT:
                scene.observed.unmatched.append(printable(scene.mask(f"{method} {path}")))
        return super().refuse(http_status, error_msg, method=method, path=path, origin=origin, headers=headers)


def _page(body: bytes) -> int:
    page = _fields_of(body).get("page")
    return page if isinstance(page, int) else 1


def _tally(project: Project) -> dict[str, int]:
    names = [voucher.status for voucher in project.vouchers]
    return {status.value: names.count(status) for status in STATUSES}


def _readable(body: bytes, reply: Reply, masker: Masker) -> ShownExchange:
    """Return a call and its reply without secrets; of a list of vouchers the first stands for all."""
    fields = _fields_of(body)
    mask = masker.knowing_sent(fields)
    request = json.dumps(mask.value(fields)) if fields else masked_body(body, mask).text
    sent = mask(_with_one_voucher(reply.body).decode("utf-8", "replace"))
    fault: str | None = getattr(reply, "fault", None)
    return ShownExchange(_cut(request), reply.http_status, _cut(sent), fault)


def _fields_of(body: bytes) -> dict[str, Any]:
    """Return the fields of a body, none when it is no JSON object."""
    try:
        decoded = decode_json(body)
    except Refusal:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _with_added_fields(body: bytes) -> bytes:
    """Return a success with fields of unknown names at every level, as a vendor adds them without a word."""
    reply: dict[str, Any] = json.loads(body)
    page = reply["data"]
    project = page["data"]
    reply["request_id"] = "made-up-9f2c"
    page["per_page"] = None
    project["description"] = {"id": "teks", "en": "text"}
    project["stats"]["refunded"] = 0
    for item in (*(project["vouchers"] or ()), *project["kategori_voucher"]):
        item["extra"] = ["made up", 1, None]
    return json.dumps(reply, ensure_ascii=False, separators=(",", ":")).encode()


def _with_one_voucher(body: bytes) -> bytes:
    reply = _fields_of(body)
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
