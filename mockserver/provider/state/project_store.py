"""The vouchers of one project, ordered by id and counted by status.

Nothing on the read path scans: a page, a count and a summary cost the same in a project of a million vouchers.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from operator import attrgetter
from typing import TypeVar

import msgspec
from sortedcontainers import SortedList

from mockserver.contract.wire import STATUSES, VoucherStatus
from mockserver.provider.pieces import Pieces
from mockserver.provider.state.lifecycle import LifeCycle, LifeCycleState
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.world import Project, Voucher

Statuses = tuple[VoucherStatus, ...]

_Key = TypeVar("_Key")
_Group = tuple[VoucherStatus, int]
_NOMINAL: Callable[[Voucher], int] = attrgetter("nominal_gs")
_STATUS_AND_NOMINAL: Callable[[Voucher], _Group] = attrgetter("status", "nominal_gs")


# What the pages that are kept of a project take, but for the vouchers in them: all together, and one.
_PAGES_KEPT = 1_048_576
_LONGEST_KEPT = 16_384
# What a page takes for each of its pieces, and once for the rest.
_OF_PIECE, _OF_PAGE = 8, 512


class Written:
    """What was written of a project, kept until it changes: each voucher, and the newest pages up to 1 MiB.

    Of a page only the first and the last piece count: those between are vouchers. Clients that poll ask for the same
    again and again. To be used under the project's lock.
    """

    def __init__(self) -> None:
        self.vouchers: dict[int, bytes] = {}
        self._pages: dict[Hashable, Pieces] = {}
        self._size = 0
        self._under: object = None

    def under(self, readings: object) -> Written:
        """Return this, empty if it was written under others than these readings."""
        if self._under is not readings:
            self._under = readings
            self.vouchers.clear()
            self._forget_pages()
        return self

    def page(self, asked: Hashable) -> Pieces | None:
        """Return the page that was written for what is asked; None when it is to be written anew."""
        return self._pages.get(asked)

    def keep_page(self, asked: Hashable, page: Pieces) -> None:
        """Keep a page unless it is long; those that were kept the longest go when they become too many."""
        size = _size_of(page)
        if size > _LONGEST_KEPT:
            return
        self._pages[asked] = page
        self._size += size
        while self._size > _PAGES_KEPT:
            self._size -= _size_of(self._pages.pop(next(iter(self._pages))))

    def forget(self, voucher_id: int) -> None:
        """Forget a voucher that changes, and the pages, which all say something of it."""
        self.vouchers.pop(voucher_id, None)
        if self._pages:
            self._forget_pages()

    def _forget_pages(self) -> None:
        self._pages.clear()
        self._size = 0


def _size_of(page: Pieces) -> int:
    return _OF_PAGE + _OF_PIECE * len(page.shared) + len(page.shared[0]) + len(page.shared[-1])


class ProjectStore:
    """The vouchers of one project.

    Every method is safe under threads; hold `lock` around several to see them at one instant. `own_plan` is the
    project's, `world_plan` holds when it has none; `life_cycle` is None while no plan moves anything. `submitted_at` is
    when a submission made it (Unix seconds), if one did. `written` is what was written of it since it changed.
    """

    def __init__(self, project: Project, world_plan: Plan | None = None) -> None:
        self.id = project.id
        self.project_id = project.project_id
        self.project_name = project.project_name
        self.submitted_at = project.submitted_at
        self.lock = threading.RLock()
        self._vouchers = {voucher.id: voucher for voucher in project.vouchers}
        self._ids: SortedList[int] = SortedList(self._vouchers)
        by_status: dict[VoucherStatus, list[int]] = {}
        for voucher in project.vouchers:
            by_status.setdefault(voucher.status, []).append(voucher.id)
        self._by_status = defaultdict[VoucherStatus, SortedList[int]](SortedList)
        self._by_status.update({status: SortedList(ids) for status, ids in by_status.items()})
        self._nominals = Counter(map(_NOMINAL, project.vouchers))
        self._nominals_in = Counter(map(_STATUS_AND_NOMINAL, project.vouchers))
        self._by_nominal: dict[_Group, SortedList[int]] | None = None
        self.own_plan = project.plan
        self.world_plan = world_plan
        is_planned = self.plan is not None or any(voucher.plan is not None for voucher in project.vouchers)
        self.life_cycle = LifeCycle(self) if is_planned else None
        self.written = Written()

    def __len__(self) -> int:
        return len(self._vouchers)

    @property
    def plan(self) -> Plan | None:
        """The plan of vouchers that have none of their own."""
        return self.own_plan or self.world_plan

    def settle(self, now: float, zone: str) -> None:
        """Make the transitions that are due at `now` (Unix seconds); `zone` is the reading `timezone`."""
        if self.life_cycle is not None:
            with self.lock:
                self.life_cycle.settle(now, zone)

    def restore(self, life_cycle: LifeCycleState | None) -> None:
        """Have the life cycle that this says, or none."""
        self.life_cycle = None if life_cycle is None else LifeCycle(self)
        if self.life_cycle is not None and life_cycle is not None:
            self.life_cycle.restore(life_cycle)

    def is_due(self, now: float) -> bool:
        """Whether `settle` at `now` (Unix seconds) would change anything."""
        if self.life_cycle is None:
            return False
        with self.lock:
            return self.life_cycle.is_due(now)

    @property
    def highest_id(self) -> int:
        """The id of the newest voucher, 0 when there is none."""
        with self.lock:
            return int(self._ids[-1]) if self._ids else 0

    def has(self, voucher_id: int) -> bool:
        """Tell whether the project has a voucher of this id."""
        return voucher_id in self._vouchers

    def voucher(self, voucher_id: int) -> Voucher:
        """Return the voucher with this id; raises KeyError if there is none."""
        with self.lock:
            return self._vouchers[voucher_id]

    def count(self, statuses: Statuses) -> int:
        """Return how many vouchers are in these statuses."""
        with self.lock:
            if statuses == STATUSES:
                return len(self._vouchers)
            return sum([len(self._by_status[status]) for status in statuses])

    def ids_in(self, statuses: Statuses) -> list[int]:
        """Return the ids of the vouchers in these statuses, oldest first."""
        with self.lock:
            if statuses == STATUSES:
                return list(self._ids)
            return sorted(id_ for status in statuses for id_ in self._by_status[status])

    def position(self, voucher_id: int) -> int:
        """Return the place of a voucher, counted from the oldest, which is 0."""
        with self.lock:
            return int(self._ids.bisect_left(voucher_id))

    def stats(self, statuses: Statuses) -> list[int]:
        """Return how many vouchers are in each status, in the order of `stats`; 0 for those not in `statuses`."""
        with self.lock:
            return [len(self._by_status[status]) if status in statuses else 0 for status in STATUSES]

    def page(self, statuses: Statuses, offset: int, limit: int) -> list[Voucher]:
        """Return at most `limit` vouchers from position `offset`, newest first (RES-5).

        `statuses` is all of them, one, or none.
        """
        with self.lock:
            ids = self._listed(statuses)
            stop = max(len(ids) - offset, 0)
            start = max(stop - limit, 0)
            return [*map(self._vouchers.__getitem__, ids.islice(start, stop, reverse=True))]

    def nominals(self, statuses: Statuses) -> dict[int, int]:
        """Return how many vouchers of these statuses have each nominal."""
        with self.lock:
            if statuses == STATUSES:
                return dict(self._nominals)
            totals: dict[int, int] = {}
            for (status, nominal), count in self._nominals_in.items():
                if status in statuses:
                    totals[nominal] = totals.get(nominal, 0) + count
            return totals

    def nominals_newest_first(self, statuses: Statuses) -> list[int]:
        """Return the nominals of these statuses in the order in which the list, newest first, shows them."""
        newest: dict[int, int] = {}
        with self.lock:
            for (status, nominal), ids in self._grouped().items():
                if status in statuses:
                    newest[nominal] = max(newest.get(nominal, 0), ids[-1])
        return sorted(newest, key=newest.__getitem__, reverse=True)

    def move(
        self,
        voucher_id: int,
        to: VoucherStatus,
        *,
        updated_at: str,
        note: str | None = None,
        response_json: str | None = None,
        nominal_gs: int | None = None,
    ) -> Voucher:
        """Put a voucher in another status, and change with it what is given; return it as it is now.

        `updated_at` is `YYYY-MM-DD HH:MM:SS`; a time before the voucher's own is not taken (RES-6).

        Raises:
            KeyError: the project has no voucher of this id.
        """
        with self.lock:
            before = self._vouchers[voucher_id]
            after = msgspec.structs.replace(
                before,
                status=to,
                updated_at=max(updated_at, before.updated_at),
                note=before.note if note is None else note,
                response_json=before.response_json if response_json is None else response_json,
                nominal_gs=before.nominal_gs if nominal_gs is None else nominal_gs,
            )
            self._forget(before)
            self._remember(after)
            self._vouchers[voucher_id] = after
            self.written.forget(voucher_id)
            return after

    def replan(self, voucher_id: int, plan: Plan | None) -> None:
        """Give a voucher another plan; `lifecycle.set_voucher_plan` starts it too."""
        with self.lock:
            self._vouchers[voucher_id] = msgspec.structs.replace(self._vouchers[voucher_id], plan=plan)

    def snapshot(self) -> Project:
        """Return the project as it is now, vouchers newest first."""
        with self.lock:
            vouchers = tuple(self._vouchers[id_] for id_ in reversed(self._ids))
        return Project(self.id, self.project_id, self.project_name, vouchers, self.own_plan, self.submitted_at)

    def _listed(self, statuses: Statuses) -> SortedList[int]:
        if len(statuses) == 1:
            return self._by_status[statuses[0]]
        return self._ids if statuses else SortedList()

    def _grouped(self) -> dict[_Group, SortedList[int]]:
        # Only one reading ever asks, so the others do not pay for it.
        if self._by_nominal is None:
            groups: dict[_Group, list[int]] = {}
            for voucher in self._vouchers.values():
                groups.setdefault(_STATUS_AND_NOMINAL(voucher), []).append(voucher.id)
            self._by_nominal = {group: SortedList(ids) for group, ids in groups.items()}
        return self._by_nominal

    def _forget(self, voucher: Voucher) -> None:
        group = _STATUS_AND_NOMINAL(voucher)
        self._by_status[voucher.status].remove(voucher.id)
        _take(self._nominals, voucher.nominal_gs)
        _take(self._nominals_in, group)
        if self._by_nominal is not None:
            self._by_nominal[group].remove(voucher.id)
            if not self._by_nominal[group]:
                del self._by_nominal[group]

    def _remember(self, voucher: Voucher) -> None:
        group = _STATUS_AND_NOMINAL(voucher)
        self._by_status[voucher.status].add(voucher.id)
        self._nominals[voucher.nominal_gs] += 1
        self._nominals_in[group] += 1
        if self._by_nominal is not None:
            self._by_nominal.setdefault(group, SortedList()).add(voucher.id)


def _take(counts: Counter[_Key], key: _Key) -> None:
    """Count one less; what is at none is not there."""
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
