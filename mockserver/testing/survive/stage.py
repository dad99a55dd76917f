"""The stage: one server on which every scenario has a merchant of its own, and what each client did there."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType

from mockserver.contract.masking import Masker
from mockserver.contract.readings import Readings
from mockserver.contract.wire import STATUSES, InvalidJson, Reply, error_reply
from mockserver.provider.faults.faults import Fault, with_fault
from mockserver.provider.provider import Provider
from mockserver.provider.state.world import Project, World
from mockserver.testing.survive.situations import TROUBLES, Case
from mockserver.testing.survive.exchange import Exchange, fields_of, readable, with_added_fields
from mockserver.testing.survive.worlds import Stand, grown, stand_for
from mockserver.web.server import Server

CALLS_KEPT = 12
_GONE = Fault("close_before")


@dataclass(frozen=True)
class Truth:
    """What was there to see: every code of `vouchers` (those of `newer` came meanwhile and may be missing).

    `counts` are all that may be right, one for each state that the client was shown.
    """

    vouchers: tuple[str, ...]
    newer: tuple[str, ...]
    counts: tuple[Mapping[str, int], ...]


@dataclass
class Heard:
    """What a client asked: how often, the highest page, the smallest limit, and the values of its filter."""

    calls: int = 0
    highest_page: int = 0
    limit: int = 30
    filters: set[str] = field(default_factory=set)
    strays: list[str] = field(default_factory=list)


class Scene:
    """One case being played."""

    def __init__(self, case: Case, stand: Stand, url: str, retell: Callable[[Project], None]) -> None:
        self.case = case
        self.merchant_id = stand.merchant.merchant_id
        self.environment = {"APIGAMES_BASE_URL": url, **stand.asked}
        self.readings: Readings = case.in_force
        self.heard = Heard()
        self.is_over = False
        self._stand = stand
        self._project = stand.project
        self._retell = retell
        self._lock = threading.Lock()
        self._kept: list[tuple[bytes, Reply]] = []
        self._stats: list[dict[str, int]] = [_tally(stand.project)]
        self._last_seen: dict[str, str] = {}
        self.mask = Masker(self._secrets())

    def reply(self, body: bytes, reply: Reply) -> Reply:
        """Turn the fake's own reply into the one of this case, and remember both call and reply."""
        with self._lock:
            sent = self._bent(body, reply)
            self._remember(body, sent)
            return sent

    def truth(self) -> Truth:
        """Return what there was to see, until now."""
        with self._lock:
            before = tuple(voucher.voucher_code for voucher in self._stand.project.vouchers)
            newer = tuple(v.voucher_code for v in self._project.vouchers[: -len(before) or None]) if before else ()
            counts = list(self._stats)
            if self._last_seen:
                names = list(self._last_seen.values())
                counts.append({status.value: names.count(status.value) for status in STATUSES})
            return Truth(before, newer, tuple(counts))

    def exchanges(self) -> list[Exchange]:
        """Return the first calls with their replies, for a person."""
        with self._lock:
            kept = list(self._kept)
        return [readable(body, reply, self._secrets()) for body, reply in kept]

    def _bent(self, body: bytes, reply: Reply) -> Reply:
        if self.is_over:
            return with_fault(reply, _GONE, self.readings)
        case = self.case
        if case.error == "ERR-1":
            http_status = 200 if self.readings.http_status == "200" else 400
            reply = error_reply(InvalidJson("asked for by the scenario"), http_status=http_status)
        if reply.rc == 200:
            reply = self._twisted(reply)
        if case.fault and _page(body) >= case.fault_from_page:
            return with_fault(reply, TROUBLES[case.fault].fault, self.readings)
        return reply

    def _twisted(self, reply: Reply) -> Reply:
        if self.case.twist == "added_fields":
            return Reply(reply.http_status, with_added_fields(reply.body), reply.rc, reply.clause)
        if self.case.twist == "totals_grow":
            self._grow(reply)
        elif self.case.twist == "statuses_move":
            self._note_statuses(reply)
        return reply

    def _grow(self, reply: Reply) -> None:
        """After the first page of several, let so many vouchers come that one page more is needed."""
        page = json.loads(reply.body)["data"]
        listed = len(page["data"]["vouchers"] or ())
        if page["total_page"] > 1 and listed and self._project is self._stand.project:
            self._project = grown(self._project, page["total_page"] * listed - page["total_data"] + 1)
            self._retell(self._project)
            self._stats.append(_tally(self._project))

    def _note_statuses(self, reply: Reply) -> None:
        data = json.loads(reply.body)["data"]["data"]
        if data["stats"] not in self._stats:
            self._stats.append(data["stats"])
        names = self.readings.status_of
        self._last_seen.update({v["voucher_code"]: names[v["status"]].value for v in data["vouchers"] or ()})

    def _remember(self, body: bytes, reply: Reply) -> None:
        heard = self.heard
        heard.calls += 1
        heard.highest_page = max(heard.highest_page, _page(body))
        fields = fields_of(body)
        limit, status = fields.get("limit"), fields.get("status")
        if isinstance(limit, int) and limit > 0:
            heard.limit = limit if heard.calls == 1 else min(heard.limit, limit)
        if isinstance(status, str) and len(heard.filters) < CALLS_KEPT:
            heard.filters.add(status)
        if len(self._kept) < CALLS_KEPT:
            self._kept.append((body, reply))

    def _secrets(self) -> list[str]:
        merchant = self._stand.merchant
        asked = self._stand.asked
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

    def open(self, case: Case, seed: int) -> Scene:
        """Set a scene with a merchant of its own."""
        provider = self._provider
        stand = stand_for(case, seed, next(self._numbers))
        stored = provider.add_merchant(stand.merchant, case.in_force) if stand.is_known else None

        def retell(project: Project) -> None:
            if stored is not None:
                provider.add_project(stored, project)

        scene = Scene(case, stand, self._server.url, retell)
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

    def reply_to(self, merchant_id: str, body: bytes, forced: str | None = None) -> Reply:
        reply = super().reply_to(merchant_id, body, forced)
        scene = self.scenes.get(merchant_id)
        return reply if scene is None else scene.reply(body, reply)

    def refuse(self, http_status: int, error_msg: str, *, method: str, path: str, origin: str) -> Reply:
        for merchant_id, scene in list(self.scenes.items()):
            if merchant_id in path and len(scene.heard.strays) < CALLS_KEPT:
                scene.heard.strays.append(f"{method} {path}")
        return super().refuse(http_status, error_msg, method=method, path=path, origin=origin)


def _page(body: bytes) -> int:
    page = fields_of(body).get("page")
    return page if isinstance(page, int) else 1


def _tally(project: Project) -> dict[str, int]:
    names = [voucher.status for voucher in project.vouchers]
    return {status.value: names.count(status) for status in STATUSES}
