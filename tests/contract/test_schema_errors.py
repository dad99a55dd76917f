"""What is wrong with a document is data, and its words hold no value of the document: the first few, however large."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.schema_errors import MOST_FAILURES, failures
from mockserver.contract.schemas import ID_PREFIX, schema, validator
from tests.support.from_schema import from_schema

WORLD = schema("world")
CHANGE = {"$ref": f"{ID_PREFIX}admin#/$defs/project-change"}


def world(vouchers: object) -> dict[str, Any]:
    project = {"project_id": "P", "vouchers": vouchers}
    return {"merchants": [{"merchant_id": "M", "secret_key": "s", "projects": [project]}]}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], ["the top: expected object, got array"]),
        ({"merchants": [{}]}, ["merchants[0]: 'merchant_id', 'secret_key' are missing"]),
        (
            world([{"voucher_code": "A", "status": "done"}, {"voucher_code": "A", "status": 7}]),
            [
                "vouchers[0].status: expected one of 'pending', 'success', 'process', 'error_engine', 'error_voucher'",
                "merchants[0].projects[0].vouchers[1].status: expected 4 or less",
            ],
        ),
        (world([{"voucher_code": "A", "status": None}]), ["status: expected integer or string, got null"]),
        (world(5), ["vouchers: expected array or object, got integer"]),
        (world({"generate": {"count": -1}}), ["vouchers.generate.count: expected 0 or more"]),
        (world({"generate": {"count": 1, "nominal_gs": [1, 1]}}), ["nominal_gs: an item appears twice; leave one out"]),
        ({"merchants": [], "merchant": 1}, ["unknown key 'merchant'; did you mean 'merchants'?"]),
        ({"merchants": [], "x\n" * 500: 1}, ["unknown key 'x\\nx\\n"]),
    ],
)
def test_each_is_said_with_its_place(document: object, said: list[str]) -> None:
    found = [str(failure) for failure in failures(document, WORLD)]
    assert len(found) == len(said)
    assert all(one in line for one, line in zip(said, found, strict=True)), found
    assert max(map(len, found)) < 300


def test_of_several_forms_the_one_that_was_meant_says_what_is_wrong() -> None:
    assert [*map(str, failures({"plan": 5}, CHANGE))] == ["plan: expected object or null, got integer"]
    assert [*map(str, failures({"plan": {"transition": "tmed"}}, CHANGE))] == [
        "plan.transition: expected one of 'immediate', 'manual', 'timed'"
    ]


class Unread(list[Any]):
    """A list of which nobody may look at more than so many items."""

    def __iter__(self) -> Iterator[Any]:
        yield from self[: MOST_FAILURES + 1]
        raise AssertionError("looked at more than is said")


@pytest.mark.parametrize("item", [[], {}, {"merchant_id": 5}, None])
def test_nothing_is_looked_for_beyond_the_last_that_is_said(item: object) -> None:
    assert len(failures({"merchants": Unread([item] * 1000)}, WORLD)) == MOST_FAILURES
    assert len(failures({"merchants": Unread([item] * 1000)}, WORLD, 3)) == 3


def test_one_wrong_among_a_hundred_thousand_is_found() -> None:
    vouchers: list[Any] = [{"voucher_code": f"A{number}"} for number in range(100_000)]
    vouchers[77_777] = {"voucher_code": 1}
    assert [*map(str, failures(world(vouchers), WORLD))] == [
        "merchants[0].projects[0].vouchers[77777].voucher_code: expected string, got integer"
    ]


PLACES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([None, True, -1, 10**30, 1.5, "", "x/y", [], {}]), lambda inner: st.lists(inner, max_size=3)
)


@given(st.data())
def test_something_is_said_of_whatever_does_not_fit_and_nothing_of_what_fits(data: st.DataObject) -> None:
    document = copy.deepcopy(data.draw(from_schema("world")))
    node: Any = document
    while isinstance(node, (dict, list)) and node:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[key], (dict, list)) or data.draw(st.booleans()):
            node[key] = data.draw(PLACES)
            break
        node = node[key]
    assert bool(failures(document, WORLD)) == (not validator(WORLD).is_valid(document))


@pytest.mark.parametrize(
    ("document", "instance", "text"),
    [
        ({"type": "integer"}, "secret", "the top: expected integer, got string"),
        ({"type": ["string", "null"]}, 1, "the top: expected string or null, got integer"),
        ({"required": ["a", "b", "c"]}, {"b": 1}, "the top: 'a', 'c' are missing"),
        ({"required": ["a"]}, {}, "the top: 'a' is missing"),
        ({"properties": {"name": {}}, "additionalProperties": False}, {"nme": 1},
         "the top: unknown key 'nme'; did you mean 'name'?; known are name"),
        ({"enum": ["a", "b"]}, "secret", "the top: expected one of 'a', 'b'"),
        ({"const": 1}, "secret", "the top: expected 1"),
        ({"items": {"minimum": 1}}, [1, 0], "[1]: expected 1 or more"),
        ({"properties": {"a": {"items": {"maximum": 1}}}}, {"a": [2]}, "a[0]: expected 1 or less"),
        ({"uniqueItems": True}, [1, 1], "the top: an item appears twice; leave one out"),
        ({"pattern": "^x"}, "secret", "the top: expected text that matches ^x"),
        ({"title": "a date", "pattern": "^x"}, "secret", "the top: expected a date"),
        ({"not": {"required": ["a", "b"]}}, {"a": 1, "b": 2}, "the top: 'a' and 'b' exclude each other; keep one"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "the top: 'a' goes with 'b'; give it too, or leave 'a' out"),
    ],
)  # fmt: skip
def test_a_failure_in_words(document: dict[str, Any], instance: Any, text: str) -> None:
    found = [str(failure) for failure in failures(instance, document)]
    assert found == [text]
    assert "secret" not in found[0]


def test_a_failure_is_data() -> None:
    (failure,) = failures({"merchants": [{"merchant_id": "M1"}]}, schema("world"))
    assert (failure.path, failure.rule, failure.names) == (("merchants", 0), "required", ("secret_key",))
    assert failure.place == "merchants[0]"
