"""A world is made of pasted replies, and gives them again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.contract.readings import Readings
from mockserver.contract.signature import sign
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import FrozenClock
from mockserver.provider.state.world import WorldError
from mockserver.provider.state.world_file import world_from_document
from mockserver.provider.state.world_of_replies import (
    ProjectSeen,
    ReplyError,
    is_reply,
    merchants_of,
    replies_in,
    world_of_replies,
)
from tests.support.asking import DEMO_PROJECT, MERCHANT, NOW, PAGE_PROJECT, SECRET, ask, body, built_in_provider
from tests.support.examples import examples

SECRETS = {MERCHANT: SECRET}


def page(number: int = 1, limit: int = 50, **changed: Any) -> dict[str, Any]:
    return ask(built_in_provider(), body(page=number, limit=limit, **changed))


def served(document: Any) -> Provider:
    clock = FrozenClock(NOW)
    return Provider(world_from_document(document, Readings(), clock), Readings(), clock)


@settings(max_examples=examples(20))
@given(limit=st.integers(40, 200), order=st.randoms(use_true_random=False))
def test_all_pages_of_a_project_in_any_order_make_a_world_that_gives_them(limit: int, order: Any) -> None:
    numbers = [*range(1, -(-137 // limit) + 1)]
    pages = [page(number, limit) for number in numbers]
    order.shuffle(pages)
    document, seen = world_of_replies(pages, SECRETS)
    assert seen == [ProjectSeen(DEMO_PROJECT, 137, 137)]
    again = served(document)
    for number in numbers:
        assert ask(again, body(page=number, limit=limit)) == page(number, limit)


def test_several_projects_and_what_is_missing_of_one() -> None:
    document, seen = world_of_replies([page(2), page(projectid=PAGE_PROJECT)], SECRETS)
    assert seen == [ProjectSeen(DEMO_PROJECT, 50, 137), ProjectSeen(PAGE_PROJECT, 3, 3)]
    assert [len(merchant["projects"]) for merchant in document["merchants"]] == [2]
    assert ask(served(document), body(projectid=PAGE_PROJECT)) == page(projectid=PAGE_PROJECT)


def test_of_a_voucher_that_is_there_twice_the_latest_counts() -> None:
    early, late = page(), page()
    late["ts"] += 60
    late["data"]["data"]["vouchers"][0]["note"] = "later"
    document, _ = world_of_replies([late, early], SECRETS)
    assert document["merchants"][0]["projects"][0]["vouchers"][0]["note"] == "later"


def test_what_the_vendor_adds_is_left_out_and_null_is_no_vouchers() -> None:
    reply = page(limit=1)
    reply["data"]["data"]["vouchers"][0]["colour"] = "red"
    empty = page(9)
    empty["data"]["data"]["vouchers"] = None
    document, _ = world_of_replies(replies_in(json.dumps([reply, empty])), SECRETS)
    assert len(document["merchants"][0]["projects"][0]["vouchers"]) == 1
    assert served(document).store.merchant(MERCHANT) is not None


ONE = json.dumps(page(limit=1))
TWO = json.dumps(page(2, limit=1), indent=2)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (ONE, 1),
        (f"[{ONE}, {TWO}]", 2),
        (f"{ONE}\n{TWO}\n\n", 2),
        (f"{ONE}{TWO}", 2),
        (f"{ONE},\r\n\ufeff{TWO}", 2),
        (f"HTTP/1.1 200 OK\r\nserver: nginx\r\n\r\n{ONE}\nHTTP/2 200 \r\na: b\r\n\r\n{TWO}", 2),
    ],
)
def test_a_text_may_hold_several_replies_as_they_are_pasted(text: str, count: int) -> None:
    replies = replies_in(text)
    assert len(replies) == count
    assert {*merchants_of(replies)} == {MERCHANT}


BAD = page(limit=1)
BAD["data"]["data"]["vouchers"][0]["id"] = "7"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("{", "it is not JSON"),
        ("<html>", "it is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"merchants": []}', "expected a reply of the status call"),
        ("7", "expected a reply of the status call"),
        ('{"status":0,"rc":500,"error_msg":"Merchant not found"}', 'it is an error, "Merchant not found", which has'),
        ('{"status":1,"rc":0,"message":"x","data":{},"ts":1}', "it is not a success of the status call"),
        ('{"status":1,"rc":200,"message":"x","data":null,"ts":1}', "it is not a success of the status call"),
        (f"{ONE} {json.dumps(BAD)}", "reply 2: it is not a success of the status call: data.data.vouchers[0].id"),
    ],
)
def test_what_is_no_reply_with_vouchers_is_told_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ReplyError) as told:
        replies_in(text)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("document", [page(), {"status": 0, "rc": 500, "error_msg": "Merchant not found"}])
def test_a_reply_in_place_of_a_world_is_told_what_to_do(document: Any) -> None:
    assert is_reply(document)
    with pytest.raises(WorldError, match="it is a reply, not a world; `apigames-mock world make --from FILE`"):
        world_from_document(document, Readings(), FrozenClock(NOW))


def test_a_secret_is_not_taken_from_the_page() -> None:
    document, _ = world_of_replies([page()], {MERCHANT: "another"})
    reply = ask(served(document), body(signature=sign(MERCHANT, "another")))
    assert reply["rc"] == 200
