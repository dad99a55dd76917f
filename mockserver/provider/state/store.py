"""Who owns the state: merchants by id, each with its projects."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import chain
from typing import Any

from mockserver.contract.masking import needs_literal_match
from mockserver.contract.readings import Readings
from mockserver.contract.signature import sign
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.state.changes import KeptMerchant, ReadProject, Submit
from mockserver.provider.state.clock import MovableClock, date_time
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.project_store import ProjectStore
from mockserver.provider.state.world import Merchant, Project, Voucher, World, check_vendor_state

# Coprime to the number of suffixes, so that no two numbers in a row of as many have the same.
_SUFFIXES = 26**4 * 10**6
_STEP = 274_877_906_951


class MerchantStore:
    """One merchant, its projects, and the readings and the clock it is served under (None: those of the provider).

    `plan` moves the vouchers of projects that have none of their own; `vendor_state` is what its submissions meet.
    `as_added` is the merchant, and its readings, as
    they were when it was added.
    """

    def __init__(
        self,
        merchant: Merchant,
        readings: Readings | None = None,
        clock: MovableClock | None = None,
        plan: Plan | None = None,
    ) -> None:
        self.merchant_id = merchant.merchant_id
        self.secret_key = merchant.secret_key
        self.session_key = merchant.session_key
        self.signature = sign(merchant.merchant_id, merchant.secret_key)
        self.readings = readings
        self.clock = clock
        self.plan = plan
        self.as_added = (merchant, readings)
        self.vendor_state = merchant.vendor_state
        # Held while projects come and go, so that none is missed in the codes.
        self._coming = threading.RLock()
        self._codes: set[str] | None = None
        self._projects: dict[str, ProjectStore] = {}
        for project in merchant.projects:
            self.add_project(project)

    def add_project(self, project: Project) -> ProjectStore:
        """Take a project in; one of the same project_id is replaced."""
        stored = ProjectStore(project, self.plan)
        with self._coming:
            if project.project_id in self._projects:
                self._codes = None
            elif self._codes is not None:
                self._codes.update(voucher.voucher_code for voucher in project.vouchers)
            self._projects[project.project_id] = stored
        return stored

    def remove_project(self, project_id: str) -> None:
        """Forget a project; from now on it is unknown."""
        with self._coming:
            self._projects.pop(project_id, None)
            self._codes = None

    def set_vendor_state(self, vendor_state: str | None) -> None:
        """Let every submission get this failure of the vendor's, or with None be taken; raises WorldError."""
        check_vendor_state(vendor_state)
        self.vendor_state = vendor_state

    def has_code(self, voucher_code: str) -> bool:
        """Tell whether a project of the merchant has a voucher of this code."""
        codes = self._codes
        if codes is None:
            # Made when somebody first submits: most merchants never do.
            with self._coming:
                codes = {voucher.voucher_code for one in self.projects() for voucher in one.snapshot().vouchers}
                self._codes = codes
        return voucher_code in codes

    def project(self, project_id: str) -> ProjectStore | None:
        """Return the project of this project_id, or None."""
        return self._projects.get(project_id)

    def project_named(self, name: str) -> ProjectStore | None:
        """Return the newest project of this name, or None."""
        return next((project for project in reversed(self.projects()) if project.project_name == name), None)

    def projects(self) -> list[ProjectStore]:
        """Return every project, in the order they were added."""
        return list(self._projects.values())

    def secrets(self) -> Iterator[str]:
        """Yield what must never be in a log, an error or a file: secret key, signature and session key."""
        yield self.secret_key
        yield self.signature
        if self.session_key:
            yield self.session_key

    def snapshot(self) -> Merchant:
        """Return the merchant as it is now."""
        projects = tuple(project.snapshot() for project in self.projects())
        return Merchant(self.merchant_id, self.secret_key, self.session_key, projects, self.vendor_state)


class Store:
    """Merchants by id. Adding and removing one never blocks a reader.

    `changing` is held while merchants or projects come, so that two of one id cannot. What a call changes goes through
    `commit`: without one it is applied here.
    """

    def __init__(
        self,
        world: World,
        changing: AbstractContextManager[Any] | None = None,
        commit: Callable[[Submit | ReadProject], ProjectStore | None] | None = None,
    ) -> None:
        self.plan = world.plan
        self.changing = changing or threading.RLock()
        self.commit = commit or self.apply
        self._highest_project = self._highest_voucher = 0
        self._merchants: dict[str, MerchantStore] = {}
        self._literal_secrets: dict[str, frozenset[str]] = {}
        for merchant in world.merchants:
            self.add_merchant(merchant)

    def add_merchant(
        self, merchant: Merchant, readings: Readings | None = None, clock: MovableClock | None = None
    ) -> MerchantStore:
        """Take a merchant in, under `readings` and a `clock` of its own if given; one of the same id is replaced."""
        stored = MerchantStore(merchant, readings, clock, self.plan)
        self._merchants[merchant.merchant_id] = stored
        for project in merchant.projects:
            self._count_ids(project)
        literal_secrets = frozenset(filter(needs_literal_match, stored.secrets()))
        if literal_secrets:
            self._literal_secrets[merchant.merchant_id] = literal_secrets
        else:
            self._literal_secrets.pop(merchant.merchant_id, None)
        return stored

    def add_project(self, merchant: MerchantStore, project: Project) -> ProjectStore:
        """Take a project of this merchant in; one of the same project_id is replaced."""
        stored = merchant.add_project(project)
        self._count_ids(project)
        return stored

    def apply(self, change: Submit | ReadProject) -> ProjectStore | None:
        """Make a change that comes of a call; return the project, None where it is gone meanwhile.

        What is submitted becomes a project, pending, its ids above all there were, and its plan starts. Hold `changing`
        around it, and make sure before that no code is one that the merchant may not have twice.
        """
        merchant = self.merchant(change.merchant_id)
        if merchant is None:
            return None
        if isinstance(change, Submit):
            return self._submit(merchant, change)
        project = merchant.project(change.project_id)
        if project is not None and project.life_cycle is not None:
            with project.lock:
                project.life_cycle.settle(change.now.at, change.now.zone)
                if change.is_counted:
                    project.life_cycle.was_read()
        return project

    def _submit(self, merchant: MerchantStore, change: Submit) -> ProjectStore:
        at = date_time(change.now.at, change.now.zone)
        id_, first = self._highest_project + 1, self._highest_voucher + 1
        vouchers = tuple(
            Voucher(first + place, code, VoucherStatus.PENDING, at, at) for place, code in enumerate(change.codes)
        )
        project_id = self._new_project_id(id_, at)
        made = Project(id_, project_id, project_id, vouchers[::-1], submitted_at=change.now.at)
        stored = self.add_project(merchant, made)
        stored.settle(change.now.at, change.now.zone)
        return stored

    def _new_project_id(self, id_: int, at: str) -> str:
        day = at[2:4] + at[5:7] + at[8:10]
        for number in itertools.count(id_):
            letters, digits = divmod(number * _STEP % _SUFFIXES, 10**6)
            rest = [letters // 26**place % 26 for place in range(4)]
            project_id = f"R{day}{''.join(chr(ord('A') + one) for one in rest)}{digits:06d}"
            if all(merchant.project(project_id) is None for merchant in self.merchants()):
                return project_id
        raise AssertionError("there is no end of numbers")

    def _count_ids(self, project: Project) -> None:
        self._highest_project = max(self._highest_project, project.id)
        self._highest_voucher = max(self._highest_voucher, *(voucher.id for voucher in project.vouchers), 0)

    def put(self, world: World) -> None:
        """Put another world in place; merchants that stay keep their readings and their clock."""
        before = self._merchants
        new = Store(World(plan=world.plan))
        for merchant in world.merchants:
            known = before.get(merchant.merchant_id)
            if known is None:
                new.add_merchant(merchant)
            else:
                stays = new.add_merchant(merchant, known.readings, known.clock)
                stays.as_added = (merchant, known.as_added[1])
        self._become(new)

    def reset(self, world: World) -> None:
        """Be as at the start, in this world."""
        self._become(Store(world))

    def restore(
        self,
        plan: Plan | None,
        highest_ids: tuple[int, int],
        merchants: Iterable[tuple[KeptMerchant, MovableClock | None, Merchant]],
    ) -> None:
        """Have these merchants under this plan, each with its clock and with how it was added."""
        other = Store(World(plan=plan))
        for kept, clock, added in merchants:
            stored = other.add_merchant(kept.merchant, kept.readings, clock)
            stored.as_added = (added, kept.added_readings)
            for project, life_cycle in zip(stored.projects(), kept.life_cycles, strict=True):
                project.restore(life_cycle)
        other._highest_project, other._highest_voucher = highest_ids
        self._become(other)

    def _become(self, other: Store) -> None:
        self.plan = other.plan
        self._highest_project, self._highest_voucher = other.highest_ids()
        self._merchants, self._literal_secrets = other._merchants, other._literal_secrets

    def remove_merchant(self, merchant_id: str) -> None:
        """Forget a merchant; from now on it is unknown (ERR-2)."""
        self._merchants.pop(merchant_id, None)
        self._literal_secrets.pop(merchant_id, None)

    def merchant(self, merchant_id: str) -> MerchantStore | None:
        """Return the merchant of this id, or None."""
        return self._merchants.get(merchant_id)

    def merchants(self) -> Iterable[MerchantStore]:
        """Return every merchant, in the order they were added."""
        return list(self._merchants.values())

    def literal_secrets(self) -> frozenset[str]:
        """Return the secrets of every merchant that are found only by one who knows them.

        Of thousands of merchants whose secrets are made up there are none, so that masking stays as fast as for one.
        """
        return frozenset(chain.from_iterable(list(self._literal_secrets.values())))

    def highest_ids(self) -> tuple[int, int]:
        """Return the highest id that a project and a voucher ever had here, 0 when there was none."""
        return self._highest_project, self._highest_voucher

    def owner_of(self, project_id: str) -> tuple[MerchantStore, ProjectStore] | None:
        """Return the project of this project_id, or of this numeric id in decimal, with its merchant; or None."""
        for merchant in self.merchants():
            project = merchant.project(project_id)
            if project is not None:
                return merchant, project
        for merchant in self.merchants():
            for project in merchant.projects():
                if str(project.id) == project_id:
                    return merchant, project
        return None

    def clash(self, merchant: Merchant) -> str | None:
        """Return what of a new merchant's projects this world has already, in words; or None.

        Ids are unique in a world, voucher codes in a merchant: `merchant` may be the one stored, with more projects.
        """
        stored = [project for one in self.merchants() for project in one.projects()]
        ids = {project.id for project in stored}
        project_ids = {project.project_id for project in stored}
        for project in merchant.projects:
            if project.project_id in project_ids:
                return f"project_id {project.project_id!r}"
            if project.id in ids:
                return f"project id {project.id}"
        new = [voucher.id for project in merchant.projects for voucher in project.vouchers]
        if new and min(new) <= self.highest_ids()[1]:
            taken = next((id_ for id_ in new if any(project.has(id_) for project in stored)), None)
            if taken is not None:
                return f"voucher id {taken}"
        owner = self.merchant(merchant.merchant_id)
        present = () if owner is None else owner.snapshot().projects
        codes = {voucher.voucher_code for project in present for voucher in project.vouchers}
        coming = (voucher.voucher_code for project in merchant.projects for voucher in project.vouchers)
        code = next((code for code in coming if code in codes), None)
        return None if code is None else f"voucher_code {code!r}"

    def snapshot(self) -> World:
        """Return the world as it is now."""
        return World(tuple(merchant.snapshot() for merchant in self.merchants()), self.plan)
