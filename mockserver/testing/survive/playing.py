"""Playing scenarios with one client: run, judge, and for a failure look for a simpler case that fails alike."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from mockserver.contract.masking import Masker
from mockserver.testing.survive.situations import Case
from mockserver.testing.survive.exchange import Exchange
from mockserver.testing.survive.habits import Habit, habit_of
from mockserver.testing.survive.judging import Judgement, Result, Symptom, judge
from mockserver.testing.survive.running import Player, Run
from mockserver.testing.survive.scenarios import Scenario
from mockserver.testing.survive.stage import Heard, Stage, Truth

_SIMPLER_TRIED = 10


@dataclass(frozen=True)
class Played:
    """One run of a case, and everything that is known of it."""

    case: Case
    run: Run
    judgement: Judgement
    truth: Truth
    heard: Heard
    exchanges: tuple[Exchange, ...]
    habit: Habit | None

    @property
    def symptom(self) -> Symptom | None:
        """What went wrong first."""
        return self.judgement.problems[0].symptom if self.judgement.problems else None


@dataclass(frozen=True)
class Verdict:
    """What became of a client in one scenario; `smallest` is the simplest case that fails alike, None if it passed."""

    scenario: Scenario
    played: Played
    smallest: Played | None

    @property
    def result(self) -> Result:
        """`passed`, `failed` or `not judged`."""
        return self.played.judgement.result

    @property
    def habit(self) -> Habit | None:
        """The habit that the failure points at: told from the simplest case, which has the least beside it."""
        return None if self.smallest is None else self.smallest.habit


class Examiner:
    """Plays scenarios with one client on one stage; `timeout` is in seconds. Safe under threads."""

    def __init__(self, player: Player, stage: Stage, *, seed: int, timeout: float) -> None:
        self._player = player
        self._stage = stage
        self._seed = seed
        self._timeout = timeout
        # The simplest cases that are known to fail: what fails everything is not made simple each time anew.
        self._known: list[Played] = []

    def examine(self, scenario: Scenario) -> Verdict:
        """Play a scenario, and when it fails find the simplest case that fails alike."""
        played = self._play(scenario.case)
        if played.judgement.result != "failed":
            return Verdict(scenario, played, None)
        smallest = self._smallest(played)
        self._known.append(smallest)
        return Verdict(scenario, played, smallest)

    def _smallest(self, failed: Played) -> Played:
        for known in list(self._known):
            if known.symptom == failed.symptom and known.case.is_within(failed.case):
                return known
        smallest, left = failed, _SIMPLER_TRIED
        # One that had to be stopped would have to be waited for each time.
        while failed.symptom != "late":
            found = None
            for case in itertools.islice(smallest.case.simpler(), left):
                left -= 1
                tried = self._play(case)
                if tried.symptom == failed.symptom:
                    found = tried
                    break
            if found is None:
                break
            smallest = found
        return smallest

    def _play(self, case: Case) -> Played:
        return play(case, self._player, self._stage, seed=self._seed, timeout=self._timeout)


def play(case: Case, player: Player, stage: Stage, *, seed: int, timeout: float) -> Played:
    """Run the client once in a world of its own, and judge."""
    scene = stage.open(case, seed)
    try:
        run = player(scene.environment, timeout)
    finally:
        stage.close(scene)
    truth = scene.truth()
    run = _masked(run, scene.mask)
    judgement = judge(case, truth, run, timeout)
    habit = None
    for problem in judgement.problems:
        habit = habit or habit_of(case, problem.symptom, run, scene.heard, truth)
    return Played(case, run, judgement, truth, scene.heard, tuple(scene.exchanges()), habit)


def _masked(run: Run, mask: Masker) -> Run:
    output = None if run.output is None else mask.value(dict(run.output))
    return replace(run, said=mask(run.said), trace=None if run.trace is None else mask(run.trace), output=output)
