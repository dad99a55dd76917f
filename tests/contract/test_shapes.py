"""A body of the wrong shape is refused at its first wrong place; one that its schema lets through never is."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.schemas import ID_PREFIX, schema
from mockserver.contract.shapes import shape
from tests.support.from_schema import from_schema

TAKEN = (
    "world", "merchant", "project", "project-change", "move", "voucher-change", "clock", "faults", "session", "reset",
)  # fmt: skip
SHAPES = {name: shape({"$ref": f"{ID_PREFIX}admin#/$defs/{name}"}) for name in TAKEN}


@given(st.sampled_from(TAKEN).flatmap(lambda name: st.tuples(st.just(name), from_schema("admin", name))))
def test_what_the_schema_lets_through_has_the_shape(drawn: tuple[str, Any]) -> None:
    name, document = drawn
    msgspec.json.decode(json.dumps(document), type=SHAPES[name])


@given(from_schema("readings"))
def test_so_has_a_readings_file(document: Any) -> None:
    msgspec.json.decode(json.dumps(document), type=shape(schema("readings")))


PROJECT = '{"merchants":[{"merchant_id":"M","projects":[{"project_id":"P",%s}]}]}'
HOLES = {
    "%s": "got `array`",
    '{"merchants":%s}': "$.merchants[0]",
    '{"merchants":[{"merchant_id":"M","projects":%s}]}': "$.merchants[0].projects[0]",
    '{"plan":{"transition":%s}}': "$.plan.transition",
    '{"plan":{"transition":"manual","outcomes":{"success":%s}}}': "$.plan.outcomes",
    PROJECT % '"id":%s': "$.merchants[0].projects[0].id",
    PROJECT % '"vouchers":%s': "$.merchants[0].projects[0].vouchers[0]",
    PROJECT % '"vouchers":[{"voucher_code":"A","status":%s}]': "$.merchants[0].projects[0].vouchers[0].status",
    PROJECT % '"vouchers":{"generate":{"count":%s}}': "generate.count",
    PROJECT % '"vouchers":{"generate":{"count":1,"nominal_gs":%s}}': "generate.nominal_gs[0]",
}


@pytest.mark.parametrize("filler", ["[],", "{},"])
@pytest.mark.parametrize("place", HOLES)
def test_nothing_is_made_of_a_large_body_of_another_shape(place: str, filler: str) -> None:
    sent = (place % f"[{filler * 400_000}0]").encode()
    tracemalloc.start()
    try:
        with pytest.raises(msgspec.ValidationError) as raised:
            msgspec.json.decode(sent, type=SHAPES["world"])
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 100_000
    assert HOLES[place] in str(raised.value)
