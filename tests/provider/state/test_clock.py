"""The clock is real, frozen, or moved by hand, for each merchant."""

from __future__ import annotations

import pytest

from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import LATEST, FrozenClock, MovableClock
from mockserver.provider.state.world import Merchant, World
from tests.support.asking import MERCHANT, NOW, ask, body, built_in_provider


def test_it_runs_with_its_source() -> None:
    assert MovableClock(FrozenClock(NOW)).now() == NOW


def test_advance_puts_it_forward_standing_or_running() -> None:
    clock = MovableClock(FrozenClock(NOW))
    assert clock.advance(60) == clock.now() == NOW + 60
    assert (clock.is_frozen, clock.ahead) == (False, 60)
    assert clock.freeze() == NOW + 60
    assert clock.advance(5) == clock.now() == NOW + 65
    assert clock.is_frozen
    assert clock.run() == NOW
    assert clock.ahead == 0


@pytest.mark.parametrize("seconds", [-1, float("nan"), 1e12])
def test_it_goes_forward_only_and_not_past_four_digits_of_a_year(seconds: float) -> None:
    clock = MovableClock(FrozenClock(NOW))
    with pytest.raises(ValueError, match="expected"):
        clock.advance(seconds)
    assert clock.now() == NOW


@pytest.mark.parametrize("at", [-1, LATEST + 1, float("nan")])
def test_it_is_frozen_within_the_calendar(at: float) -> None:
    with pytest.raises(ValueError, match="1970 to 9998"):
        MovableClock().freeze(at)


def test_the_last_second_can_be_written() -> None:
    provider = built_in_provider()
    provider.clock.freeze(LATEST)
    assert ask(provider, body())["ts"] == LATEST


def test_ts_follows_and_merchants_go_their_own_ways() -> None:
    provider = built_in_provider()
    other = provider.add_merchant(Merchant("M2", "made-up"))
    merchant = provider.store.merchant(MERCHANT)
    assert merchant is not None
    provider.own_clock(merchant).advance(3600)
    assert ask(provider, body())["ts"] == NOW + 3600
    assert provider.time_of(other.merchant_id)[0] == NOW
    provider.clock.advance(10)
    assert ask(provider, body())["ts"] == NOW + 3600
    assert provider.time_of("unknown")[0] == NOW + 10


def test_a_reset_brings_the_clock_back_to_how_it_was_served() -> None:
    clock = MovableClock()
    clock.freeze(NOW + 5)
    provider = Provider(World(), clock=clock)
    provider.clock.advance(50)
    provider.reset()
    assert provider.clock.now() == NOW + 5
