"""Every change of the state as a value: a log of them, applied in order, gives the same state on any machine.

A change says everything that it depends on: no clock is read and nothing is drawn while it is applied. `at` is what the
clock of the merchant showed, in Unix seconds, and `zone` the reading `timezone` that it was served under; they date
what moves. Secrets are in changes as they are in the state.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import msgspec

from mockserver.contract.readings import Readings
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.faults.rules import Rule, RuleInForce
from mockserver.provider.state.clock import ClockState
from mockserver.provider.state.lifecycle import LifeCycleState
from mockserver.provider.state.plan import Plan
from mockserver.provider.state.world import Merchant, Project, World


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a newer version says in it is refused, and never left out."""


class Dated(_Part, frozen=True, gc=False):
    """What a clock shows, in Unix seconds, and the zone that it is written in."""

    at: float
    zone: str


class Begin(_Part, frozen=True, tag=True):
    """The first change: how everything was at the start, which `Reset` goes back to.

    `generation` is what the journal is called.
    """

    now: Dated
    world: World
    readings: Readings
    readings_origin: dict[str, str]
    rules: tuple[Rule, ...]
    clock: ClockState
    generation: str


class Reset(_Part, frozen=True, tag=True):
    """Everything goes back to the start. `now` is by the clock of the start; `generation` is that of the journal."""

    now: Dated
    generation: str


class ResetMerchant(_Part, frozen=True, tag=True):
    """One merchant goes back to the start, or to how it was added; a merchant that is not here is left alone."""

    now: Dated
    merchant_id: str


class PutWorld(_Part, frozen=True, tag=True):
    """Another world takes the place of the one there is; `own` has what differs from `now`, by merchant id.

    With `is_start` it is also the one that `Reset` goes back to.
    """

    now: Dated
    own: dict[str, Dated]
    world: World
    is_start: bool = False


class AddMerchant(_Part, frozen=True, tag=True):
    """A merchant comes, under readings and a clock of its own where given; one of the same id is replaced."""

    now: Dated
    merchant: Merchant
    readings: Readings | None
    clock: ClockState | None


class RemoveMerchant(_Part, frozen=True, tag=True):
    """A merchant goes, and the fault rules of it alone."""

    merchant_id: str


class AddProject(_Part, frozen=True, tag=True):
    """A project comes, its plan starts; one of the same project_id is replaced."""

    now: Dated
    merchant_id: str
    project: Project


class RemoveProject(_Part, frozen=True, tag=True):
    """A project goes."""

    merchant_id: str
    project_id: str


class RenameProject(_Part, frozen=True, tag=True):
    """A project gets another name, or none."""

    merchant_id: str
    project_id: str
    project_name: str | None


class Submit(_Part, frozen=True, tag=True, gc=False):
    """A list of codes becomes a project."""

    now: Dated
    merchant_id: str
    codes: tuple[str, ...]


class ReadProject(_Part, frozen=True, tag=True, gc=False):
    """What is due in a project is done; `is_counted` when a reply lists it, which a plan may count."""

    now: Dated
    merchant_id: str
    project_id: str
    is_counted: bool


class MoveVouchers(_Part, frozen=True, tag=True):
    """Vouchers go to another status, as `lifecycle.move_many` says."""

    now: Dated
    merchant_id: str
    project_id: str
    to: VoucherStatus
    of: VoucherStatus | None = None
    count: int | None = None
    ids: tuple[int, ...] | None = None
    codes: tuple[str, ...] | None = None
    note: str | None = None
    response_json: str | None = None
    nominal_gs: int | None = None


class SetPlan(_Part, frozen=True, tag=True):
    """A project gets another plan, which starts now; None: that of its world."""

    now: Dated
    merchant_id: str
    project_id: str
    plan: Plan | None


class SetVoucherPlan(_Part, frozen=True, tag=True):
    """A voucher gets a plan of its own, which starts now; None: back to that of its project."""

    now: Dated
    merchant_id: str
    project_id: str
    voucher_id: int
    plan: Plan | None


class PutReadings(_Part, frozen=True, tag=True):
    """All merchants without readings of their own are served under these; `origin` says, by key, where one is from."""

    readings: Readings
    origin: dict[str, str]


class PutMerchantReadings(_Part, frozen=True, tag=True):
    """One merchant is served under these."""

    merchant_id: str
    readings: Readings


class SetVendorState(_Part, frozen=True, tag=True):
    """Every submission of a merchant gets this failure of the vendor's, or with None is taken."""

    merchant_id: str
    vendor_state: str | None


class SetClock(_Part, frozen=True, tag=True):
    """The clock shows another time: the provider's, or that of one merchant, which has its own from now on."""

    merchant_id: str | None
    clock: ClockState


class AddRule(_Part, frozen=True, tag=True):
    """A fault rule comes behind those in force."""

    rule: Rule


class PutRules(_Part, frozen=True, tag=True):
    """These fault rules take the place of all, or of those of one merchant."""

    rules: tuple[Rule, ...]
    merchant_id: str | None


class TakeFault(_Part, frozen=True, tag=True, gc=False):
    """A call is shown to the fault rules: the first that takes it counts it."""

    operation: str
    merchant_id: str
    project_id: str | None


class ClearJournal(_Part, frozen=True, tag=True):
    """The journal forgets every call; `generation` is what it is called from now on."""

    generation: str


class KeptMerchant(_Part, frozen=True):
    """A merchant as it is; `added` is how it was added (None: as in the world of the start), under `added_readings`.

    `life_cycles` are those of its projects, in their order.
    """

    merchant: Merchant
    readings: Readings | None
    clock: ClockState | None
    added: Merchant | None
    added_readings: Readings | None
    life_cycles: tuple[LifeCycleState | None, ...]


class Restore(_Part, frozen=True, tag=True):
    """Everything is as this says, whatever was before: it stands for all the changes that led there.

    `highest_ids` are those that a project and a voucher ever had. The calls of the journal are not in it.
    """

    start: Begin
    readings: Readings
    readings_origin: dict[str, str]
    clock: ClockState
    rules: tuple[RuleInForce, ...]
    former_secrets: tuple[str, ...]
    generation: str
    plan: Plan | None
    highest_ids: tuple[int, int]
    merchants: tuple[KeptMerchant, ...]


Change = (
    Restore
    | Begin
    | Reset
    | ResetMerchant
    | PutWorld
    | AddMerchant
    | RemoveMerchant
    | AddProject
    | RemoveProject
    | RenameProject
    | Submit
    | ReadProject
    | MoveVouchers
    | SetPlan
    | SetVoucherPlan
    | PutReadings
    | PutMerchantReadings
    | SetVendorState
    | SetClock
    | AddRule
    | PutRules
    | TakeFault
    | ClearJournal
)

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Change] = msgspec.msgpack.Decoder(Change)
_READINGS = frozenset(field.name for field in fields(Readings))


class _ReadingsIn(msgspec.Struct, frozen=True):
    """The readings that a change has, those too that this version does not know: `Readings` is read without them."""

    readings: dict[str, Any] | None = None
    added_readings: dict[str, Any] | None = None
    start: _ReadingsIn | None = None
    merchants: tuple[_ReadingsIn, ...] = ()

    def names(self) -> set[str]:
        """Return all their names."""
        names = {*(self.readings or ()), *(self.added_readings or ())}
        return names.union(*(one.names() for one in (self.start, *self.merchants) if one is not None))


_READINGS_DECODER = msgspec.msgpack.Decoder(_ReadingsIn)
_HAVE_READINGS = (Begin, Restore, AddMerchant, PutReadings, PutMerchantReadings)


def encode_change(change: Change) -> bytes:
    """Write a change as a log keeps it."""
    return _ENCODER.encode(change)


def decode_change(written: bytes) -> Change:
    """Return a change that was written; raises msgspec.ValidationError where it is one of another version."""
    change = _DECODER.decode(written)
    if isinstance(change, _HAVE_READINGS):
        _check_readings(_READINGS_DECODER.decode(written))
    return change


def restore_from_json(text: bytes) -> Restore:
    """Return the change that `state export` wrote; raises msgspec.MsgspecError where it is none of this version."""
    change = msgspec.json.decode(text, type=Restore)
    _check_readings(msgspec.json.decode(text, type=_ReadingsIn))
    return change


def _check_readings(found: _ReadingsIn) -> None:
    unknown = sorted(found.names() - _READINGS)
    if unknown:
        raise msgspec.ValidationError(f"there is no reading `{unknown[0]}`")
