"""The life of vouchers: what moves together, and the plan that moves them.

A project without a plan pays nothing. With one, what is due is in two heaps, and a read applies it first: it
costs what is due, never a scan.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from mockserver.contract.wire import VoucherStatus
from mockserver.provider.state.clock import date_time
from mockserver.provider.state.generate import outcome_texts
from mockserver.provider.state.plan import FINAL, MANUAL, Plan
from mockserver.provider.state.world import Project, Voucher

PENDING, PROCESS = VoucherStatus.PENDING, VoucherStatus.PROCESS


class NoSuchVoucher(LookupError):
    """The project has no voucher of this id or code; the message names it."""


class Planned(Protocol):
    """What a life cycle needs of a project: `ProjectStore`, which makes the life cycle."""

    project_id: str
    own_plan: Plan | None
    life_cycle: LifeCycle | None

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """Held while several of these are to be seen at one instant."""

    @property
    def plan(self) -> Plan | None:
        """The plan of vouchers that have none of their own."""

    def ids_in(self, statuses: tuple[VoucherStatus, ...]) -> list[int]:
        """Return the ids of the vouchers in these statuses, oldest first."""

    def voucher(self, voucher_id: int) -> Voucher:
        """Return a voucher; raises KeyError if there is none."""

    def position(self, voucher_id: int) -> int:
        """Return the place of a voucher, counted from the oldest."""

    def move(
        self,
        voucher_id: int,
        to: VoucherStatus,
        *,
        updated_at: str,
        note: str | None,
        response_json: str | None,
        nominal_gs: int | None,
    ) -> Voucher:
        """Put a voucher in another status, and nothing else with it."""

    def replan(self, voucher_id: int, plan: Plan | None) -> None:
        """Give a voucher another plan, and do not start it."""

    def snapshot(self) -> Project:
        """Return the project as it is now."""


class LifeCycleState(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A life cycle as a value; its fields are those of `LifeCycle`."""

    begun: bool
    reads: int
    by_time: list[tuple[float, int, int]]
    by_reads: list[tuple[int, int, int]]
    latest: dict[int, int]
    token: int


class LifeCycle:
    """Moves the vouchers of one project by plan; every method is to be called under the project's lock.

    It begins at the first call that tells it the time: that is when the plan's seconds start.
    """

    def __init__(self, project: Planned) -> None:
        self._project = project
        self._begun = False
        self._reads = 0
        # Heaps of (due, token, voucher id); an entry counts only while its token is the voucher's latest.
        self._by_time: list[tuple[float, int, int]] = []
        self._by_reads: list[tuple[int, int, int]] = []
        self._latest: dict[int, int] = {}
        self._token = 0

    @property
    def state(self) -> LifeCycleState:
        """How it is, as a value."""
        heaps = list(self._by_time), list(self._by_reads)
        return LifeCycleState(self._begun, self._reads, *heaps, dict(self._latest), self._token)

    def restore(self, state: LifeCycleState) -> None:
        """Be as this says."""
        self._begun, self._reads, self._token = state.begun, state.reads, state.token
        self._by_time, self._by_reads = list(state.by_time), list(state.by_reads)
        self._latest = dict(state.latest)

    def is_due(self, now: float) -> bool:
        """Whether `settle` at `now` (Unix seconds) would change anything."""
        if not self._begun or (self._by_time and self._by_time[0][0] <= now):
            return True
        return bool(self._by_reads) and self._by_reads[0][0] <= self._reads

    @property
    def counts_reads(self) -> bool:
        """Whether a plan waits for reads."""
        return bool(self._by_reads)

    def settle(self, now: float, zone: str) -> None:
        """Make every transition that is due at `now` (Unix seconds), each dated when it was due."""
        if not self._begun:
            self._begun = True
            for voucher_id in self._project.ids_in((PENDING, PROCESS)):
                self._schedule(voucher_id, now, zone)
        while self._by_time and self._by_time[0][0] <= now:
            due, token, voucher_id = heapq.heappop(self._by_time)
            if self._latest.get(voucher_id) == token:
                self._step(voucher_id, due, zone)
        while self._by_reads and self._by_reads[0][0] <= self._reads:
            _, token, voucher_id = heapq.heappop(self._by_reads)
            if self._latest.get(voucher_id) == token:
                self._step(voucher_id, now, zone)

    def was_read(self) -> None:
        """Count a reply that lists the project."""
        self._reads += 1

    def restart(self, now: float, zone: str, voucher_ids: Iterable[int]) -> None:
        """Start the plan of these vouchers anew at `now`, as after a new plan or a move by hand."""
        if self._begun:
            for voucher_id in voucher_ids:
                self._schedule(voucher_id, now, zone)
        self.settle(now, zone)

    def _schedule(self, voucher_id: int, now: float, zone: str) -> None:
        voucher = self._project.voucher(voucher_id)
        plan = plan_of(self._project, voucher)
        self._latest.pop(voucher_id, None)
        if voucher.status in FINAL:
            return
        if plan.transition == "immediate":
            self._finish(voucher, plan, now, zone)
        elif plan.transition == "timed":
            draw = plan.draw(self._project.position(voucher_id))
            wait = draw.process_after if voucher.status is PENDING else draw.done_after
            heapq.heappush(self._by_time, (now + wait, self._new_token(voucher_id), voucher_id))
        elif plan.after_reads is not None:
            due = self._reads + plan.after_reads
            heapq.heappush(self._by_reads, (due, self._new_token(voucher_id), voucher_id))

    def _step(self, voucher_id: int, at: float, zone: str) -> None:
        voucher = self._project.voucher(voucher_id)
        plan = plan_of(self._project, voucher)
        if voucher.status is PENDING:
            move(self._project, voucher_id, PROCESS, now=at, zone=zone)
            self._schedule(voucher_id, at, zone)
        else:
            self._latest.pop(voucher_id, None)
            if voucher.status is PROCESS:
                self._finish(voucher, plan, at, zone)

    def _finish(self, voucher: Voucher, plan: Plan, at: float, zone: str) -> None:
        outcome = plan.draw(self._project.position(voucher.id)).outcome
        move(self._project, voucher.id, outcome, now=at, zone=zone)

    def _new_token(self, voucher_id: int) -> int:
        self._token += 1
        self._latest[voucher_id] = self._token
        return self._token


def plan_of(project: Planned, voucher: Voucher) -> Plan:
    """Return the plan that holds for a voucher: its own, else its project's, else none but by hand."""
    return voucher.plan or project.plan or MANUAL


def move(
    project: Planned,
    voucher_id: int,
    to: VoucherStatus,
    *,
    now: float,
    zone: str,
    note: str | None = None,
    response_json: str | None = None,
    nominal_gs: int | None = None,
) -> Voucher:
    """Put a voucher in another status, with everything that belongs to it; return it as it is now.

    `now` is in Unix seconds, `zone` is the reading `timezone`. What is not given follows from the status: a success
    makes its nominal known, and `note` and `response_json` are those of the new status.

    Raises:
        NoSuchVoucher: the project has no voucher of this id.
    """
    with project.lock:
        before = _voucher(project, voucher_id)
        nominal = before.nominal_gs if nominal_gs is None else nominal_gs
        if to is VoucherStatus.SUCCESS and nominal_gs is None and not nominal:
            nominal = plan_of(project, before).draw(project.position(voucher_id)).nominal_gs
        fitting_note, fitting_response = before.note, before.response_json
        if to in FINAL or before.status in FINAL:
            fitting_note, fitting_response = outcome_texts(to, nominal)
        return project.move(
            voucher_id,
            to,
            # A clock may stand before the voucher was made (RES-6).
            updated_at=max(date_time(now, zone), before.created_at),
            note=fitting_note if note is None else note,
            response_json=fitting_response if response_json is None else response_json,
            nominal_gs=nominal,
        )


def move_many(
    project: Planned,
    to: VoucherStatus,
    *,
    now: float,
    zone: str,
    of: VoucherStatus | None = None,
    count: int | None = None,
    ids: Iterable[int] | None = None,
    codes: Iterable[str] | None = None,
    note: str | None = None,
    response_json: str | None = None,
    nominal_gs: int | None = None,
) -> list[Voucher]:
    """Move all vouchers, or some: those `of` a status, of these `ids` or `codes`; of them the oldest `count`.

    All at one instant: no reader sees half of it. A voucher that is in the status already is left as it is, and does
    not count, unless it is named and `note`, `response_json` or `nominal_gs` is given for it. A plan goes on from a
    new status. Returns the vouchers that changed, as they are now.

    Raises:
        NoSuchVoucher: an id or code that the project does not have; then nothing moves.
        ValueError: a negative `count`.
    """
    if count is not None and count < 0:
        raise ValueError(f"cannot move {count} vouchers; expected a count of 0 or more")
    with project.lock:
        named = None if ids is None and codes is None else _named(project, ids or (), codes or ())
        if project.life_cycle is not None:
            project.life_cycle.settle(now, zone)
        in_place = named is not None and (note, response_json, nominal_gs) != (None, None, None)
        if named is None:
            named = project.ids_in(tuple(VoucherStatus) if of is None else (of,))
        candidates = map(project.voucher, named)
        fitting = [one for one in candidates if (in_place or one.status is not to) and (of is None or one.status is of)]
        moved = [one.id for one in fitting[:count] if one.status is not to]
        chosen = [one.id for one in fitting[:count]]
        for voucher_id in chosen:
            move(
                project,
                voucher_id,
                to,
                now=now,
                zone=zone,
                note=note,
                response_json=response_json,
                nominal_gs=nominal_gs,
            )
        if project.life_cycle is not None:
            project.life_cycle.restart(now, zone, moved)
        return [project.voucher(voucher_id) for voucher_id in chosen]


def set_plan(project: Planned, plan: Plan | None, *, now: float, zone: str) -> None:
    """Give a project another plan (None: back to that of its world); it starts now.

    Vouchers with a plan of their own go on with it.
    """
    with project.lock:
        if project.life_cycle is not None:
            project.life_cycle.settle(now, zone)
        project.own_plan = plan
        project.life_cycle = project.life_cycle or LifeCycle(project)
        waiting = map(project.voucher, project.ids_in((PENDING, PROCESS)))
        project.life_cycle.restart(now, zone, [voucher.id for voucher in waiting if voucher.plan is None])


def set_voucher_plan(project: Planned, voucher_id: int, plan: Plan | None, *, now: float, zone: str) -> None:
    """Give a voucher a plan of its own (None: back to that of its project); it starts now.

    Raises:
        NoSuchVoucher: the project has no voucher of this id.
    """
    with project.lock:
        _voucher(project, voucher_id)
        project.life_cycle = project.life_cycle or LifeCycle(project)
        project.life_cycle.settle(now, zone)
        project.replan(voucher_id, plan)
        project.life_cycle.restart(now, zone, [voucher_id])


def _named(project: Planned, ids: Iterable[int], codes: Iterable[str]) -> list[int]:
    named = {_voucher(project, voucher_id).id for voucher_id in ids}
    wanted = list(codes)
    if wanted:
        by_code = {voucher.voucher_code: voucher.id for voucher in project.snapshot().vouchers}
        for code in wanted:
            if code not in by_code:
                raise NoSuchVoucher(f"project {project.project_id!r} has no voucher with the code {code!r}")
            named.add(by_code[code])
    return sorted(named)


def _voucher(project: Planned, voucher_id: int) -> Voucher:
    try:
        return project.voucher(voucher_id)
    except KeyError:
        raise NoSuchVoucher(f"project {project.project_id!r} has no voucher with the id {voucher_id}") from None
