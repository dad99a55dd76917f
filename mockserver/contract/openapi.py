"""The OpenAPI 3.1 document of the operations, made from their table and the schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mockserver.contract.operation import Operation, Operations
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.schemas import ID_PREFIX, Document, error_document, request_document, schema, success_document
from mockserver.contract.wire import BASE_URL


def openapi(operations: Operations = OPERATIONS) -> Document:
    """Return the document; `schemas/openapi.json` is that of `OPERATIONS`, published."""
    components = dict(component for operation in operations for component in _components(operation))
    paths: Document = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "APIGames Kiosgamer: status of a bulk redemption",
            "version": "1",
            "description": "What the vendor's page documents, and how apigames-mock reads what it leaves open.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "The mock"}, {"url": BASE_URL, "description": "The vendor"}],
        "security": [],
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(operation: Operation) -> Document:
    name, success = _prefix(operation), operation.success
    merchant = operation.error_of.get("merchant")
    about = "who asks." if merchant is None else f"{merchant.clause}: who asks."
    clauses = ", ".join(dict.fromkeys([operation.request_clause, *(field.clause for field in operation.fields)]))
    return {
        "operationId": operation.camel_name,
        "summary": operation.summary,
        "description": f"{clauses}. The body decides; Content-Type is never looked at.",
        "parameters": [
            {
                "name": "merchant_id",
                "in": "path",
                "required": True,
                "description": about,
                "schema": {"type": "string", "minLength": 1, "pattern": "^[^/]+$"},
            }
        ],
        "requestBody": {"required": True, "content": _json(f"{name}Request")},
        "responses": {
            "200": {
                "description": f"{success.clause}: {operation.clauses[success.clause]}",
                "content": _json(f"{name}Success"),
            },
            **{
                str(rc): {"description": _errors(operation, rc), "content": _json(f"{name}Error")}
                for rc in sorted({error.rc for error in operation.errors})
            },
        },
    }


def _json(component: str) -> Document:
    return {"application/json": {"schema": _reference(component)}}


def _reference(component: str) -> Document:
    return {"$ref": f"#/components/schemas/{component}"}


def _errors(operation: Operation, rc: int) -> str:
    return "; ".join(f"{error.clause}: {error.error_msg}" for error in operation.errors if error.rc == rc) + "."


def _prefix(operation: Operation) -> str:
    return operation.camel_name[:1].upper() + operation.camel_name[1:]


def _components(operation: Operation) -> Iterator[tuple[str, Document]]:
    """Yield the schemas of an operation by name, with the published ones that they refer to."""
    name, success = _prefix(operation), success_document(operation)
    yield f"{name}Request", _component(request_document(operation))
    yield f"{name}Success", _component(success)
    yield f"{name}Error", _component(error_document(operation))
    yield from _referred_to(success)


def _referred_to(node: Any) -> Iterator[tuple[str, Document]]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(ID_PREFIX):
            inner = schema(reference.removeprefix(ID_PREFIX))
            yield reference.removeprefix(ID_PREFIX).title(), _component(inner)
            yield from _referred_to(inner)
        for value in node.values():
            yield from _referred_to(value)
    elif isinstance(node, list):
        for item in node:
            yield from _referred_to(item)


def _component(document: Document) -> Document:
    component: Document = _with_component_references(document)
    return {key: value for key, value in component.items() if key not in {"$schema", "$id"}}


def _with_component_references(node: Any) -> Any:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(ID_PREFIX):
            return {**node, **_reference(reference.removeprefix(ID_PREFIX).title())}
        return {key: _with_component_references(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_component_references(item) for item in node]
    return node
