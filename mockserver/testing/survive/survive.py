"""Does a client survive? Every scenario against a command in any language or a Python callable."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from mockserver.testing.survive.catalogue import Catalogue
from mockserver.testing.survive.flow.catalogue import FLOW
from mockserver.testing.survive.playing import Examiner, Verdict
from mockserver.testing.survive.report import SurviveReport
from mockserver.testing.survive.running import Client, Command, CommandError, InProcess, Player
from mockserver.testing.survive.scenario import Scenario
from mockserver.testing.survive.stage import Stage
from mockserver.testing.survive.status_call.catalogue import STATUS_CALL

__all__ = ["CommandError", "SurviveReport", "catalogue_of", "survive"]

DEFAULT_EXAMPLES = 10

_SLICE = 0.2


def survive(
    client: Client | Sequence[str],
    *,
    flow: bool = False,
    scenarios: Iterable[str] | None = None,
    examples: int = DEFAULT_EXAMPLES,
    seed: int = 0,
    timeout: float | None = None,
    jobs: int | None = None,
    errors: type[Exception] | tuple[type[Exception], ...] = (),
    on_verdict: Callable[[Verdict], None] | None = None,
) -> SurviveReport:
    """Run a client through every scenario, each in a merchant of its own on one server, and report.

    With `flow` it is a client that submits codes and polls for them, else one that reads a project.

    `client` is a callable, or the words of a command. A callable is given the variables `APIGAMES_BASE_URL`,
    `APIGAMES_MERCHANT_ID`, `APIGAMES_SECRET_KEY`, `APIGAMES_SESSION_KEY` and `APIGAMES_PROJECT_ID` as a dict, and
    returns `{"vouchers": [codes...], "counts": {...}, "error": text or None}`, any part left out; what it raises of
    `errors` is its way to say that it failed. A command finds the variables in its environment, and prints that as
    JSON. Async callables are awaited. With `flow` there is `APIGAMES_VOUCHERS` (one code a line) in place of
    `APIGAMES_PROJECT_ID`, `APIGAMES_POLL_SECONDS` (how long to pause between two polls), and what it returns or prints
    is `{"codes": {code: "success" or another status, "refused" or "unknown"}, "error": text or None}`.

    `scenarios` are names to run (None: the fixed list and `examples` generated ones from `seed`); `timeout` is in
    seconds (None: 10, for a flow 30); `jobs` is how many run at a time; `on_verdict` hears of each as it ends.

    Raises:
        ScenarioError: there is no scenario of a given name.
        CommandError: the command cannot be run at all.
    """
    catalogue = catalogue_of(flow=flow)
    timeout = catalogue.timeout if timeout is None else timeout
    wanted = catalogue.chosen(scenarios, examples=examples, seed=seed)
    player = player_of(client, errors)
    started = time.perf_counter()
    with Stage() as stage:
        examiner = Examiner(catalogue, player, stage, seed=seed, timeout=timeout)
        verdicts = _all(wanted, catalogue, examiner, player, jobs or default_jobs(), on_verdict)
    command = player.words if isinstance(player, Command) else None
    return SurviveReport(tuple(verdicts), command, seed, timeout, time.perf_counter() - started, catalogue)


def catalogue_of(*, flow: bool) -> Catalogue:
    """Return the scenarios of clients that do the whole journey, or of those that read a project."""
    return FLOW if flow else STATUS_CALL


def player_of(client: Client | Sequence[str], errors: type[Exception] | tuple[type[Exception], ...] = ()) -> Player:
    """Return what runs a client once."""
    if callable(client):
        return InProcess(client, errors if isinstance(errors, tuple) else (errors,))
    return Command([client] if isinstance(client, str) else client)


def default_jobs() -> int:
    """Return how many clients run at a time: some only wait, so more than there are processors."""
    return min(16, 2 * (os.cpu_count() or 1))


def _all(
    wanted: list[Scenario[Any]],
    catalogue: Catalogue,
    examiner: Examiner,
    player: Player,
    jobs: int,
    on_verdict: Callable[[Verdict], None] | None,
) -> list[Verdict]:
    def one(scenario: Scenario[Any]) -> Verdict:
        verdict = examiner.examine(scenario)
        if on_verdict is not None:
            on_verdict(verdict)
        return verdict

    # Those that a careless client sits out to the end go first, so that the others run beside them.
    order = sorted(range(len(wanted)), key=lambda place: wanted[place].name not in catalogue.waiting)
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
