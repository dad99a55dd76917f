"""The fault rules of a provider: looked at as they are, changed by changes of its state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mockserver.provider.faults.faults import Fault
from mockserver.provider.faults.rules import Faults, Rule, RuleState
from mockserver.provider.state.changes import AddRule, Change, PutRules, TakeFault


class CommittedFaults:
    """As `Faults`, every change through `commit`."""

    def __init__(self, faults: Faults, commit: Callable[[Change], Any]) -> None:
        self._faults = faults
        self._commit = commit

    @property
    def is_empty(self) -> bool:
        """Whether no rule is in force."""
        return self._faults.is_empty

    def add(self, rule: Rule) -> None:
        """Put a rule behind those in force."""
        self._commit(AddRule(rule))

    def replace(self, rules: Iterable[Rule], merchant_id: str | None = None) -> None:
        """Put these in place of all rules, or of those of one merchant."""
        self._commit(PutRules(tuple(rules), merchant_id))

    def clear(self, merchant_id: str | None = None) -> None:
        """Take every rule out of force, or those of one merchant."""
        self._commit(PutRules((), merchant_id))

    def states(self) -> list[RuleState]:
        """Return the rules in force, in their order; one that has hit all its calls stays until cleared."""
        return self._faults.states()

    def needs_project(self) -> bool:
        """Whether some rule asks which project is called."""
        return self._faults.needs_project()

    def take(self, operation: str, merchant_id: str, project_id: str | None) -> Fault | None:
        """Return the fault for this call, and count it; None when no rule fits."""
        if not self._faults.may_take(operation, merchant_id, project_id):
            return None
        if (
            not merchant_id.isascii()
        ):  # bytes of a path that are not UTF-8 cannot be written; no rule is of such a merchant
            merchant_id = merchant_id.encode("utf-8", "backslashreplace").decode()
        taken: Fault | None = self._commit(TakeFault(operation, merchant_id, project_id))
        return taken
