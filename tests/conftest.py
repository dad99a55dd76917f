from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings

from mockserver.provider.provider import Provider
from mockserver.web.server import Server
from tests.support.asking import built_in_provider
from tests.support.postgresql import Postgresql, why_not
from tests.support.shared_state import STATES, Logs, shared, why_not_at_all

# No deadline: the machine that runs the tests may be busy, and no test here is about time.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.differing_executors])
# Another Python is not another input: `make environments` draws less.
settings.register_profile("fewer", settings.get_profile("default"), max_examples=25)
settings.load_profile("default")

_LOGS = pytest.StashKey[Logs]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--state", choices=STATES, help="run the tests on a shared state (tests/support/shared_state.py)")


def pytest_configure(config: pytest.Config) -> None:
    state = config.getoption("--state")
    if state is not None and why_not_at_all(state) is None:
        # Before tests are collected: they import what it changes.
        changed = ExitStack()
        config.stash[_LOGS] = changed.enter_context(shared(state))
        config.add_cleanup(changed.close)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    if _LOGS in item.config.stash:
        item.config.stash[_LOGS].close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    state = config.getoption("--state")
    if state is not None and (reason := why_not_at_all(state)):
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def provider() -> Provider:
    return built_in_provider()


@pytest.fixture
def server(provider: Provider) -> Iterator[Server]:
    with Server(provider) as running:
        yield running


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """A PostgreSQL of the tests' own; whoever stops it starts it again."""
    if reason := why_not():
        pytest.skip(reason)
    running = Postgresql()
    yield running
    running.remove()
