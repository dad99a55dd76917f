from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from mockserver.provider.provider import Provider
from mockserver.web.server import Server
from tests.support.asking import built_in_provider
from tests.support.postgresql import Postgresql, why_not

# No deadline: the machine that runs the tests may be busy, and no test here is about time.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.differing_executors])
# Another Python is not another input: `make environments` draws less.
settings.register_profile("fewer", settings.get_profile("default"), max_examples=25)
settings.load_profile("default")


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
