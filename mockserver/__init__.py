"""A mock server and contract-testing toolkit for the APIGames Kiosgamer voucher-status endpoint.

Nothing is imported until it is used: the pytest plugin is loaded in every run of every project that has this
package installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.contract.readings import Readings
    from mockserver.contract.signature import sign
    from mockserver.contract.wire import VoucherStatus
    from mockserver.provider.provider import Provider
    from mockserver.web.app import create_app

__all__ = ["Provider", "Readings", "VoucherStatus", "create_app", "sign"]

_HOMES = {
    "Provider": "mockserver.provider.provider",
    "Readings": "mockserver.contract.readings",
    "VoucherStatus": "mockserver.contract.wire",
    "create_app": "mockserver.web.app",
    "sign": "mockserver.contract.signature",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mockserver' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
