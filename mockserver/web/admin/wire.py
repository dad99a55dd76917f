"""What every admin call shares: a body checked against its schema, JSON out, problem details for errors."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES

from mockserver.contract.foreign_text import harmless_json, printable
from mockserver.contract.json_documents import plain_document
from mockserver.contract.schema_errors import failures
from mockserver.contract.schemas import ID_PREFIX, Document, validator
from mockserver.contract.shapes import shape
from mockserver.web.admin.access import Access, Problem, Request, WrongToken

MAX_BODY = 8 * 1_048_576
# A larger body is looked at for its shape before anything is made of it.
_LARGE = 1_048_576


def admin_schema(name: str) -> Document:
    """Return the document of one body of the admin API, as a reference into `schemas/admin.json`."""
    return {"$ref": f"{ID_PREFIX}admin#/$defs/{name}"}


def check_access(access: Access) -> None:
    """Let the present request through, or raise Problem."""
    admit(access, access.check)


def admit(access: Access, check: Callable[[Request], None], request: Request | None = None) -> None:
    """Let a request (None: the present one) through by one of the checks of `access`; a wrong token is counted."""
    asked = request or present_request()
    try:
        check(asked)
    except WrongToken:
        access.wrong_tokens.count(asked.peer)
        raise
    if asked.token is not None:
        access.wrong_tokens.forget(asked.peer)


def present_request() -> Request:
    """Return what access is decided by of the present request."""
    return Request(
        method=request.method,
        peer=request.remote_addr,
        local=request.environ.get("SERVER_NAME"),
        headers={name.lower(): value for name, value in request.headers},
        path=request.path,
        has_body=bool(request.content_length),
    )


def body_as(name: str, *, most_bytes: int | None = None, or_empty: bool = False) -> Any:
    """Return the decoded body, checked against the schema of this name in `schemas/admin.json`.

    `most_bytes` is what the operator lets a world have; None for a body that is not as long as one.

    Raises:
        Problem: 400, 413 or 422, with what to mend.
    """
    return checked(body_bytes(most_bytes), admin_schema(name), name, or_empty=or_empty)


def checked(sent: bytes, its_schema: Document, name: str, *, or_empty: bool = False) -> Any:
    """Return the document in a body; `name` is its schema in words.

    Raises:
        Problem: 400 when it is not JSON, 422 when it does not fit the schema.
    """
    if len(sent) > _LARGE:
        _check_shape(sent, its_schema["$ref"], name)
    document = decoded(sent, or_empty=or_empty)
    del sent  # a large one is not held while a world is made of it
    # PHP has one array for both, and writes an empty one as a list.
    return validated({} if or_empty and document == [] else document, its_schema, name)


def validated(document: Any, its_schema: Document, name: str) -> Any:
    """Return the document if it fits; raises Problem (422) with what to mend. `name` is the schema in words."""
    if not _compiled(its_schema["$ref"]).is_valid(document):
        raise _misfit(name, [printable(str(failure), 300) for failure in failures(document, its_schema)])
    return plain_document(document)


def decoded(sent: bytes, *, or_empty: bool = False) -> Any:
    """Return the JSON, whole floats and all; raises Problem (400) when it is none."""
    if or_empty and not sent.strip():
        return {}
    try:
        return msgspec.json.decode(sent)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Problem(400, f"The body is not JSON: {error}") from None


def _check_shape(sent: bytes, reference: str, name: str) -> None:
    try:
        _shaped(reference).decode(sent)
    except msgspec.ValidationError as error:
        raise _misfit(name, [printable(str(error), 300)]) from None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # it is not JSON, which `decoded` says


def _misfit(name: str, errors: list[str]) -> Problem:
    return Problem(422, f"The body does not fit the schema {name!r}", errors=errors)


def body_bytes(most_bytes: int | None = None) -> bytes:
    """Take the body; raises Problem (413) when it is longer than `most_bytes`, or than 8 MiB when that is None.

    It is handed over: nothing else holds it from then on.
    """
    request.max_content_length = most_bytes or MAX_BODY
    whole = request.environ["wsgi.input"]
    try:
        if type(whole) is io.BytesIO and (request.content_length or 0) <= request.max_content_length:
            request.environ["wsgi.input"] = io.BytesIO()
            return whole.getvalue()  # without a copy, where `get_data` makes two
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        hint = "; `serve --max-admin-body MIB` lets larger ones in" if most_bytes else ""
        raise Problem(413, f"The body is too large: at most {most_bytes or MAX_BODY} bytes are read{hint}") from None


@cache
def _compiled(reference: str) -> Any:
    return validator({"$ref": reference})


@cache
def _shaped(reference: str) -> Any:
    return msgspec.json.Decoder(shape({"$ref": reference}))


def reply(document: Any, status: int = 200, **headers: str) -> Response:
    """Write a JSON reply; what it shows is of this moment, so nobody may keep it. A document may be JSON already."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Response(_written(document), status, {"Cache-Control": "no-store", **named}, content_type="application/json")


def _written(document: Any) -> bytes:
    written = document if isinstance(document, bytes) else msgspec.json.encode(document)
    # What is shown in a terminal as it came, by curl for example, must not command it.
    if written.isascii() and b"##" not in written and b"\x7f" not in written:
        return written  # control characters are escaped already, and a world may have 200 MB
    return harmless_json(written.decode()).encode()


def problem(error: Problem) -> Response:
    """Write problem details (RFC 9457)."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES[error.status],
        "status": error.status,
        "detail": printable(error.detail, 2000),
    }
    if error.errors:
        document["errors"] = error.errors
    response = Response(
        _written(document),
        error.status,
        {"Cache-Control": "no-store", **error.headers},
        content_type="application/problem+json",
    )
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="apigames-mock admin"'
    return response
