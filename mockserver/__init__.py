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
    from mockserver.provider.journal import Entry
    from mockserver.provider.plan import Plan
    from mockserver.provider.provider import Provider
    from mockserver.provider.world import Merchant, Project, Voucher, World
    from mockserver.provider.world_file import WorldError
    from mockserver.testing import strategies
    from mockserver.testing.in_process import UndocumentedCall
    from mockserver.testing.merchant import FakeMerchant
    from mockserver.testing.project import FakeProject
    from mockserver.testing.received import Received
    from mockserver.testing.server import FakeServer, serve
    from mockserver.testing.survive import survive
    from mockserver.testing.survive_report import SurviveReport
    from mockserver.web.app import create_app

__all__ = [
    "Entry",
    "FakeMerchant",
    "FakeProject",
    "FakeServer",
    "Merchant",
    "Plan",
    "Project",
    "Provider",
    "Readings",
    "ReadingsError",
    "Received",
    "SurviveReport",
    "UndocumentedCall",
    "Voucher",
    "VoucherStatus",
    "World",
    "WorldError",
    "create_app",
    "serve",
    "sign",
    "strategies",
    "survive",
]

_HOMES = {
    "Entry": "mockserver.provider.journal",
    "FakeMerchant": "mockserver.testing.merchant",
    "FakeProject": "mockserver.testing.project",
    "FakeServer": "mockserver.testing.server",
    "Merchant": "mockserver.provider.world",
    "Plan": "mockserver.provider.plan",
    "Project": "mockserver.provider.world",
    "Provider": "mockserver.provider.provider",
    "Readings": "mockserver.contract.readings",
    "ReadingsError": "mockserver.contract.reading",
    "Received": "mockserver.testing.received",
    "SurviveReport": "mockserver.testing.survive_report",
    "UndocumentedCall": "mockserver.testing.in_process",
    "Voucher": "mockserver.provider.world",
    "VoucherStatus": "mockserver.contract.wire",
    "World": "mockserver.provider.world",
    "WorldError": "mockserver.provider.world_file",
    "create_app": "mockserver.web.app",
    "serve": "mockserver.testing.server",
    "sign": "mockserver.contract.signature",
    "survive": "mockserver.testing.survive",
}


def __getattr__(name: str) -> Any:
    if name == "strategies":
        return _strategies()
    if name not in _HOMES:
        raise AttributeError(f"module 'mockserver' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def _strategies() -> Any:
    try:
        return import_module("mockserver.testing.strategies")
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        raise ImportError("mockserver.strategies needs hypothesis: pip install 'apigames-mock[verify]'") from None


def __dir__() -> list[str]:
    return __all__
