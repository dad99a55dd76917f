"""The OpenAPI 3.1 document of the operations, made from their table and the schemas."""

from __future__ import annotations

import json
from typing import Any

from mockserver.contract.bundle import bundled
from mockserver.contract.operation import DocumentedError, Operation, Operations
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.readings import Readings
from mockserver.contract.schemas import Document, request_document, success_document
from mockserver.contract.signature import sign
from mockserver.contract.wire import BASE_URL

CONTACT: Document = {"name": "apigames-mock"}
_TAG = "Kiosgamer"
# Keywords of JSON Schema whose value is no schema, and those that hold schemas by name.
_VALUES = frozenset({"const", "default", "enum", "examples"})
_BY_NAME = frozenset({"properties", "dependentSchemas"})
# The page's own merchant, under the made-up secret that the fake's built-in world gives it.
_MERCHANT = "M240315GAME2847K"
_SIGNATURE = sign(_MERCHANT, "apigames-mock-secret")


def openapi(operations: Operations = OPERATIONS) -> Document:
    """Return the document; `schemas/openapi.json` is that of `OPERATIONS`, published.

    It is for a sender: a field that no reading fills in is required, where `schemas/request.json` says what the default
    readings let through to an error of its own.
    """
    components: Document = {}
    for operation in operations:
        name = _prefix(operation)
        components |= _with_parts(f"{name}Request", _sent(operation))
        components |= _with_parts(f"{name}Success", success_document(operation))
        components[f"{name}Error"] = _error(operation)
    paths: Document = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "APIGames Kiosgamer",
            "version": "1",
            "description": "What the vendor's pages document, and how apigames-mock reads what they leave open.",
            "contact": CONTACT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "The mock"}, {"url": BASE_URL, "description": "The vendor"}],
        "security": [],
        "tags": [{"name": _TAG, "description": "Voucher redemption."}],
        "paths": paths,
        "components": {"schemas": components},
    }


def component_name(name: str) -> str:
    """Return the name of the component that is made of a part of a bundle: `NewMerchantView` of `new-merchant-view`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("-"))


def as_component(document: Document) -> Document:
    """Return a part of a bundle as the schema of a component, in the form that generators of clients take best.

    They name a type after its title, and only then after the component and field; and some of them make a field that
    has a default one that must be given. So titles and defaults are told in descriptions.
    """
    kept = {key: value for key, value in document.items() if key not in {"$schema", "$id", "$defs", "title"}}
    component: Document = _told_in_words(kept)
    return component


def _told_in_words(node: Any) -> Any:
    if isinstance(node, list):
        return [_told_in_words(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept: Document = {
        key: value
        if key in _VALUES
        else {name: _told_in_words(part) for name, part in value.items()}
        if key in _BY_NAME
        else _told_in_words(value)
        for key, value in node.items()
    }
    title, description = kept.pop("title", ""), kept.pop("description", "")
    if title and title not in description and kept.get("type") != "object":
        description = f"{title}{'' if title.endswith('?') else '.'} {description}"
    if "default" in kept:
        description += f" Default: {json.dumps(kept.pop('default'), ensure_ascii=False)}."
    return {"description": description.strip(), **kept} if description else kept


def with_component_references(node: Any) -> Any:
    """Return a part of a bundled document (`bundle.bundled`) with its references into the components."""
    if isinstance(node, list):
        return [with_component_references(item) for item in node]
    if not isinstance(node, dict):
        return node
    moved = {key: with_component_references(value) for key, value in node.items()}
    reference = moved.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        moved["$ref"] = _reference(component_name(reference.removeprefix("#/$defs/")))["$ref"]
    return moved


def _operation(operation: Operation) -> Document:
    name, success = _prefix(operation), operation.success
    merchant = operation.error_of.get("merchant")
    about = "who asks." if merchant is None else f"{merchant.clause}: who asks."
    clauses = ", ".join(dict.fromkeys([operation.request_clause, *(field.clause for field in operation.fields)]))
    asked = {"mock": {**operation.example(Readings()), "signature": _SIGNATURE}}
    if operation.request_example is not None:
        asked["page"] = dict(operation.request_example)
    shown = [(success.clause, example) for example in success_document(operation).get("examples", [])]
    return {
        "operationId": operation.camel_name,
        "tags": [_TAG],
        "summary": operation.summary,
        "description": f"{clauses}. The body decides; Content-Type is never looked at.",
        "parameters": [
            {
                "name": "merchant_id",
                "in": "path",
                "required": True,
                "description": about,
                "schema": {"type": "string", "minLength": 1, "pattern": "^[^/]+$"},
                "example": _MERCHANT,
            }
        ],
        "requestBody": {"required": True, "content": _json(f"{name}Request", asked)},
        "responses": {
            "200": {
                "description": f"{success.clause}: {operation.clauses[success.clause]}",
                "content": _json(f"{name}Success", dict(shown[:1])),
            },
            **{
                str(rc): {
                    "description": "; ".join(f"{error.clause}: {error.error_msg}" for error in errors) + ".",
                    "content": _json(f"{name}Error", {error.clause: _body(error) for error in errors}),
                }
                for rc, errors in _errors_by_rc(operation).items()
            },
        },
    }


def _errors_by_rc(operation: Operation) -> dict[int, list[DocumentedError]]:
    return {rc: [error for error in operation.errors if error.rc == rc] for rc in _codes(operation)}


def _codes(operation: Operation) -> list[int]:
    return sorted({error.rc for error in operation.errors})


def _json(component: str, examples: Document) -> Document:
    named = {"examples": {name: {"value": value} for name, value in examples.items()}} if examples else {}
    return {"application/json": {"schema": _reference(component), **named}}


def _reference(component: str) -> Document:
    return {"$ref": f"#/components/schemas/{component}"}


def _prefix(operation: Operation) -> str:
    return operation.camel_name[:1].upper() + operation.camel_name[1:]


def _body(error: DocumentedError) -> Document:
    return {"status": 0, "rc": error.rc, "error_msg": error.error_msg}


def _sent(operation: Operation) -> Document:
    document = request_document(operation)
    return {**document, "required": [field.name for field in operation.sent_fields]}


def _error(operation: Operation) -> Document:
    """Return the errors as one plain object: generators of clients make nothing of what is forbidden by name."""
    clauses = f"{operation.errors[0].clause} to {operation.errors[-1].clause}."
    texts = list(dict.fromkeys(error.error_msg for error in operation.errors))
    return {
        "description": "ERR-5: an error has status, rc and error_msg, and never data, ts or message.",
        "type": "object",
        "properties": {
            "status": {"type": "integer", "const": 0, "description": "ERR-5."},
            "rc": {"type": "integer", "enum": _codes(operation), "description": clauses},
            "error_msg": {"type": "string", "enum": texts, "description": clauses},
        },
        "required": ["status", "rc", "error_msg"],
        "additionalProperties": False,
    }


def _with_parts(name: str, document: Document) -> Document:
    """Return a document as a component, and the parts that it refers to as others."""
    whole = bundled(document)
    named = {name: whole, **{component_name(part): inner for part, inner in whole.get("$defs", {}).items()}}
    return {key: with_component_references(as_component(one)) for key, one in named.items()}
