"""The fake provider as one object that adapters are given: state, readings, clock and journal."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Any

import msgspec

from mockserver.contract.foreign_text import printable
from mockserver.contract.masking import Maskers, needs_literal_match
from mockserver.contract.operation import DocumentedError, Operations
from mockserver.contract.readings import Readings
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.faults.faults import FaultError, with_fault, with_origin
from mockserver.provider.faults.forcing import Forced, Reserved, forced_by_header, forced_by_text, forced_reply
from mockserver.provider.faults.rules import Faults, Rule
from mockserver.provider.internal_error import report
from mockserver.provider.journal.journal import DEFAULT_CAPACITY, Journal
from mockserver.provider.journal.recorded import Call, Observer, RawEntry
from mockserver.provider.operations.handler import Handler
from mockserver.provider.operations.handlers import HANDLERS
from mockserver.provider.operations.parsing import decode_fields
from mockserver.provider.refusal import Refusal
from mockserver.provider.reply import NOT_CARRIED_OUT, Reply, outside_reply
from mockserver.provider.request import (
    DOCTOR_HEADER,
    FAULT_HEADER,
    INTERNAL_ERROR,
    LONGEST_EXPLAINED,
    MAX_BODY,
    TOO_LARGE,
    Request,
    explained_at,
    method_not_allowed,
    no_such_path,
)
from mockserver.provider.short_secrets import warn_of_short_secrets
from mockserver.provider.state.clock import Clock, MovableClock
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore, Store
from mockserver.provider.state.world import Merchant, Project, World

_FAULT_HEADER = FAULT_HEADER.lower()
# Each makes every text slower to mask, and a test run may come to a new merchant for each test.
_MOST_FORMER_SECRETS = 3000


class Provider:
    """A fake provider of its own state; build a new one to start afresh.

    `readings` and `clock` hold for every merchant that has none of its own. `journal_capacity` is in calls;
    `observers` hear of each call once it is in the journal. `readings_origin` says, by key, where a reading is from;
    `rules` are the faults at the start; with `doctor_header` a refusal says why in a header of its reply. It serves the
    operations of `handlers`; `operations` is what the contract says of them.

    Raises:
        FaultError: a rule is of an operation that it does not serve.
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
        handlers: Iterable[Handler[Any]] = HANDLERS,
    ) -> None:
        self._handlers = tuple(handlers)
        self.operations = Operations(handler.operation for handler in self._handlers)
        self.readings = readings or Readings()
        self.readings_origin = dict(readings_origin or {})
        self.doctor_header = doctor_header
        self._start = (world, self.readings, self.readings_origin, tuple(rules))
        self.clock = clock if isinstance(clock, MovableClock) else MovableClock(clock)
        self.clock.mark_start()
        # Held while merchants or projects come, so that two of one id cannot, and while the readings or the clock of a
        # merchant change, which another world takes over.
        self.changing = threading.RLock()
        self.store = Store(world, self.changing)
        for merchant in self.store.merchants():
            self._start_plans(merchant)
        self.faults = Faults(rules, self.operations)
        self._former_secrets: deque[str] = deque(maxlen=_MOST_FORMER_SECRETS)
        self.maskers = Maskers(self.secrets)
        warn_of_short_secrets(world.merchants)
        self.journal = Journal(self.maskers, capacity=journal_capacity, observers=observers, operations=self.operations)

    def handle(self, request: Request) -> Reply:
        """Answer any request that is not the admin side's: the one gate, whichever adapter it comes through.

        A wrong path is 404, a wrong method 405, too large a body 413, an error of the mock itself 500, each in the
        error envelope; a `FaultyReply` when a fault hits it. Every request is recorded.
        """
        try:
            return self._judged(request)
        except Exception as error:
            report(error)
            return self._internal_error(request)

    def reply_to(self, handler: Handler[Any], merchant_id: str, body: bytes, forced: str | None = None) -> Reply:
        """Answer a call of an operation, and record nothing; `forced` is the value of `FAULT_HEADER`, if any."""
        readings, clock = self.served_under(merchant_id)
        checked: Any = None
        refused: Refusal | None = None
        try:
            checked = handler.check(merchant_id, body, self.store, readings)
        except Refusal as refusal:
            refused = refusal
        reserved = None if refused else handler.reserved(checked)
        wanted: Forced | None = None
        if forced is not None or reserved is not None or not self.faults.is_empty:
            try:
                wanted = self._wanted(handler, merchant_id, body, forced, reserved)
            except FaultError as error:
                return outside_reply(400, str(error))
        if wanted is not None and _prevents(wanted, handler, is_refused=refused is not None):
            reply = NOT_CARRIED_OUT
        elif refused is not None:
            reply = handler.error(refused, readings)
        else:
            try:
                reply = handler.carry_out(checked, readings, clock)
            except Refusal as refusal:
                reply = handler.error(refusal, readings)
        return reply if wanted is None else _hit(reply, wanted, handler, readings, forced, reserved)

    def refuse(self, http_status: int, error_msg: str, *, method: str, path: str, origin: str) -> Reply:
        """Record a call that is outside the contract, and return its error in the envelope."""
        reply = outside_reply(http_status, error_msg)
        self.journal.record(Call(method, path, None, b"", origin, self.clock.now()), reply, 0.0)
        return reply

    def _judged(self, request: Request) -> Reply:
        at_path = []
        for handler in self._handlers:
            operation = handler.operation
            merchant_id = operation.merchant_in(request.path)
            if merchant_id is not None and operation.method == request.method:
                return self._answered(request, handler, merchant_id)
            if merchant_id is not None:
                at_path.append(operation)
        if not at_path:
            return self._outside(request, 404, no_such_path(request.path, self.operations))
        reply = self._outside(request, 405, method_not_allowed(request.method, at_path))
        allowed = ", ".join(operation.method for operation in at_path)
        return msgspec.structs.replace(reply, headers=(("allow", allowed),))

    def _answered(self, request: Request, handler: Handler[Any], merchant_id: str) -> Reply:
        started = perf_counter()
        body = request.body
        if request.is_too_large or len(body) > MAX_BODY:
            return self._outside(request, 413, TOO_LARGE)
        forced = request.header(_FAULT_HEADER) if request.headers else None
        reply = self.reply_to(handler, merchant_id, body, forced)
        at = self.clock_of(merchant_id).now()
        operation = handler.operation
        call = Call(request.method, request.path, merchant_id, body, request.origin, at, operation, forced)
        n = self.journal.record(call, reply, perf_counter() - started)
        return self._with_advice(n, call, reply) if self.doctor_header else reply

    def _internal_error(self, request: Request) -> Reply:
        try:
            return self._outside(request, 500, INTERNAL_ERROR)
        except Exception:  # recording may be what failed, and the consumer gets the envelope all the same
            return outside_reply(500, INTERNAL_ERROR)

    def _outside(self, request: Request, http_status: int, error_msg: str) -> Reply:
        return self.refuse(http_status, error_msg, method=request.method, path=request.path, origin=request.origin)

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
            self._remember_secrets([] if replaced is None else [replaced])
            stored = self.store.add_merchant(merchant, readings, clock)
            warn_of_short_secrets([merchant])
            self._start_plans(stored)
            return stored

    def remove_merchant(self, merchant_id: str) -> None:
        """Forget a merchant and its fault rules; it is unknown from now on, and its secrets are still masked."""
        with self.changing:
            gone = self.store.merchant(merchant_id)
            self._remember_secrets([] if gone is None else [gone])
            self.store.remove_merchant(merchant_id)
            self.faults.clear(merchant_id)

    def add_project(self, merchant: MerchantStore, project: Project) -> ProjectStore:
        """Take a project in and start its plan; one of the same project_id is replaced."""
        stored = self.store.add_project(merchant, project)
        stored.settle(*self.time_of(merchant.merchant_id))
        return stored

    def put_world(self, world: World) -> None:
        """Put another world in place; merchants that stay keep their readings and their clock."""
        with self.changing:
            before = self.store
            self._remember_secrets(before.merchants())
            store = Store(World(plan=world.plan), self.changing)
            for merchant in world.merchants:
                known = before.merchant(merchant.merchant_id)
                if known is None:
                    store.add_merchant(merchant)
                else:
                    stays = store.add_merchant(merchant, known.readings, known.clock)
                    stays.as_added = (merchant, known.as_added[1])
            self.store = store
            warn_of_short_secrets(world.merchants)
            for stored in store.merchants():
                self._start_plans(stored)
        # Now, and not when the next call is refused: of thousands of merchants it takes a while.
        self.maskers.masker()

    def put_readings(self, readings: Readings, origin: Mapping[str, str]) -> None:
        """Serve every merchant that has none of its own under these; `origin` says, by key, where each is from."""
        with self.changing:
            self.readings, self.readings_origin = readings, dict(origin)

    def reset(self) -> None:
        """Go back to the start: world, readings, clock and faults as they were, an empty journal from 1."""
        world, readings, origin, rules = self._start
        with self.changing:
            self.readings, self.readings_origin = readings, dict(origin)
            self.clock.reset()
            self.faults.replace(rules)
            self._remember_secrets(self.store.merchants())
            self.store = Store(world, self.changing)
            for merchant in self.store.merchants():
                self._start_plans(merchant)
            self.journal.clear(numbers_too=True)

    def reset_merchant(self, merchant_id: str) -> None:
        """Let one merchant go back to the start, or, where it was added later, to how it was added.

        Its projects and readings are those of then, it has no clock of its own, the fault rules of it alone are those
        of the start, and its calls are forgotten. A merchant that is not here is left alone.
        """
        with self.changing:
            present = self.store.merchant(merchant_id)
            if present is None:
                return
            world, _, _, rules = self._start
            merchant, readings = present.as_added
            of_start = next((one for one in world.merchants if one.merchant_id == merchant_id), None)
            self.add_merchant(of_start or merchant, readings)
            self.faults.replace([rule for rule in rules if rule.merchant_id == merchant_id], merchant_id)
            self.journal.forget(merchant_id)

    def secrets(self) -> frozenset[str]:
        """Return what must be masked, of the merchants that are here and of the newest that are gone.

        What a `Masker` finds without knowing it is left out.
        """
        return self.store.literal_secrets().union(tuple(self._former_secrets))

    def diagnose(self, raw: RawEntry) -> list[Finding]:
        """Return what the doctor says of a recorded call; nothing when it was answered as asked."""
        return self._findings(raw.call, raw.reply)

    def _findings(self, call: Call, reply: Reply) -> list[Finding]:
        from mockserver.provider.doctor.doctor import diagnose  # noqa: PLC0415 - a start need not wait for the doctor

        handler = next((one for one in self._handlers if one.operation is call.operation), None)
        readings = self.readings if call.merchant_id is None else self.readings_of(call.merchant_id)
        return diagnose(call, reply, handler, self.operations, self.store, readings, self.maskers.masker())

    def _with_advice(self, n: int, call: Call, reply: Reply) -> Reply:
        """Return a refusal with the header in which the doctor speaks."""
        if reply.cause is None:
            return reply
        if len(call.body) > LONGEST_EXPLAINED:
            said = f"the body has {len(call.body)} bytes; {explained_at(n)}"
        else:
            said = " / ".join(map(str, self._findings(call, reply)))
        value = printable(said, 1000).encode("ascii", "backslashreplace").decode("ascii")
        return msgspec.structs.replace(reply, headers=(*reply.headers, (DOCTOR_HEADER.lower(), value)))

    def time_of(self, merchant_id: str) -> tuple[float, str]:
        """Return a merchant's present time in Unix seconds and its zone: what a move or a plan is dated with."""
        return self.clock_of(merchant_id).now(), self.readings_of(merchant_id).timezone

    def _wanted(
        self, handler: Handler[Any], merchant_id: str, body: bytes, header: str | None, reserved: Reserved | None
    ) -> Forced | None:
        """Return what is to hit a call: the header comes first, then a reserved text, then the rules.

        Raises:
            FaultError: the header asks for what there is not.
        """
        operation = handler.operation
        if header is not None:
            return forced_by_header(header, operation)
        if reserved is not None:
            return forced_by_text(reserved.text, operation)
        project_id = self._project_id(handler, merchant_id, body) if self.faults.needs_project() else None
        return self.faults.take(operation.name, merchant_id, project_id)

    def _project_id(self, handler: Handler[Any], merchant_id: str, body: bytes) -> str | None:
        readings = self.readings_of(merchant_id)
        try:
            fields, _ = decode_fields(body, handler.operation, readings)
        except Refusal:
            return None
        return handler.project_asked_for(self.store.merchant(merchant_id), fields, readings)

    def _start_plans(self, merchant: MerchantStore) -> None:
        for project in merchant.projects():
            project.settle(*self.time_of(merchant.merchant_id))

    def _remember_secrets(self, merchants: Iterable[MerchantStore]) -> None:
        known = set(self._former_secrets)
        secrets = (secret for one in merchants for secret in one.secrets())
        self._former_secrets.extend(secret for secret in secrets if secret not in known and needs_literal_match(secret))


def _prevents(wanted: Forced, handler: Handler[Any], *, is_refused: bool) -> bool:
    """Whether what hits a call keeps it from being carried out; never so of an operation that changes nothing."""
    if handler.operation.reads_only:
        return False
    return isinstance(wanted, DocumentedError) or (not is_refused and wanted.prevents)


def _hit(
    reply: Reply,
    wanted: Forced,
    handler: Handler[Any],
    readings: Readings,
    header: str | None,
    reserved: Reserved | None,
) -> Reply:
    """Return the reply as the consumer or a rule wants it."""
    if isinstance(wanted, DocumentedError):
        by = FAULT_HEADER if reserved is None or header is not None else f"the {reserved.place} {reserved.text}"
        return forced_reply(wanted, by, readings)
    faulty = with_fault(reply, wanted, readings, handler.operation)
    if header is not None:
        return with_origin(faulty, "header", FAULT_HEADER)
    return faulty if reserved is None else with_origin(faulty, "reserved", f"{reserved.place} {reserved.text}")
