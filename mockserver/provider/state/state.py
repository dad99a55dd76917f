"""Everything that may change of a fake, and the one function that changes it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from mockserver.contract.masking import needs_literal_match
from mockserver.contract.operation import Operations
from mockserver.contract.readings import Readings
from mockserver.provider.faults.rules import Faults
from mockserver.provider.journal.journal import Journal
from mockserver.provider.state.changes import (
    AddMerchant,
    AddProject,
    AddRule,
    Begin,
    Change,
    ClearJournal,
    Dated,
    KeptMerchant,
    MoveVouchers,
    PutMerchantReadings,
    PutReadings,
    PutRules,
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
    TakeFault,
)
from mockserver.provider.state.clock import ClockState, MovableClock
from mockserver.provider.state.lifecycle import move_many, set_plan, set_voucher_plan
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.store import MerchantStore, Store
from mockserver.provider.state.world import World

# Each makes every text slower to mask, and a test run may come to a new merchant for each test.
_MOST_FORMER_SECRETS = 3000


class State:
    """The state of a fake. `apply` changes it, nothing else does, and no two threads at a time.

    `ReadProject` and `TakeFault` alone may be applied at the same time as another. `clock` is taken over: it is
    then changed by changes too.
    """

    def __init__(
        self,
        commit: Callable[[Change], Any],
        operations: Operations,
        journal: Journal,
        clock: MovableClock,
    ) -> None:
        self.store = Store(World(), commit=commit)
        self.readings = Readings()
        self.readings_origin: dict[str, str] = {}
        self.faults = Faults((), operations)
        self.journal = journal
        self.former_secrets: deque[str] = deque(maxlen=_MOST_FORMER_SECRETS)
        self.begun: Begin | None = None
        self._commit = commit
        self.clock = clock
        self._bind(clock, None)

    @property
    def start(self) -> Begin:
        """How everything was at the start."""
        assert self.begun is not None, "Begin is the first change"
        return self.begun

    def apply(self, change: Change) -> Any:  # noqa: PLR0912 - a list of cases reads best as one
        """Make a change, and return what it made, if anything. It is made as a whole, or raises before anything is.

        Raises:
            NoSuchVoucher, ValueError: as `lifecycle.move_many` and `set_voucher_plan` do.
            NoSuchProject: the project that it is about is gone, or its merchant.
            FaultError: a rule is of an operation that there is not.
            WorldError: the vendor has no such state.
        """
        match change:
            case ReadProject() | Submit():
                return self.store.apply(change)
            case TakeFault():
                return self.faults.take(change.operation, change.merchant_id, change.project_id)
            case MoveVouchers() | SetPlan() | SetVoucherPlan() | RenameProject():
                return _change_project(self._project(change.merchant_id, change.project_id), change)
            case AddProject():
                stored = self.store.add_project(
                    self._merchant(change.merchant_id, change.project.project_id), change.project
                )
                stored.settle(change.now.at, change.now.zone)
                return stored
            case RemoveProject():
                self._merchant(change.merchant_id, change.project_id).remove_project(change.project_id)
            case AddMerchant():
                return self._add_merchant(change)
            case RemoveMerchant():
                gone = self.store.merchant(change.merchant_id)
                self._remember_secrets([] if gone is None else [gone])
                self.store.remove_merchant(change.merchant_id)
                self.faults.clear(change.merchant_id)
            case ResetMerchant():
                self._reset_merchant(change)
            case PutMerchantReadings():
                self._merchant(change.merchant_id).readings = change.readings
            case SetVendorState():
                self._merchant(change.merchant_id).set_vendor_state(change.vendor_state)
            case PutReadings():
                self.readings, self.readings_origin = change.readings, dict(change.origin)
            case SetClock():
                self._set_clock(change)
            case AddRule():
                self.faults.add(change.rule)
            case PutRules():
                self.faults.replace(change.rules, change.merchant_id)
            case ClearJournal():
                self.journal.clear(change.generation)
            case PutWorld():
                if change.is_start:
                    self.begun = msgspec.structs.replace(self.start, world=change.world)
                self._remember_secrets(self.store.merchants())
                self.store.put(change.world)
                self._start_plans(change.now, change.own)
            case Restore():
                self._restore(change)
            case Reset():
                self._go_to_start(change.now)
                self.journal.clear(change.generation, numbers_too=True)
            case Begin():
                self.begun = change
                self._go_to_start(change.now)
                self.clock.mark_start()
                self.journal.clear(change.generation, numbers_too=True)
        return None

    def as_change(self) -> Restore:
        """Return one change that makes any other state like this one."""
        of_start = {id(one) for one in self.start.world.merchants}
        return Restore(
            self.start,
            self.readings,
            self.readings_origin,
            self.clock.state,
            self.faults.in_force(),
            tuple(self.former_secrets),
            self.journal.generation,
            self.store.plan,
            self.store.highest_ids(),
            tuple(
                KeptMerchant(
                    merchant.snapshot(),
                    merchant.readings,
                    None if merchant.clock is None else merchant.clock.state,
                    None if id(merchant.as_added[0]) in of_start else merchant.as_added[0],
                    merchant.as_added[1],
                    tuple(None if one.life_cycle is None else one.life_cycle.state for one in merchant.projects()),
                )
                for merchant in self.store.merchants()
            ),
        )

    def _restore(self, change: Restore) -> None:
        self.begun = change.start
        self.readings, self.readings_origin = change.readings, dict(change.readings_origin)
        self.clock.show(change.start.clock)
        self.clock.mark_start()
        self.clock.show(change.clock)
        self.faults.restore(change.rules)
        self.former_secrets = deque(change.former_secrets, maxlen=_MOST_FORMER_SECRETS)
        of_start = {one.merchant_id: one for one in change.start.world.merchants}
        self.store.restore(
            change.plan,
            change.highest_ids,
            (
                (
                    kept,
                    None if kept.clock is None else self._own_clock(kept.merchant.merchant_id, kept.clock),
                    kept.added or of_start[kept.merchant.merchant_id],
                )
                for kept in change.merchants
            ),
        )
        self.journal.clear(change.generation, numbers_too=True)

    def secrets(self) -> frozenset[str]:
        """Return what must be masked, of the merchants that are here and of the newest that are gone.

        What a `Masker` finds without knowing it is left out.
        """
        return self.store.literal_secrets().union(tuple(self.former_secrets))

    def _merchant(self, merchant_id: str, project_id: str | None = None) -> MerchantStore:
        merchant = self.store.merchant(merchant_id)
        if merchant is None:
            raise NoSuchProject(merchant_id, project_id)
        return merchant

    def _project(self, merchant_id: str, project_id: str) -> ProjectStore:
        project = self._merchant(merchant_id, project_id).project(project_id)
        if project is None:
            raise NoSuchProject(merchant_id, project_id)
        return project

    def _add_merchant(self, change: AddMerchant) -> MerchantStore:
        merchant = change.merchant
        replaced = self.store.merchant(merchant.merchant_id)
        self._remember_secrets([] if replaced is None else [replaced])
        clock = None if change.clock is None else self._own_clock(merchant.merchant_id, change.clock)
        stored = self.store.add_merchant(merchant, change.readings, clock)
        _start_plans(stored, change.now)
        return stored

    def _reset_merchant(self, change: ResetMerchant) -> None:
        merchant_id = change.merchant_id
        present = self.store.merchant(merchant_id)
        if present is None:
            return
        merchant, readings = present.as_added
        of_start = next((one for one in self.start.world.merchants if one.merchant_id == merchant_id), None)
        self._add_merchant(AddMerchant(change.now, of_start or merchant, readings, None))
        self.faults.replace([rule for rule in self.start.rules if rule.merchant_id == merchant_id], merchant_id)
        self.journal.forget(merchant_id)

    def _set_clock(self, change: SetClock) -> None:
        if change.merchant_id is None:
            self.clock.show(change.clock)
            return
        merchant = self._merchant(change.merchant_id)
        if merchant.clock is None:
            merchant.clock = self._own_clock(change.merchant_id, change.clock)
        merchant.clock.show(change.clock)

    def _go_to_start(self, now: Dated) -> None:
        start = self.start
        self.readings, self.readings_origin = start.readings, dict(start.readings_origin)
        self.clock.show(start.clock)
        self.faults.replace(start.rules)
        self._remember_secrets(self.store.merchants())
        self.store.reset(start.world)
        self._start_plans(now, {})

    def _start_plans(self, now: Dated, own: dict[str, Dated]) -> None:
        for merchant in self.store.merchants():
            _start_plans(merchant, own.get(merchant.merchant_id, now))

    def _remember_secrets(self, merchants: Iterable[MerchantStore]) -> None:
        known = set(self.former_secrets)
        secrets = (secret for one in merchants for secret in one.secrets())
        self.former_secrets.extend(secret for secret in secrets if secret not in known and needs_literal_match(secret))

    def give_clock(self, merchant: MerchantStore, clock: MovableClock) -> None:
        """Let this be the clock of a merchant, in the hands of whoever has it."""
        self._bind(clock, merchant.merchant_id)
        merchant.clock = clock

    def _own_clock(self, merchant_id: str, state: ClockState) -> MovableClock:
        clock = self.clock.copy()
        clock.show(state)
        self._bind(clock, merchant_id)
        return clock

    def _bind(self, clock: MovableClock, merchant_id: str | None) -> None:
        def commit(compute: Callable[[ClockState], ClockState]) -> None:
            with self.store.changing:
                self._commit(SetClock(merchant_id, compute(clock.state)))

        clock.bind(commit)


class NoSuchProject(LookupError):
    """A change is about a project, or a merchant, that is gone meanwhile."""

    def __init__(self, merchant_id: str, project_id: str | None) -> None:
        what = (
            f"merchant {merchant_id!r}" if project_id is None else f"project {project_id!r} of merchant {merchant_id!r}"
        )
        super().__init__(f"{what} is not there any more: it was removed, or another world was put in place")


def _change_project(project: ProjectStore, change: MoveVouchers | SetPlan | SetVoucherPlan | RenameProject) -> Any:
    if isinstance(change, RenameProject):
        project.project_name = change.project_name
        return None
    now, zone = change.now.at, change.now.zone
    if isinstance(change, SetPlan):
        return set_plan(project, change.plan, now=now, zone=zone)
    if isinstance(change, SetVoucherPlan):
        return set_voucher_plan(project, change.voucher_id, change.plan, now=now, zone=zone)
    return move_many(
        project,
        change.to,
        now=now,
        zone=zone,
        of=change.of,
        count=change.count,
        ids=change.ids,
        codes=change.codes,
        note=change.note,
        response_json=change.response_json,
        nominal_gs=change.nominal_gs,
    )


def _start_plans(merchant: MerchantStore, now: Dated) -> None:
    for project in merchant.projects():
        project.settle(now.at, now.zone)
