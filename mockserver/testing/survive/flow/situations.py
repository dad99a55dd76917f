"""A situation of a flow, submit and then poll, as one immutable value that a name spells out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from mockserver.contract.operation import MERCHANT, SIGNATURE
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import DUPLICATE, LIST, REDEEM_BULK, VENDOR_STATES
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.faults.faults import FAULTS
from mockserver.provider.state.plan import FINAL, Plan
from mockserver.testing.survive.scenario import ScenarioError
from mockserver.testing.survive.spelling import number, one_of, parts_of

MIXED = "mixed"
PLANS = ("reads", "immediate", "timed", "never")
ENDS = (MIXED, *(status.value for status in FINAL))
MUTATIONS = ("double_in_list", "double_before", "added_fields")

# Longer than anybody waits, and short enough for everybody.
_FOREVER, _SHORT = 3600.0, 0.4
# Seconds until `process`, and as many again until the end.
_STEP = 0.6

# What a fault on the reply to a submission leaves to the client: nothing to go by (`lost`), a reply that it may trust
# or not (`doubtful`), or a refusal that is not of the page.
Clarity = Literal["clear", "doubtful", "lost", "refused"]

# The header that asks for each fault of a flow.
FAULT_HEADERS: Mapping[str, str] = {
    **{name: name for name in FAULTS if name not in VENDOR_STATES},
    "delay": f"delay; seconds={_SHORT}",
    "slow_body": f"slow_body; seconds={_SHORT}",
    "rate_limit": "rate_limit; retry_after=1",
    "no_reply": f"delay; seconds={_FOREVER:g}",
    "stalled_body": f"slow_body; seconds={_FOREVER:g}",
}
_CLARITY: Mapping[str, Clarity] = {
    **dict.fromkeys(("delay", "slow_body", "wrong_content_type", "wrong_length"), "doubtful"),
    "rate_limit": "refused",
}
ERRORS = {error.clause: error for error in REDEEM_BULK.errors if error.role != DUPLICATE}

# What a careful client says in the end: every code by its last status (`finishes`), that the list was refused, that
# nobody knows (`unknown`), that codes are open still (`open`), or one of several (`either`).
Ending = Literal["finishes", "refused", "unknown", "open", "either"]


def clarity_of(fault: str | None) -> Clarity:
    """Return what a fault leaves of the reply to a submission."""
    return "clear" if fault is None else _CLARITY.get(fault, "lost")


@dataclass(frozen=True)
class FlowSituation:
    """So many `codes` to submit, moved by `plan` to `ends`, under `readings` other than the defaults.

    `plan` is one of `PLANS`: a step with each status call, at once, by the clock, or never. `error` is the clause of a
    refusal that every submission meets. `fault` hits the first submission, which is carried out all the same unless it
    is `prevented` (for faults that lose the reply). `poll_fault` hits the first `polls_hit` status calls (0: all); in
    the first `late` ones the project is unknown still. `mutation` is one of `MUTATIONS`.
    """

    codes: int = 3
    plan: str = "reads"
    ends: str = MIXED
    readings: tuple[tuple[str, str], ...] = ()
    error: str | None = None
    fault: str | None = None
    prevented: bool = False
    poll_fault: str | None = None
    polls_hit: int = 1
    late: int = 0
    mutation: str | None = None

    @property
    def name(self) -> str:
        """The situation spelt out, as in `codes=3+fault=close_before`; `situation_named` reads it."""
        words = [f"codes={self.codes}"]
        if self.plan != PLANS[0]:
            words.append(f"plan={self.plan}")
        if self.ends != MIXED:
            words.append(f"ends={self.ends}")
        words += [f"{key}={value}" for key, value in self.readings]
        if self.error:
            words.append(f"error={self.error}")
        if self.fault:
            words.append(f"fault={self.fault}" + ("@before" if self.prevented else ""))
        if self.poll_fault:
            words.append(f"poll_fault={self.poll_fault}@{self.polls_hit or 'always'}")
        if self.late:
            words.append(f"late={self.late}")
        if self.mutation:
            words.append(f"mutation={self.mutation}")
        return "+".join(words)

    @property
    def in_force(self) -> Readings:
        """The readings that its merchant is served under."""
        return Readings.of(dict(self.readings))

    @property
    def is_too_long(self) -> bool:
        """Whether the vendor takes no list of so many codes."""
        most = self.in_force.most_codes
        return most is not None and self.codes > most

    @property
    def is_double(self) -> bool:
        """Whether the vendor takes no list with a code of an older project."""
        return self.mutation == "double_before" and self.in_force.bulk_duplicate != "list"

    @property
    def ending(self) -> Ending:
        """What a careful client says in the end."""
        clarity = clarity_of(self.fault)
        if clarity != "clear":
            return "unknown" if clarity == "lost" else "either"
        if self.error or self.is_too_long or self.is_double:
            return "refused"
        if self.mutation == "double_in_list":
            return "either"
        return "open" if self.plan == "never" or (self.poll_fault and not self.polls_hit) else "finishes"

    @property
    def expected_error(self) -> str:
        """What the text of a refusal must hold; empty when any text will do."""
        if self.error is None and self.is_too_long:
            return REDEEM_BULK.error_of[LIST].error_msg
        if self.error is None:
            return REDEEM_BULK.error_of[DUPLICATE].error_msg if self.is_double else ""
        error = ERRORS[self.error]
        if error.role == MERCHANT and self.in_force.bulk_precedence.startswith("signature"):
            error = REDEEM_BULK.error_of[SIGNATURE]
        return error.error_msg

    @property
    def plan_value(self) -> Plan:
        """The plan of the project that a submission becomes."""
        outcomes = tuple((status, 1.0) for status in FINAL if self.ends in {MIXED, status.value})
        reads = {"never": None, "reads": 1}.get(self.plan)
        transition: Literal["immediate", "manual", "timed"] = (
            "immediate" if self.plan == "immediate" else "timed" if self.plan == "timed" else "manual"
        )
        step = (_STEP, _STEP)
        return Plan(transition, reads, step, step, outcomes, seed=_TELLING_SEED if self.ends == MIXED else 0)

    def simpler(self) -> Iterator[FlowSituation]:
        """Yield situations with less in them, those that leave out most first. One code is the simplest list."""
        for less in (
            {"fault": None, "prevented": False},
            {"poll_fault": None, "polls_hit": 1},
            {"error": None},
            {"mutation": None},
            {"late": 0},
            {"readings": ()},
            {"plan": PLANS[0]},
            {"ends": MIXED},
            {"prevented": False},
        ):
            if any(getattr(self, key) != value for key, value in less.items()):
                yield replace(self, **less)
        if len(self.readings) > 1:
            for dropped in self.readings:
                yield replace(self, readings=tuple(pair for pair in self.readings if pair != dropped))
        for size in (1, 2, 3, 11, 31):
            if size < self.codes:
                yield replace(self, codes=size)

    def is_within(self, other: FlowSituation) -> bool:
        """Whether this is a simpler situation of the same kind, or the simplest of all."""
        if self == FlowSituation(1):
            return True
        return (
            replace(self, codes=1, readings=()) == replace(other, codes=1, readings=())
            and self.codes <= other.codes
            and set(self.readings) <= set(other.readings)
        )


def _telling_seed() -> int:
    """Return the seed under which three codes come to three ends, the first to a success."""
    wanted = [VoucherStatus.SUCCESS, VoucherStatus.ERROR_VOUCHER, VoucherStatus.ERROR_ENGINE]
    outcomes = tuple((status, 1.0) for status in FINAL)
    for seed in range(10_000):
        plan = Plan(outcomes=outcomes, seed=seed)
        if [plan.draw(position).outcome for position in range(3)] == wanted:
            return seed
    raise AssertionError("one in 27 does")


_TELLING_SEED = _telling_seed()


KEYS = ("codes", "plan", "ends", "error", "fault", "poll_fault", "late", "mutation")


def situation_named(name: str) -> FlowSituation:
    """Return the situation that a name spells out; raises ScenarioError as `parts_of` does."""
    parts = parts_of(name, KEYS, _read, example="codes=3+fault=close_before")
    return FlowSituation(readings=tuple(parts.readings.items()), **parts.values)  # type: ignore[arg-type] # checked


def _read(key: str, value: str, values: dict[str, object]) -> None:
    if key == "codes":
        values[key] = number(key, value, 1, 10_000)
    elif key == "late":
        values[key] = number(key, value, 0, 10)
    elif key == "plan":
        values[key] = one_of(key, value, PLANS)
    elif key == "ends":
        values[key] = one_of(key, value, ENDS)
    elif key == "error":
        values[key] = one_of(key, value, tuple(ERRORS))
    elif key == "mutation":
        values[key] = one_of(key, value, MUTATIONS)
    elif key == "fault":
        fault, _, when = value.partition("@")
        values[key] = one_of(key, fault, tuple(FAULT_HEADERS))
        if when not in {"", "before"}:
            raise ScenarioError(f"fault={value}: expected nothing or `before` after the @, for one not carried out")
        if when and clarity_of(fault) != "lost":
            raise ScenarioError(f"fault={value}: {fault} loses no reply, so `@before` makes no sense; leave it out")
        values["prevented"] = when == "before"
    elif key == "poll_fault":
        fault, _, hits = value.partition("@")
        values[key] = one_of(key, fault, tuple(FAULT_HEADERS))
        values["polls_hit"] = 0 if hits == "always" else number(key, hits or "1", 1, 10)
