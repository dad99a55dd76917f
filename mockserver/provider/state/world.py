"""Worlds: merchants, projects and vouchers as immutable values."""

from __future__ import annotations

import msgspec

from mockserver.contract.redeem_bulk import VENDOR_STATES
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.state.plan import Plan

NO_NOTE = "-"
# As in the schema: far below where a number of JSON loses digits.
HIGHEST_ID = 10**15


class WorldError(ValueError):
    """A world that cannot be served; the message names each place in the document and what to do there."""


def check_vendor_state(vendor_state: str | None) -> None:
    """Let a state of the vendor through, or None; raises WorldError for anything else."""
    if vendor_state is not None and vendor_state not in VENDOR_STATES:
        expected = ", ".join(map(repr, VENDOR_STATES))
        raise WorldError(f"vendor_state: expected one of {expected} or none, got {vendor_state!r}")


class Voucher(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One voucher.

    `created_at` and `updated_at` are `YYYY-MM-DD HH:MM:SS` as they go on the wire (RES-4); `nominal_gs` 0 means
    not known yet; `response_json` is text that may itself hold JSON. `plan` is its own, over its project's.
    """

    id: int
    voucher_code: str
    status: VoucherStatus
    created_at: str
    updated_at: str
    nominal_gs: int = 0
    note: str = NO_NOTE
    response_json: str = ""
    plan: Plan | None = None


class Project(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bulk redemption; `id` is the vendor's number for it, `project_id` is how a consumer names it.

    `plan` moves its vouchers, over the world's. `submitted_at` is when a submission made it, in Unix seconds; None for
    one that no submission made.
    """

    id: int
    project_id: str
    project_name: str | None = None
    vouchers: tuple[Voucher, ...] = ()
    plan: Plan | None = None
    submitted_at: float | None = None


class Merchant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A merchant and the secret that signs its calls.

    `vendor_state` is the role of the failure that all its submissions get (one of `VENDOR_STATES`); None: they are
    taken.

    Raises:
        WorldError: there is no such state.
    """

    merchant_id: str
    secret_key: str
    session_key: str | None = None
    projects: tuple[Project, ...] = ()
    vendor_state: str | None = None

    def __post_init__(self) -> None:
        check_vendor_state(self.vendor_state)

    def __repr__(self) -> str:
        return f"Merchant({self.merchant_id!r}, {len(self.projects)} projects)"


class World(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a fake provider knows; `plan` moves the vouchers of projects that have none of their own."""

    merchants: tuple[Merchant, ...] = ()
    plan: Plan | None = None
