"""What a run has seen of each reading: the values that still explain every reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mockserver.contract.judging.violation import Choice, Fact, Violation
from mockserver.contract.reading import CODE_PERMUTATIONS
from mockserver.contract.readings import REGISTER


@dataclass(frozen=True)
class Observed:
    """What was seen of one reading.

    `value` is the one value that explains every reply, or None where several do; `left` are those that do.
    `evidence` is what was seen, None where nothing was.
    """

    key: str
    value: str | None
    left: tuple[str, ...]
    evidence: Fact | None


class Observations:
    """Narrows each reading down; `strict` fixes those that were observed before."""

    def __init__(self, strict: Mapping[str, str] | None = None) -> None:
        self._strict = dict(strict or {})
        self._left = {key: frozenset(_values(key)) for key, entry in REGISTER.items() if not entry.is_number}
        self._evidence: dict[str, Fact] = {}
        self._caps: dict[str, int] = {}
        self._floors: dict[str, int] = {}
        for key, value in self._strict.items():
            if key in self._left:
                self._left[key] = frozenset({value})

    @property
    def cap(self) -> int | None:
        """The cap on `limit` that was seen, or None."""
        return self._caps.get("max_limit")

    def left(self, key: str) -> frozenset[str]:
        """Return the values of a reading that explain what was seen; not of one that is a number."""
        return self._left[key]

    def would_narrow(self, choice: Choice) -> bool:
        """Whether a choice says anything new."""
        if choice.key not in self._left:
            return choice.key not in self._caps and "none" not in choice.values
        return not self._left[choice.key] <= choice.values

    def conflict(self, choice: Choice) -> Violation | None:
        """Return the violation that a choice would be, given what was seen before, or None."""
        left = self._left.get(choice.key)
        fits = self._cap_fits(choice) if left is None else bool(left & choice.values)
        if fits:
            return None
        kind, expected = "reading_inconsistent", {"key": choice.key, "before": self._evidence.get(choice.key)}
        if choice.key in self._strict:
            kind, expected = "reading_changed", {"key": choice.key, "value": self._strict[choice.key]}
        return Violation(kind, choice.clause, choice.where, expected, {"seen": choice.seen})

    def take(self, choice: Choice) -> Violation | None:
        """Narrow by a choice; returns the violation, and changes nothing, where it contradicts what was seen."""
        violation = self.conflict(choice)
        if violation is not None:
            return violation
        if choice.key not in self._left:
            self._take_cap(choice)
            return None
        narrowed = self._left[choice.key] & choice.values
        if choice.key not in self._evidence or narrowed != self._left[choice.key]:
            self._evidence[choice.key] = choice.seen
        self._left[choice.key] = narrowed
        return None

    def all(self) -> list[Observed]:
        """Return what was seen of every reading, in the order of the register."""
        return [self._observed(key) for key in REGISTER]

    def _observed(self, key: str) -> Observed:
        evidence = self._evidence.get(key)
        if key not in self._left:
            cap, floor = self._caps.get(key), self._floors.get(key)
            if cap is None and floor:
                evidence = Fact.of("no_cap", below=floor)
            value = None if cap is None else str(cap)
            return Observed(key, value, () if value is None else (value,), evidence)
        left = tuple(value for value in _values(key) if value in self._left[key])
        was_seen = evidence is not None
        return Observed(key, left[0] if was_seen and len(left) == 1 else None, left, evidence)

    def _cap_fits(self, choice: Choice) -> bool:
        strict = self._strict.get(choice.key)
        known = self._caps.get(choice.key) if strict is None or strict == "none" else int(strict)
        if "none" in choice.values:
            return known is None or known >= choice.at_least
        if strict == "none":
            return False
        sizes = {int(value) for value in choice.values}
        return known in sizes if known is not None else any(size >= self._floors.get(choice.key, 0) for size in sizes)

    def _take_cap(self, choice: Choice) -> None:
        if "none" in choice.values:
            self._floors[choice.key] = max(self._floors.get(choice.key, 0), choice.at_least)
        elif len(choice.values) == 1:
            self._caps[choice.key] = int(next(iter(choice.values)))
            self._evidence[choice.key] = choice.seen


def _values(key: str) -> tuple[str, ...]:
    return CODE_PERMUTATIONS if key == "status_codes" else REGISTER[key].values
