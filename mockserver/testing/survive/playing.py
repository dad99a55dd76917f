"""Playing scenarios with one client: run, judge, and for a failure look for a simpler situation that fails alike."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from mockserver.contract.masking import Masker
from mockserver.testing.survive.running import ClientRun, Player
from mockserver.testing.survive.stage import Expected, Observed, ShownExchange, Stage
from mockserver.testing.survive.status_call.habits import HABITS, Habit, doubt_of, habit_of
from mockserver.testing.survive.status_call.judging import Judgement, Result, Symptom, judge
from mockserver.testing.survive.status_call.scenarios import Scenario
from mockserver.testing.survive.status_call.situations import Situation

_SIMPLER_TRIED = 10
_SAID_SHOWN = 2000
_TRACE_SHOWN = 300


@dataclass(frozen=True)
class Played:
    """One run of a situation, and everything that is known of it."""

    situation: Situation
    run: ClientRun
    judgement: Judgement
    expected: Expected
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

    scenario: Scenario
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
    """Plays scenarios with one client on one stage; `timeout` is in seconds. Safe under threads."""

    def __init__(self, player: Player, stage: Stage, *, seed: int, timeout: float) -> None:
        self._player = player
        self._stage = stage
        self._seed = seed
        self._timeout = timeout
        # The simplest situations that are known to fail: what fails everything is not made simple each time anew.
        self._known: list[Played] = []
        # Whether it fails in the situations that tell two habits apart.
        self._told: dict[Situation, bool] = {}

    def examine(self, scenario: Scenario) -> Verdict:
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
        doubt = doubt_of(failed.situation, failed.habit)
        if doubt is None:
            return failed
        if doubt.situation not in self._told:
            self._told[doubt.situation] = self._play(doubt.situation).judgement.result == "failed"
        name = doubt.if_it_fails if self._told[doubt.situation] else doubt.if_it_passes
        return replace(failed, habit=HABITS[name])

    def _play(self, situation: Situation) -> Played:
        return play(situation, self._player, self._stage, seed=self._seed, timeout=self._timeout)


def play(situation: Situation, player: Player, stage: Stage, *, seed: int, timeout: float) -> Played:
    """Run the client once in a world of its own, and judge."""
    scene = stage.open(situation, seed)
    try:
        run = player(scene.environment, timeout)
    finally:
        stage.close(scene)
    expected = scene.expected()
    run = _masked(run, scene.mask)
    judgement = judge(situation, expected, run, timeout)
    habit = None
    for problem in judgement.problems:
        habit = habit or habit_of(situation, problem.symptom, run, scene.observed, expected)
    return Played(situation, run, judgement, expected, scene.observed, tuple(scene.exchanges()), habit)


def _masked(run: ClientRun, mask: Masker) -> ClientRun:
    output = None if run.output is None else mask.value(dict(run.output))
    said = mask(run.said)
    return replace(
        run,
        said=said if len(said) <= _SAID_SHOWN else f"…{said[-_SAID_SHOWN:]}",
        trace=None if run.trace is None else mask(run.trace)[:_TRACE_SHOWN],
        output=output,
    )
