"""Which calls a fault hits: the next few, a share of them, or all until cleared."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from mockserver.contract.operation import Operations, UnknownOperation
from mockserver.contract.operations import OPERATIONS
from mockserver.provider.faults.faults import Fault, FaultError

# The version of what Python writes of a generator; the same since 3.2.
_RANDOM = 3
MOST_TIMES = 10**9
# As in the schema: far below where a number of JSON loses digits.
FARTHEST_SEED = 10**15


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which calls a fault hits: the next `times`, or a `share` of them (0 to 1, drawn by `seed`), or all until cleared.

    Of every operation, merchant and project, or of one `operation` (its name), one `merchant_id`, one `project_id`
    (however a call names it).

    Raises:
        FaultError: both `times` and `share`, or one out of its range.
    """

    fault: Fault
    times: int | None = None
    share: float | None = None
    seed: int = 0
    merchant_id: str | None = None
    project_id: str | None = None
    operation: str | None = None

    def __post_init__(self) -> None:
        if self.times is not None and self.share is not None:
            raise FaultError(f"{self.fault.name}: `times` and `share` exclude each other; keep one")
        if self.times is not None and not 1 <= self.times <= MOST_TIMES:
            raise FaultError(f"{self.fault.name}: expected `times` of 1 to {MOST_TIMES}, got {self.times}")
        if not -FARTHEST_SEED <= self.seed <= FARTHEST_SEED:
            raise FaultError(f"{self.fault.name}: expected a `seed` of -{FARTHEST_SEED} to {FARTHEST_SEED}")
        if self.share is not None and not 0 <= self.share <= 1:
            raise FaultError(f"{self.fault.name}: expected a `share` of 0 to 1, got {self.share:g}")


@dataclass(frozen=True)
class RuleState:
    """A rule as it is now: how many calls it `hit`, and how many more it will (`left`; None: no end)."""

    rule: Rule
    hit: int
    left: int | None


class RuleInForce(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule as a value that goes on where it was: how many calls it `hit`, where its `draws` are (None: no share)."""

    rule: Rule
    hit: int
    draws: tuple[int, ...] | None


class _Active:
    def __init__(self, rule: Rule, hit: int = 0, draws: tuple[int, ...] | None = None) -> None:
        self.rule = rule
        self.hit = hit
        self._draws = random.Random(rule.seed)  # noqa: S311 - a seed makes it repeatable; nothing here is secret
        if draws is not None:
            self._draws.setstate((_RANDOM, draws, None))

    @property
    def in_force(self) -> RuleInForce:
        return RuleInForce(self.rule, self.hit, None if self.rule.share is None else self._draws.getstate()[1])

    @property
    def left(self) -> int | None:
        return None if self.rule.times is None else self.rule.times - self.hit

    def fits(self, operation: str, merchant_id: str, project_id: str | None) -> bool:
        rule = self.rule
        if rule.operation not in {None, operation} or rule.merchant_id not in {None, merchant_id}:
            return False
        return rule.project_id in {None, project_id} and self.left != 0

    def takes(self, operation: str, merchant_id: str, project_id: str | None) -> bool:
        if not self.fits(operation, merchant_id, project_id):
            return False
        if self.rule.share is not None and self._draws.random() >= self.rule.share:
            return False
        self.hit += 1
        return True


class Faults:
    """The rules in force; of those that fit a call, the first takes it. Safe under threads.

    Every method that takes a rule raises FaultError when it is of an operation that is not one of `operations`.
    """

    def __init__(self, rules: Iterable[Rule] = (), operations: Operations = OPERATIONS) -> None:
        self._lock = threading.Lock()
        self._operations = operations
        self._rules = self._active(rules)

    @property
    def is_empty(self) -> bool:
        """Whether no rule is in force."""
        return not self._rules

    def add(self, rule: Rule) -> None:
        """Put a rule behind those in force."""
        with self._lock:
            self._rules = (*self._rules, *self._active([rule]))

    def replace(self, rules: Iterable[Rule], merchant_id: str | None = None) -> None:
        """Put these in place of all rules, or of those of one merchant."""
        with self._lock:
            self._rules = (*self._others(merchant_id), *self._active(rules))

    def clear(self, merchant_id: str | None = None) -> None:
        """Take every rule out of force, or those of one merchant."""
        self.replace((), merchant_id)

    def states(self) -> list[RuleState]:
        """Return the rules in force, in their order; one that has hit all its calls stays until cleared."""
        with self._lock:
            return [RuleState(active.rule, active.hit, active.left) for active in self._rules]

    def in_force(self) -> tuple[RuleInForce, ...]:
        """Return the rules as values that go on where they are."""
        with self._lock:
            return tuple(active.in_force for active in self._rules)

    def restore(self, rules: Iterable[RuleInForce]) -> None:
        """Put these in place of all rules, each where it was."""
        with self._lock:
            self._rules = tuple(_Active(one.rule, one.hit, one.draws) for one in rules)

    def needs_project(self) -> bool:
        """Whether some rule asks which project is called."""
        return any(active.rule.project_id is not None for active in self._rules)

    def may_take(self, operation: str, merchant_id: str, project_id: str | None) -> bool:
        """Whether a rule fits this call: only then `take` changes anything."""
        return any(active.fits(operation, merchant_id, project_id) for active in self._rules)

    def take(self, operation: str, merchant_id: str, project_id: str | None) -> Fault | None:
        """Return the fault for this call, and count it; None when no rule fits."""
        with self._lock:
            for active in self._rules:
                if active.takes(operation, merchant_id, project_id):
                    return active.rule.fault
        return None

    def _active(self, rules: Iterable[Rule]) -> tuple[_Active, ...]:
        active = tuple(map(_Active, rules))
        for one in active:
            if one.rule.operation is not None:
                try:
                    self._operations.named(one.rule.operation)
                except UnknownOperation as error:
                    raise FaultError(str(error)) from None
        return active

    def _others(self, merchant_id: str | None) -> tuple[_Active, ...]:
        return () if merchant_id is None else tuple(a for a in self._rules if a.rule.merchant_id != merchant_id)
