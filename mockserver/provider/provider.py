"""The fake provider as one object that adapters are given: state, readings, clock and journal."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

from mockserver.contract.readings import Readings
from mockserver.contract.wire import Reply, outside_reply
from mockserver.provider.clock import Clock, SystemClock
from mockserver.provider.endpoint import answer
from mockserver.provider.journal import DEFAULT_CAPACITY, Call, Journal, Observer
from mockserver.provider.store import Store
from mockserver.provider.world import World

MAX_BODY = 1_048_576


class Provider:
    """A fake provider of its own state; build a new one to start afresh.

    `readings` holds for every merchant that has none of its own. `journal_capacity` is in calls; `observers` hear of
    each call once it is in the journal.
    """

    def __init__(
        self,
        world: World,
        readings: Readings | None = None,
        clock: Clock | None = None,
        *,
        journal_capacity: int = DEFAULT_CAPACITY,
        observers: tuple[Observer, ...] = (),
    ) -> None:
        self.readings = readings or Readings()
        self.clock: Clock = clock or SystemClock()
        self.store = Store(world)
        self.journal = Journal(self._secrets, capacity=journal_capacity, observers=observers)

    def call(self, merchant_id: str, body: bytes, *, path: str, origin: str) -> Reply:
        """Answer a POST to the endpoint and record it.

        `merchant_id` and `path` are percent-decoded; `origin` says where the call came from.
        """
        started = perf_counter()
        reply = answer(merchant_id, body, self.store, self._readings_of(merchant_id), self.clock)
        call = Call("POST", path, merchant_id, body, origin, self.clock.now())
        self.journal.record(call, reply, perf_counter() - started)
        return reply

    def refuse(self, http_status: int, error_msg: str, *, method: str, path: str, origin: str) -> Reply:
        """Record a call that is outside the contract, and return its error in the envelope."""
        reply = outside_reply(http_status, error_msg)
        self.journal.record(Call(method, path, None, b"", origin, self.clock.now()), reply, 0.0)
        return reply

    def _readings_of(self, merchant_id: str) -> Readings:
        merchant = self.store.merchant(merchant_id)
        return self.readings if merchant is None or merchant.readings is None else merchant.readings

    def _secrets(self) -> Iterator[str]:
        for merchant in self.store.merchants():
            yield from merchant.secrets()
