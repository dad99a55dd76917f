"""What a check finds, as data: a clause that is broken, or which readings a reply shows.

No text is made here: `mockserver.verification.report.wording` says each kind in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.contract.readings import REGISTER, Readings

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Fact:
    """Something that was seen: its kind and its values by name."""

    kind: str
    values: Values = field(default_factory=dict)

    @classmethod
    def of(cls, kind: str, /, **values: Any) -> Fact:
        """Return a fact of these values."""
        return cls(kind, values)


@dataclass(frozen=True)
class Violation:
    """A clause that is broken.

    `kind` says in which way (`page_too_large`); `expected` and `got` hold the values by name. `where` is the path in
    the reply, `data.data.vouchers[3].id`, or empty.
    """

    kind: str
    clause: str
    where: str = ""
    expected: Values = field(default_factory=dict)
    got: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """The values of one reading under which the reply is right; an empty set would be a violation.

    For a reading that is a number (`max_limit`, `bulk_most`), `values` holds it as text, or `none` for "not below what
    was asked", which was `at_least`. `seen` is what the reply shows.
    """

    key: str
    values: frozenset[str]
    clause: str
    seen: Fact
    where: str = ""
    at_least: int = 0

    def allows(self, readings: Readings) -> bool:
        """Whether `readings` are among those that the reply shows."""
        chosen: str = getattr(readings, self.key)
        if REGISTER[self.key].is_number and "none" in self.values:
            return chosen == "none" or int(chosen) >= self.at_least
        return chosen in self.values


CheckResult = Violation | Choice
