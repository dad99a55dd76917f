"""Does a client survive? Every scenario against a command in any language or a Python callable."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from mockserver.testing.survive.playing import Examiner, Verdict
from mockserver.testing.survive.report import SurviveReport
from mockserver.testing.survive.running import Client, Command, CommandError, InProcess, Player
from mockserver.testing.survive.stage import Stage
from mockserver.testing.survive.status_call.scenarios import SCENARIOS, Scenario, generated, scenario_named

__all__ = ["CommandError", "SurviveReport", "chosen", "survive"]

DEFAULT_TIMEOUT = 10.0
DEFAULT_EXAMPLES = 10

_SLICE = 0.2

_WAITING = ("no-reply", "stalled-body", "beyond_last=last")


def survive(
    client: Client | Sequence[str],
    *,
    scenarios: Iterable[str] | None = None,
    examples: int = DEFAULT_EXAMPLES,
    seed: int = 0,
    timeout: float = DEFAULT_TIMEOUT,
    jobs: int | None = None,
    errors: type[Exception] | tuple[type[Exception], ...] = (),
    on_verdict: Callable[[Verdict], None] | None = None,
) -> SurviveReport:
    """Run a client through every scenario, each in a merchant of its own on one server, and report.

    `client` is a callable, or the words of a command. A callable is given the variables `APIGAMES_BASE_URL`,
    `APIGAMES_MERCHANT_ID`, `APIGAMES_SECRET_KEY`, `APIGAMES_SESSION_KEY` and `APIGAMES_PROJECT_ID` as a dict, and
    returns `{"vouchers": [codes...], "counts": {...}, "error": text or None}`, any part left out; what it raises of
    `errors` is its way to say that it failed. A command finds the variables in its environment, and prints that as
    JSON. Async callables are awaited.

    `scenarios` are names to run (None: the fixed list and `examples` generated ones from `seed`); `timeout` is in
    seconds; `jobs` is how many run at a time; `on_verdict` hears of each as it ends.

    Raises:
        ScenarioError: there is no scenario of a given name.
        CommandError: the command cannot be run at all.
    """
    wanted = chosen(scenarios, examples=examples, seed=seed)
    player = player_of(client, errors)
    started = time.perf_counter()
    with Stage() as stage:
        examiner = Examiner(player, stage, seed=seed, timeout=timeout)
        verdicts = _all(wanted, examiner, player, jobs or default_jobs(), on_verdict)
    command = player.words if isinstance(player, Command) else None
    return SurviveReport(tuple(verdicts), command, seed, timeout, time.perf_counter() - started)


def chosen(names: Iterable[str] | None, *, examples: int, seed: int) -> list[Scenario]:
    """Return the scenarios of these names, or the fixed list and so many generated ones. Raises as `survive` does."""
    if names is not None:
        return [scenario_named(name) for name in names]
    return [*SCENARIOS.values(), *generated(seed, examples)]


def player_of(client: Client | Sequence[str], errors: type[Exception] | tuple[type[Exception], ...] = ()) -> Player:
    """Return what runs a client once."""
    if callable(client):
        return InProcess(client, errors if isinstance(errors, tuple) else (errors,))
    return Command([client] if isinstance(client, str) else client)


def default_jobs() -> int:
    """Return how many clients run at a time: some only wait, so more than there are processors."""
    return min(16, 2 * (os.cpu_count() or 1))


def _all(
    wanted: list[Scenario],
    examiner: Examiner,
    player: Player,
    jobs: int,
    on_verdict: Callable[[Verdict], None] | None,
) -> list[Verdict]:
    def one(scenario: Scenario) -> Verdict:
        verdict = examiner.examine(scenario)
        if on_verdict is not None:
            on_verdict(verdict)
        return verdict

    # Those that a careless client sits out to the end go first, so that the others run beside them.
    order = sorted(range(len(wanted)), key=lambda place: wanted[place].name not in _WAITING)
    pool = ThreadPoolExecutor(jobs)
    try:
        futures = {place: pool.submit(one, wanted[place]) for place in order}
        return [_result(futures[place]) for place in range(len(wanted))]
    except BaseException:
        # Nobody waits any more for those that run, Ctrl-C least of all.
        player.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _result(future: Future[Verdict]) -> Verdict:
    # In slices: Ctrl-C that comes just before a wait without end begins would be heard only when that ends.
    while not wait([future], _SLICE).done:
        pass
    return future.result()
