"""A mock server and contract-testing toolkit for the APIGames Kiosgamer voucher-status endpoint.

Nothing is imported until it is used: the pytest plugin is loaded in every run of every project that has this
package installed.

PYTEST_DONT_REWRITE, or pytest warns whoever imported this package before starting it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.contract.reading import ReadingsError
    from mockserver.contract.readings import Readings
    from mockserver.contract.signature import sign
    from mockserver.contract.wire import VoucherStatus
    from mockserver.provider.journal.matchers import MatcherError
    from mockserver.provider.journal.recorded import Entry
    from mockserver.provider.provider import Provider
    from mockserver.provider.state.clock import MovableClock, SystemClock
    from mockserver.provider.state.plan import Plan
    from mockserver.provider.state.world import Merchant, Project, Voucher, World, WorldError
    from mockserver.provider.state.world_file import built_in_world, world_from_document
    from mockserver.testing import strategies as strategies
    from mockserver.testing.admin_client import AdminClient, AdminProblem
    from mockserver.testing.doubles.httpx_double import HttpxDouble as HttpxDouble
    from mockserver.testing.doubles.in_process import UndocumentedCall
    from mockserver.testing.doubles.vendor_host import EscapedCall
    from mockserver.testing.merchant import FakeMerchant
    from mockserver.testing.project import FakeProject
    from mockserver.testing.received import Received
    from mockserver.testing.server import FakeServer, serve
    from mockserver.testing.survive.as_tests import ScenarioTest as ScenarioTest
    from mockserver.testing.survive.report import SurviveReport
    from mockserver.testing.survive.survive import survive
    from mockserver.web.app import create_app
    from mockserver.web.server import Server, ServerError

# What needs something that may not be installed is left out, for `from mockserver import *`.
__all__ = [
    "AdminClient",
    "AdminProblem",
    "Entry",
    "EscapedCall",
    "FakeMerchant",
    "FakeProject",
    "FakeServer",
    "MatcherError",
    "Merchant",
    "MovableClock",
    "Plan",
    "Project",
    "Provider",
    "Readings",
    "ReadingsError",
    "Received",
    "Server",
    "ServerError",
    "SurviveReport",
    "SystemClock",
    "UndocumentedCall",
    "Voucher",
    "VoucherStatus",
    "World",
    "WorldError",
    "built_in_world",
    "create_app",
    "serve",
    "sign",
    "survive",
    "world_from_document",
]

_HOMES = {
    "AdminClient": "mockserver.testing.admin_client",
    "AdminProblem": "mockserver.testing.admin_client",
    "Entry": "mockserver.provider.journal.recorded",
    "EscapedCall": "mockserver.testing.doubles.vendor_host",
    "FakeMerchant": "mockserver.testing.merchant",
    "FakeProject": "mockserver.testing.project",
    "FakeServer": "mockserver.testing.server",
    "HttpxDouble": "mockserver.testing.doubles.httpx_double",
    "MatcherError": "mockserver.provider.journal.matchers",
    "Merchant": "mockserver.provider.state.world",
    "MovableClock": "mockserver.provider.state.clock",
    "Plan": "mockserver.provider.state.plan",
    "Project": "mockserver.provider.state.world",
    "Provider": "mockserver.provider.provider",
    "Readings": "mockserver.contract.readings",
    "ReadingsError": "mockserver.contract.reading",
    "Received": "mockserver.testing.received",
    "Server": "mockserver.web.server",
    "ScenarioTest": "mockserver.testing.survive.as_tests",
    "ServerError": "mockserver.web.server",
    "SurviveReport": "mockserver.testing.survive.report",
    "SystemClock": "mockserver.provider.state.clock",
    "UndocumentedCall": "mockserver.testing.doubles.in_process",
    "Voucher": "mockserver.provider.state.world",
    "VoucherStatus": "mockserver.contract.wire",
    "World": "mockserver.provider.state.world",
    "WorldError": "mockserver.provider.state.world",
    "built_in_world": "mockserver.provider.state.world_file",
    "create_app": "mockserver.web.app",
    "serve": "mockserver.testing.server",
    "sign": "mockserver.contract.signature",
    "survive": "mockserver.testing.survive.survive",
    "world_from_document": "mockserver.provider.state.world_file",
}


# What may not be installed, by the public name that needs it, with how to get it.
_NEEDED = {
    "HttpxDouble": ("httpx", "pip install httpx"),
    "ScenarioTest": ("pytest", "pip install pytest"),
    "strategies": ("hypothesis", "pip install 'apigames-mock[strategies]'"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES and name != "strategies":
        raise AttributeError(f"module 'mockserver' has no attribute {name!r}; it has {', '.join(__all__)}")
    try:
        if name == "strategies":
            return import_module("mockserver.testing.strategies")
        return getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        needed, fix = _NEEDED.get(name, (None, ""))
        if needed is None or error.name != needed:
            raise
        raise ImportError(f"mockserver.{name} needs {needed}: {fix}") from None


def __dir__() -> list[str]:
    return __all__
