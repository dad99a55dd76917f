"""What every admin call shares: a body checked against its schema, JSON out, problem details for errors."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Response, request

from mockserver.contract.foreign_text import harmless_json, printable
from mockserver.contract.json_documents import plain_document
from mockserver.contract.schema_errors import failures
from mockserver.contract.schemas import ID_PREFIX, Document, validator
from mockserver.web.admin.access import COOKIE, Access, Problem, Request

MAX_BODY = 8 * 1_048_576
MAX_WORLD = 256 * 1_048_576
_MAX_ERRORS = 20


def admin_schema(name: str) -> Document:
    """Return the document of one body of the admin API, as a reference into `schemas/admin.json`."""
    return {"$ref": f"{ID_PREFIX}admin#/$defs/{name}"}


def check_access(access: Access) -> None:
    """Let the present request through, or raise Problem."""
    access.check(present_request())


def present_request() -> Request:
    """Return what access is decided by of the present request."""
    return Request(
        method=request.method,
        peer=request.remote_addr,
        local=request.environ.get("SERVER_NAME"),
        host=request.headers.get("Host"),
        authorization=request.headers.get("Authorization"),
        content_type=request.headers.get("Content-Type"),
        has_body=bool(request.content_length),
        token=request.cookies.get(COOKIE),
    )


def body_as(name: str, *, max_bytes: int = MAX_BODY, or_empty: bool = False) -> Any:
    """Return the decoded body, checked against the schema of this name in `schemas/admin.json`.

    Raises:
        Problem: 400 or 422, with what to mend.
    """
    return fitting(decoded(body_bytes(max_bytes), or_empty=or_empty), admin_schema(name), name)


def fitting(document: Any, its_schema: Document, name: str) -> Any:
    """Return the document if it fits; raises Problem (422) with what to mend. `name` is the schema in words."""
    if not _compiled(its_schema["$ref"]).is_valid(document):
        found = [printable(str(failure), 300) for failure in failures(document, its_schema)[:_MAX_ERRORS]]
        raise Problem(422, f"The body does not fit the schema {name!r}", errors=found)
    return document


def decoded(sent: bytes, *, or_empty: bool = False) -> Any:
    """Return the JSON; raises Problem (400) when it is none."""
    if not sent.strip() and or_empty:
        return {}
    try:
        return plain_document(msgspec.json.decode(sent))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Problem(400, f"The body is not JSON: {error}") from None


def body_bytes(max_bytes: int) -> bytes:
    """Read the body, up to a limit."""
    request.max_content_length = max_bytes
    return request.get_data(cache=False)


@cache
def _compiled(reference: str) -> Any:
    return validator({"$ref": reference})


def reply(document: Any, status: int = 200, **headers: str) -> Response:
    """Write a JSON reply; what it shows is of this moment, so nobody may keep it."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Response(_written(document), status, {"Cache-Control": "no-store", **named}, content_type="application/json")


def _written(document: Any) -> str:
    # What is shown in a terminal as it came, by curl for example, must not command it.
    return harmless_json(msgspec.json.encode(document).decode())


def problem(error: Problem) -> Response:
    """Write problem details (RFC 9457)."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": printable(error.detail, 2000),
    }
    if error.errors:
        document["errors"] = error.errors
    response = Response(
        _written(document),
        error.status,
        {"Cache-Control": "no-store"},
        content_type="application/problem+json",
    )
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="apigames-mock admin"'
    return response
