"""A plan: how the vouchers of a world, a project or one voucher leave `pending`, as an immutable value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from math import inf
from typing import Any, Literal, TypeGuard, TypeVar

import msgspec

from mockserver._text import nearest
from mockserver.contract.wire import VoucherStatus

Transition = Literal["immediate", "manual", "timed"]
TRANSITIONS: tuple[Transition, ...] = ("immediate", "manual", "timed")

FINAL = (VoucherStatus.SUCCESS, VoucherStatus.ERROR_ENGINE, VoucherStatus.ERROR_VOUCHER)

_T = TypeVar("_T")
_Seconds = tuple[float, float]


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < inf


def _check_range(key: str, value: object) -> None:
    match value:
        case (low, high) if _is_number(low) and _is_number(high) and low <= high:
            return
    raise ValueError(f"{key}: expected [least, most] in seconds (twice the same for no range), got {value!r}")


def _check_outcomes(outcomes: Any) -> None:
    for outcome in outcomes if isinstance(outcomes, (tuple, list)) else [outcomes]:
        match outcome:
            case (end, weight) if end in FINAL and _is_number(weight):
                continue
        raise ValueError(f"outcomes: expected pairs as in ((VoucherStatus.SUCCESS, 1), ...), got {outcome!r}")
    if not any(weight for _, weight in outcomes):
        raise ValueError("outcomes: every weight is 0; give at least one outcome a weight")


def _check_nominals(nominals: Any) -> None:
    is_list = isinstance(nominals, (tuple, list)) and nominals
    if not is_list or not all(_is_number(one) and isinstance(one, int) for one in nominals):
        raise ValueError(
            f"nominal_gs: expected at least one whole number, 0 or more, as in (25, 50) (RES-4), got {nominals!r}"
        )


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """How vouchers go `pending` -> `process` -> `success` | `error_engine` | `error_voucher`.

    `transition` says what makes them go: `immediate` (at once, to the end), `manual` (when told, and with
    `after_reads` also one step after every so many right calls for the project, whatever a fault makes of the reply)
    or `timed` (seconds on the merchant's clock: `process_after` until `process`, `done_after` more until the end;
    each a pair, least and most, between which each voucher draws its own).

    `outcomes` weighs the ends against each other; `nominal_gs` are drawn by a success whose nominal is not known.
    `seed` makes the draws: the k-th voucher of a project, counted from the oldest, draws the same under the same seed.

    Raises:
        ValueError: a transition that there is not, reads below 1, a range that runs backwards, nothing to draw from,
            or outcomes that are all 0.
    """

    transition: Transition = "manual"
    after_reads: int | None = None
    process_after: _Seconds = (2.0, 2.0)
    done_after: _Seconds = (3.0, 3.0)
    outcomes: tuple[tuple[VoucherStatus, float], ...] = ((VoucherStatus.SUCCESS, 1.0),)
    nominal_gs: tuple[int, ...] = (25, 50, 100)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.transition not in TRANSITIONS:
            hint = nearest(str(self.transition), TRANSITIONS)
            raise ValueError(f"there is no transition {self.transition!r}{hint}; known are {', '.join(TRANSITIONS)}")
        reads = self.after_reads
        if reads is not None and (isinstance(reads, bool) or not isinstance(reads, int) or reads < 1):
            raise ValueError(f"after_reads: expected how many calls, 1 or more, got {reads!r}")
        _check_range("process_after", self.process_after)
        _check_range("done_after", self.done_after)
        _check_outcomes(self.outcomes)
        _check_nominals(self.nominal_gs)

    def draw(self, position: int) -> Draw:
        """Return what the voucher at this position, counted from the oldest, gets under this plan."""
        return Draw(self, position)


MANUAL = Plan()


class Draw:
    """What one voucher gets: the same numbers on every machine and Python."""

    def __init__(self, plan: Plan, position: int) -> None:
        digest = blake2b(f"{plan.seed}:{position}".encode(), digest_size=32).digest()
        self._plan = plan
        self._parts = [int.from_bytes(digest[start : start + 8], "big") / 2**64 for start in (0, 8, 16, 24)]

    @property
    def outcome(self) -> VoucherStatus:
        """The status it ends in."""
        return _weighed(self._plan.outcomes, self._parts[0])

    @property
    def nominal_gs(self) -> int:
        """The nominal that a success makes known."""
        nominals = self._plan.nominal_gs
        return nominals[int(self._parts[1] * len(nominals))]

    @property
    def process_after(self) -> float:
        """Seconds that it is `pending`."""
        return _within(self._plan.process_after, self._parts[2])

    @property
    def done_after(self) -> float:
        """Seconds that it is in `process`."""
        return _within(self._plan.done_after, self._parts[3])


def plan_from_document(document: Mapping[str, Any]) -> Plan:
    """Return the plan that a world file or an admin call writes, already checked against the schema `world`.

    Raises:
        ValueError: what a schema cannot say: a range that runs backwards, or outcomes that are all 0.
    """
    outcomes = document.get("outcomes", {"success": 1})
    return Plan(
        transition=document["transition"],
        after_reads=document.get("after_reads"),
        process_after=_range(document.get("process_after", MANUAL.process_after)),
        done_after=_range(document.get("done_after", MANUAL.done_after)),
        outcomes=tuple((VoucherStatus(name), weight) for name, weight in outcomes.items()),
        nominal_gs=tuple(document.get("nominal_gs", MANUAL.nominal_gs)),
        seed=document.get("seed", 0),
    )


def plan_to_document(plan: Plan) -> dict[str, Any]:
    """Return the plan as a world file has it; what is at its default is left out."""
    document: dict[str, Any] = {"transition": plan.transition}
    if plan.after_reads is not None:
        document["after_reads"] = plan.after_reads
    for key in ("process_after", "done_after"):
        low, high = getattr(plan, key)
        if (low, high) != getattr(MANUAL, key):
            document[key] = low if low == high else [low, high]
    if plan.outcomes != MANUAL.outcomes:
        document["outcomes"] = {status.value: weight for status, weight in plan.outcomes}
    if plan.nominal_gs != MANUAL.nominal_gs:
        document["nominal_gs"] = list(plan.nominal_gs)
    return document | ({"seed": plan.seed} if plan.seed else {})


def _range(value: float | Sequence[float]) -> _Seconds:
    low, high = value if isinstance(value, Sequence) else (value, value)
    return float(low), float(high)


def _within(seconds: _Seconds, part: float) -> float:
    low, high = seconds
    return low + (high - low) * part


def _weighed(weights: Sequence[tuple[_T, float]], part: float) -> _T:
    left = part * sum(weight for _, weight in weights)
    for value, weight in weights:
        left -= weight
        if left < 0:
            return value
    # Rounding may leave a crumb: the last with a weight takes it.
    return next(value for value, weight in reversed(weights) if weight)
