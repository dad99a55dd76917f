"""The OpenAPI 3.1 document of the endpoint, made from the schemas."""

from __future__ import annotations

from typing import Any

from mockserver.contract.schemas import ID_PREFIX, Document, schema
from mockserver.contract.wire import BASE_URL, DOCUMENTED_ERRORS, PATH_TEMPLATE

_COMPONENTS = {"request": "DetailRequest", "success": "Success", "error": "Error", "voucher": "Voucher"}


def openapi() -> Document:
    """Return the document; `schemas/openapi.json` is it, published."""
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
        "paths": {PATH_TEMPLATE: {"post": _operation()}},
        "components": {"schemas": {name: _component(key) for key, name in _COMPONENTS.items()}},
    }


def _operation() -> Document:
    return {
        "operationId": "projectDetail",
        "summary": "List the vouchers of a project",
        "description": "REQ-1 to REQ-3. The body decides; Content-Type is never looked at.",
        "parameters": [
            {
                "name": "merchant_id",
                "in": "path",
                "required": True,
                "description": "ERR-2: who asks.",
                "schema": {"type": "string", "minLength": 1, "pattern": "^[^/]+$"},
            }
        ],
        "requestBody": {"required": True, "content": _json("DetailRequest")},
        "responses": {
            "200": {"description": "RES-1: one page of the project's vouchers.", "content": _json("Success")},
            "400": {"description": _errors(400), "content": _json("Error")},
            "500": {"description": _errors(500), "content": _json("Error")},
        },
    }


def _json(component: str) -> Document:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{component}"}}}


def _errors(rc: int) -> str:
    return "; ".join(f"{error.clause}: {error.error_msg}" for error in DOCUMENTED_ERRORS if error.rc == rc) + "."


def _component(key: str) -> Document:
    document = schema(key)
    del document["$schema"], document["$id"]
    component: Document = _with_component_references(document)
    return component


def _with_component_references(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: f"#/components/schemas/{_COMPONENTS[value.removeprefix(ID_PREFIX)]}"
            if key == "$ref"
            else _with_component_references(value)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_with_component_references(item) for item in node]
    return node
