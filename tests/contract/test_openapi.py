"""The OpenAPI document: complete in itself, and its schemas are those that are published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from mockserver import Provider, Readings, SystemClock, built_in_world, create_app
from mockserver.contract.openapi import openapi
from mockserver.contract.operation import Operation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.schemas import (
    NAMES,
    error_document,
    request_document,
    schema,
    success_document,
    validator,
)


def references(node: Any) -> Iterator[str]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "$ref":
            yield value
        else:
            yield from references(value)


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(inner)


def media(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (node["application/json"] for node in nodes(document["paths"]) if "application/json" in node)


def test_every_reference_leads_somewhere() -> None:
    document = openapi()
    for reference in references(document):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        assert found


def test_every_operation_is_at_its_path_under_a_name_of_its_own() -> None:
    document = openapi()
    posted = {path: one["post"] for path, one in document["paths"].items()}
    assert set(posted) == {one.path for one in OPERATIONS}
    assert len({one["operationId"] for one in posted.values()}) == len(OPERATIONS)


@pytest.mark.parametrize("operation", list(OPERATIONS), ids=lambda one: one.name)
def test_what_is_published_takes_its_own_examples(operation: Operation) -> None:
    for document in (request_document(operation), success_document(operation), error_document(operation)):
        name = document["$id"].rpartition(":")[2]
        assert schema(name) == document
        check = validator(document)
        assert all(check.is_valid(example) for example in document.get("examples", []))


@pytest.mark.parametrize("operation", list(OPERATIONS), ids=lambda one: one.name)
def test_every_error_is_in_the_reply_of_its_code(operation: Operation) -> None:
    responses = openapi()["paths"][operation.path]["post"]["responses"]
    for error in operation.errors:
        assert f"{error.clause}: {error.error_msg}" in responses[str(error.rc)]["description"]
    assert operation.success.clause in responses["200"]["description"]


def test_every_example_fits_its_schema() -> None:
    document = openapi()
    for one in media(document):
        check = validator({**one["schema"], "components": document["components"]})
        assert one["examples"]
        assert [name for name, example in one["examples"].items() if not check.is_valid(example["value"])] == []


@pytest.mark.parametrize("operation", list(OPERATIONS), ids=lambda one: one.name)
def test_every_error_is_an_example_under_its_clause(operation: Operation) -> None:
    responses = openapi()["paths"][operation.path]["post"]["responses"]
    for error in operation.errors:
        example = responses[str(error.rc)]["content"]["application/json"]["examples"][error.clause]
        assert example["value"] == {"status": 0, "rc": error.rc, "error_msg": error.error_msg}


@pytest.mark.parametrize("operation", list(OPERATIONS), ids=lambda one: one.name)
def test_its_first_example_is_answered_by_the_built_in_world(operation: Operation) -> None:
    document = openapi()["paths"][operation.path]["post"]
    merchant_id = document["parameters"][0]["example"]
    example = document["requestBody"]["content"]["application/json"]["examples"]["mock"]["value"]
    readings = Readings()
    client = create_app(Provider(built_in_world(readings, SystemClock()), readings)).test_client()
    assert client.post(operation.path_of(merchant_id), json=example).get_json()["status"] == 1


def test_a_sender_gives_what_no_reading_fills_in() -> None:
    schemas = openapi()["components"]["schemas"]
    assert schemas["ProjectDetailRequest"]["required"] == ["projectid", "signature"]
    assert schemas["RedeemBulkRequest"]["required"] == ["kode_voucher", "signature"]


def test_its_schemas_are_plain_enough_for_generators() -> None:
    schemas = openapi()["components"]["schemas"]
    titles = Counter(node["title"] for node in nodes(list(schemas.values())) if isinstance(node.get("title"), str))
    assert not {name for name in titles if name in schemas}
    for node in nodes(list(schemas.values())):
        assert not {"if", "oneOf", "default", "$defs"} & node.keys()
        assert not any(isinstance(value, bool) for value in node.get("properties", {}).values())


@pytest.mark.parametrize("name", NAMES)
def test_a_published_schema_needs_no_other_file(name: str) -> None:
    assert all(reference.startswith("#/$defs/") for reference in references(schema(name)))


@pytest.mark.parametrize("name", NAMES)
def test_a_published_schema_is_one_that_strict_validators_take(name: str) -> None:
    """As ajv has it in its strict mode: no type of several but with null, and what is required is told of beside it."""
    for node in nodes(schema(name)):
        kinds = node.get("type")
        assert not isinstance(kinds, list) or len({*kinds} - {"null"}) == 1, node
        required = node.get("required")
        if isinstance(required, list):
            assert {*required} <= {*node.get("properties", {})}, node
