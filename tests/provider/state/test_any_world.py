"""Whatever the schema of a world lets through is served as the contract has it, or refused in one line."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import assume, event, given

from mockserver.contract.readings import Readings
from mockserver.contract.schemas import schema, validator
from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.world import World, WorldError
from mockserver.provider.state.world_document import world_to_document, world_to_json
from mockserver.provider.state.world_file import world_from_document
from tests.support.asking import NOW, call
from tests.support.from_schema import from_schema

SUCCESS = validator(schema("success"))
CLOCK = FrozenClock(NOW)


def built(document: Any) -> World | None:
    """The world, or None for one that is refused."""
    try:
        return world_from_document(document, Readings(), CLOCK)
    except WorldError as refused:
        event("refused")
        if "\n" in str(refused):
            raise
        return None


@given(from_schema("world"))
def test_it_is_served_or_refused_in_one_line(document: Any) -> None:
    projects = [project for merchant in document["merchants"] for project in merchant.get("projects", [])]
    asked = [made["generate"]["count"] for one in projects if isinstance(made := one.get("vouchers"), dict)]
    assume(sum(asked) < 1000 or sum(asked) > 2_000_000)
    world = built(document)
    if world is None:
        return
    provider = Provider(world, Readings(), CLOCK)
    for seconds in (0, 1e9, 1e10):
        provider.clock.advance(seconds)
        for merchant in world.merchants:
            for project in merchant.projects:
                for changed in ({}, {"status": "1", "limit": 1, "page": 2}):
                    fields = {"projectid": project.project_id, "status": "", "page": 1, "limit": 30, **changed}
                    fields["signature"] = sign(merchant.merchant_id, merchant.secret_key)
                    reply = call(provider, json.dumps(fields).encode(), merchant_id=merchant.merchant_id)
                    assert SUCCESS.is_valid(json.loads(reply.body)), reply
    provider.journal.entries()
    kept = provider.store.snapshot()
    written = world_to_json(kept, Readings(), with_secrets=True)
    assert written == msgspec.json.encode(world_to_document(kept, Readings(), with_secrets=True))
    assert built(json.loads(written)) == kept


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500])
def test_a_long_list_is_written_whole(count: int) -> None:
    projects = [{"project_id": "P", "vouchers": {"generate": {"count": count}}}] if count else [{"project_id": "P"}]
    world = built({"merchants": [{"merchant_id": "M", "secret_key": "s", "projects": projects}]})
    assert world is not None
    written = world_to_json(world, Readings())
    assert written == msgspec.json.encode(world_to_document(world, Readings()))


def test_a_world_asks_for_so_many_vouchers_and_no_more() -> None:
    def asked(*counts: int) -> Any:
        projects = [
            {"project_id": f"P{number}", "vouchers": {"generate": {"count": count}}}
            for number, count in enumerate(counts)
        ]
        return {"merchants": [{"merchant_id": "M", "secret_key": "s", "projects": projects}]}

    with pytest.raises(WorldError) as raised:
        world_from_document(asked(*[2_000_000] * 40), Readings(), CLOCK)
    assert str(raised.value) == "80000000 vouchers to generate in one world; expected at most 2000000 together"
    made = built(asked(1, 0, 2))
    assert made is not None
    assert [len(project.vouchers) for project in made.merchants[0].projects] == [1, 0, 2]


def test_vouchers_of_equal_plans_share_one() -> None:
    plan: dict[str, Any] = {
        "transition": "timed",
        "process_after": [1, 2],
        "outcomes": {"success": 1, "error_engine": 2},
    }
    vouchers = [
        {"voucher_code": f"C{n}", "plan": {**plan, "outcomes": {**plan["outcomes"]}, "seed": n % 2}} for n in range(6)
    ]
    world = built(
        {
            "merchants": [
                {"merchant_id": "M", "secret_key": "s", "projects": [{"project_id": "P", "vouchers": vouchers}]}
            ]
        }
    )
    assert world is not None
    plans = [voucher.plan for voucher in world.merchants[0].projects[0].vouchers]
    assert [plan and plan.seed for plan in plans] == [0, 1] * 3
    assert len({id(plan) for plan in plans}) == 2
