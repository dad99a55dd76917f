"""The endpoint against its naive double: any world, any readings, requests good and bad."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.contract.readings import Readings
from mockserver.contract.signature import sign
from mockserver.provider.operations.project_detail import answer
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.store import Store
from mockserver.provider.state.world import World
from mockserver.provider.state.world_document import world_to_document
from mockserver.provider.state.world_file import world_from_document
from mockserver.testing.strategies import worlds
from mockserver.testing.strategies.exchanges import readings as any_readings
from tests.support.asking import NOW, call
from tests.support.examples import examples
from tests.support.naive_provider import NAMES, naive_answer

CLOCK = FrozenClock(NOW)

odd_values: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, 1, -1, 2, "1", "0", "x", "", 1.5, [], {}, "٣", " 1", "-1", "007"]
)
statuses = st.sampled_from(["", "0", "1", "2", "3", "4", "5", "00", *NAMES, "Pending"])


@st.composite
def calls(draw: st.DrawFn, world: World) -> tuple[str, Any]:
    """Draw a merchant id and a decoded body: mostly good, with a few fields changed or left out."""
    merchant = draw(st.sampled_from(world.merchants))
    named = [project for one in world.merchants for project in one.projects]
    names = [project.project_id for project in named] + [project.project_name or "" for project in named]
    right = sign(merchant.merchant_id, merchant.secret_key)
    asked: dict[str, Any] = {
        "projectid": draw(st.sampled_from([*names, "DW"])),
        "status": draw(statuses),
        "page": draw(st.integers(1, 6)),
        "limit": draw(st.sampled_from([1, 2, 3, 5, 10, 11, 30, 10**9])),
        "signature": draw(st.sampled_from([right, right, right, right.upper(), right[:-1], ""])),
        "session_key": "any",
    }
    for name in draw(st.lists(st.sampled_from(sorted(asked)), max_size=2)):
        asked[name] = draw(odd_values)
    for name in draw(st.lists(st.sampled_from(sorted(asked)), max_size=2)):
        asked.pop(name, None)
    sent = draw(st.sampled_from([asked, asked, asked, asked, asked, asked, [asked], None, "x"]))
    return draw(st.sampled_from([merchant.merchant_id] * 5 + ["M-nobody"])), sent


@settings(max_examples=examples(400))
@given(world=worlds(), readings=any_readings(), data=st.data())
def test_the_endpoint_answers_as_its_naive_double(world: World, readings: Readings, data: st.DataObject) -> None:
    merchant_id, sent = data.draw(calls(world))
    document = world_to_document(world, readings, with_secrets=True)
    reply = answer(merchant_id, json.dumps(sent).encode(), Store(world), readings, CLOCK)
    expected = naive_answer(merchant_id, sent, document, readings, NOW)
    assert json.loads(reply.body) == expected
    assert reply.http_status == (200 if readings.http_status == "200" else expected["rc"])


def with_floats(value: Any) -> Any:
    """The same document to JSON Schema: every integer is written as a float."""
    if isinstance(value, dict):
        return {key: with_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_floats(item) for item in value]
    return float(value) if type(value) is int else value


GENERATED = {"count": 5, "status": {"pending": 1, "success": 3}, "nominal_gs": [0, 25]}
PLAN = {"transition": "timed", "process_after": 0, "done_after": [0, 9], "nominal_gs": [7, 8], "seed": 4}


@given(world=worlds(), data=st.data())
def test_a_world_whose_integers_are_written_as_floats_serves_the_same_replies(
    world: World, data: st.DataObject
) -> None:
    merchant_id, sent = data.draw(calls(world))
    document = world_to_document(world, Readings(), with_secrets=True)
    document["plan"] = PLAN
    for merchant in document["merchants"]:
        for project in merchant["projects"]:
            # Of a seed of its own, as codes are unique in a merchant.
            generated = {"generate": {**GENERATED, "seed": project["id"]}}
            project["vouchers"] = data.draw(st.sampled_from([project["vouchers"], generated]))
    replies = []
    for one in (document, with_floats(document)):
        provider = Provider(world_from_document(one, Readings(), CLOCK), clock=CLOCK)
        replies.append(call(provider, json.dumps(sent).encode(), merchant_id=merchant_id).body)
    assert replies[0] == replies[1]


@given(world=worlds(), readings=any_readings())
def test_a_world_written_and_read_again_is_the_same_world(world: World, readings: Readings) -> None:
    document = world_to_document(world, readings, with_secrets=True)
    assert world_from_document(document, readings, CLOCK) == world
    assert not any("secret_key" in merchant for merchant in world_to_document(world, readings)["merchants"])
