"""The laws of `mockserver.verification.laws` as pytest tests: at the fake, or at any server with `--apigames-target`.

Credentials come from `APIGAMES_MERCHANT_ID`, `APIGAMES_SECRET_KEY`, `APIGAMES_PROJECT_ID` and, where there is one,
`APIGAMES_SESSION_KEY`. At the fake lists are submitted; at a target only what `--apigames-submit` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from mockserver.contract.foreign_text import harmless
from mockserver.verification.laws.law import clauses_of
from mockserver.verification.laws.registry import ALL_LAWS
from mockserver.verification.live_guard import Submitting
from mockserver.verification.report.masked import Shown
from mockserver.verification.run.record import LawResult
from mockserver.verification.run.run import Run
from mockserver.verification.settings import Settings, SettingsError, settings_from_environment
from mockserver.verification.suite import OPENING, perform

IN_PROCESS, OVER_HTTP = "fake-in-process", "fake-over-http"
RUNS = pytest.StashKey[list[Run]]()
_SHOWN = 5


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options."""
    group = parser.getgroup("apigames")
    group.addoption("--apigames-target", metavar="URL", help="Base URL of the server to judge in place of the fake.")
    group.addoption(
        "--apigames-submit",
        choices=[submitting.name.lower() for submitting in Submitting],
        default=Submitting.NOTHING.name.lower(),
        help="What to submit to the target: nothing, refusals (what cannot be accepted), or on this machine anything.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker that names clauses, and keep the runs of this session."""
    config.addinivalue_line("markers", "clause(*ids): the clauses of the contract that a test holds a target to")
    config.stash[RUNS] = []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test every target of this session."""
    if "run" in metafunc.fixturenames:
        url = metafunc.config.getoption("--apigames-target")
        targets = [url] if url else [IN_PROCESS, OVER_HTTP]
        metafunc.parametrize("run", targets, indirect=True, scope="session", ids=["target"] if url else None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its clauses, and go through the laws in the order that asks the least."""
    for item in items:
        if isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.clause(*clauses_of(item.function)))
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[bool, int]:
    law = item.function if isinstance(item, pytest.Function) else None
    return OVER_HTTP in item.name, ALL_LAWS.index(law) if law in ALL_LAWS else 0


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """The run at one target, shared by every test: what one finds out, the next need not ask."""
    with ExitStack() as stack:
        submitting = Submitting[request.config.getoption("--apigames-submit").upper()]
        made = _run_at(request.param, submitting, stack)
        request.config.stash[RUNS].append(made)
        yield made
        made.target.close()


def _run_at(where: str, submitting: Submitting, stack: ExitStack) -> Run:
    if where not in {IN_PROCESS, OVER_HTTP}:
        try:
            return replace(settings_from_environment(base_url=where), submitting=submitting).run()
        except SettingsError as error:
            pytest.exit(f"apigames: {error}", returncode=2)
    from mockserver.contract.readings import Readings  # noqa: PLC0415 - a target of one's own needs no fake
    from mockserver.provider.provider import Provider  # noqa: PLC0415
    from mockserver.provider.state.clock import SystemClock  # noqa: PLC0415
    from mockserver.provider.state.world_file import built_in_world  # noqa: PLC0415
    from mockserver.web.app import create_app  # noqa: PLC0415
    from mockserver.web.server import Server  # noqa: PLC0415

    world = built_in_world(Readings(), SystemClock())
    merchant = world.merchants[0]
    known = Settings(
        base_url="http://localhost",
        merchant_id=merchant.merchant_id,
        secret_key=merchant.secret_key,
        project_id=merchant.projects[-1].project_id,
        submitting=Submitting.ANYTHING,
    )
    provider = Provider(world)
    if where == IN_PROCESS:
        return known.run(wsgi=create_app(provider))
    return known.at(stack.enter_context(Server(provider)).url).run()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Hold the run to the test's law: broken fails the test, not seen or not judged skips it with the reason."""
    run = pyfuncitem.funcargs.get("run")
    if not isinstance(run, Run):
        return None
    first = not run.is_open
    result = perform(run, pyfuncitem.obj)
    _fail_if_broken(run, result)
    if first and run.results[0].law == OPENING:
        _fail_if_broken(run, run.results[0])
    if result.outcome != "holds":
        pytest.skip(Shown(run).reason(result.reason))
    return True


def _fail_if_broken(run: Run, result: LawResult) -> None:
    if result.outcome == "broken":
        shown = Shown(run)
        found = [shown.violation(item.violation) for item in run.record.broken if item.law in {result.law, OPENING}]
        pytest.fail("\n".join(map(harmless, found[:_SHOWN])), pytrace=False)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Exit with 3 where a target could not be judged and nothing was broken."""
    if exitstatus in {0, 5} and any(run.aborted for run in session.config.stash[RUNS]):
        session.exitstatus = 3
