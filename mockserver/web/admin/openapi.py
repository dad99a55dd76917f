"""The OpenAPI 3.1 document of the admin API, made from the table of its calls."""

from __future__ import annotations

from werkzeug.http import HTTP_STATUS_CODES

from mockserver.contract.bundle import bundled
from mockserver.contract.openapi import CONTACT, as_component, component_name, with_component_references
from mockserver.contract.operation import Operations
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.schemas import Document, schema
from mockserver.provider.faults.faults import FAULTS
from mockserver.provider.journal.matchers import matcher_names
from mockserver.provider.request import UNAVAILABLE
from mockserver.web.admin.access import ADMIN
from mockserver.web.admin.calls import ADMIN_CALLS, MAY_BE_EMPTY, TAGS, AdminCall
from mockserver.web.admin.query import LONGEST_WAIT, MOST_COUNT, MOST_LIMIT, MOST_NEWEST, MOST_NUMBER, NEWEST

_NUMBER: Document = {"type": "integer", "minimum": 1, "maximum": MOST_NUMBER}
_PARAMETERS: dict[str, Document] = {
    "merchant_id": {"type": "string", "minLength": 1, "maxLength": 200},
    "project_id": {"type": "string", "minLength": 1, "description": "The project_id, or the numeric id."},
    "voucher_id": {"type": "integer", "minimum": 1},
    "n": {"type": "integer", "minimum": 1},
    "name": {"type": "string"},
    "status": {"$ref": "#/$defs/world-status"},
    "page": {**_NUMBER, "default": 1},
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_LIMIT, "default": 30},
    "wait": {
        "type": "number",
        "minimum": 0,
        "maximum": LONGEST_WAIT,
        "default": 0,
        "description": "Seconds to wait for `count` calls that match, those before `since` left out.",
    },
    "count": {"type": "integer", "minimum": 1, "maximum": MOST_COUNT, "default": 1},
    "newest": {
        "type": "integer",
        "minimum": 1,
        "maximum": MOST_NEWEST,
        "default": NEWEST,
        "description": "At most so many.",
    },
    "since": {**_NUMBER, "description": "Only calls of this n and later."},
    "before": {**_NUMBER, "description": "Only calls before this n."},
    "with_secrets": {"type": "string", "enum": ["1", "true"], "description": "Shows secrets; needs the admin token."},
}
_MATCHER: Document = {
    "type": "string",
    "description": 'The value to equal, as text or as JSON; null: what was left out ("null" in quotes: that text).',
}
# On the wire `headers[content-type]=application/json`.
_HEADERS: Document = {
    "name": "headers",
    "in": "query",
    "style": "deepObject",
    "explode": True,
    "schema": {
        "type": "object",
        "propertyNames": {"pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"},
        "additionalProperties": _MATCHER,
        "description": "What headers of the call must be.",
    },
}
# Status, name of the example, its detail; and when it is given.
_PROBLEMS: dict[int, tuple[str, str, str]] = {
    400: (
        "unknown name",
        "'pge' is not in the query of this call; did you mean 'page'?",
        "The body is not JSON, or the query has an unknown name or a value out of its range.",
    ),
    401: ("no token", "Send the admin token: Authorization: Bearer TOKEN", "The admin token is missing or wrong."),
    403: (
        "another machine",
        "Without an admin token only this machine may use the admin side; set one",
        "Not from this machine, and no token is set; or from a page of another origin.",
    ),
    404: ("no such project", "There is no project 'R1'; GET /__admin/projects lists them", "There is no such thing."),
    409: (
        "id is taken",
        "There is a merchant 'M1' already; choose another id",
        "There is one of that id, or a voucher of that code, already.",
    ),
    413: ("too large", "The body is too large: at most 8388608 bytes are read", "The body is too large."),
    415: (
        "not JSON",
        "A change needs Content-Type: application/json, which a form on a web page cannot send",
        "A change with a body needs application/json.",
    ),
    421: (
        "another host",
        "This Host is not one that the mock is served under",
        "The Host is not one that the mock is served under.",
    ),
    422: ("does not fit", "The body does not fit the schema 'move'", "The body does not fit its schema, or the world."),
    429: (
        "guessing",
        "Too many wrong admin tokens from 10.0.0.5; wait 1 s before the next",
        "Too many wrong admin tokens; Retry-After says how many seconds to wait.",
    ),
    503: (
        "no state",
        UNAVAILABLE,
        "The state cannot be reached at present; nothing was changed, or nobody knows whether it was.",
    ),
}
_ALWAYS = (400, 401, 403, 421, 429, 503)


def admin_openapi(operations: Operations = OPERATIONS) -> Document:
    """Return the document, complete in itself; calls of these operations can be matched."""
    paths: Document = {}
    bodies = _parts()
    for call in ADMIN_CALLS:
        paths.setdefault(ADMIN + call.path, {})[call.method] = _documented(call, operations, bodies)
    document: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": "apigames-mock: admin API",
            "version": "1",
            "description": "Control of the fake: world, clock, faults, readings, and the requests that arrived.",
            "contact": CONTACT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "The mock"}],
        "security": [{}, {"token": []}],
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {component_name(name): as_component(part) for name, part in bodies.items()},
        },
    }
    with_components: Document = with_component_references(document)
    return with_components


def _parts() -> Document:
    """Return every body by its name in `schemas/admin.json`, and what they refer to."""
    parts: Document = bundled(schema("admin"))["$defs"]
    del parts["session"]  # signing in is the page's own, and no call of the API
    readings = schema("readings")
    parts["readings-file"] = {key: value for key, value in readings.items() if not key.startswith("$")}
    # A client made from the document cannot misspell one; the mock takes `html-502` and `HTML_502` too.
    for name in ("fault", "rule-view", "fault-view"):
        fault = parts[name]["properties"]["fault"]
        parts[name]["properties"]["fault"] = {"type": fault["type"], "enum": list(FAULTS)}
    return parts


def _documented(call: AdminCall, operations: Operations, bodies: Document) -> Document:
    in_path = [part[1:-1] for part in call.path.split("/") if part.startswith("{")]
    matchers = matcher_names(operations) if call.name == "listRequests" else ()
    document: Document = {
        "operationId": call.name,
        "tags": [call.tag],
        "summary": call.summary,
        "description": _description(call, bodies),
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": _PARAMETERS[name]} for name in in_path),
            *({"name": name, "in": "query", "schema": _PARAMETERS[name]} for name in call.query),
            *(
                _HEADERS if name == "headers" else {"name": name, "in": "query", "schema": _MATCHER}
                for name in matchers
            ),
        ],
        "responses": {
            str(call.status): {
                "description": call.summary,
                "content": {"application/json": _shown(call.gives, bodies)},
            },
            **{str(status): _problem(status) for status in sorted({*_ALWAYS, *call.problems})},
        },
    }
    if call.takes is not None:
        body = {**_body(call.takes), "examples": {name: {"value": value} for name, value in call.examples.items()}}
        document["requestBody"] = {
            "required": call.takes not in MAY_BE_EMPTY,
            "content": {"application/json": body},
        }
    return document


def _description(call: AdminCall, bodies: Document) -> str:
    """Return what the call does, then what is to be known of what it takes and gives."""
    told = [bodies[_part(name)].get("description", "") for name in (call.takes, call.gives) if name is not None]
    return " ".join([f"{call.summary}.", *filter(None, dict.fromkeys(told))])


def _part(name: str) -> str:
    return f"{name[1:]}-file" if name.startswith(":") else name


def _body(name: str | None) -> Document:
    return {"schema": {"type": "object"} if name is None else {"$ref": f"#/$defs/{_part(name)}"}}


def _shown(name: str | None, bodies: Document) -> Document:
    body = _body(name)
    examples = [] if name is None else bodies[_part(name)].get("examples", [])
    return {**body, "examples": {"shown": {"value": examples[0]}}} if examples else body


def _problem(status: int) -> Document:
    name, detail, when = _PROBLEMS[status]
    problem = {"type": "about:blank", "title": HTTP_STATUS_CODES[status], "status": status, "detail": detail}
    content = {"schema": {"$ref": "#/$defs/problem"}, "examples": {name: {"value": problem}}}
    document: Document = {"description": when, "content": {"application/problem+json": content}}
    if status == 429:
        document["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return document
