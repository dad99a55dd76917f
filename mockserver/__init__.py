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
    from mockserver.provider.state.plan import Plan
    from mockserver.provider.state.world import Merchant, Project, Voucher, World, WorldError
    from mockserver.testing import strategies as strategies
    from mockserver.testing.doubles.httpx_double import HttpxDouble as HttpxDouble
    from mockserver.testing.doubles.in_process import UndocumentedCall
    from mockserver.testing.doubles.vendor_host import EscapedCall
    from mockserver.testing.merchant import FakeMerchant
    from mockserver.testing.project import FakeProject
    from mockserver.testing.received import Received
    from mockserver.testing.server import FakeServer, serve
    from mockserver.testing.survive.report import SurviveReport
    from mockserver.testing.survive.survive import survive
    from mockserver.web.app import create_app
    from mockserver.web.server import ServerError

# `strategies` and `HttpxDouble` need what may not be installed, so `from mockserver import *` leaves them out.
__all__ = [
    "Entry",
    "EscapedCall",
    "FakeMerchant",
    "FakeProject",
    "FakeServer",
    "MatcherError",
    "Merchant",
    "Plan",
    "Project",
    "Provider",
    "Readings",
    "ReadingsError",
    "Received",
    "ServerError",
    "SurviveReport",
    "UndocumentedCall",
    "Voucher",
    "VoucherStatus",
    "World",
    "WorldError",
    "create_app",
    "serve",
    "sign",
    "survive",
]

_HOMES = {
    "Entry": "mockserver.provider.journal.recorded",
    "EscapedCall": "mockserver.testing.doubles.vendor_host",
    "FakeMerchant": "mockserver.testing.merchant",
    "FakeProject": "mockserver.testing.project",
    "FakeServer": "mockserver.testing.server",
    "HttpxDouble": "mockserver.testing.doubles.httpx_double",
    "MatcherError": "mockserver.provider.journal.matchers",
    "Merchant": "mockserver.provider.state.world",
    "Plan": "mockserver.provider.state.plan",
    "Project": "mockserver.provider.state.world",
    "Provider": "mockserver.provider.provider",
    "Readings": "mockserver.contract.readings",
    "ReadingsError": "mockserver.contract.reading",
    "Received": "mockserver.testing.received",
    "ServerError": "mockserver.web.server",
    "SurviveReport": "mockserver.testing.survive.report",
    "UndocumentedCall": "mockserver.testing.doubles.in_process",
    "Voucher": "mockserver.provider.state.world",
    "VoucherStatus": "mockserver.contract.wire",
    "World": "mockserver.provider.state.world",
    "WorldError": "mockserver.provider.state.world",
    "create_app": "mockserver.web.app",
    "serve": "mockserver.testing.server",
    "sign": "mockserver.contract.signature",
    "survive": "mockserver.testing.survive.survive",
}


# What may not be installed, by the public name that needs it, with how to get it.
_NEEDED = {
    "HttpxDouble": ("httpx", "pip install httpx"),
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
        needed, cure = _NEEDED.get(name, (None, ""))
        if needed is None or error.name != needed:
            raise
        raise ImportError(f"mockserver.{name} needs {needed}: {cure}") from None


def __dir__() -> list[str]:
    return __all__
