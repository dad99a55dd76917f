"""Playing scenarios with one client: run, judge, and for a failure look for a simpler situation that fails alike."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mockserver.testing.survive.catalogue import Catalogue
from mockserver.testing.survive.judgement import Habit, Judgement, Result, Symptom
from mockserver.testing.survive.running import ClientRun, Player
from mockserver.testing.survive.scenario import Scenario, Situation
from mockserver.testing.survive.scene import Observed, Scene, ShownExchange
from mockserver.testing.survive.stage import Stage

_SIMPLER_TRIED = 10
_SAID_SHOWN = 2000
_TRACE_SHOWN = 300


@dataclass(frozen=True)
class Played:
    """One run of a situation, and everything that is known of it."""

    situation: Situation
    run: ClientRun
    judgement: Judgement
    expected: Mapping[str, Any]
    expected_in_words: str
    observed: Observed
    exchanges: tuple[ShownExchange, ...]
    habit: Habit | None

    @property
    def symptom(self) -> Symptom | None:
        """What went wrong first."""
        return self.judgement.problems[0].symptom if self.judgement.problems else None


@dataclass(frozen=True)
class Verdict:
    """What became of a client in one scenario. `smallest` is the simplest situation that fails alike, if it failed."""

    scenario: Scenario[Any]
    played: Played
    smallest: Played | None

    @property
    def result(self) -> Result:
        """`passed`, `failed` or `not judged`."""
        return self.played.judgement.result

    @property
    def habit(self) -> Habit | None:
        """The habit that the failure points at: told from the simplest situation, which has the least beside it."""
        return None if self.smallest is None else self.smallest.habit


class Examiner:
    """Plays scenarios of a catalogue with one client on one stage; `timeout` is in seconds. Safe under threads."""

    def __init__(self, catalogue: Catalogue, player: Player, stage: Stage, *, seed: int, timeout: float) -> None:
        self._catalogue = catalogue
        self._player = player
        self._stage = stage
        self._seed = seed
        self._timeout = timeout
        # The simplest situations that are known to fail: what fails everything is not made simple each time anew.
        self._known: list[Played] = []
        # What it did in the situations that tell two habits apart.
        self._told: dict[Situation, Played] = {}

    def examine(self, scenario: Scenario[Any]) -> Verdict:
        """Play a scenario, and when it fails find the simplest situation that fails alike."""
        played = self._play(scenario.situation)
        if played.judgement.result != "failed":
            return Verdict(scenario, played, None)
        smallest = self._without_doubt(self._smallest(played))
        self._known.append(smallest)
        return Verdict(scenario, played, smallest)

    def _smallest(self, failed: Played) -> Played:
        for known in list(self._known):
            if known.symptom == failed.symptom and known.situation.is_within(failed.situation):
                return known
        smallest, left = failed, _SIMPLER_TRIED
        # One that had to be stopped would have to be waited for each time.
        while failed.symptom != "late":
            found = None
            for situation in itertools.islice(smallest.situation.simpler(), left):
                left -= 1
                tried = self._play(situation)
                if tried.symptom == failed.symptom:
                    found = tried
                    break
            if found is None:
                break
            smallest = found
        return smallest

    def _without_doubt(self, failed: Played) -> Played:
        """Return a failure with the one habit that it points at, where that takes another run to tell."""
        doubt = self._catalogue.doubt_of(failed.situation, failed.habit)
        if doubt is None:
            return failed
        if doubt.situation not in self._told:
            self._told[doubt.situation] = self._play(doubt.situation)
        told = self._told[doubt.situation]
        name = doubt.if_it_passes
        if told.judgement.result == "failed":
            name = doubt.if_it_fails or (name if told.habit is None else told.habit.name)
        return replace(failed, habit=self._catalogue.habits[name])

    def _play(self, situation: Situation) -> Played:
        return play(self._catalogue, situation, self._player, self._stage, seed=self._seed, timeout=self._timeout)


def play(
    catalogue: Catalogue, situation: Situation, player: Player, stage: Stage, *, seed: int, timeout: float
) -> Played:
    """Run the client once in a world of its own, and judge."""
    scene = stage.open(catalogue, situation, seed)
    try:
        run = player(scene.environment, timeout)
    finally:
        stage.close(scene)
    run = _masked(run, scene)
    judgement = scene.judge(run, timeout)
    habits = (scene.habit(problem, run) for problem in judgement.problems)
    return Played(
        situation,
        run,
        judgement,
        scene.expected_output(),
        scene.expected_in_words(),
        scene.observed,
        tuple(scene.exchanges()),
        next((habit for habit in habits if habit is not None), None),
    )


def _masked(run: ClientRun, scene: Scene) -> ClientRun:
    said = scene.mask_shown(run.said)
    return replace(
        run,
        said=said if len(said) <= _SAID_SHOWN else f"…{said[-_SAID_SHOWN:]}",
        trace=None if run.trace is None else scene.mask_shown(run.trace)[:_TRACE_SHOWN],
        # With the codes: no report has it, and by them it is judged.
        output=None if run.output is None else scene.mask.value(dict(run.output)),
    )
