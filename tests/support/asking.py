"""How the tests ask: bodies that the endpoint takes, and a provider to ask."""

from __future__ import annotations

import json
from typing import Any

from mockserver.contract.readings import Readings
from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.provider.reply import Reply
from mockserver.provider.request import FAULT_HEADER, Request
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.world_file import built_in_world

MERCHANT = "M240315GAME2847K"
SECRET = "apigames-mock-secret"
PAGE_PROJECT = "R240815XPQR000012"
DEMO_PROJECT = "R250101DEMO000137"
PATH = f"/merchant/{MERCHANT}/kiosgamer/project/detail"
NOW = 1_723_719_138


def fields(**changed: Any) -> dict[str, Any]:
    """The fields of a good request for the demo project, with some changed; a field of None is left out."""
    asked = {
        "projectid": DEMO_PROJECT,
        "status": "",
        "page": 1,
        "limit": 30,
        "signature": sign(MERCHANT, SECRET),
        **changed,
    }
    return {name: value for name, value in asked.items() if value is not None}


def body(**changed: Any) -> bytes:
    """`fields` as JSON."""
    return json.dumps(fields(**changed)).encode()


def built_in_provider(readings: Readings | None = None, *, at: float = NOW) -> Provider:
    """The built-in world under a clock that stands still."""
    in_force = readings or Readings()
    clock = FrozenClock(at)
    return Provider(built_in_world(in_force, clock), in_force, clock)


def call(
    provider: Provider, content: bytes, *, merchant_id: str = MERCHANT, forced: str | None = None, origin: str = "test"
) -> Reply:
    """Make a status call in process; `forced` is the value of the header that asks for a fault or an error."""
    headers = () if forced is None else ((FAULT_HEADER.lower(), forced),)
    return provider.handle(Request("POST", PATH.replace(MERCHANT, merchant_id), content, headers, origin))


def ask(provider: Provider, content: bytes, *, merchant_id: str = MERCHANT) -> dict[str, Any]:
    """Ask in process and return the decoded reply."""
    decoded: dict[str, Any] = json.loads(call(provider, content, merchant_id=merchant_id).body)
    return decoded
