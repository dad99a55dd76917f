"""A catalogue: the scenarios for clients of one kind, and how each is put on the stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.testing.survive.judgement import Doubt, Habit
from mockserver.testing.survive.scenario import Scenario
from mockserver.testing.survive.scene import Scene


@dataclass(frozen=True)
class Catalogue:
    """The `scenarios` of the fixed list by name, and what makes others.

    `generated(seed, count)` follows from the seed; `named(name)` reads one of the list or one that spells itself out,
    and raises `ScenarioError`. `scene(situation, seed, number, url)` puts one on the stage; `number` tells those of one
    run apart. `doubt_of(situation, habit)` says what leaves it open which habit a failure shows. `timeout` is in
    seconds; `waiting` are the scenarios that a careless client sits out to the end. `output` is an example of what a
    client prints; `option` chooses the catalogue on the command line.
    """

    option: str
    scenarios: Mapping[str, Scenario[Any]]
    habits: Mapping[str, Habit]
    generated: Callable[[int, int], list[Scenario[Any]]]
    named: Callable[[str], Scenario[Any]]
    scene: Callable[[Any, int, int, str], Scene]
    doubt_of: Callable[[Any, Habit | None], Doubt | None]
    timeout: float
    waiting: tuple[str, ...]
    output: str

    def chosen(self, names: Iterable[str] | None, *, examples: int, seed: int) -> list[Scenario[Any]]:
        """Return the scenarios of these names, or the fixed list and so many generated ones.

        Raises:
            ScenarioError: there is no scenario of a given name.
        """
        if names is not None:
            return [self.named(name) for name in names]
        return [*self.scenarios.values(), *self.generated(seed, examples)]
