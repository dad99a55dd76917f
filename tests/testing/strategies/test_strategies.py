"""The strategies make what they say, and the fake agrees."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from mockserver.contract.readings import REGISTER, Readings
from mockserver.contract.schemas import schema, validator
from mockserver.provider.operations.project_detail import answer
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.store import Store
from mockserver.provider.state.world import Voucher, World
from mockserver.provider.state.world_document import world_to_document
from mockserver.provider.state.world_file import world_from_document
from mockserver.testing import strategies
from mockserver.testing.strategies.exchanges import NOW


@given(strategies.worlds())
def test_a_world_is_one_that_can_be_served(world: World) -> None:
    readings = Readings()
    document = world_to_document(world, readings, with_secrets=True)
    assert world_from_document(document, readings, FrozenClock(NOW)) == world


@given(strategies.vouchers(min_size=2))
def test_vouchers_come_newest_first_and_are_told_apart(vouchers: tuple[Voucher, ...]) -> None:
    ids = [voucher.id for voucher in vouchers]
    assert ids == sorted(set(ids), reverse=True)
    assert len({voucher.voucher_code for voucher in vouchers}) == len(vouchers)


@given(strategies.success_replies())
def test_a_success_fits_its_schema(reply: object) -> None:
    assert validator(schema("success")).is_valid(reply)


@given(strategies.error_replies())
def test_an_error_fits_its_schema(reply: object) -> None:
    assert validator(schema("error")).is_valid(reply)


@given(strategies.bad_bodies(), strategies.readings())
def test_a_bad_body_is_refused_under_every_reading(body: bytes, readings: Readings) -> None:
    assert answer("M1", body, Store(World()), readings, FrozenClock(NOW)).clause == "ERR-1"


@given(strategies.readings())
def test_readings_hold_every_key(readings: Readings) -> None:
    assert list(readings.as_dict()) == list(REGISTER)


@given(strategies.exchanges())
def test_an_exchange_ends_as_it_says(exchange: strategies.DetailExchange) -> None:
    assert exchange.json["status"] == (1 if exchange.clause == "RES-1" else 0)


@given(strategies.readings().flatmap(lambda chosen: strategies.detail_requests(readings=chosen)))
def test_a_request_is_json(request: dict[str, object]) -> None:
    assert json.loads(json.dumps(request)) == request


@pytest.mark.parametrize("name", [name for name in strategies.__all__ if name.islower()])
def test_each_strategy_is_documented(name: str) -> None:
    assert getattr(strategies, name).__doc__
