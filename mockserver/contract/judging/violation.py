"""What a check finds: a clause that is broken, or which readings a reply shows."""

from __future__ import annotations

from dataclasses import dataclass

from mockserver.contract.readings import Readings


@dataclass(frozen=True)
class Violation:
    """A clause that is broken: what was expected, what came, and where in the reply."""

    clause: str
    expected: str
    got: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.clause}: expected {self.expected}; came {self.got}"


@dataclass(frozen=True)
class Choice:
    """The values of one reading under which the reply is right; an empty set would be a violation.

    For `max_limit`, `values` holds a number as text, or `none` for "not below what was asked".
    """

    key: str
    values: frozenset[str]
    clause: str
    seen: str
    where: str = ""
    at_least: int = 0

    def allows(self, readings: Readings) -> bool:
        """Whether `readings` are among those that the reply shows."""
        chosen: str = getattr(readings, self.key)
        if self.key == "max_limit" and "none" in self.values:
            return chosen == "none" or int(chosen) >= self.at_least
        return chosen in self.values


Finding = Violation | Choice
