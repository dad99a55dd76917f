"""A situation: what a client is set before, as one immutable value that a name spells out and a seed fills in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK, VENDOR_STATES
from mockserver.contract.wire import STATUSES
from mockserver.provider.faults.faults import FAULTS, Fault
from mockserver.testing.survive.scenario import ScenarioError
from mockserver.testing.survive.spelling import number, one_of, parts_of

MIXED = "mixed"
MUTATIONS = ("unusual_values", "added_fields", "totals_grow", "statuses_move")

# Longer than anybody waits: the client ends by itself, or is ended.
_FOREVER = 3600.0
_SHORT = 0.4

Outcome = Literal["sees", "fails", "either"]


@dataclass(frozen=True)
class FaultExpectation:
    """A fault as a scenario uses it: the `outcome` it leaves to a client, and what an `error` must hold."""

    fault: Fault
    outcome: Outcome = "fails"
    error: str = ""


FAULT_EXPECTATIONS: Mapping[str, FaultExpectation] = {
    **{name: FaultExpectation(Fault(name)) for name in FAULTS},
    "delay": FaultExpectation(Fault("delay", _SHORT), "either"),
    "slow_body": FaultExpectation(Fault("slow_body", _SHORT), "either"),
    "wrong_content_type": FaultExpectation(Fault("wrong_content_type"), "either"),
    # A client may take the whole JSON that it got, or mistrust a reply that was announced longer.
    "wrong_length": FaultExpectation(Fault("wrong_length"), "either"),
    "rate_limit": FaultExpectation(Fault("rate_limit", retry_after=1)),
    **{name: FaultExpectation(Fault(name), error=REDEEM_BULK.error_of[name].error_msg) for name in VENDOR_STATES},
    "no_reply": FaultExpectation(Fault("delay", _FOREVER)),
    "stalled_body": FaultExpectation(Fault("slow_body", _FOREVER)),
}
ERRORS = {error.clause: error for error in PROJECT_DETAIL.errors}


@dataclass(frozen=True)
class Situation:
    """So many `vouchers` in `status` (or mixed), under `readings` other than the defaults, with what goes wrong.

    `error` is the clause of a documented error, `fault` a name in `FAULT_EXPECTATIONS`: it hits every call, or with
    `fault_from_page` those for that page and later ones. `mutation` is one of `MUTATIONS`.
    """

    vouchers: int = 3
    status: str = MIXED
    readings: tuple[tuple[str, str], ...] = ()
    error: str | None = None
    fault: str | None = None
    fault_from_page: int = 1
    mutation: str | None = None

    @property
    def name(self) -> str:
        """The situation spelt out, as in `vouchers=31+max_limit=10`; `situation_named` reads it."""
        words = [f"vouchers={self.vouchers}"]
        if self.status != MIXED:
            words.append(f"status={self.status}")
        words += [f"{key}={value}" for key, value in self.readings]
        if self.error:
            words.append(f"error={self.error}")
        if self.fault:
            words.append(f"fault={self.fault}" + (f"@{self.fault_from_page}" if self.fault_from_page > 1 else ""))
        if self.mutation:
            words.append(f"mutation={self.mutation}")
        return "+".join(words)

    @property
    def in_force(self) -> Readings:
        """The readings that its merchant is served under."""
        return Readings.of(dict(self.readings))

    @property
    def outcome(self) -> Outcome:
        """Whether a careful client sees everything, reports a failure, or may do either."""
        if self.error:
            return "fails"
        if self.fault is None:
            return "sees"
        # Whoever asks for a long page may never get to the one that fails, unless a cap makes sure of it.
        cap = self.in_force.limit_cap
        is_met = self.fault_from_page == 1 or (cap is not None and self.vouchers > cap * (self.fault_from_page - 1))
        return FAULT_EXPECTATIONS[self.fault].outcome if is_met else "either"

    @property
    def expected_error(self) -> str:
        """What the text of the failure must hold; empty when any text will do."""
        if self.error == "ERR-2" and self.in_force.precedence == "signature-merchant-project":
            return ERRORS["ERR-3"].error_msg
        if self.error:
            return ERRORS[self.error].error_msg
        return FAULT_EXPECTATIONS[self.fault].error if self.fault else ""

    def simpler(self) -> Iterator[Situation]:
        """Yield situations with less in them, those that leave out most first.

        A list with one voucher is the simplest; an empty one is a situation of its own, and nothing is made to be it.
        """
        for less in ({"fault": None}, {"error": None}, {"mutation": None}, {"readings": ()}):
            if any(getattr(self, key) != value for key, value in less.items()):
                yield replace(self, **less)
        if len(self.readings) > 1:
            for dropped in self.readings:
                yield replace(self, readings=tuple(pair for pair in self.readings if pair != dropped))
        for size in (1, 2, 11, 31):
            if size < self.vouchers:
                yield replace(self, vouchers=size)
        if self.vouchers == 0:
            yield replace(self, vouchers=1)

    def is_within(self, other: Situation) -> bool:
        """Whether this is a simpler situation of the same kind, or the simplest of all."""
        if self == Situation(1):
            return True
        kinds = [
            (situation.status, situation.error, situation.fault, situation.fault_from_page, situation.mutation)
            for situation in (self, other)
        ]
        sizes = (self.vouchers, other.vouchers)
        fits = sizes[0] == sizes[1] or 0 < sizes[0] < sizes[1]
        return kinds[0] == kinds[1] and set(self.readings) <= set(other.readings) and fits


KEYS = ("vouchers", "status", "error", "fault", "mutation")


def situation_named(name: str) -> Situation:
    """Return the situation that a name spells out; raises ScenarioError as `parts_of` does."""
    parts = parts_of(name, KEYS, _read, example="vouchers=31+max_limit=10")
    return Situation(readings=tuple(parts.readings.items()), **parts.values)  # type: ignore[arg-type] # checked one by one


def _read(key: str, value: str, values: dict[str, object]) -> None:
    if key == "vouchers":
        values[key] = number(key, value, 0, 100_000)
    elif key == "status":
        values[key] = one_of(key, value, [status.value for status in STATUSES])
    elif key == "error":
        values[key] = one_of(key, value, list(ERRORS))
    elif key == "mutation":
        values[key] = one_of(key, value, list(MUTATIONS))
    elif key == "fault":
        fault, _, page = value.partition("@")
        values[key] = one_of(key, fault, list(FAULT_EXPECTATIONS))
        if page:
            if not (page.isascii() and page.isdigit() and 1 <= int(page) <= 1000):
                raise ScenarioError(f"fault={value}: expected a page from 1 after the @")
            values["fault_from_page"] = int(page)
