"""The fake provider as one object that adapters are given: state, readings, clock and journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import inf
from time import perf_counter
from typing import Any

import msgspec

from mockserver.contract.foreign_text import printable
from mockserver.contract.masking import Maskers
from mockserver.contract.operation import DocumentedError, Operations
from mockserver.contract.readings import Readings
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.doctor.finding import Finding
from mockserver.provider.faults.faults import FaultError, with_fault, with_origin
from mockserver.provider.faults.forcing import Forced, Reserved, forced_by_header, forced_by_text, forced_reply
from mockserver.provider.faults.rules import Rule
from mockserver.provider.internal_error import report
from mockserver.provider.journal.headers import Headers
from mockserver.provider.journal.journal import DEFAULT_CAPACITY, Journal, new_generation
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
    UNAVAILABLE,
    Request,
    explained_at,
    method_not_allowed,
    no_such_path,
)
from mockserver.provider.short_secrets import warn_of_short_secrets
from mockserver.provider.state.changes import (
    AddMerchant,
    AddProject,
    Begin,
    Change,
    ClearJournal,
    Dated,
    MoveVouchers,
    PutMerchantReadings,
    PutReadings,
    PutWorld,
    ReadProject,
    RemoveMerchant,
    RemoveProject,
    RenameProject,
    Reset,
    ResetMerchant,
    Restore,
    SetClock,
    SetPlan,
    SetVendorState,
    SetVoucherPlan,
    Submit,
)
from mockserver.provider.state.clock import Clock, MovableClock
from mockserver.provider.state.committed_faults import CommittedFaults
from mockserver.provider.state.log import Log, StateError, StateUnavailable
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.shared import MovedOn, SharedState
from mockserver.provider.state.state import State
from mockserver.provider.state.store import MerchantStore
from mockserver.provider.state.world import Merchant, Project, Voucher, World

_FAULT_HEADER = FAULT_HEADER.lower()


class Provider:
    """A fake provider of its own state; build a new one to start afresh.

    `readings` and `clock` hold for every merchant that has none of its own. `journal_capacity` is in calls;
    `observers` hear of each call once it is in the journal. `readings_origin` says, by key, where a reading is from;
    `rules` are the faults at the start; with `doctor_header` a refusal says why in a header of its reply. It serves the
    operations of `handlers`; `operations` is what the contract says of them.

    With a `log` the state outlives it, and is shared with whoever has the same log: what it is at the start holds only
    where nothing was written yet.

    Raises:
        FaultError: a rule is of an operation that it does not serve.
        StateError: the log was written by another version.
        StateUnavailable: the log cannot be reached.
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
        log: Log | None = None,
    ) -> None:
        self._handlers = tuple(handlers)
        self.operations = Operations(handler.operation for handler in self._handlers)
        self.doctor_header = doctor_header
        self.maskers = Maskers(self.secrets)
        self.journal = Journal(self.maskers, capacity=journal_capacity, observers=observers, operations=self.operations)
        self.clock = clock if isinstance(clock, MovableClock) else MovableClock(clock)
        start = self.clock.state
        self._state = State(self.commit, self.operations, self.journal, self.clock)
        self.store = self._state.store
        self._shared: SharedState | None = None
        if log is not None:
            self._shared = SharedState(log, self._state.apply, self._state.as_change, self.journal, self.operations)
            self.changing = self._shared
        self.faults = CommittedFaults(self._state.faults, self.commit)
        in_force = readings or Readings()
        now = Dated(self.clock.now(), in_force.timezone)
        with self.changing:
            if self._shared is None or self._shared.is_empty:
                origin = dict(readings_origin or {})
                self.commit(Begin(now, world, in_force, origin, tuple(rules), start, self.journal.generation))
        warn_of_short_secrets(one.as_added[0] for one in self.store.merchants())

    def commit(self, change: Change) -> Any:
        """Make a change of the state, and return what it made; raises as `State.apply` does.

        What is looked at before, so that the change is right, is looked at under `changing`.
        """
        return self._state.apply(change) if self._shared is None else self._shared.commit(change)

    @property
    def is_shared(self) -> bool:
        """Whether its state outlives it."""
        return self._shared is not None

    def up_to_date(self) -> AbstractContextManager[None]:
        """Return a block in which the state is what it was when the block began, or later; for many calls at once.

        Whatever is changed or recorded in it is kept when it ends: before that nothing may be acknowledged.

        Raises (at either end):
            StateUnavailable: the state cannot be reached; then nothing of the block may be acknowledged.
        """
        return nullcontext() if self._shared is None else self._shared.reading()

    @property
    def changing(self) -> AbstractContextManager[Any]:
        """Held while something is looked at and changed by it, so that nothing else changes in between."""
        return self.store.changing

    @changing.setter
    def changing(self, lock: AbstractContextManager[Any]) -> None:
        self.store.changing = lock

    @property
    def readings(self) -> Readings:
        """The readings of every merchant that has none of its own."""
        return self._state.readings

    @readings.setter
    def readings(self, readings: Readings) -> None:
        self.put_readings(readings, self.readings_origin)

    @property
    def readings_origin(self) -> dict[str, str]:
        """Where each reading is from, by key."""
        return self._state.readings_origin

    def handle(self, request: Request) -> Reply:
        """Answer any request that is not the admin side's: the one gate, whichever adapter it comes through.

        A wrong path is 404, a wrong method 405, too large a body 413, an error of the mock itself 500, each in the
        error envelope; a `FaultyReply` when a fault hits it. Every request is recorded. Where the state cannot be
        reached it is 503, and nothing is.
        """
        return self._handled(request) if self._shared is None else self.handle_together([request])[0]

    def handle_together(self, requests: Sequence[Request], most_bytes: float = inf) -> list[Reply]:
        """Answer requests that came at the same moment: a state that is shared is asked once for all of them.

        It may be only the first of them, whose bodies and replies have more than `most_bytes` together.
        """

        def judge() -> list[Reply]:
            replies: list[Reply] = []
            size = 0
            for request in requests:
                replies.append(self._handled(request))
                size += len(request.body) + replies[-1].size
                if size > most_bytes:
                    break
            return replies

        try:
            return judge() if self._shared is None else self._shared.answer(judge)
        except (StateUnavailable, StateError):
            return [outside_reply(503, UNAVAILABLE)] * len(requests)

    def _handled(self, request: Request) -> Reply:
        try:
            return self._judged(request)
        except (StateUnavailable, StateError, MovedOn):
            raise
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

    def refuse(
        self, http_status: int, error_msg: str, *, method: str, path: str, origin: str, headers: Headers = ()
    ) -> Reply:
        """Record a call that is outside the contract, and return its error in the envelope."""
        reply = outside_reply(http_status, error_msg)

        def record() -> None:
            call = Call(Request(method, path, headers=headers, origin=origin), None, self.clock.now())
            self._record(call, reply, 0.0)

        record() if self._shared is None else self._shared.answer(record)
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
        call = Call(request, merchant_id, at, operation, forced)
        n = self._record(call, reply, perf_counter() - started)
        return self._with_advice(n, call, reply) if self.doctor_header else reply

    def _record(self, call: Call, reply: Reply, took: float) -> int | None:
        """Keep a call; return its number, None where it gets one with others, when their block ends."""
        if self._shared is None:
            return self.journal.record(call, reply, took)
        self._shared.record(call, reply, took)
        return None

    def _internal_error(self, request: Request) -> Reply:
        try:
            return self._outside(request, 500, INTERNAL_ERROR)
        except MovedOn:
            raise
        except Exception:  # recording may be what failed, and the consumer gets the envelope all the same
            return outside_reply(500, INTERNAL_ERROR)

    def _outside(self, request: Request, http_status: int, error_msg: str) -> Reply:
        return self.refuse(
            http_status,
            error_msg,
            method=request.method,
            path=request.path,
            origin=request.origin,
            headers=request.headers,
        )

    def readings_of(self, merchant_id: str) -> Readings:
        """Return the readings a merchant is served under, known or not."""
        merchant = self.store.merchant(merchant_id)
        return self._state.readings if merchant is None or merchant.readings is None else merchant.readings

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
                self.commit(SetClock(merchant.merchant_id, self.clock.copy().state))
            return self.clock_of(merchant.merchant_id)

    def change_clock(self, merchant_id: str | None, change: Callable[[MovableClock], object]) -> None:
        """Let several methods of a clock have their effect together, or when one raises none of them.

        It is the clock of this merchant alone, or with None that of all that have none of their own.
        """
        with self.changing:
            changed = (self.clock if merchant_id is None else self.clock_of(merchant_id)).copy()
            change(changed)
            self.commit(SetClock(merchant_id, changed.state))

    def add_merchant(
        self, merchant: Merchant, readings: Readings | None = None, clock: MovableClock | None = None
    ) -> MerchantStore:
        """Take a merchant in and start the plans of its projects; one of the same id is replaced."""
        with self.changing:
            zone = (readings or self.readings).timezone
            now = Dated((clock or self.clock).now(), zone)
            stored = self.commit(AddMerchant(now, merchant, readings, None if clock is None else clock.state))
            assert isinstance(stored, MerchantStore)
            if clock is not None:
                self._state.give_clock(stored, clock)
            warn_of_short_secrets([merchant])
            return stored

    def remove_merchant(self, merchant_id: str) -> None:
        """Forget a merchant and its fault rules; it is unknown from now on, and its secrets are still masked."""
        with self.changing:
            self.commit(RemoveMerchant(merchant_id))

    def add_project(self, merchant: MerchantStore, project: Project) -> ProjectStore:
        """Take a project in and start its plan; one of the same project_id is replaced."""
        with self.changing:
            merchant_id = merchant.merchant_id
            stored = self.commit(AddProject(self.dated(merchant_id), merchant_id, project))
            assert isinstance(stored, ProjectStore)
            return stored

    def remove_project(self, merchant: MerchantStore, project_id: str) -> None:
        """Forget a project; from now on it is unknown."""
        with self.changing:
            self.commit(RemoveProject(merchant.merchant_id, project_id))

    def rename_project(self, merchant: MerchantStore, project: ProjectStore, project_name: str | None) -> None:
        """Give a project another name, or none."""
        with self.changing:
            self.commit(RenameProject(merchant.merchant_id, project.project_id, project_name))

    def submit(self, merchant: MerchantStore, codes: Iterable[str]) -> ProjectStore:
        """Make a project of these codes, pending; hold `changing`, and make sure before that none is a double."""
        with self.changing:
            stored = self.commit(Submit(self.dated(merchant.merchant_id), merchant.merchant_id, tuple(codes)))
            assert isinstance(stored, ProjectStore)
            return stored

    def settle(self, merchant: MerchantStore, project: ProjectStore) -> None:
        """Make the transitions of a project that are due by now."""
        now = self.dated(merchant.merchant_id)
        if project.is_due(now.at):
            self.commit(ReadProject(now, merchant.merchant_id, project.project_id, is_counted=False))

    def move_vouchers(
        self,
        merchant: MerchantStore,
        project: ProjectStore,
        to: VoucherStatus,
        *,
        of: VoucherStatus | None = None,
        count: int | None = None,
        ids: Iterable[int] | None = None,
        codes: Iterable[str] | None = None,
        note: str | None = None,
        response_json: str | None = None,
        nominal_gs: int | None = None,
    ) -> list[Voucher]:
        """Move vouchers of a project now, as `lifecycle.move_many` says; return those that changed, as they are now.

        Raises:
            NoSuchVoucher, ValueError: as it does, and nothing moves.
            NoSuchProject: the project is gone.
        """
        with self.changing:
            moved: list[Voucher] = self.commit(
                MoveVouchers(
                    self.dated(merchant.merchant_id),
                    merchant.merchant_id,
                    project.project_id,
                    to,
                    of,
                    count,
                    None if ids is None else tuple(ids),
                    None if codes is None else tuple(codes),
                    note,
                    response_json,
                    nominal_gs,
                )
            )
            return moved

    def set_plan(self, merchant: MerchantStore, project: ProjectStore, plan: Plan | None) -> None:
        """Give a project another plan, which starts now (None: back to that of its world)."""
        with self.changing:
            self.commit(SetPlan(self.dated(merchant.merchant_id), merchant.merchant_id, project.project_id, plan))

    def set_voucher_plan(
        self, merchant: MerchantStore, project: ProjectStore, voucher_id: int, plan: Plan | None
    ) -> None:
        """Give a voucher a plan of its own, which starts now (None: back to that of its project).

        Raises:
            NoSuchVoucher: the project has no voucher of this id.
        """
        with self.changing:
            now = self.dated(merchant.merchant_id)
            self.commit(SetVoucherPlan(now, merchant.merchant_id, project.project_id, voucher_id, plan))

    def put_world(self, world: World, *, is_start: bool = False) -> None:
        """Put another world in place; merchants that stay keep their readings and their clock.

        With `is_start` a reset goes back to this one from now on.
        """
        with self.changing:
            own = {
                one.merchant_id: self.dated(one.merchant_id)
                for one in self.store.merchants()
                if one.clock is not None or one.readings is not None
            }
            self.commit(PutWorld(Dated(self.clock.now(), self.readings.timezone), own, world, is_start))
            warn_of_short_secrets(world.merchants)
        # Now, and not when the next call is refused: of thousands of merchants it takes a while.
        self.maskers.masker()

    def put_readings(self, readings: Readings, origin: Mapping[str, str]) -> None:
        """Serve every merchant that has none of its own under these; `origin` says, by key, where each is from."""
        with self.changing:
            self.commit(PutReadings(readings, dict(origin)))

    def put_merchant_readings(self, merchant: MerchantStore, readings: Readings) -> None:
        """Serve one merchant under these."""
        with self.changing:
            self.commit(PutMerchantReadings(merchant.merchant_id, readings))

    def set_vendor_state(self, merchant: MerchantStore, vendor_state: str | None) -> None:
        """Let every submission of a merchant meet this failure of the vendor's, or None; raises WorldError."""
        with self.changing:
            self.commit(SetVendorState(merchant.merchant_id, vendor_state))

    def clear_journal(self) -> None:
        """Forget every call; numbers go on where they were."""
        with self.changing:
            self.commit(ClearJournal(new_generation()))

    def as_change(self) -> Restore:
        """Return one change that makes any other fake like this one; the calls of the journal are not in it."""
        with self.changing:
            return self._state.as_change()

    def compact(self) -> None:
        """Let the log say in one change how everything is, in place of all that led there; in memory there is none."""
        if self._shared is not None:
            self._shared.compact()

    def reset(self) -> None:
        """Go back to the start: world, readings, clock and faults as they were, an empty journal from 1."""
        with self.changing:
            start = self._state.start
            now = Dated(self.clock.now_in(start.clock), start.readings.timezone)
            self.commit(Reset(now, new_generation()))

    def reset_merchant(self, merchant_id: str) -> None:
        """Let one merchant go back to the start, or, where it was added later, to how it was added.

        Its projects and readings are those of then, it has no clock of its own, the fault rules of it alone are those
        of the start, and its calls are forgotten. A merchant that is not here is left alone.
        """
        with self.changing:
            present = self.store.merchant(merchant_id)
            if present is not None:
                readings = present.as_added[1] or self.readings
                self.commit(ResetMerchant(Dated(self.clock.now(), readings.timezone), merchant_id))
                warn_of_short_secrets([present.as_added[0]])

    def secrets(self) -> frozenset[str]:
        """Return what must be masked, of the merchants that are here and of the newest that are gone.

        What a `Masker` finds without knowing it is left out.
        """
        return self._state.secrets()

    def diagnose(self, raw: RawEntry) -> list[Finding]:
        """Return what the doctor says of a recorded call; nothing when it was answered as asked."""
        return self._findings(raw.call, raw.reply)

    def _findings(self, call: Call, reply: Reply) -> list[Finding]:
        from mockserver.provider.doctor.doctor import diagnose  # noqa: PLC0415 - a start need not wait for the doctor

        handler = next((one for one in self._handlers if one.operation is call.operation), None)
        readings = self.readings if call.merchant_id is None else self.readings_of(call.merchant_id)
        return diagnose(call, reply, handler, self.operations, self.store, readings, self.maskers.masker())

    def _with_advice(self, n: int | None, call: Call, reply: Reply) -> Reply:
        """Return a reply with the header in which the doctor speaks, where it has something to say."""
        is_long = len(call.body) > LONGEST_EXPLAINED
        if reply.cause is None and (reply.made is None or is_long):
            return reply
        if is_long:
            if n is None:
                assert self._shared is not None
                n = self._shared.number_of_last_call()
            said = f"the body has {len(call.body)} bytes; {explained_at(n)}"
        else:
            try:
                said = " / ".join(map(str, self._findings(call, reply)))
            except Exception as error:  # the call is recorded with its reply, whatever is said of it
                report(error)
                return reply
        if not said:
            return reply
        value = printable(said, 1000).encode("ascii", "backslashreplace").decode("ascii")
        return msgspec.structs.replace(reply, headers=(*reply.headers, (DOCTOR_HEADER.lower(), value)))

    def time_of(self, merchant_id: str) -> tuple[float, str]:
        """Return a merchant's present time in Unix seconds and its zone: what a move or a plan is dated with."""
        return self.clock_of(merchant_id).now(), self.readings_of(merchant_id).timezone

    def dated(self, merchant_id: str) -> Dated:
        """Return what `time_of` does, as a change has it."""
        return Dated(*self.time_of(merchant_id))

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
