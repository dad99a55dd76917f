"""From a decoded world file that fits its schema to a world: what is left out is filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from mockserver.contract.readings import Readings
from mockserver.contract.wire import CREATED_AT, VoucherStatus
from mockserver.provider.state.clock import Clock, date_time
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.plan import Plan, plan_from_document
from mockserver.provider.state.world import HIGHEST_ID, NO_NOTE, Merchant, Project, Voucher, World, WorldError

MOST_GENERATED = 2_000_000
MOST_PROJECTS = 100_000

# Readings and clock of merchants that have their own, by merchant id.
Own = Mapping[str, tuple[Readings, Clock]]
NOBODY: Own = MappingProxyType({})


class Under(NamedTuple):
    """What a merchant's part is read under; `now` is a date-time of its zone."""

    readings: Readings
    now: str

    @classmethod
    def of(cls, readings: Readings, clock: Clock) -> Under:
        """Return it as it is now by this clock."""
        return cls(readings, date_time(clock.now(), readings.timezone))


class WorldBuilder:
    """Builds the values of one document; ids that are left out are given out above those that it has.

    Raises:
        WorldError: it has more projects, or asks for more generated vouchers, than one world may.
    """

    def __init__(self, document: Any, under: Under, above: tuple[int, int], own: Own) -> None:
        self._document = document
        self._general = self._under = under
        # By its JSON: of a world's many vouchers with a plan of their own, most have the same one.
        self._plans: dict[bytes, Plan] = {}
        self._own = own
        projects = [project for merchant in document["merchants"] for project in merchant.get("projects", [])]
        _check_size(projects)
        vouchers = [voucher for project in projects for voucher in _listed(project)]
        self._next_project = 1 + max((project.get("id", 0) for project in projects), default=0)
        self._next_voucher = 1 + max((voucher.get("id", 0) for voucher in vouchers), default=0)
        self._next_project = max(self._next_project, 1 + above[0])
        self._next_voucher = max(self._next_voucher, 1 + above[1])

    def world(self) -> World:
        """Return the world; raises WorldError where dates run backwards, or a share or a plan is impossible."""
        merchants = tuple(
            self._merchant(merchant, f"merchants[{number}]")
            for number, merchant in enumerate(self._document["merchants"])
        )
        if max(self._next_project, self._next_voucher) > HIGHEST_ID + 1:
            raise WorldError(f"no ids are left to give out above {HIGHEST_ID}; choose smaller ones, or give every id")
        return World(merchants, self._plan(self._document, "the world"))

    def _merchant(self, merchant: Any, path: str) -> Merchant:
        own = self._own.get(merchant["merchant_id"])
        self._under = self._general if own is None else Under.of(*own)
        projects = tuple(
            self._project(project, f"{path}.projects[{number}]")
            for number, project in enumerate(merchant.get("projects", []))
        )
        return Merchant(
            merchant["merchant_id"],
            merchant["secret_key"],
            merchant.get("session_key"),
            projects,
            merchant.get("vendor_state"),
        )

    def _project(self, project: Any, path: str) -> Project:
        id_ = project.get("id")
        if id_ is None:
            id_, self._next_project = self._next_project, self._next_project + 1
        vouchers = project.get("vouchers", [])
        made = (
            self._generated(vouchers["generate"], path)
            if isinstance(vouchers, dict)
            else self.vouchers(vouchers, project["project_id"], f"{path}.vouchers")
        )
        return Project(
            id_,
            project["project_id"],
            project.get("project_name"),
            made,
            self._plan(project, path),
            project.get("submitted_at"),
        )

    def _generated(self, wish: Any, path: str) -> tuple[Voucher, ...]:
        shares = {VoucherStatus(name): share for name, share in wish.get("status", {"pending": 1}).items()}
        if not sum(shares.values()):
            raise WorldError(f"{path}.vouchers.generate.status: every share is 0; give at least one status a share")
        first_id, self._next_voucher = self._next_voucher, self._next_voucher + wish["count"]
        return generate_vouchers(
            wish["count"],
            first_id=first_id,
            # Another for each project, or two would hold the same codes.
            seed=wish.get("seed", first_id - 1),
            shares=shares,
            nominals=wish.get("nominal_gs", [0]),
        )

    def vouchers(self, vouchers: list[Any], project_id: str, path: str) -> tuple[Voucher, ...]:
        """Return the vouchers of one project; `path` is where their list is in the document. Raises as `world` does."""
        without_id = sum("id" not in voucher for voucher in vouchers)
        self._next_voucher += without_id
        ids: Iterator[int] = iter(range(self._next_voucher - 1, 0, -1))
        return tuple(
            self._voucher(voucher, ids, project_id, f"{path}[{number}]") for number, voucher in enumerate(vouchers)
        )

    def _voucher(self, voucher: Any, ids: Iterator[int], project_id: str, path: str) -> Voucher:
        if voucher.get("project_id", project_id) != project_id:
            raise WorldError(f"{path}.project_id: expected {project_id!r}, the project it is in")
        created_at = self._created_at(voucher, path)
        updated_at = voucher.get("updated_at", created_at)
        written = next((name for name in (CREATED_AT, "created_at", "created") if name in voucher), CREATED_AT)
        _check_date_time(created_at, f"{path}.{written}")
        _check_date_time(updated_at, f"{path}.updated_at")
        if updated_at < created_at:
            raise WorldError(f"{path}.updated_at: {updated_at} is before {created_at}, when it was created (RES-6)")
        return Voucher(
            id=voucher["id"] if "id" in voucher else next(ids),
            voucher_code=voucher["voucher_code"],
            status=self._status(voucher.get("status", "pending")),
            created_at=created_at,
            updated_at=updated_at,
            nominal_gs=int(voucher.get("nominal_gs", 0)),
            note=voucher.get("note", NO_NOTE),
            response_json=voucher.get("response_json", ""),
            plan=self._plan(voucher, path),
        )

    def _created_at(self, voucher: Any, path: str) -> str:
        created_at: str | None = voucher.get(CREATED_AT, voucher.get("created_at"))
        day: str | None = voucher.get("created")
        if created_at is None and day is not None:
            return f"{day} 00:00:00"
        if created_at is None:
            return str(min(self._under.now, voucher.get("updated_at", self._under.now)))
        if day is not None and day != created_at[:10]:
            raise WorldError(f"{path}.created: expected {created_at[:10]}, the date of {CREATED_AT} (RES-6)")
        return created_at

    def _plan(self, owner: Any, path: str) -> Plan | None:
        if "plan" not in owner:
            return None
        written = msgspec.json.encode(owner["plan"])
        plan = self._plans.get(written)
        if plan is None:
            try:
                plan = self._plans[written] = plan_from_document(owner["plan"])
            except ValueError as error:
                raise WorldError(f"{path}.plan.{error}") from None
        return plan

    def _status(self, status: int | str | VoucherStatus) -> VoucherStatus:
        if isinstance(status, (str, VoucherStatus)):
            return VoucherStatus(status)
        return self._under.readings.status_of[status]


def _check_size(projects: list[Any]) -> None:
    # A few bytes can ask for any number of either.
    if len(projects) > MOST_PROJECTS:
        raise WorldError(f"{len(projects)} projects in one world; expected at most {MOST_PROJECTS}")
    asked = [vouchers for project in projects if isinstance(vouchers := project.get("vouchers"), dict)]
    generated = sum(vouchers["generate"]["count"] for vouchers in asked)
    if generated > MOST_GENERATED:
        raise WorldError(f"{generated} vouchers to generate in one world; expected at most {MOST_GENERATED} together")


def _check_date_time(text: str, path: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise WorldError(f"{path}: {text} is not a day of the calendar") from None


def _listed(project: Any) -> list[Any]:
    vouchers = project.get("vouchers", [])
    return vouchers if isinstance(vouchers, list) else []
