"""A scenario: a situation that a client is set before, as one immutable value with a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

S = TypeVar("S", bound="Situation")
S_co = TypeVar("S_co", bound="Situation", covariant=True)


class ScenarioError(ValueError):
    """There is no such scenario; the message says what there is."""


class Situation(Protocol):
    """What a client is set before: hashable, and all that is not in it follows from a seed."""

    @property
    def name(self) -> str:
        """The situation spelt out, as `--scenario` takes it."""

    def simpler(self: S) -> Iterator[S]:
        """Yield situations with less in them, those that leave out most first."""

    def is_within(self: S, other: S) -> bool:
        """Whether this is a simpler situation of the same kind, or the simplest of all."""


@dataclass(frozen=True)
class Scenario(Generic[S_co]):
    """A named situation. `meaning` says what the client meets, `source` is the clause, reading or fault it comes from.

    `careful` says how a careful client handles it.
    """

    name: str
    situation: S_co
    meaning: str
    source: str
    careful: str


def distinct(draw: Callable[[int], Scenario[S]], count: int) -> list[Scenario[S]]:
    """Return so many scenarios of other names, drawn by the numbers from 1 on."""
    found: dict[str, Scenario[S]] = {}
    number = 0
    while len(found) < count:
        number += 1
        scenario = draw(number)
        found.setdefault(scenario.name, scenario)
    return list(found.values())
