"""Playing one scenario with one client: run, judge, and for a failure look for a smaller case that fails alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from mockserver.testing.survive_cases import Case
from mockserver.testing.survive_habits import Habit, habit_of
from mockserver.testing.survive_judging import Judgement, Result, judge
from mockserver.testing.survive_running import Run
from mockserver.testing.survive_scenarios import Scenario
from mockserver.testing.survive_stage import Exchange, Heard, Stage, Truth

Player = Callable[[Mapping[str, str], float], Run]

# A client that fails everything would be run several times for each scenario: only as often as it is quick.
_SMALLER_TRIED = 6
_QUICK = 2.0


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


@dataclass(frozen=True)
class Verdict:
    """What became of a client in one scenario; `smallest` is the least case that fails alike, None unless it failed."""

    scenario: Scenario
    played: Played
    smallest: Played | None

    @property
    def result(self) -> Result:
        """`passed`, `failed` or `not judged`."""
        return self.played.judgement.result


def examine(scenario: Scenario, player: Player, stage: Stage, *, seed: int, timeout: float) -> Verdict:
    """Play a scenario; `timeout` is in seconds."""
    played = play(scenario.case, player, stage, seed=seed, timeout=timeout)
    if played.judgement.result != "failed":
        return Verdict(scenario, played, None)
    return Verdict(scenario, played, _smallest(played, player, stage, seed, timeout))


def play(case: Case, player: Player, stage: Stage, *, seed: int, timeout: float) -> Played:
    """Run the client once in a world of its own, and judge."""
    scene = stage.open(case, seed)
    try:
        run = player(scene.environment, timeout)
    finally:
        stage.close(scene)
    truth = scene.truth()
    judgement = judge(case, truth, run, timeout)
    run = replace(run, said=scene.mask(run.said), trace=None if run.trace is None else scene.mask(run.trace))
    habit = None
    for problem in judgement.problems:
        habit = habit or habit_of(case, problem.symptom, run, scene.heard, truth)
    return Played(case, run, judgement, truth, scene.heard, tuple(scene.exchanges()), habit)


def _smallest(failed: Played, player: Player, stage: Stage, seed: int, timeout: float) -> Played:
    smallest = failed
    left = _SMALLER_TRIED
    while left and smallest.run.took < _QUICK:
        found = None
        for case in smallest.case.smaller():
            if not left:
                break
            left -= 1
            tried = play(case, player, stage, seed=seed, timeout=timeout)
            if _alike(tried, failed):
                found = tried
                break
        if found is None:
            break
        smallest = found
    return smallest


def _alike(one: Played, other: Played) -> bool:
    symptoms = [[problem.symptom for problem in played.judgement.problems][:1] for played in (one, other)]
    return symptoms[0] == symptoms[1] and one.habit == other.habit
