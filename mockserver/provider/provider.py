"""The fake provider as one object that adapters are given: state, readings, clock and journal."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

from mockserver.contract.readings import Readings
from mockserver.contract.wire import Reply, outside_reply
from mockserver.provider.clock import Clock, MovableClock
from mockserver.provider.endpoint import answer
from mockserver.provider.journal import DEFAULT_CAPACITY, Call, Journal, Observer
from mockserver.provider.store import MerchantStore, ProjectStore, Store
from mockserver.provider.world import Merchant, Project, World

MAX_BODY = 1_048_576


class Provider:
    """A fake provider of its own state; build a new one to start afresh.

    `readings` and `clock` hold for every merchant that has none of its own. `journal_capacity` is in calls;
    `observers` hear of each call once it is in the journal.
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
        self.clock = clock if isinstance(clock, MovableClock) else MovableClock(clock)
        self.store = Store(world)
        for merchant in self.store.merchants():
            self._begin(merchant)
        self.journal = Journal(self._secrets, capacity=journal_capacity, observers=observers)

    def call(self, merchant_id: str, body: bytes, *, path: str, origin: str) -> Reply:
        """Answer a POST to the endpoint and record it.

        `merchant_id` and `path` are percent-decoded; `origin` says where the call came from.
        """
        started = perf_counter()
        clock = self.clock_of(merchant_id)
        reply = answer(merchant_id, body, self.store, self.readings_of(merchant_id), clock)
        call = Call("POST", path, merchant_id, body, origin, clock.now())
        self.journal.record(call, reply, perf_counter() - started)
        return reply

    def refuse(self, http_status: int, error_msg: str, *, method: str, path: str, origin: str) -> Reply:
        """Record a call that is outside the contract, and return its error in the envelope."""
        reply = outside_reply(http_status, error_msg)
        self.journal.record(Call(method, path, None, b"", origin, self.clock.now()), reply, 0.0)
        return reply

    def readings_of(self, merchant_id: str) -> Readings:
        """Return the readings a merchant is served under, known or not."""
        merchant = self.store.merchant(merchant_id)
        return self.readings if merchant is None or merchant.readings is None else merchant.readings

    def clock_of(self, merchant_id: str) -> MovableClock:
        """Return the clock a merchant is served under, known or not."""
        merchant = self.store.merchant(merchant_id)
        return self.clock if merchant is None or merchant.clock is None else merchant.clock

    def own_clock(self, merchant: MerchantStore) -> MovableClock:
        """Return the clock that moves for this merchant alone; it starts out showing what the provider's shows."""
        if merchant.clock is None:
            merchant.clock = self.clock.copy()
        return merchant.clock

    def add_merchant(
        self, merchant: Merchant, readings: Readings | None = None, clock: MovableClock | None = None
    ) -> MerchantStore:
        """Take a merchant in and start the plans of its projects; one of the same id is replaced."""
        stored = self.store.add_merchant(merchant, readings, clock)
        self._begin(stored)
        return stored

    def add_project(self, merchant: MerchantStore, project: Project) -> ProjectStore:
        """Take a project in and start its plan; one of the same project_id is replaced."""
        stored = merchant.add_project(project)
        stored.settle(*self.time_of(merchant.merchant_id))
        return stored

    def time_of(self, merchant_id: str) -> tuple[float, str]:
        """Return a merchant's present time in Unix seconds and its zone: what a move or a plan is dated with."""
        return self.clock_of(merchant_id).now(), self.readings_of(merchant_id).timezone

    def _begin(self, merchant: MerchantStore) -> None:
        for project in merchant.projects():
            project.settle(*self.time_of(merchant.merchant_id))

    def _secrets(self) -> Iterator[str]:
        for merchant in self.store.merchants():
            yield from merchant.secrets()
