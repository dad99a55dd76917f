"""The OpenAPI 3.1 document of the admin API, made from one table of its calls."""

from __future__ import annotations

from typing import Any, NamedTuple

from mockserver.contract.operation import Operations
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.schemas import ID_PREFIX, Document, schema
from mockserver.provider.journal.matchers import matcher_names
from mockserver.web.admin.access import ADMIN


class AdminCall(NamedTuple):
    """One call: `takes` and `gives` name bodies in `schemas/admin.json`, or a whole document as `:world`."""

    method: str
    path: str
    summary: str
    gives: str | None
    takes: str | None = None
    status: int = 200
    query: tuple[str, ...] = ()
    problems: tuple[int, ...] = ()


_MERCHANT = ("merchant_id",)
_CHANGE = (400, 413, 415, 422)
ADMIN_CALLS = (
    AdminCall("get", "/health", "Whether it runs", "health-view"),
    AdminCall("get", "/world", "The world, secrets left out", ":world", query=("with_secrets",), problems=(403,)),
    AdminCall("put", "/world", "Serve another world; a secret_key left out stays", ":world", "world", problems=_CHANGE),
    AdminCall("post", "/reset", "Back to the start", None, "reset", problems=_CHANGE),
    AdminCall("get", "/merchants", "The merchants", "merchants-view"),
    AdminCall("post", "/merchants", "Add a merchant", "merchant-view", "merchant", 201, problems=(*_CHANGE, 409)),
    AdminCall("get", "/merchants/{merchant_id}", "A merchant", "merchant-view", problems=(404,)),
    AdminCall(
        "post", "/merchants/{merchant_id}/projects", "Add a project", "project-view", "project", 201,
        problems=(*_CHANGE, 404, 409),
    ),
    AdminCall("get", "/projects", "The projects", "projects-view"),
    AdminCall("get", "/projects/{project_id}", "A project", "project-view", problems=(404,)),
    AdminCall(
        "patch", "/projects/{project_id}", "Change its name or plan", "project-view", "project-change",
        problems=(*_CHANGE, 404),
    ),
    AdminCall(
        "get", "/projects/{project_id}/vouchers", "Its vouchers, newest first", "vouchers-view",
        query=("status", "page", "limit"), problems=(400, 404),
    ),
    AdminCall(
        "patch", "/projects/{project_id}/vouchers", "Move some or all", "moved-view", "move", problems=(*_CHANGE, 404)
    ),
    AdminCall("get", "/projects/{project_id}/vouchers/{voucher_id}", "A voucher", "voucher-view", problems=(404,)),
    AdminCall(
        "patch", "/projects/{project_id}/vouchers/{voucher_id}", "Move one, or give it a plan", "voucher-view",
        "voucher-change", problems=(*_CHANGE, 404),
    ),
    AdminCall("get", "/clock", "What the clock shows", "clock-view", query=_MERCHANT, problems=(404,)),
    AdminCall(
        "post", "/clock", "Freeze it, run it, put it forward", "clock-view", "clock", query=_MERCHANT,
        problems=(*_CHANGE, 404),
    ),
    AdminCall("get", "/faults", "The faults in force", "faults-view", query=_MERCHANT, problems=(404,)),
    AdminCall(
        "put", "/faults", "Put these in place of all, or of one merchant's", "faults-view", "faults", query=_MERCHANT,
        problems=(*_CHANGE, 404),
    ),
    AdminCall("delete", "/faults", "Clear all, or one merchant's", "faults-view", query=_MERCHANT, problems=(404,)),
    AdminCall("get", "/readings", "The readings in force", "readings-view", query=_MERCHANT, problems=(404,)),
    AdminCall(
        "put", "/readings", "Serve under these; what is left out goes to its default", "readings-view", ":readings",
        query=_MERCHANT, problems=(*_CHANGE, 404),
    ),
    AdminCall(
        "get", "/requests", "The calls that arrived, newest first", "calls-view",
        query=("wait", "count", "newest", "since"), problems=(400,),
    ),
    AdminCall("get", "/requests/{n}", "A call with its diagnosis", "whole-call-view", problems=(404,)),
    AdminCall("delete", "/requests", "Forget the calls", "calls-view"),
    AdminCall("get", "/openapi.json", "This document", None),
    AdminCall("get", "/schemas/{name}", "A JSON Schema document", None, problems=(404,)),
)  # fmt: skip

_PARAMETERS: dict[str, Document] = {
    "merchant_id": {"type": "string", "minLength": 1, "maxLength": 200},
    "project_id": {"type": "string", "minLength": 1, "description": "The project_id, or the numeric id."},
    "voucher_id": {"type": "integer", "minimum": 1},
    "n": {"type": "integer", "minimum": 1},
    "name": {"type": "string"},
    "wait": {
        "type": "number",
        "minimum": 0,
        "maximum": 60,
        "description": "Seconds to wait for `count` calls that match, those before `since` left out.",
    },
    "count": {"type": "integer", "minimum": 1, "default": 1},
    "newest": {"type": "integer", "minimum": 1, "description": "At most so many."},
    "since": {"type": "integer", "minimum": 1, "description": "Only calls of this n and later."},
    "with_secrets": {"type": "string", "enum": ["1", "true"], "description": "Shows secrets; needs the admin token."},
}
_MATCHER: Document = {
    "type": "string",
    "description": 'The value to equal, as text or as JSON; null: what was left out ("null" in quotes: that text).',
}
_NUMBERS = frozenset({"page", "limit"})


def admin_openapi(operations: Operations = OPERATIONS) -> Document:
    """Return the document, complete in itself; calls of these operations can be matched."""
    paths: Document = {}
    for call in ADMIN_CALLS:
        paths.setdefault(ADMIN + call.path, {})[call.method] = _documented(call, operations)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "apigames-mock: admin API",
            "version": "1",
            "description": "Control of the fake: world, clock, faults, readings, and the requests that arrived.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {name: _inlined(document) for name, document in _documents().items()},
        },
    }


def _documents() -> Document:
    world, readings = schema("world"), schema("readings")
    of_world = {f"world-{name}": document for name, document in world.pop("$defs").items()}
    whole = {"world-file": {key: value for key, value in world.items() if not key.startswith("$")}}
    whole["readings-file"] = {key: value for key, value in readings.items() if not key.startswith("$")}
    return {**schema("admin")["$defs"], **_renamed(of_world), **_renamed(whole)}


def _renamed(documents: Document) -> Document:
    return {name: _moved(document, "#/$defs/", "#/components/schemas/world-") for name, document in documents.items()}


def _inlined(node: Any) -> Any:
    node = _moved(node, f"{ID_PREFIX}world#/$defs/", "#/components/schemas/world-")
    return _moved(node, "#/$defs/", "#/components/schemas/")


def _moved(node: Any, old: str, new: str) -> Any:
    if isinstance(node, dict):
        return {
            key: new + value.removeprefix(old)
            if key == "$ref" and isinstance(value, str) and value.startswith(old)
            else _moved(value, old, new)
            for key, value in node.items()
        }
    return [_moved(item, old, new) for item in node] if isinstance(node, list) else node


def _documented(call: AdminCall, operations: Operations) -> Document:
    in_path = [part[1:-1] for part in call.path.split("/") if part.startswith("{")]
    matchers = matcher_names(operations) if (call.method, call.path) == ("get", "/requests") else ()
    document: Document = {
        "operationId": call.method + call.path.title().translate(_NOT_IN_NAMES),
        "summary": call.summary,
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": _PARAMETERS[name]} for name in in_path),
            *({"name": name, "in": "query", "schema": _query_schema(name)} for name in call.query),
            *({"name": name, "in": "query", "schema": _MATCHER} for name in matchers),
        ],
        "responses": {
            str(call.status): {"description": call.summary, "content": _content(call.gives)},
            **{str(status): _problem(status) for status in sorted({400, 401, 403, 421, *call.problems})},
        },
    }
    if call.takes is not None:
        document["requestBody"] = {"required": call.takes != "reset", "content": _content(call.takes)}
    return document


_NOT_IN_NAMES = str.maketrans("", "", "/{}_.")


def _query_schema(name: str) -> Document:
    if name in _NUMBERS:
        return {"type": "integer", "minimum": 1}
    return _PARAMETERS.get(name, {"type": "string"})


def _content(name: str | None) -> Document:
    if name is None:
        return {"application/json": {"schema": {"type": "object"}}}
    component = f"{name[1:]}-file" if name.startswith(":") else name
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{component}"}}}


def _problem(status: int) -> Document:
    reasons = {
        400: "The body is not JSON, or the query has an unknown name or a value out of its range.",
        401: "The admin token is missing or wrong.",
        403: "Not from this machine, and no token is set.",
        404: "There is no such thing.",
        409: "There is one of that id already.",
        413: "The body is too large.",
        415: "A change needs application/json.",
        421: "The Host is not one that the mock is served under.",
        422: "The body does not fit its schema, or the world.",
    }
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}
    return {"description": reasons[status], "content": content}
