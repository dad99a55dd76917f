"""Admin calls that change the same thing at once: each happens as a whole, and none is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from mockserver.contract.readings import Readings
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import MovableClock
from mockserver.provider.state.world import Merchant, World
from mockserver.testing.admin_client import AdminClient, AdminProblem
from mockserver.web.server import Server
from tests.support.asking import MERCHANT, NOW


class ToldLock:
    """A lock that tells when somebody has to wait for it; of a shared state they may wait elsewhere, for its log."""

    def __init__(self, *, is_shared: bool) -> None:
        self.is_shared = is_shared
        self._lock = threading.RLock()
        self.has_waiting = threading.Event()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self.has_waiting.set()
            self._lock.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self._lock.release()


@pytest.fixture
def lock(provider: Provider) -> ToldLock:
    made = ToldLock(is_shared=provider.is_shared)
    provider.changing = cast("Any", made)
    return made


class Meanwhile:
    """Does something in another thread: until it is done, or has to wait for the lock."""

    def __init__(self, lock: ToldLock, act: Callable[[], object]) -> None:
        self._lock = lock
        self._act = act
        self._thread = threading.Thread(target=self._run)
        self.result: object = None

    def _run(self) -> None:
        try:
            self.result = self._act()
        except AdminProblem as error:
            self.result = error

    @property
    def has_begun(self) -> bool:
        return self._thread.ident is not None

    def begin(self) -> None:
        self._thread.start()
        if self._lock.is_shared:
            self._thread.join(0.2)
            return
        while self._thread.is_alive() and not self._lock.has_waiting.wait(0.01):
            pass

    def end(self) -> object:
        self._thread.join()
        return self.result


def test_readings_put_while_a_reset_begins_are_reset_or_stay_but_not_half(provider: Provider, lock: ToldLock) -> None:
    changed = Readings.of({"http_status": "200"})
    with lock:
        reset = Meanwhile(lock, provider.reset)
        reset.begin()
        provider.put_readings(changed, {"http_status": "admin"})
    reset.end()
    assert (provider.readings, provider.readings_origin) == (Readings(), {})


def test_a_merchants_first_clock_is_made_once(provider: Provider, lock: ToldLock) -> None:
    merchant = provider.store.merchant(MERCHANT)
    assert merchant is not None
    other = Meanwhile(lock, lambda: provider.own_clock(merchant))
    copy = provider.clock.copy

    def slow_copy() -> MovableClock:
        if other.result is None and not lock.has_waiting.is_set() and not other.has_begun:
            other.begin()
        return copy()

    provider.clock.copy = slow_copy  # type: ignore[method-assign]
    made = provider.own_clock(merchant)
    assert other.end() is made is merchant.clock


class SlowMerchants(tuple[Merchant, ...]):
    """Merchants of a world, behind the last of which something else happens before they are taken over."""

    meanwhile: Meanwhile

    def __iter__(self) -> Iterator[Merchant]:
        yield from super().__iter__()
        if not self.meanwhile.has_begun:
            self.meanwhile.begin()


@pytest.mark.parametrize("change", ["readings", "clock", "project", "merchant"])
def test_a_change_while_another_world_is_put_is_not_lost(
    server: Server, provider: Provider, lock: ToldLock, change: str
) -> None:
    admin = AdminClient(server.url)
    admin.health()

    acts: dict[str, Callable[[], object]] = {
        "readings": lambda: admin.put_readings({"http_status": "200"}, MERCHANT),
        "clock": lambda: admin.advance(60, MERCHANT),
        "project": lambda: admin.add_project(MERCHANT, {"project_id": "NEW"}),
        "merchant": lambda: provider.add_merchant(Merchant("NEW", "made-up", None, ())),
    }
    meanwhile = Meanwhile(lock, acts[change])
    merchants = SlowMerchants(provider.store.snapshot().merchants)
    merchants.meanwhile = meanwhile
    provider.put_world(World(merchants))
    assert meanwhile.has_begun
    assert not isinstance(meanwhile.end(), Exception)
    with provider.up_to_date():
        assert {
            "readings": provider.readings_of(MERCHANT).http_status == "200",
            "clock": provider.clock_of(MERCHANT).now() == NOW + 60,
            "project": provider.store.owner_of("NEW") is not None,
            "merchant": provider.store.merchant("NEW") is not None,
        }[change]
