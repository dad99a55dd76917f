"""The fake provider as one object that adapters are given: state, readings, clock and journal."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from time import perf_counter

import msgspec

from mockserver.contract.foreign_text import printable
from mockserver.contract.masking import Maskers, needs_literal_match
from mockserver.contract.readings import Readings
from mockserver.contract.wire import PATH_PATTERN, DocumentedError, Reply, outside_reply
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.faults.faults import FaultError, with_fault
from mockserver.provider.faults.forcing import (
    RESERVED_PREFIX,
    Forced,
    called_project_id,
    forced_by_header,
    forced_by_project_id,
    forced_reply,
    sent_project_id,
    store_with,
)
from mockserver.provider.faults.rules import Faults, Rule
from mockserver.provider.internal_error import report
from mockserver.provider.journal.journal import DEFAULT_CAPACITY, Journal
from mockserver.provider.journal.recorded import Call, Kept, Observer
from mockserver.provider.operations.project_detail import answer
from mockserver.provider.request import (
    DOCTOR_HEADER,
    FAULT_HEADER,
    INTERNAL_ERROR,
    MAX_BODY,
    TOO_LARGE,
    Request,
    outside_message,
)
from mockserver.provider.state.clock import Clock, MovableClock
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore, Store
from mockserver.provider.state.world import Merchant, Project, World

_FAULT_HEADER = FAULT_HEADER.lower()
# Each makes every text slower to mask, and a test run may come to a new merchant for each test.
_MOST_RETIRED = 3000


class Provider:
    """A fake provider of its own state; build a new one to start afresh.

    `readings` and `clock` hold for every merchant that has none of its own. `journal_capacity` is in calls;
    `observers` hear of each call once it is in the journal. `readings_origin` says, by key, where a reading came from;
    `rules` are the faults at the start; with `doctor_header` a refusal says why in a header of its reply.
    """

    def __init__(
        self,
        world: World,
        readings: Readings | None = None,
        clock: Clock | None = None,
        *,
        journal_capacity: int = DEFAULT_CAPACITY,
        observers: tuple[Observer, ...] = (),
        readings_origin: Mapping[str, str] | None = None,
        rules: Iterable[Rule] = (),
        doctor_header: bool = False,
    ) -> None:
        self.readings = readings or Readings()
        self.readings_origin = dict(readings_origin or {})
        self.doctor_header = doctor_header
        self._start = (world, self.readings, self.readings_origin, tuple(rules))
        self.clock = clock if isinstance(clock, MovableClock) else MovableClock(clock)
        self.clock.starts_here()
        self.store = Store(world)
        for merchant in self.store.merchants():
            self._begin(merchant)
        self.faults = Faults(rules)
        # Held while merchants or projects come, so that two of one id cannot, and while the readings or the clock of a
        # merchant change, which another world takes over.
        self.changing = threading.RLock()
        self._retired: deque[str] = deque(maxlen=_MOST_RETIRED)
        self.maskers = Maskers(self.secrets)
        self.journal = Journal(self.maskers, capacity=journal_capacity, observers=observers)

    def call(self, merchant_id: str, body: bytes, *, path: str, origin: str, forced: str | None = None) -> Reply:
        """Answer a POST to the endpoint and record it; a `FaultyReply` when a fault hits it.

        `merchant_id` and `path` are percent-decoded; `origin` says where the call came from; `forced` is the value
        of the header `FAULT_HEADER`, if it was sent.
        """
        started = perf_counter()
        reply = self.reply_to(merchant_id, body, forced)
        call = Call("POST", path, merchant_id, body, origin, self.clock_of(merchant_id).now(), forced)
        self.journal.record(call, reply, perf_counter() - started)
        return reply

    def reply_to(self, merchant_id: str, body: bytes, forced: str | None = None) -> Reply:
        """Answer as `call` does, and record nothing."""
        reply = answer(merchant_id, body, self.store, self.readings_of(merchant_id), self.clock_of(merchant_id))
        if forced is not None or reply.clause == "ERR-4" or not self.faults.is_empty:
            reply = self._with_fault(merchant_id, body, reply, forced)
        return reply

    def handle(self, request: Request) -> Reply:
        """Answer any request that is not the admin side's: the one gate, whichever adapter it comes through.

        A wrong path is 404, a wrong method 405, too large a body 413, an error of the mock itself 500, each in the
        error envelope. Every request is recorded.
        """
        try:
            return self._judged(request)
        except Exception as error:
            report(error)
            return self._internal_error(request)

    def _judged(self, request: Request) -> Reply:
        found = PATH_PATTERN.fullmatch(request.path)
        where = {"method": request.method, "path": request.path, "origin": request.origin}
        if found is None:
            return self.refuse(404, outside_message(404, request.method), **where)
        if request.method != "POST":
            reply = self.refuse(405, outside_message(405, request.method), **where)
            return msgspec.structs.replace(reply, headers=(("allow", "POST"),))
        if request.is_too_large or len(request.body) > MAX_BODY:
            return self.refuse(413, TOO_LARGE, **where)
        forced = request.header(_FAULT_HEADER) if request.headers else None
        reply = self.call(found[1], request.body, path=request.path, origin=request.origin, forced=forced)
        return self._with_advice(found[1], request.body, reply) if self.doctor_header else reply

    def _internal_error(self, request: Request) -> Reply:
        try:
            where = {"method": request.method, "path": request.path, "origin": request.origin}
            return self.refuse(500, INTERNAL_ERROR, **where)
        except Exception:  # recording may be what failed, and the consumer gets the envelope all the same
            return outside_reply(500, INTERNAL_ERROR)

    def refuse(self, http_status: int, error_msg: str, *, method: str, path: str, origin: str) -> Reply:
        """Record a call that is outside the contract, and return its error in the envelope."""
        reply = outside_reply(http_status, error_msg)
        self.journal.record(Call(method, path, None, b"", origin, self.clock.now()), reply, 0.0)
        return reply

    def readings_of(self, merchant_id: str) -> Readings:
        """Return the readings a merchant is served under, known or not."""
        merchant = self.store.merchant(merchant_id)
        return self.readings if merchant is None or merchant.readings is None else merchant.readings

    def clock_of(self, merchant_id: str) -> MovableClock:
        """Return the clock a merchant is served under, known or not."""
        merchant = self.store.merchant(merchant_id)
        return self.clock if merchant is None or merchant.clock is None else merchant.clock

    def served_under(self, merchant_id: str) -> tuple[Readings, MovableClock]:
        """Return the readings and the clock a merchant is served under, known or not."""
        return self.readings_of(merchant_id), self.clock_of(merchant_id)

    def own_clock(self, merchant: MerchantStore) -> MovableClock:
        """Return the clock that moves for this merchant alone; it starts out showing what the provider's shows."""
        with self.changing:
            if merchant.clock is None:
                merchant.clock = self.clock.copy()
            return merchant.clock

    def add_merchant(
        self, merchant: Merchant, readings: Readings | None = None, clock: MovableClock | None = None
    ) -> MerchantStore:
        """Take a merchant in and start the plans of its projects; one of the same id is replaced."""
        with self.changing:
            replaced = self.store.merchant(merchant.merchant_id)
            self._retire([] if replaced is None else [replaced])
            stored = self.store.add_merchant(merchant, readings, clock)
            self._begin(stored)
            return stored

    def remove_merchant(self, merchant_id: str) -> None:
        """Forget a merchant; a call to it is ERR-2 from now on, and its secrets are still masked."""
        gone = self.store.merchant(merchant_id)
        self._retire([] if gone is None else [gone])
        self.store.remove_merchant(merchant_id)

    def add_project(self, merchant: MerchantStore, project: Project) -> ProjectStore:
        """Take a project in and start its plan; one of the same project_id is replaced."""
        stored = merchant.add_project(project)
        stored.settle(*self.time_of(merchant.merchant_id))
        return stored

    def put_world(self, world: World) -> None:
        """Put another world in place; merchants that stay keep their readings and their clock."""
        with self.changing:
            before = self.store
            self._retire(before.merchants())
            store = Store(World(plan=world.plan))
            for merchant in world.merchants:
                known = before.merchant(merchant.merchant_id)
                if known is None:
                    store.add_merchant(merchant)
                else:
                    store.add_merchant(merchant, known.readings, known.clock)
            self.store = store
            for stored in store.merchants():
                self._begin(stored)

    def put_readings(self, readings: Readings, origin: Mapping[str, str]) -> None:
        """Serve every merchant that has none of its own under these; `origin` says, by key, where each came from."""
        with self.changing:
            self.readings, self.readings_origin = readings, dict(origin)

    def reset(self) -> None:
        """Go back to the start: world, readings, clock and faults as they were, an empty journal from 1."""
        world, readings, origin, rules = self._start
        with self.changing:
            self.readings, self.readings_origin = readings, dict(origin)
            self.clock.run_as_at_start()
            self.faults.replace(rules)
            self._retire(self.store.merchants())
            self.store = Store(world)
            for merchant in self.store.merchants():
                self._begin(merchant)
            self.journal.clear(numbers_too=True)

    def secrets(self) -> frozenset[str]:
        """Return what must be masked, of the merchants that are here and of the newest that are gone.

        What a `Masker` finds without knowing it is left out.
        """
        return self.store.looked_for().union(tuple(self._retired))

    def diagnose(self, kept: Kept) -> list[Finding]:
        """Return what the doctor says of a recorded call; nothing when it was answered as asked."""
        return self.diagnose_reply(kept.call.merchant_id, kept.call.body, kept.reply)

    def diagnose_reply(self, merchant_id: str | None, body: bytes, reply: Reply) -> list[Finding]:
        """Return what the doctor says of a call that got this reply."""
        readings = self.readings if merchant_id is None else self.readings_of(merchant_id)
        from mockserver.provider.doctor.doctor import diagnose  # noqa: PLC0415 - a start need not wait for the doctor

        return diagnose(merchant_id, body, reply, self.store, readings, self.maskers.masker())

    def _with_advice(self, merchant_id: str, body: bytes, reply: Reply) -> Reply:
        """Return a refusal with the header in which the doctor speaks."""
        if reply.explanation is None:
            return reply
        said = " / ".join(map(str, self.diagnose_reply(merchant_id, body, reply)))
        value = printable(said, 1000).encode("ascii", "backslashreplace").decode("ascii")
        return msgspec.structs.replace(reply, headers=(*reply.headers, (DOCTOR_HEADER.lower(), value)))

    def time_of(self, merchant_id: str) -> tuple[float, str]:
        """Return a merchant's present time in Unix seconds and its zone: what a move or a plan is dated with."""
        return self.clock_of(merchant_id).now(), self.readings_of(merchant_id).timezone

    def _with_fault(self, merchant_id: str, body: bytes, reply: Reply, header: str | None) -> Reply:
        readings = self.readings_of(merchant_id)
        forced: Forced | None = None
        if header is not None:
            try:
                forced = forced_by_header(header)
            except FaultError as error:
                return outside_reply(400, str(error))
        elif reply.clause == "ERR-4":
            forced, reply = self._forced_by_project(merchant_id, body, reply)
        if isinstance(forced, DocumentedError):
            return forced_reply(forced, http_status=200 if readings.http_status == "200" else forced.rc)
        if forced is None and not self.faults.is_empty:
            merchant = self.store.merchant(merchant_id)
            project_id = called_project_id(merchant, body, readings) if self.faults.needs_project() else None
            forced = self.faults.take(merchant_id, project_id)
        return reply if forced is None else with_fault(reply, forced, readings)

    def _forced_by_project(self, merchant_id: str, body: bytes, reply: Reply) -> tuple[Forced | None, Reply]:
        readings = self.readings_of(merchant_id)
        project_id = sent_project_id(body, readings)
        merchant = self.store.merchant(merchant_id)
        if merchant is None or project_id is None or not project_id.startswith(RESERVED_PREFIX):
            return None, reply
        forced = forced_by_project_id(project_id)
        if forced is None:
            return None, reply
        # Asked again as if the project existed: a call that is wrong otherwise gets its own error, and no fault.
        stand_in = store_with(merchant, project_id, readings)
        reply = answer(merchant_id, body, stand_in, readings, self.clock_of(merchant_id))
        return (forced if reply.rc == 200 else None), reply

    def _begin(self, merchant: MerchantStore) -> None:
        for project in merchant.projects():
            project.settle(*self.time_of(merchant.merchant_id))

    def _retire(self, merchants: Iterable[MerchantStore]) -> None:
        known = set(self._retired)
        secrets = (secret for one in merchants for secret in one.secrets())
        self._retired.extend(secret for secret in secrets if secret not in known and needs_literal_match(secret))
