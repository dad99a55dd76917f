"""The OpenAPI document: complete in itself, and its schemas are those that are published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mockserver.contract.openapi import openapi
from mockserver.contract.operation import Operation
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.schemas import error_document, request_document, schema, success_document, validator


def references(node: Any) -> Iterator[str]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "$ref":
            yield value
        else:
            yield from references(value)


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
