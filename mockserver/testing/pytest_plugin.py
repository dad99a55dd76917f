"""The pytest plugin. It is loaded in every run of every project that has this package installed, so it imports nothing
until a fixture of it is used.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from responses import RequestsMock

    from mockserver.testing.doubles.httpx_double import HttpxDouble
    from mockserver.testing.merchant import FakeMerchant
    from mockserver.testing.plugin.session import PluginSession
    from mockserver.testing.server import FakeServer
    from mockserver.testing.survive.as_tests import ScenarioTest
    from mockserver.testing.survive.stage import Stage

_SESSION = pytest.StashKey["PluginSession"]()
_MERCHANT = pytest.StashKey["FakeMerchant"]()

# A number as `[tool.pytest]` has it (from pytest 9 on), or the text of an ini file; the first releases take one alone.
_NUMBER: Any = int | str if pytest.version_tuple >= (9, 2) else "int" if pytest.version_tuple >= (9,) else "string"

_READINGS_HELP = (
    "Answer open questions of the vendor's page otherwise: KEY=VALUE, a readings file, or `each` to run every test "
    "that uses the fixtures once under the defaults and once under each other value. May be given again; "
    "`apigames-mock readings` lists them."
)
_WORLD_HELP = "World file: each test's merchant has the projects of its first merchant."
_SEED_HELP = (
    "Seed of whatever is made up, which is then the same in each run: ids, secrets, vouchers, and dates, for the "
    "clock of each merchant stands still."
)
_HOST_HELP = "Address that the server of the run listens on (default 127.0.0.1); 0.0.0.0 for clients in containers."
_PORT_HELP = "Port of the server of the run (default 0: a free one)."
_ALLOW_HELP = "Let calls leave for the vendor's real host; without it, one that is about to fails at once."
_MARKER = (
    "apigames(readings={...}, world=..., faults=[...]): serve this test's merchant under these readings, with the "
    "projects of this world (a world file, its document, or a mockserver.World), and let these faults hit its calls."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add options and the ini keys of the same names."""
    group = parser.getgroup("apigames", "apigames-mock")
    group.addoption("--apigames-readings", action="append", metavar="KEY=VALUE|FILE|each", help=_READINGS_HELP)
    group.addoption("--apigames-world", metavar="FILE", help=_WORLD_HELP)
    group.addoption("--apigames-seed", metavar="N", help=_SEED_HELP)
    group.addoption("--apigames-host", metavar="HOST", help=_HOST_HELP)
    group.addoption("--apigames-port", metavar="PORT", help=_PORT_HELP)
    group.addoption("--apigames-allow-vendor-host", action="store_true", help=_ALLOW_HELP)
    parser.addini("apigames_allow_vendor_host", _ALLOW_HELP, type="bool", default=False)
    parser.addini("apigames_readings", _READINGS_HELP, type="linelist", default=[])
    parser.addini("apigames_world", _WORLD_HELP, default="")
    parser.addini("apigames_host", _HOST_HELP, default="")
    for name, told in (("apigames_seed", _SEED_HELP), ("apigames_port", _PORT_HELP)):
        parser.addini(name, told, type=_NUMBER, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; load the rest only when this run says something about us."""
    config.addinivalue_line("markers", _MARKER)
    keys = [f"apigames_{name}" for name in ("readings", "world", "seed", "host", "port")]
    if any(config.getoption(key) is not None or config.getini(key) not in ("", []) for key in keys):
        _session(config).configure()


def _session(config: pytest.Config) -> PluginSession:
    """Return what this run of pytest is told about the fixtures; read when first needed."""
    if _SESSION not in config.stash:
        from mockserver.testing.plugin.session import PluginSession  # noqa: PLC0415 - a run that uses no fixture pays for nothing

        config.stash[_SESSION] = PluginSession(config)
    return config.stash[_SESSION]


@pytest.fixture(scope="session")
def apigames_server(pytestconfig: pytest.Config) -> Iterator[FakeServer]:
    """The fake that all tests of this process share. Reading `url` starts a real server on a free port."""
    from mockserver.testing.doubles.vendor_host import holding_places  # noqa: PLC0415 - as above

    server = _session(pytestconfig).new_server()
    with holding_places(server):
        yield server
    server.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the readings of tests hold for `apigames_server`, whoever has made it."""
    is_known = _SESSION in request.config.stash
    with _session(request.config).making(fixturedef.argname, request.node) if is_known else nullcontext():
        outcome: Any = yield
    if fixturedef.argname == "apigames_server" and outcome.excinfo is None:
        _session(request.config).adopt(outcome.get_result())


@pytest.fixture
def apigames(request: pytest.FixtureRequest, apigames_server: FakeServer) -> Iterator[FakeMerchant]:
    """A fresh merchant of this test's own: `url`, `merchant_id`, `signature`, `project(...)`, `assert_called(...)`."""
    merchant = _session(request.config).merchant(request.node, apigames_server)
    request.node.stash[_MERCHANT] = merchant
    from mockserver.testing.doubles.vendor_host import guarding_vendor_host  # noqa: PLC0415 - as above

    with apigames_server.under(merchant.readings), guarding_vendor_host(apigames_server):
        yield merchant
    apigames_server.remove(merchant)


@pytest.fixture
def apigames_responses(apigames: FakeMerchant) -> Iterator[RequestsMock]:
    """The same merchant at https://v1.apigames.id for code that uses requests; a `responses.RequestsMock`."""
    with apigames.responses() as double:
        yield double


@pytest.fixture
def apigames_httpx(apigames: FakeMerchant) -> Iterator[HttpxDouble]:
    """The same merchant at https://v1.apigames.id for code that uses httpx; also a transport for a client."""
    if find_spec("httpx") is None:
        pytest.fail("apigames_httpx needs httpx: pip install httpx", pytrace=False)
    with apigames.httpx() as double:
        yield double


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make each scenario of `survive` a test of its own."""
    for fixture in ("apigames_scenario", "apigames_flow_scenario"):
        if fixture in metafunc.fixturenames:
            from mockserver.testing.survive.as_tests import scenario_names  # noqa: PLC0415 - as above

            names = scenario_names(_session(metafunc.config).seed, flow="flow" in fixture)
            metafunc.parametrize(fixture, names, ids=names, indirect=True)


@pytest.fixture(scope="session")
def apigames_stage() -> Iterator[Stage]:
    """The server that all scenarios of this process share; a test has no use for it but through `apigames_scenario`."""
    from mockserver.testing.survive.stage import Stage  # noqa: PLC0415 - as above

    with Stage() as stage:
        yield stage


@pytest.fixture
def apigames_scenario(request: pytest.FixtureRequest, apigames_stage: Stage) -> ScenarioTest:
    """One scenario of `survive`: `apigames_scenario.check(client)` fails when the client does not survive it."""
    return _scenario(request, apigames_stage, flow=False)


@pytest.fixture
def apigames_flow_scenario(request: pytest.FixtureRequest, apigames_stage: Stage) -> ScenarioTest:
    """The same of `survive --flow`, for a client that submits codes and polls for them."""
    return _scenario(request, apigames_stage, flow=True)


def _scenario(request: pytest.FixtureRequest, stage: Stage, *, flow: bool) -> ScenarioTest:
    from mockserver.testing.survive.as_tests import ScenarioTest  # noqa: PLC0415 - as above
    from mockserver.testing.survive.survive import catalogue_of  # noqa: PLC0415 - as above

    catalogue = catalogue_of(flow=flow)
    return ScenarioTest(request.param, catalogue, stage, _session(request.config).seed, request.node)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Serve under a test's own readings from before its first fixture until after its last."""
    with _session(item.config).during(item) if _is_ours(item) else nullcontext():
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose marker asks for what cannot be."""
    if _uses_server(item):
        _session(item.config).check(item)


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a test that passed although it called the vendor's host where its page has nothing."""
    _fail_for_undocumented_calls(item)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """The same for a call that came while its fixtures ended."""
    _fail_for_undocumented_calls(item)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show with a failure what its merchant received."""
    outcome: Any = yield
    if not _is_ours(item) or not outcome.get_result().failed:
        return
    merchant = item.stash.get(_MERCHANT, None)
    if merchant is not None:
        outcome.get_result().sections.append(("apigames: calls received", merchant.calls_in_words()))
    _session(item.config).undocumented_calls()  # a test that fails anyway need not fail for them once more


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say why a project's own package of this name is not found: ours was there first."""
    if not terminalreporter.stats.get("error"):
        return
    ours = Path(__file__).parents[1]
    for own in (config.rootpath / "mockserver", config.rootpath / "src" / "mockserver"):
        if (own / "__init__.py").is_file() and own.resolve() != ours.resolve():
            terminalreporter.line(
                f"apigames-mock: its package mockserver hides {own}; rename that, or give -p no:apigames"
            )


def _uses_server(item: pytest.Item) -> bool:
    return "apigames_server" in getattr(item, "fixturenames", ())


def _is_ours(item: pytest.Item) -> bool:
    """Tell whether a test may use the fake: it says so, or something in this run does or has done."""
    return _SESSION in item.config.stash or _uses_server(item)


def _fail_for_undocumented_calls(item: pytest.Item) -> None:
    told = _session(item.config).undocumented_calls() if _is_ours(item) else []
    if told:
        pytest.fail("\n".join(told), pytrace=False)
