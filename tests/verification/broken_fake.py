"""A fake that can be broken: the real one behind a function that may change what goes in or comes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from mockserver.contract.operation import Operation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.contract.signature import sign
from mockserver.contract.wire import VoucherStatus
from mockserver.provider.operations.handlers import HANDLERS
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import Clock, SystemClock
from mockserver.provider.state.generate import generate_vouchers
from mockserver.provider.state.store import Store
from mockserver.provider.state.world import Merchant, Project, World

MERCHANT, SECRET, PROJECT, NAME = "M240315GAME2847K", "a-secret-that-is-marked", "R240815XPQR000012", "Proyek Satu"
OTHER = Merchant("M111111OTHER1111A", "another-secret", None, (Project(1, "R111111OTHE000001"),))

Answer = tuple[int, bytes]


@dataclass(frozen=True)
class Call:
    """One call to a broken fake: `ask` is the fake itself. `kept` outlives the call, for a break that remembers."""

    merchant_id: str
    body: bytes
    ask: Callable[..., Answer]
    store: Store
    number: int
    operation: Operation = PROJECT_DETAIL
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def submits(self) -> bool:
        """Whether it is a submission."""
        return self.operation is REDEEM_BULK

    @property
    def fields(self) -> dict[str, Any]:
        """The decoded body, empty where it is no object."""
        try:
            sent = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return sent if isinstance(sent, dict) else {}

    def honest(self, **changes: Any) -> Answer:
        """The fake's own answer, to the same call or to one with changed fields."""
        body = json.dumps({**self.fields, **changes}).encode() if changes else self.body
        return self.ask(self.merchant_id, body, self.operation)

    def reply(self, **changes: Any) -> Any:
        """The fake's own answer, decoded."""
        return json.loads(self.honest(**changes)[1])


Break = Callable[[Call], "Answer | tuple[int, bytes, dict[str, str]]"]


def a_world(
    count: int = 37,
    *,
    shares: dict[VoucherStatus, float] | None = None,
    nominals: tuple[int, ...] = (0, 25, 100),
) -> World:
    """The world that breaks are shown in: five statuses of different counts, three nominals of different counts."""
    weights = shares or dict(zip(VoucherStatus, (12, 10, 7, 5, 3), strict=True))
    listed = generate_vouchers(count, first_id=500, seed=3, shares=weights, nominals=nominals)
    return World((Merchant(MERCHANT, SECRET, None, (Project(5847, PROJECT, NAME, listed),)), OTHER))


class BrokenFake:
    """A WSGI app: the fake, through a break."""

    def __init__(
        self,
        broken: Break = lambda call: call.honest(),
        *,
        world: World | None = None,
        readings: Readings | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._provider = Provider(a_world() if world is None else world, readings, self._clock)
        self._broken = broken
        self._calls = 0
        self._kept: dict[str, Any] = {}

    @property
    def store(self) -> Store:
        """What the fake holds."""
        return self._provider.store

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self._calls += 1
        # WSGI hands the path over as Latin-1.
        path = environ["PATH_INFO"].encode("latin-1").decode()
        merchant_id = unquote(path.split("/")[2])
        (operation,) = OPERATIONS.at(path)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answered = self._broken(Call(merchant_id, body, self.ask, self.store, self._calls, operation, self._kept))
        status, content, headers = answered if len(answered) == 3 else (*answered, {})
        listed = {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
        start_response(f"{status} X", list(listed.items()))
        return [content]

    @property
    def now(self) -> float:
        """Unix seconds of the fake's clock."""
        return self._clock.now()

    def ask(self, merchant_id: str, body: bytes, operation: Operation = PROJECT_DETAIL) -> Answer:
        """The fake's own answer."""
        handler = next(handler for handler in HANDLERS if handler.operation is operation)
        reply = self._provider.reply_to(handler, merchant_id, body)
        return reply.http_status, reply.body


def right_signature(merchant_id: str = MERCHANT) -> str:
    """The signature that the fake takes."""
    return sign(merchant_id, SECRET)
